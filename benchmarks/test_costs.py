"""Time and memory of the test command's slowest files, each in a process of its own."""

import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SHOWN = 8


def measure() -> None:
    if not hasattr(os, "wait4"):
        print("Skipped: this system does not report the memory of finished processes.")
        return
    environment = os.environ | {"GAN_PROFILE": "quick", "GAN_DATA": "sample"}
    # Jupyter, which the notebooks need, lies beside this Python.
    folder = str(Path(sys.executable).parent)
    environment["PATH"] = folder + os.pathsep + environment.get("PATH", "")
    files = sorted(ROOT.glob("tests/test_*.py")) + sorted(ROOT.glob("notebooks/[0-9]*.ipynb"))
    costs = [(*run(file, environment), file.name) for file in files]
    print(f"{'test file, alone':44} {'seconds':>9} {'peak MB':>9}")
    for seconds, megabytes, name in sorted(costs, reverse=True)[:SHOWN]:
        print(f"{name:44} {seconds:9.1f} {megabytes:9.0f}")
    print(f"{f'all {len(files)} files, one after the other':44} {sum(c[0] for c in costs):9.1f}")


def run(file: Path, environment: dict[str, str]) -> tuple[float, float]:
    """Seconds and peak memory, in megabytes, of the largest process of this file's tests."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(file)]
    start = time.perf_counter()
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE)
    output = process.stdout.read().decode()
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"{file.name} failed:\n{output}")
    # Linux counts kilobytes, macOS bytes.
    unit = 1 if sys.platform == "darwin" else 1024
    return time.perf_counter() - start, usage.ru_maxrss * unit / 1e6
