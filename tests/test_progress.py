"""Progress outlives the kernel, and nothing that happens to its file stops a check."""

import json
import re
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from xml.etree import ElementTree

from gan_helpers.exercises import core, progress
from gan_helpers.exercises.core import CORRECT, NOT_ATTEMPTED, NOT_YET, Exercise, NotYet
from gan_helpers.exercises.progress import better

import nbformat
import pytest

NOTEBOOKS = Path(__file__).resolve().parent.parent / "notebooks"
FILE = "exercise_progress.jsonl"


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def lines():
    return Path(FILE).read_text(encoding="utf-8").splitlines()


def is_seven(answer):
    if answer != 7:
        raise NotYet("one more week has as many days.")
    return "the days of a week."


@pytest.fixture
def check(monkeypatch):
    """Answer an exercise and check it, as a cell does."""
    exercise = Exercise(
        lesson=5, number=2, names=("days",), check_answer=is_seven, hints=("",), code="", why=""
    )

    def check_answer(answer):
        notebook = SimpleNamespace(user_ns={"days": answer})
        monkeypatch.setattr(core, "get_ipython", lambda: notebook)
        exercise.check()

    return check_answer


def test_better_is_nearer_to_done():
    assert better(NOT_ATTEMPTED, NOT_YET) == better(NOT_YET, NOT_ATTEMPTED) == NOT_YET
    assert better(NOT_YET, CORRECT) == better(CORRECT, NOT_ATTEMPTED) == CORRECT
    with pytest.raises(ValueError, match="not in"):
        better("Perfect", CORRECT)


def test_only_better_outcomes_are_written(check):
    check(...)
    assert not Path(FILE).exists()
    for answer in (6, 5, ..., 7, 6, ..., 7):
        check(answer)
    entries = [json.loads(line) for line in lines()]
    assert [entry.pop("outcome") for entry in entries] == [NOT_YET, CORRECT]
    for entry in entries:
        assert datetime.fromisoformat(entry.pop("time")).tzinfo is not None
        assert entry == {"lesson": 5, "exercise": 2}


def test_correct_at_once_is_one_line(check):
    check(7)
    assert len(lines()) == 1


def test_two_lessons_open_at_once_keep_each_others_lines(folder):
    commands = [
        f"from gan_helpers.exercises.progress import record\nfor number in range(40): "
        f"record({lesson}, number, 'Correct')"
        for lesson in (1, 2)
    ]
    runs = [subprocess.Popen([sys.executable, "-c", command], cwd=folder) for command in commands]
    assert [run.wait() for run in runs] == [0, 0]
    kept = {(json.loads(line)["lesson"], json.loads(line)["exercise"]) for line in lines()}
    assert kept == {(lesson, number) for lesson in (1, 2) for number in range(40)}


def test_a_line_cut_off_while_writing_does_not_swallow_the_next(check):
    Path(FILE).write_text('{"lesson": 5, "exerc', encoding="utf-8")
    check(7)
    first, second = lines()
    assert first == '{"lesson": 5, "exerc'
    assert json.loads(second)["outcome"] == CORRECT
    assert Path(FILE).read_bytes().endswith(b"}\n")


def test_a_complete_last_line_without_newline_counts(check):
    progress.record(5, 2, CORRECT)
    Path(FILE).write_bytes(Path(FILE).read_bytes().rstrip(b"\n"))
    check(7)
    assert len(lines()) == 1


UNREADABLE = [
    "not JSON",
    '{"lesson": 1, "exercise": 1, "outcome": "Corr',
    "[1, 1]",
    "7",
    "{}",
    '{"lesson": "1", "exercise": 1, "outcome": "Correct", "time": "2026-01-01"}',
    '{"lesson": 1, "exercise": true, "outcome": "Correct", "time": "2026-01-01"}',
    '{"lesson": 1, "exercise": 1, "outcome": "Perfect", "time": "2026-01-01"}',
    '{"lesson": 1, "exercise": 1, "outcome": "Not attempted", "time": "2026-01-01"}',
    '{"lesson": 1, "exercise": 1, "outcome": ["Correct"], "time": "2026-01-01"}',
    '{"lesson": 1, "exercise": 1, "outcome": "Correct", "time": 3}',
    "[" * 200_000,
    "\udcff\udcfe",
]


@pytest.mark.parametrize("line", UNREADABLE, ids=lambda line: line[:40])
def test_a_line_that_cannot_be_read_is_left_alone_and_named_once(line):
    damaged = line.encode("utf-8", "surrogateescape") + b"\n"
    Path(FILE).write_bytes(damaged)
    progress.record(2, 2, CORRECT)
    assert Path(FILE).read_bytes().startswith(damaged)
    table = progress.show_table()
    sentence = f"1 line of {FILE} could not be read and is left as it is."
    assert repr(table).count(sentence) == table._repr_html_().count(sentence) == 1
    assert table.total == "1 of 31 exercises done"


def test_several_damaged_lines_are_counted_and_empty_ones_are_none():
    Path(FILE).write_text("\n\nnot JSON\n\n[]\n", encoding="utf-8")
    assert f"2 lines of {FILE} could not be read and are left" in repr(progress.show_table())
    Path(FILE).write_text("\n\n", encoding="utf-8")
    assert FILE not in repr(progress.show_table())


def test_a_file_that_cannot_be_written_costs_the_progress_not_the_verdict(
    check, monkeypatch, capsys
):
    def no_space(self, *arguments, **options):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "open", no_space)
    check(7)
    assert capsys.readouterr().out.splitlines() == [
        "Correct: the days of a week.",
        "Your progress was not stored: [Errno 28] No space left on device",
    ]


def test_a_file_that_cannot_be_read_stops_neither_check_nor_table(check, capsys):
    Path(FILE).mkdir()
    check(7)
    progress.show_lesson(5)
    verdict, stored, lesson, trouble = capsys.readouterr().out.splitlines()
    assert verdict == "Correct: the days of a week."
    assert stored.startswith("Your progress was not stored: ")
    assert lesson == "Lesson 5: exercise 1 open, 2 open, 3 open."
    assert trouble.startswith("Your progress could not be read: ") and FILE in trouble
    assert trouble in repr(progress.show_table())


def test_the_line_of_a_lesson(capsys):
    progress.show_lesson(7)
    progress.record(7, 1, CORRECT)
    progress.record(7, 2, NOT_YET)
    progress.record(6, 3, CORRECT)
    progress.show_lesson(7)
    for number in (2, 3):
        progress.record(7, number, CORRECT)
    progress.show_lesson(7)
    assert capsys.readouterr().out.splitlines() == [
        "Lesson 7: exercise 1 open, 2 open, 3 open.",
        "Lesson 7: exercise 1 done, 2 tried, 3 open.",
        "Lesson 7: all 3 exercises done.",
    ]


def test_missions_stand_beside_the_exercises(capsys):
    progress.record(2, 1, CORRECT)
    progress.record(2, "collapse it", CORRECT)
    with Path(FILE).open("a", encoding="utf-8") as file:
        file.write('{"lesson": 2, "mission": 5, "outcome": "Correct", "time": ""}\n')
    progress.show_lesson(2)
    lesson, missions = capsys.readouterr().out.splitlines()
    assert lesson == "Lesson 2: exercise 1 done, 2 open."
    assert missions.startswith("Missions: cover the ring open, collapse it done, save the run open")
    table = progress.show_table()
    assert table.total.startswith("1 of") and "1 line of" in table.notes[0]


@pytest.mark.parametrize("lesson", [0, 11, -1, "7"])
def test_an_unknown_lesson_is_a_clear_error(lesson):
    with pytest.raises(ValueError, match="there are lessons 1 to 10"):
        progress.show_lesson(lesson)


def test_the_table_as_text():
    progress.record(1, 1, CORRECT)
    progress.record(4, 2, NOT_YET)
    head, *rows, last = repr(progress.show_table()).splitlines()
    assert re.split(r"\s{2,}", head) == ["Lesson", *(f"exercise {n}" for n in range(1, 5))]
    cells = [re.split(r"\s{2,}", row.strip()) for row in rows]
    assert cells[0] == ["1. The adversarial game", "done", "open", "open", "open"]
    assert cells[3] == ["4. The failure clinic", "open", "tried", "open", "open"]
    assert len(rows) == 10
    assert last == "1 of 31 exercises done. Open next: lesson 1, The adversarial game."


def test_the_table_names_the_first_lesson_with_something_left():
    for number in (1, 2, 3, 4):
        progress.record(1, number, CORRECT)
    assert progress.show_table().next_lesson == "Open next: lesson 2, A live GAN that you drive."
    for lesson in progress.TITLES:
        for number in range(1, progress.exercise_count(lesson) + 1):
            progress.record(lesson, number, CORRECT)
    table = progress.show_table()
    assert table.total == "31 of 31 exercises done"
    assert table.next_lesson == "Every exercise of the course is done."


def test_the_table_as_html_says_in_words_which_cell_belongs_where():
    progress.record(4, 1, CORRECT)
    page = ElementTree.fromstring(f"<div>{progress.show_table()._repr_html_()}</div>")
    table = page.find("table")
    assert table.find("caption").text == "Your exercises"
    heads = table.findall("thead/tr/th")
    assert [head.get("scope") for head in heads] == ["col"] * 5
    for row, (number, title) in zip(
        table.findall("tbody/tr"), progress.TITLES.items(), strict=True
    ):
        (name,) = row.findall("th")
        assert name.get("scope") == "row" and name.text == f"{number}. {title}"
        words = [cell.text for cell in row.findall("td")]
        count = progress.exercise_count(number)
        expected = ["open"] * count + ["none"] * (4 - count)
        assert words == (["done", *expected[1:]] if number == 4 else expected)
    total = table.find("tfoot/tr")
    assert total.find("td").text == "1 of 31 exercises done"
    assert page.find("p").text.startswith("Open next: lesson 1")


def test_progress_of_a_lesson_that_is_gone_changes_no_total():
    progress.record(11, 1, CORRECT)
    progress.record(5, 4, CORRECT)
    assert progress.show_table().total == "0 of 31 exercises done"


def test_titles_are_those_of_the_notebooks():
    found = {}
    for path in NOTEBOOKS.glob("[0-9]*.ipynb"):
        title = nbformat.read(path, as_version=4).cells[0].source.splitlines()[0]
        number, text = re.fullmatch(r"# (\d+)\. (.+)", title).groups()
        found[int(number)] = text
    assert dict(sorted(found.items())) == progress.TITLES


def test_a_returning_student_does_not_wait_for_tensorflow(folder):
    code = (
        "import sys; from gan_helpers.exercises import progress; repr(progress.show_table())\n"
        "sys.exit('tensorflow' in sys.modules or 'numpy' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], cwd=folder, check=True)
