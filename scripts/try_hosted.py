"""Run lessons 1, 3 and 6 on the versions of a machine whose TensorFlow must not be replaced.

    python scripts/try_hosted.py colab       # with Python 3.13
    python scripts/try_hosted.py older       # with Python 3.12

Colab and Kaggle bring a TensorFlow that fits their drivers, and an ipywidgets that fits their page.
So the course is installed there as the README says: the wheel without its dependencies, and beside
it a newer Keras, which is pure Python. Here the same is done in a new virtual environment with the
versions of ``scripts/hosted``, and the lessons run at the quick profile in a folder without the
sources. It fetches about 300 MB.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HOSTED = Path(__file__).resolve().parent / "hosted"
LESSONS = ("01", "03", "06")
KERAS = "keras>=3.15.1,<4"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("machine", choices=sorted(path.stem for path in HOSTED.glob("*.txt")))
    versions = HOSTED / f"{parser.parse_args().machine}.txt"
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        venv.create(place / "venv", with_pip=True)
        programs = place / "venv" / ("Scripts" if os.name == "nt" else "bin")
        python = programs / "python"
        pip = [python, "-m", "pip", "--quiet", "--disable-pip-version-check"]
        run(*pip, "install", "--requirement", versions)
        run(*pip, "wheel", "--no-deps", "--wheel-dir", place, ROOT)
        run(*pip, "install", "--no-deps", KERAS, *place.glob("*.whl"))
        # A folder without the package's sources.
        shutil.copytree(ROOT / "notebooks", place / "notebooks", ignore=lambda *_: ["outputs"])
        shutil.copytree(ROOT / "scripts", place / "scripts")
        environment = os.environ | {"GAN_PROFILE": "quick", "GAN_DATA": "sample"}
        # Its own kernel is found first, as if it were activated.
        environment["PATH"] = f"{programs}{os.pathsep}{os.environ['PATH']}"
        script = place / "scripts" / "run_notebooks.py"
        run(python, script, "--output", place / "executed", *LESSONS, env=environment)


def run(*command: str | Path, **options: dict[str, str]) -> None:
    if subprocess.run(command, cwd=tempfile.gettempdir(), **options).returncode:
        sys.exit(f"This failed: {' '.join(map(str, command))}")


if __name__ == "__main__":
    main()
