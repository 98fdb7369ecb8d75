"""Make .venv, install what a target needs, and run the target.

    python scripts/bootstrap.py lab|test|test-all|notebooks|outputs|slides|site|bench

``outputs`` takes lessons by number, such as ``outputs 06``, ``bench`` the names of its parts.

The syntax stays old on purpose: an unsupported Python must get as far as the sentence that
says so.
"""

import hashlib
import os
import platform
import shutil
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
VENV = os.path.join(ROOT, ".venv")
VENV_BIN = os.path.join(VENV, "Scripts" if os.name == "nt" else "bin")
VENV_PYTHON = os.path.join(VENV_BIN, "python.exe" if os.name == "nt" else "python")
SUPPORTED = ("3.11", "3.12", "3.13")
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
TEST_REQUIREMENTS = ["-e", ".[test]"]
FIRST_LESSON = os.path.join("notebooks", "01_adversarial_game.ipynb")


def main():
    targets = {
        "lab": (["-r", "requirements.txt"], run_lab),
        "test": (TEST_REQUIREMENTS, run_tests),
        "test-all": (TEST_REQUIREMENTS, run_all_tests),
        "notebooks": (TEST_REQUIREMENTS, run_notebooks),
        "outputs": (TEST_REQUIREMENTS, store_outputs),
        "slides": (TEST_REQUIREMENTS, export_slides),
        "site": (TEST_REQUIREMENTS, build_site),
        "bench": (TEST_REQUIREMENTS, run_benchmarks),
    }
    target, arguments = "".join(sys.argv[1:2]), sys.argv[2:]
    if target not in targets or (arguments and target not in ("bench", "outputs")):
        sys.exit("Usage: python scripts/bootstrap.py " + "|".join(targets))
    os.chdir(ROOT)
    requirements, run = targets[target]
    make_venv()
    install(requirements)
    sys.exit(run(*arguments))


def run_lab():
    return call("-m", "jupyter", "lab", FIRST_LESSON)


def run_tests():
    return run_all_tests("-m", "not long")


def run_all_tests(*chosen):
    ensure_browser()
    environment = {"GAN_PROFILE": "quick", "GAN_DATA": "sample"}
    # Several processes share the card, if there is one.
    environment["TF_FORCE_GPU_ALLOW_GROWTH"] = "true"
    # Every worker holds a TensorFlow; more than four fill a laptop's memory.
    workers = str(min(4, os.cpu_count() or 1))
    # Whole files, in the order that tests/conftest.py gives them.
    shares = ("-n", workers, "--dist", "loadfile", "--no-loadscope-reorder")
    return (
        call("-m", "ruff", "check", ".")
        or call("-m", "ruff", "format", "--check", ".")
        or call("-m", "mypy")
        or call("-m", "pytest", *shares, *chosen, environment=environment)
    )


def run_notebooks():
    return call("scripts/run_notebooks.py", "--output", "outputs")


def store_outputs(*lessons):
    environment = {"GAN_PROFILE": "lesson", "GAN_DATA": "sample"}
    return call("scripts/run_notebooks.py", "--in-place", *lessons, environment=environment)


def export_slides():
    return call("scripts/export_slides.py")


def build_site():
    return call("scripts/build_site.py")


def run_benchmarks(*arguments):
    return call("benchmarks/run.py", *arguments)


def call(*arguments, **options):
    """Run the virtual environment's Python; return the exit status."""
    environment = dict(os.environ, **options.get("environment", {}))
    # Programs of the environment (jupyter, its kernel) are found first, as if it were activated.
    environment["PATH"] = VENV_BIN + os.pathsep + environment.get("PATH", "")
    try:
        return subprocess.call([VENV_PYTHON] + list(arguments), env=environment)  # noqa: RUF005
    except KeyboardInterrupt:
        return 130


def make_venv():
    # An interrupted start leaves a Python without pip.
    if python_version(VENV_PYTHON, "pip") in SUPPORTED:
        return
    python = find_python()
    print("Making .venv with " + python)
    shutil.rmtree(VENV, ignore_errors=True)
    if subprocess.call([python, "-m", "venv", VENV]):
        shutil.rmtree(VENV, ignore_errors=True)
        sys.exit(
            "Making .venv failed (see above). On Debian or Ubuntu, first run: "
            "sudo apt install python3-venv"
        )


def find_python():
    if sys.platform == "darwin" and platform.machine() == "x86_64":
        sys.exit("TensorFlow 2.21 has no build for Intel Macs; use Colab or another machine.")
    for name in (sys.executable, "python3.13", "python3.12", "python3.11"):
        if python_version(name) in SUPPORTED:
            return name
    sys.exit(
        "This course needs Python 3.11, 3.12 or 3.13, but this is Python "
        + platform.python_version()
        + ". Install one of them (for example: conda env create -f environment.yml), "
        "then run this again."
    )


def python_version(python, module="sys"):
    """Major and minor version such as "3.12"; None if it cannot be run or lacks the module."""
    code = "import sys, importlib.util as u; u.find_spec('" + module + "') or sys.exit(1); "
    code += "print('%d.%d' % sys.version_info[:2])"
    try:
        output = subprocess.check_output([python, "-c", code], stderr=subprocess.DEVNULL)
    except (OSError, subprocess.CalledProcessError):
        return None
    return output.decode().strip()


def install(requirements):
    """Install with pip, once for each state of the requirement files."""
    stamp = stamp_path(requirements)
    wanted = requirements_hash()
    # What the tests need includes what the lab needs.
    if wanted in (read(stamp), read(stamp_path(TEST_REQUIREMENTS))):
        return
    print("Installing (a few minutes the first time)")
    if call("-m", "pip", "install", "--quiet", "--disable-pip-version-check", *requirements):
        sys.exit(
            "Installing failed (see above). The first run needs a connection to the package "
            "index; after that everything works without a network."
        )
    with open(stamp, "w", encoding="utf-8") as file:
        file.write(wanted)


def stamp_path(requirements):
    return os.path.join(VENV, "installed-" + requirements[-1].strip(".[]").replace(".", "-"))


def read(path):
    if not os.path.exists(path):
        return None
    with open(path, encoding="utf-8") as file:
        return file.read()


def requirements_hash():
    digest = hashlib.sha256(ROOT.encode())
    for name in ("pyproject.toml", "requirements.txt"):
        with open(name, "rb") as file:
            digest.update(file.read())
    return digest.hexdigest()


def ensure_browser():
    """The browser tests need Chromium: take the system's, or install one."""
    if any(shutil.which(name) for name in BROWSERS) or playwright_browser():
        return
    print("Installing Chromium for the browser test")
    if call("-m", "playwright", "install", "chromium") == 0:
        return
    if shutil.which("apt-get") and os.geteuid() == 0:
        subprocess.call(["apt-get", "update", "-qq"])
        if subprocess.call(["apt-get", "install", "-y", "-qq", "chromium"]) == 0:
            return
    print("Chromium could not be installed: the browser test will fail, all others run.")


def playwright_browser():
    code = (
        "import os; from playwright.sync_api import sync_playwright as start\n"
        "with start() as p: raise SystemExit(not os.path.exists(p.chromium.executable_path))"
    )
    return call("-c", code) == 0


if __name__ == "__main__":
    main()
