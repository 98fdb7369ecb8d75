"""The examples in the package's docstrings give what stands below them."""

import ast
import doctest
import importlib
from pathlib import Path

import gan_helpers

import pytest

HOUSE = Path(gan_helpers.__file__).parent
# The files that have examples; all of them together take less than a second.
MODULES = [
    "captions",
    "checks",
    "data.images",
    "doctor",
    "exercises.core",
    "latents",
    "losses",
    "metrics",
    "pictures",
    "playground.points",
    "profiles",
    "remedies",
    "translation",
    "widgets",
]


def documented_examples(source):
    """How many docstrings of a file hold an example."""
    places = (ast.Module, ast.ClassDef, ast.FunctionDef)
    nodes = [node for node in ast.walk(ast.parse(source)) if isinstance(node, places)]
    return sum(">>> " in (ast.get_docstring(node) or "") for node in nodes)


def test_no_file_with_examples_is_left_out():
    files = [path.relative_to(HOUSE) for path in HOUSE.rglob("*.py")]
    found = [path for path in files if ">>> " in (HOUSE / path).read_text(encoding="utf-8")]
    assert sorted(".".join(path.with_suffix("").parts) for path in found) == MODULES


@pytest.mark.parametrize("name", MODULES)
def test_examples_give_what_stands_below_them(name, monkeypatch):
    monkeypatch.delenv("GAN_PROFILE", raising=False)
    module = importlib.import_module(f"gan_helpers.{name}")
    examples = [each for each in doctest.DocTestFinder().find(module) if each.examples]
    # The finder passes over what another module's decorator has wrapped.
    assert len(examples) == documented_examples(Path(module.__file__).read_text(encoding="utf-8"))
    report = []
    for example in examples:
        doctest.DocTestRunner().run(example, out=report.append)
    assert not report, "".join(report)
