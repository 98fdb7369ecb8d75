import ast
import re
import runpy
import shutil
import sys
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
        assert re.search(rf"bootstrap\.py {target}( \$\(ARGUMENTS\))?\n", makefile)


def test_only_the_benchmarks_take_arguments(bootstrap, monkeypatch):
    calls = []
    main = bootstrap["main"]
    for name in ("make_venv", "install"):
        monkeypatch.setitem(main.__globals__, name, lambda *_: None)
    monkeypatch.setitem(main.__globals__, "call", lambda *arguments: calls.append(arguments))
    monkeypatch.setattr(sys, "argv", ["bootstrap.py", "bench", "distance", "--minutes", "10"])
    with pytest.raises(SystemExit):
        main()
    assert calls == [("benchmarks/run.py", "distance", "--minutes", "10")]
    monkeypatch.setattr(sys, "argv", ["bootstrap.py", "test", "--minutes"])
    with pytest.raises(SystemExit, match="Usage"):
        main()
