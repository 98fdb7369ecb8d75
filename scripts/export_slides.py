"""Write one reveal.js deck a lesson into outputs/slides, from the stored outputs."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def main() -> int:
    lessons = sorted(str(path) for path in (ROOT / "notebooks").glob("[0-9]*.ipynb"))
    target = ROOT / "outputs" / "slides"
    command = [sys.executable, "-m", "jupyter", "nbconvert", "--to", "slides"]
    return subprocess.call([*command, "--output-dir", str(target), *lessons])


if __name__ == "__main__":
    raise SystemExit(main())
