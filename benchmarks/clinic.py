"""Every failure of lesson 4 and every remedy, with several seeds: the numbers, and who is cured."""

import json
from pathlib import Path

from gan_helpers.clinic import PATIENTS, RESULTS, measure_all


def show(seeds: int) -> None:
    """Measure all; with five seeds, those of the lesson, the stored table is written again."""
    table = {}
    for disease, patient in PATIENTS.items():
        print(f"{disease}: {patient.ruler.unit}; {patient.ruler.told}", flush=True)
        table[disease] = measure_all(disease, seeds)
    if seeds == 5:
        text = json.dumps(table, indent=1, ensure_ascii=False)
        Path(str(RESULTS)).write_text(text + "\n", encoding="utf-8")
        print(f"Written to {RESULTS}")
