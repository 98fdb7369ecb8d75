"""The grader gives every notebook a row, whatever is in it, and leaves nothing behind."""

import asyncio
import csv
import io
import os
import socket
import time
from pathlib import Path

from gan_helpers.exercises.core import CORRECT, NOT_ATTEMPTED, NOT_YET, Verdict
from gan_helpers.grading import __main__ as command
from gan_helpers.grading import grader
from gan_helpers.grading.grader import NOT_GRADED, Grade, find_lesson, find_notebooks

import nbformat
import pytest
from jupyter_client.connect import LocalPortCache
from nbformat import v4

NOTEBOOKS = Path(__file__).resolve().parent.parent / "notebooks"
IMPORTS = "import numpy as np\nfrom gan_helpers.exercises.lesson_01 import q1, q2, q3, q4"
STARTER_1 = "climb = ..."  # whose check would load TensorFlow
RIGHT_2 = "value = lambda real, fake: np.log(real).mean() + np.log(1 - fake).mean()"
# Printed while it is checked, and no ASCII.
CHATTY_2 = "def value(real, fake):\n    print('✓ γ')\n    return " + RIGHT_2.split(": ")[1]
RIGHT_3 = "my_slope, my_midpoint = 2.34, 1.25"
STARTER_3 = "my_slope = my_midpoint = ..."
STARTER_4 = "my_generator = ..."


def exercise(source):
    return v4.new_code_cell(source, metadata={"tags": ["exercise"]})


def write(path, *cells):
    """A notebook of these cells; text is the source of a code cell."""
    path.parent.mkdir(parents=True, exist_ok=True)
    cells = [v4.new_code_cell(cell) if isinstance(cell, str) else cell for cell in cells]
    nbformat.write(v4.new_notebook(cells=cells), path)
    return path


# Writes as long as it lives, so that one sees from outside when it no longer does.
CHILD = """
import subprocess, sys
code = "import time\\nwhile True: open({path!r}, 'a').write('.'); time.sleep(0.05)"
subprocess.Popen([sys.executable, "-c", code])
"""


@pytest.fixture(scope="module")
def classroom(tmp_path_factory):
    """One run of the command over a folder of students; few kernels, as each takes seconds."""
    folder = tmp_path_factory.mktemp("classroom")
    write(
        folder / "anna" / "deep" / "lesson.ipynb",
        v4.new_markdown_cell("# 1. The adversarial game"),
        IMPORTS,
        exercise(STARTER_1),
        exercise(CHATTY_2),
        "q2.check()",
        exercise(RIGHT_3.replace("1.25", "0")),
        "raise RuntimeError('a cell of my own')",
        exercise(STARTER_4),
        "q4.check()",
        "open('ran too far', 'w')\nimport os\nos._exit(1)",
    )
    write(
        folder / "ben" / "lesson.ipynb",
        IMPORTS,
        exercise(STARTER_1),
        exercise(RIGHT_2 + "\nprint = globals = list = None"),
        "q1 = q2 = q3 = q4 = 'my own names'\nvalue = 7",
        exercise(STARTER_3),
        "from gan_helpers.exercises import lesson_01\nlesson_01.q4.evaluate = lambda names: 'yes'",
        exercise(STARTER_4),
        RIGHT_3,
        "import os\nopen('left behind', 'w')\nq4.check()",
    )
    write(
        folder / "carla" / "lesson.ipynb",
        IMPORTS,
        exercise(STARTER_1),
        exercise(RIGHT_2),
        CHILD.format(path=str(folder / "alive")),
        exercise("while True:\n    print('for ever' * 1000)"),
        exercise(STARTER_4),
    )
    write(
        folder / "dora" / "lesson.ipynb",
        IMPORTS,
        exercise(STARTER_1),
        exercise(RIGHT_2),
        exercise("import os; os._exit(3)"),
    )
    (folder / "emil").mkdir()
    (folder / "emil" / "lesson.ipynb").write_text('{"cells": [', encoding="utf-8")
    write(folder / "frida" / "notes.ipynb", v4.new_markdown_cell("# Notes"), "1 + 1")
    write(folder / "anna" / ".ipynb_checkpoints" / "lesson-checkpoint.ipynb", IMPORTS)
    (folder / "anna" / "._lesson.ipynb").write_bytes(b"\x00")
    return folder


@pytest.fixture(scope="module")
def run(classroom):
    """The command's status and what it printed, its rows, and the files there were before."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(classroom.parent)
        # Kernels whose locale is not UTF-8, as on many a Windows.
        for name, value in (("LC_ALL", "C"), ("PYTHONCOERCECLOCALE", "0"), ("PYTHONUTF8", "0")):
            patch.setenv(name, value)
        before = {path: path.read_bytes() for path in classroom.rglob("*") if path.is_file()}
        printed = _Printed(patch)
        arguments = [str(classroom), "--timeout", "6", "--jobs", "3", "--csv", "table.csv"]
        status = command.main(arguments)
        with open("table.csv", encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
    return status, printed, rows, before


class _Printed:
    """What goes to stdout and stderr; capsys has no module scope."""

    def __init__(self, patch):
        self.streams = {name: io.TextIOWrapper(io.BytesIO(), "utf-8") for name in ("out", "err")}
        patch.setattr("sys.stdout", self.streams["out"])
        patch.setattr("sys.stderr", self.streams["err"])

    def __getitem__(self, name):
        self.streams[name].flush()
        return self.streams[name].buffer.getvalue().decode()


def outcomes(run, student):
    rows = [row for row in run[2] if student in Path(row["notebook"]).parts]
    return [row["outcome"] for row in rows], [row["message"] for row in rows]


def test_the_three_outcomes_and_a_failing_cell(run):
    found, messages = outcomes(run, "anna")
    assert found == [NOT_ATTEMPTED, CORRECT, NOT_YET, NOT_ATTEMPTED]
    assert "midpoint belongs" in messages[2]
    assert "1 cell failed, the first with RuntimeError" in run[1]["out"]


def test_answers_count_wherever_they_stand_and_names_may_be_used_again(run):
    found, _ = outcomes(run, "ben")
    # The second right after its cell, the third from a later cell, the fourth although the
    # exercise itself was changed.
    assert found == [NOT_ATTEMPTED, CORRECT, CORRECT, NOT_ATTEMPTED]


def test_an_endless_loop_is_stopped_with_its_children(run, classroom):
    found, messages = outcomes(run, "carla")
    assert found == [NOT_ATTEMPTED, CORRECT, NOT_GRADED, NOT_GRADED]
    assert messages[2] == messages[3] == "stopped after 6 s"
    size = (classroom / "alive").stat().st_size
    assert size > 0
    time.sleep(0.5)
    assert (classroom / "alive").stat().st_size == size


def test_a_kernel_that_ends_leaves_what_was_known(run):
    found, messages = outcomes(run, "dora")
    assert found == [NOT_ATTEMPTED, CORRECT, NOT_GRADED, NOT_GRADED]
    assert messages[2] == "its kernel ended before it was done"


@pytest.mark.parametrize(
    ("student", "reason"),
    [("emil", "cannot be read: NotJSONError"), ("frida", "not a lesson of this course")],
)
def test_what_cannot_be_graded_is_a_row_with_the_reason(run, student, reason):
    found, messages = outcomes(run, student)
    assert found == [NOT_GRADED]
    assert messages[0].startswith(reason)
    assert reason in run[1]["out"] and reason in run[1]["err"]


def test_every_notebook_has_its_rows_and_the_status_says_that_some_failed(run):
    status, printed, rows, _ = run
    assert status == 1
    assert len(rows) == 4 * 4 + 2
    assert list(rows[0]) == list(grader.COLUMNS)
    for row in rows:
        assert float(row["seconds"]) >= 0
        assert (row["lesson"], row["exercise"]) != ("", "") or row["outcome"] == NOT_GRADED
    assert {row["exercise"] for row in rows if row["lesson"] == "1"} == {"1", "2", "3", "4"}
    head, *lines = printed["out"].splitlines()
    assert head.split()[:2] == ["notebook", "lesson"]
    assert len(lines) == len(printed["err"].splitlines()) == 6
    assert printed["err"].splitlines()[-1].startswith("[6/6] ")


def test_nothing_is_written_beside_the_students_files(run, classroom):
    *_, before = run
    after = {path: path.read_bytes() for path in classroom.rglob("*") if path.is_file()}
    after.pop(classroom / "alive")  # by a path of its own, from the child process
    assert after == before
    assert not (classroom.parent / "exercise_progress.jsonl").exists()
    assert not (classroom.parent / "ran too far").exists()


def test_a_table_that_exists_is_refused_before_anything_runs(
    classroom, tmp_path, monkeypatch, capsys
):
    monkeypatch.setattr(command, "grade_all", None)  # would fail
    table = tmp_path / "grades.csv"
    table.write_text("of last year")
    with pytest.raises(SystemExit) as stop:
        command.main([str(classroom), "--csv", str(table)])
    assert stop.value.code == 2
    assert "give --overwrite" in capsys.readouterr().err
    assert table.read_text() == "of last year"


def test_overwrite_replaces_it_and_the_status_is_0_if_all_is_well(classroom, tmp_path, monkeypatch):
    async def all_right(paths, *, done, **settings):
        grades = [Grade(path, 2, {n: Verdict(CORRECT, "=") for n in (1, 2)}) for path in paths]
        for grade in grades:
            done(grade)
        return grades

    monkeypatch.setattr(command, "grade_all", all_right)
    printed = io.StringIO()  # as in a notebook, where stdout is no file
    monkeypatch.setattr("sys.stdout", printed)
    monkeypatch.chdir(tmp_path)
    Path("grades.csv").write_text("of last year", encoding="utf-8")
    assert command.main([str(classroom / "ben"), "--overwrite"]) == 0
    assert "2 of 2" in printed.getvalue()
    assert Path("grades.csv").read_text(encoding="utf-8").count("Correct") == 2


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        [],
        ["no such file.ipynb"],
        ["."],
        ["a.ipynb", "--timeout", "0"],
        ["a.ipynb", "--timeout", "nan"],
        ["a.ipynb", "--jobs", "0"],
        ["a.ipynb", "--jobs", "1.5"],
        ["a.ipynb", "--csv", "no such folder/grades.csv"],
    ],
)
def test_a_wrong_command_is_a_clear_error(arguments, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(command, "grade_all", None)
    if "a.ipynb" in arguments:
        write(Path("a.ipynb"), IMPORTS)
    with pytest.raises(SystemExit) as stop:
        command.main(arguments)
    assert stop.value.code == 2
    assert "error: " in capsys.readouterr().err
    assert not Path("grades.csv").exists()


def test_the_help_warns_that_a_notebook_is_a_program(capsys):
    with pytest.raises(SystemExit) as stop:
        command.main(["--help"])
    assert stop.value.code == 0
    assert "A notebook is a program" in capsys.readouterr().out


def test_notebooks_are_found_once_and_in_order(classroom):
    lesson = classroom / "anna" / "deep" / "lesson.ipynb"
    found, _ = find_notebooks([classroom / "ben", classroom, lesson])
    assert [path.relative_to(classroom).parts[0] for path in found] == [
        *("ben", "anna", "carla", "dora", "emil", "frida")
    ]


NAMES = [
    "lesson (1).ipynb",
    "LESSON.IPYNB",
    "lesson.ipynb.json",
    "lesson.ipynb.txt",
    "lesson.json",
    "lesson",
    ".ipynb",
    "lesson .ipynb.ipynb",
    "Anna Müller_123_assignsubmission_file_/lesson.ipynb",
]


def test_notebooks_are_found_by_what_their_names_have_become(tmp_path):
    for name in NAMES:
        write(tmp_path / name, IMPORTS)
    found, others = find_notebooks([tmp_path])
    assert sorted(path.relative_to(tmp_path).as_posix() for path in found) == sorted(NAMES)
    assert others == []


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-be", "utf-32"])
def test_a_notebook_that_an_editor_saved_in_another_encoding_is_read(encoding, tmp_path):
    path = write(tmp_path / "lesson.ipynb", "name = 'Müller'")
    text = path.read_text(encoding="utf-8")
    path = path.rename(tmp_path / "lesson.txt")
    path.write_text(text, encoding=encoding)
    assert find_notebooks([tmp_path]) == ([path], [])
    grade = asyncio.run(grader.grade_notebook(path, timeout=1))
    assert grade.trouble == "not a lesson of this course"


def test_what_is_no_notebook_is_named(tmp_path, monkeypatch, capsys):
    folder = tmp_path / "in"
    write(folder / "lesson.ipynb", "1 + 1")
    for name in ("lesson.ipynb.zip", "all.ZIP", "report.pdf", ".DS_Store", "__MACOSX/x.ipynb"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(b"PK")
    for number in range(12):
        (folder / f"{number:02}.png").write_bytes(b"PNG")
    monkeypatch.chdir(tmp_path)
    assert command.main(["in"]) == 1
    printed = capsys.readouterr()
    table = printed.out.splitlines()[1:]
    assert [line.split()[0] for line in table] == [
        str(Path("in", name)) for name in ("all.ZIP", "lesson.ipynb", "lesson.ipynb.zip")
    ]
    assert [line.endswith("an archive: unpack it and grade the folder") for line in table] == [
        *(True, False, True)
    ]
    left_out = printed.err.splitlines()[0]
    assert left_out.startswith("Left out, as no notebook (13): ")
    assert left_out.endswith("09.png, and more")


def test_a_folder_that_cannot_be_read_is_named(tmp_path, monkeypatch):
    write(tmp_path / "lesson.ipynb", IMPORTS)
    (tmp_path / "anna").mkdir()
    scandir = os.scandir

    def refuse(path):
        if Path(path).name == "anna":
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    assert find_notebooks([tmp_path]) == ([tmp_path / "lesson.ipynb"], [tmp_path / "anna"])


@pytest.mark.parametrize("path", sorted(NOTEBOOKS.glob("[0-9]*.ipynb")), ids=lambda path: path.stem)
def test_every_lesson_is_recognised_also_without_its_imports(path):
    notebook = nbformat.read(path, as_version=4)
    assert find_lesson(notebook) == int(path.stem[:2])
    for cell in notebook.cells:
        cell.source = cell.source.replace("gan_helpers.exercises", "elsewhere")
    assert find_lesson(notebook) == int(path.stem[:2])


@pytest.mark.parametrize(
    "source",
    [
        "from gan_helpers.exercises.lesson_99 import q1",
        "from gan_helpers.exercises import progress",
        "# 1. a comment in a cell of code",
    ],
)
def test_other_notebooks_are_not_recognised(source):
    assert find_lesson(v4.new_notebook(cells=[v4.new_code_cell(source)])) is None


@pytest.mark.parametrize(
    "content",
    [b"", b"[]", b"{}", b"\xff\xfe", b'{"nbformat": 4, "nbformat_minor": 5, "cells": [1]}'],
)
def test_damaged_files_are_named_not_raised(content, tmp_path):
    path = tmp_path / "damaged.ipynb"
    path.write_bytes(content)
    grade = asyncio.run(grader.grade_notebook(path, timeout=1))
    assert grade.trouble and grade.lesson is None


def test_a_port_that_another_program_took_meanwhile_costs_no_grade(tmp_path, monkeypatch):
    path = write(tmp_path / "lesson.ipynb", IMPORTS, exercise(RIGHT_2))
    find, taken = LocalPortCache.find_available_port, []
    with socket.create_server(("127.0.0.1", 0)) as other_program:

        def find_too_early(self, ip):
            if not taken:
                taken.append(other_program.getsockname()[1])
                return taken[0]
            return find(self, ip)

        monkeypatch.setattr(LocalPortCache, "find_available_port", find_too_early)
        grade = asyncio.run(grader.grade_notebook(path, timeout=60))
    assert taken
    assert (grade.trouble, grade.correct) == ("", 1)


def test_folders_of_students_may_have_umlauts_and_spaces(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    path = write(Path("Abgaben für Käthe", "Jörg Müßig", "Übung 1.ipynb"), "1 + 1")
    assert command.main(["Abgaben für Käthe"]) == 1  # it is no lesson
    assert Path("grades.csv").read_bytes().startswith(b"\xef\xbb\xbf")  # by which Excel knows it
    table = Path("grades.csv").read_text(encoding="utf-8-sig").splitlines()
    assert len(table) == 2 and table[1].startswith(str(path))
    assert str(path) in capsys.readouterr().err
