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
MAP = ROOT / "docs" / "architecture.md"
TOPICS = sorted(path.stem for path in HOUSE.glob("*.py") if path.stem != "__init__")


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


def code_of(page):
    """What a Markdown page sets as code within its text, span by span."""
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    return re.findall(r"`([^`]+)`", text)


def test_the_map_names_every_topic_and_wing():
    assert set(code_of(MAP)) >= {*TOPICS, *WINGS}
    drawn = re.findall(r"<text[^>]*>([^<]+)</text>", MAP.with_suffix(".svg").read_text("utf-8"))
    assert set(drawn) >= {*TOPICS, *WINGS}


@pytest.mark.parametrize("name", ["docs/architecture.md", "CONTRIBUTING.md"])
def test_what_the_guides_point_at_exists(name):
    page = ROOT / name
    words = {word for span in code_of(page) for word in re.findall(r"[\w./-]+", span)}
    paths = {word for word in words if re.search(r"/|\.(py|md|svg|toml|cff)$", word)}
    targets = set(re.findall(r"\]\(([^):]+)\)", page.read_text(encoding="utf-8")))
    assert len(paths) >= 5 and targets
    assert not {path for path in paths if not (ROOT / path).exists()}
    assert not {target for target in targets if not (page.parent / target).exists()}


def test_every_station_is_told_and_drawn():
    told = re.findall(r"^- \*\*(\d\.\d)\*\* ", MAP.read_text(encoding="utf-8"), re.MULTILINE)
    trips = [[station for station in told if station[0] == trip] for trip in "1234"]
    for trip, stations in enumerate(trips, start=1):
        assert 4 <= len(stations) <= 8
        assert stations == [f"{trip}.{stop}" for stop in range(1, len(stations) + 1)]
    picture = MAP.with_suffix(".svg").read_text(encoding="utf-8")
    # Such as 1.3, or 3.5 to 3.8.
    labels = re.findall(r'rx="11"/><text[^>]*>([^<]+)<', picture)
    drawn = []
    for label in ", ".join(labels).split(", "):
        first, _, last = label.partition(" to ")
        drawn += told[told.index(first) : told.index(last or first) + 1]
    assert sorted(drawn) == sorted(told)


def test_the_functions_of_the_stations_are_in_the_package():
    stations = re.findall(r"^- \*\*\d\.\d.*(?:\n  .*)*", MAP.read_text("utf-8"), re.MULTILINE)
    spans = re.findall(r"`([A-Za-z_.]+)`", "\n".join(stations))
    written = set(re.findall(r"\w+", "\n".join(path.read_text("utf-8") for path in FILES)))
    assert {part for span in spans for part in span.split(".")} <= written


@pytest.mark.parametrize("path", FILES, ids=module_of)
def test_what_is_long_says_why_in_its_first_line(path):
    source = path.read_text(encoding="utf-8")
    lines = source.count("\n")
    first = (ast.get_docstring(ast.parse(source)) or "").splitlines()[0]
    assert lines <= LONGEST_FILE or "over 500 lines" in first
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ClassDef) and node.end_lineno - node.lineno >= LONGEST_CLASS:
            assert "over 300 lines" in ast.get_docstring(node).splitlines()[0], node.name


UNIX_MODULES = {"fcntl", "grp", "pty", "pwd", "resource", "termios"}
UNIX_NAMES = {
    *("fork", "geteuid", "getpgid", "getuid", "killpg", "mkfifo", "setsid", "uname", "wait4"),
    *("SIGALRM", "SIGHUP", "SIGKILL", "SIGUSR1", "SIGUSR2"),
}


def unix_at_import(node):
    """The names that Windows lacks and that importing the code asks for."""
    # What a function does when it runs is its own concern, and a condition is there for a reason.
    if isinstance(node, ast.If | ast.Try | ast.Lambda):
        return set()
    if isinstance(node, ast.FunctionDef):
        children = [*node.decorator_list, node.args]
    else:
        children = ast.iter_child_nodes(node)
    found = set()
    if isinstance(node, ast.Import | ast.ImportFrom):
        found = {getattr(node, "module", None)} | {alias.name for alias in node.names}
    elif isinstance(node, ast.Attribute) and ast.unparse(node.value) in ("os", "signal"):
        found = {node.attr}
    return found & (UNIX_MODULES | UNIX_NAMES) | set().union(*map(unix_at_import, children))


@pytest.mark.parametrize("folder", ["tests", "benchmarks", "scripts", "site", "gan_helpers"])
def test_every_file_can_be_imported_on_windows(folder):
    for path in sorted((ROOT / folder).rglob("*.py")):
        assert not unix_at_import(ast.parse(path.read_text(encoding="utf-8"))), path


@pytest.mark.parametrize(
    "code",
    [
        "import resource",
        "from os import fork",
        "@skipif(os.geteuid() == 0)\ndef test(): ...",
        "class A:\n    last = signal.SIGKILL",
        "def stop(how=signal.SIGKILL): ...",
    ],
)
def test_what_windows_lacks_is_found(code):
    assert unix_at_import(ast.parse(code))
    assert not unix_at_import(ast.parse("def run():\n    import resource\n    os.fork()"))
