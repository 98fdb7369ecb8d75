"""The measurement of a class: kernels of their own on one server, and no failure goes unseen."""

import sys
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "benchmarks"))
import seats

pytestmark = pytest.mark.long


def write_lesson(path, *sources):
    cells = [new_markdown_cell("# A lesson"), *map(new_code_cell, sources)]
    nbformat.write(new_notebook(cells=cells), path)
    return path


def test_two_seats_work_at_once_in_folders_of_their_own(tmp_path, capsys):
    # Each waits until the other has begun, which fails if they come one after the other.
    meet = f"""
import os, time
from pathlib import Path
Path("mine").open("x").close()
Path({str(tmp_path)!r}, str(os.getpid())).touch()
until = time.monotonic() + 60
while len(list(Path({str(tmp_path)!r}).iterdir())) < 2:
    assert time.monotonic() < until
    time.sleep(0.05)
large = b"x" * 50_000_000
time.sleep(2)
"""
    lesson = write_lesson(tmp_path.parent / f"{tmp_path.name}.ipynb", meet, "assert len(large)")
    seats.measure(2, lesson)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("2 seats, all without an error")
    figures = {line[:44].strip(): float(line[44:].replace(",", "")) for line in lines[1:]}
    assert 10 < figures["an idle kernel, MB"] < 300
    grown = figures["a seat at its peak, MB: median"] - figures["an idle kernel, MB"]
    assert 40 < grown < 100
    assert figures["server and all seats at one time, MB"] > 2 * grown


def test_a_cell_that_fails_on_a_seat_is_named(tmp_path):
    lesson = write_lesson(tmp_path / "lesson.ipynb", "1 + 1", "1 / 0")
    with pytest.raises(ExceptionGroup) as caught:
        seats.measure(1, lesson)
    (error,) = caught.value.exceptions
    assert str(error).startswith("seat_01, code cell 2 of 2: ZeroDivisionError")
