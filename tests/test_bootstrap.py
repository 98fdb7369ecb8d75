import ast
import re
import runpy
import shutil
import sys
import tomllib
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parent.parent / "scripts" / "bootstrap.py"


@pytest.fixture
def bootstrap():
    return runpy.run_path(str(SCRIPT))


@pytest.fixture
def set_global(bootstrap, monkeypatch):
    """Replace a global of the script: its functions read this very dictionary."""
    names = bootstrap["find_python"].__globals__
    return lambda name, value: monkeypatch.setitem(names, name, value)


def test_an_old_python_can_read_it():
    """Otherwise the user gets a traceback instead of the sentence about the version."""
    ast.parse(SCRIPT.read_text(encoding="utf-8"), feature_version=(3, 6))


def test_an_unsupported_python_gets_a_sentence(bootstrap, set_global):
    set_global("python_version", lambda python, module="sys": "3.9")
    with pytest.raises(SystemExit, match=r"needs Python 3.11, 3.12 or 3.13, but this is Python 3"):
        bootstrap["find_python"]()


def test_a_supported_python_elsewhere_is_found(bootstrap, set_global):
    set_global(
        "python_version", lambda python, module="sys": "3.12" if python == "python3.12" else None
    )
    assert bootstrap["find_python"]() == "python3.12"


def test_the_running_python_is_supported(bootstrap):
    version = "{}.{}".format(*sys.version_info)
    assert bootstrap["python_version"](sys.executable) == version
    assert version in bootstrap["SUPPORTED"]


def test_every_supported_python_is_tested_and_may_install(bootstrap):
    root = SCRIPT.parent.parent
    workflow = (root / ".github" / "workflows" / "test.yml").read_text(encoding="utf-8")
    assert set(re.findall(r'"(3\.\d+)"', workflow)) == set(bootstrap["SUPPORTED"])
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    first, last = bootstrap["SUPPORTED"][0], int(bootstrap["SUPPORTED"][-1].removeprefix("3."))
    assert project["requires-python"] == f">={first},<3.{last + 1}"


def test_a_program_that_is_no_python_has_no_version(bootstrap, tmp_path):
    assert bootstrap["python_version"](str(tmp_path / "missing")) is None


def test_installing_happens_once_until_the_requirements_change(
    bootstrap, set_global, tmp_path, monkeypatch
):
    for name in ("pyproject.toml", "requirements.txt"):
        shutil.copy(SCRIPT.parent.parent / name, tmp_path)
    monkeypatch.chdir(tmp_path)
    calls = []
    set_global("VENV", str(tmp_path))
    set_global("call", lambda *arguments, **options: calls.append(arguments) or 0)
    install = bootstrap["install"]
    install(["-e", ".[test]"])
    install(["-e", ".[test]"])
    assert len(calls) == 1
    (tmp_path / "requirements.txt").write_text("changed")
    install(["-e", ".[test]"])
    assert len(calls) == 2


def test_what_the_tests_installed_serves_the_lab_too(bootstrap, set_global, tmp_path, monkeypatch):
    monkeypatch.chdir(SCRIPT.parent.parent)
    calls = []
    set_global("VENV", str(tmp_path))
    set_global("call", lambda *arguments, **options: calls.append(arguments) or 0)
    bootstrap["install"](bootstrap["TEST_REQUIREMENTS"])
    bootstrap["install"](["-r", "requirements.txt"])
    assert len(calls) == 1


def test_an_environment_without_pip_is_made_again(bootstrap, set_global, monkeypatch):
    made = []
    set_global("python_version", lambda python, module="sys": None if module == "pip" else "3.12")
    set_global("VENV", "nowhere-at-all")
    monkeypatch.setattr("subprocess.call", lambda command: made.append(command) or 0)
    bootstrap["make_venv"]()
    assert made[0][1:] == ["-m", "venv", "nowhere-at-all"]


def test_a_failed_installation_is_said_and_tried_again(
    bootstrap, set_global, tmp_path, monkeypatch
):
    monkeypatch.chdir(SCRIPT.parent.parent)
    set_global("VENV", str(tmp_path))
    set_global("call", lambda *arguments, **options: 1)
    with pytest.raises(SystemExit, match="needs a connection"):
        bootstrap["install"](["-r", "requirements.txt"])
    assert not list(tmp_path.iterdir()), "no stamp: the next start tries again"


def test_every_make_target_exists(bootstrap, monkeypatch):
    makefile = (SCRIPT.parent.parent / "Makefile").read_text(encoding="utf-8")
    monkeypatch.setattr(sys, "argv", ["bootstrap.py", "nonsense"])
    with pytest.raises(SystemExit) as usage:
        bootstrap["main"]()
    for target in str(usage.value).split()[-1].split("|"):
        takes = {"bench": r" \$\(ARGUMENTS\)", "outputs": r" \$\(LESSONS\)"}.get(target, "")
        assert re.search(rf"bootstrap\.py {target}{takes}\n", makefile)


@pytest.fixture
def run(bootstrap, monkeypatch):
    """Run a target, but call nothing; what it would call."""

    def run(*arguments):
        calls = []
        names = bootstrap["main"].__globals__
        for name in ("make_venv", "install", "ensure_browser"):
            monkeypatch.setitem(names, name, lambda *_: None)

        def record(*call, environment=None):
            calls.append((call, environment))

        monkeypatch.setitem(names, "call", record)
        monkeypatch.setattr(sys, "argv", ["bootstrap.py", *arguments])
        with pytest.raises(SystemExit):
            bootstrap["main"]()
        return calls

    return run


def test_only_benchmarks_and_outputs_take_arguments(run):
    ((call, _),) = run("bench", "distance", "--minutes", "10")
    assert call == ("benchmarks/run.py", "distance", "--minutes", "10")
    ((call, environment),) = run("outputs", "06", "07")
    assert call == ("scripts/run_notebooks.py", "--in-place", "06", "07")
    assert environment == {"GAN_PROFILE": "lesson", "GAN_DATA": "sample"}
    assert run("test", "--minutes") == []


def test_one_command_leaves_out_what_is_long_and_the_other_nothing(run):
    short, everything = ([call for call, _ in run(target)] for target in ("test", "test-all"))
    assert [call[1] for call in short] == ["ruff", "ruff", "mypy", "pytest"]
    assert short[:3] == everything[:3]
    assert short[3] == (*everything[3], "-m", "not long")
