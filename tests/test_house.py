"""The rule that gives each line of the package its room; see "The house" in the README."""

import ast
import re
from pathlib import Path

import gan_helpers

import nbformat
import pytest

HOUSE = Path(gan_helpers.__file__).parent
ROOT = HOUSE.parent
WINGS = sorted(path.parent.name for path in HOUSE.glob("*/__init__.py"))
FILES = sorted(HOUSE.rglob("*.py"))
# What a student reads in an hour.
CORE = ["losses", "models", "training", "callbacks", "data/images"]
LONGEST_FILE, LONGEST_CLASS = 500, 300  # lines, unless the first one says why


def module_of(path):
    """The dotted name of a file of the package."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_of(path): path for path in FILES}


def imports_of(source):
    """The modules of the package that Python source imports, anywhere in it."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= {name if name in MODULES else node.module for name in names}
    return {name for name in found if name.split(".")[0] == "gan_helpers"}


def wing_of(module):
    name = [*module.split("."), ""][1]
    return name if name in WINGS else None


IMPORTS = {name: imports_of(path.read_text(encoding="utf-8")) for name, path in MODULES.items()}


def outside():
    """Every other place that uses the package: name -> source."""
    for folder in ("scripts", "benchmarks"):
        for path in sorted((ROOT / folder).glob("*.py")):
            yield path.name, path.read_text(encoding="utf-8")
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        cells = nbformat.read(path, as_version=4).cells
        for index, cell in enumerate(cells):
            if cell.cell_type == "code":
                yield f"{path.name}, cell {index}", cell.source


def test_the_wings_are_those_of_the_readme():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    line = next(line for line in readme.splitlines() if "playground/  clinic/" in line)
    assert sorted(re.findall(r"(\w+)/", line)) == WINGS


def test_a_wing_is_used_through_its_door():
    # Lessons take their own exercises; quiet and replicas are modules that the door names.
    allowed = re.compile(r"gan_helpers\.(exercises\.\w+|runtime\.(quiet|replicas|leftovers))")
    users = [(name, IMPORTS[name], wing_of(name)) for name in MODULES]
    users += [(name, imports_of(source), None) for name, source in outside()]
    through_the_wall = {
        (name, imported)
        for name, found, own_wing in users
        for imported in found
        if imported.count(".") > 1
        and wing_of(imported) != own_wing
        and not allowed.fullmatch(imported)
    }
    assert through_the_wall <= {
        # The grader runs where the exercises lie; the fuzzer asks every reader of files.
        ("fuzz.py", "gan_helpers.data.images"),
        ("fuzz.py", "gan_helpers.data.sets"),
    }


@pytest.mark.parametrize("core", CORE)
def test_the_core_uses_no_wing_but_data_and_runtime(core):
    module = f"gan_helpers.{core.replace('/', '.')}"
    assert {wing_of(imported) for imported in IMPORTS[module]} <= {None, "data", "runtime"}


def test_the_core_is_read_in_an_hour():
    paths = [MODULES[f"gan_helpers.{core.replace('/', '.')}"] for core in CORE]
    lengths = [path.read_text(encoding="utf-8").count("\n") for path in paths]
    assert sum(lengths) < 2000
    assert lengths[CORE.index("training")] <= 350


def test_no_module_waits_for_itself():
    # A package's own door is no arrow: it names what lies behind it.
    arrows = {name: {i for i in found if i != name} for name, found in IMPORTS.items()}
    doors = {name for name, path in MODULES.items() if path.name == "__init__.py"}
    done, waiting = set(doors), set(MODULES) - doors
    while free := {name for name in waiting if arrows[name] - doors <= done}:
        done |= free
        waiting -= free
    assert not waiting


@pytest.mark.parametrize("path", FILES, ids=module_of)
def test_what_is_long_says_why_in_its_first_line(path):
    source = path.read_text(encoding="utf-8")
    lines = source.count("\n")
    first = (ast.get_docstring(ast.parse(source)) or "").splitlines()[0]
    assert lines <= LONGEST_FILE or "over 500 lines" in first
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ClassDef) and node.end_lineno - node.lineno >= LONGEST_CLASS:
            assert "over 300 lines" in ast.get_docstring(node).splitlines()[0], node.name
