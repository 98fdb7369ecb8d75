"""Every exercise tells a right answer from a wrong one, and wrong ones get their own nudge.

The answers of a lesson stand in ``exercise_answers/lesson_NN.py``:

``SETUP``
    what the lesson has imported before its exercises.
``ANSWERS``
    for each exercise its ``starter`` cell, further ``correct`` answers, and ``wrong`` ones with a
    part of the nudge each must get. The answers are code, as a student types it.

The starter and the shown solution are also run where they belong, in the notebook.
"""

import copy
import functools
import importlib
import pkgutil
import runpy
import textwrap
from pathlib import Path
from types import SimpleNamespace

from gan_helpers import exercises
from gan_helpers.exercises import core, lesson_02
from gan_helpers.exercises.core import CORRECT, NOT_ATTEMPTED, NOT_YET, Exercise, NotYet

import nbformat
import pytest
from lesson_slices import run_slice

NOTEBOOKS = Path(__file__).resolve().parent.parent / "notebooks"
FOLDER = Path(__file__).parent / "exercise_answers"
LESSONS = {path.stem: runpy.run_path(str(path)) for path in sorted(FOLDER.glob("lesson_*.py"))}
NOTEBOOK = {
    f"lesson_{path.stem[:2]}": nbformat.read(path, as_version=4)
    for path in sorted(NOTEBOOKS.glob("[0-9]*.ipynb"))
}
EXERCISES = [(lesson, name) for lesson, file in LESSONS.items() for name in file["ANSWERS"]]
each_exercise = pytest.mark.parametrize(("lesson", "name"), EXERCISES)


def find(lesson: str, name: str) -> Exercise:
    return getattr(importlib.import_module(f"gan_helpers.exercises.{lesson}"), name)


def answers(lesson: str, name: str) -> dict:
    return LESSONS[lesson]["ANSWERS"][name]


@functools.cache
def setup(lesson: str) -> dict:
    namespace: dict = {}
    exec(LESSONS[lesson]["SETUP"], namespace)
    return namespace


def judge(lesson: str, name: str, code: str) -> core.Verdict:
    """What the exercise says after a cell with ``code`` has been run in the lesson."""
    namespace = dict(setup(lesson))
    exec(code, namespace)
    return find(lesson, name).evaluate(namespace)


def judge_in_notebook(lesson: str, name: str, code: str | None = None) -> core.Verdict:
    """What the exercise says if ``code`` stands in its cell of the notebook, and all else is run.

    Of all else only the cells that the answer needs are run, so that it takes no training.
    """
    notebook = copy.deepcopy(NOTEBOOK[lesson])
    cells = [
        i for i, cell in enumerate(notebook.cells) if "exercise" in cell.metadata.get("tags", [])
    ]
    index = cells[int(name.removeprefix("q")) - 1]
    if code is not None:
        notebook.cells[index].source = code
    return find(lesson, name).evaluate(run_slice(notebook, index))


def test_every_exercise_has_answers():
    modules = [module.name for module in pkgutil.iter_modules(exercises.__path__)]
    existing = {
        (module, name)
        for module in modules
        if module.startswith("lesson_")
        for name in importlib.import_module(f"gan_helpers.exercises.{module}").__all__
    }
    assert existing == set(EXERCISES)


def test_each_knows_where_it_stands():
    for lesson, name in EXERCISES:
        exercise = find(lesson, name)
        assert (lesson, name) == (f"lesson_{exercise.lesson:02}", f"q{exercise.number}")


@each_exercise
def test_an_unrun_cell_and_the_starter_are_not_attempted(lesson, name):
    verdict = find(lesson, name).evaluate({})
    assert verdict.outcome == NOT_ATTEMPTED
    assert find(lesson, name).names[0] in verdict.message
    assert judge(lesson, name, answers(lesson, name)["starter"]).outcome == NOT_ATTEMPTED


@pytest.fixture
def quick(monkeypatch, tmp_path):
    monkeypatch.setenv("GAN_PROFILE", "quick")
    monkeypatch.setenv("GAN_DATA", "sample")
    monkeypatch.chdir(tmp_path)


@each_exercise
def test_the_notebook_as_it_is_handed_out_is_not_attempted(lesson, name, quick):
    assert judge_in_notebook(lesson, name).outcome == NOT_ATTEMPTED


@each_exercise
def test_the_shown_solution_in_the_students_cell_is_correct(lesson, name, quick):
    verdict = judge_in_notebook(lesson, name, textwrap.dedent(find(lesson, name).code))
    assert verdict.outcome == CORRECT, verdict


# Its check plays a game of several seconds; the shown solution is judged by a whole one always.
GAME = ("lesson_02", "q1")


@pytest.mark.parametrize(
    ("lesson", "name"),
    [
        pytest.param(*exercise, marks=[pytest.mark.long] if exercise == GAME else [])
        for exercise in EXERCISES
    ],
)
def test_other_right_answers_are_correct(lesson, name):
    for code in answers(lesson, name)["correct"]:
        verdict = judge(lesson, name, code)
        assert verdict.outcome == CORRECT, f"{code}\n{verdict}"


@each_exercise
def test_each_wrong_answer_gets_its_own_nudge(lesson, name, monkeypatch):
    # What covers too few modes in the whole game covers too few at its beginning.
    monkeypatch.setattr(lesson_02, "MOST_UPDATES", 40)
    messages = set()
    for code, nudge in answers(lesson, name)["wrong"].items():
        verdict = judge(lesson, name, code)
        assert verdict.outcome == NOT_YET, f"{code}\n{verdict}"
        assert nudge in verdict.message, code
        messages.add(verdict.message)
    assert len(messages) >= 2


@pytest.mark.long
def test_what_is_no_cure_is_told_after_the_whole_game():
    (code,) = (code for code, nudge in answers(*GAME)["wrong"].items() if "modes are" in nudge)
    verdict = judge(*GAME, code)
    assert verdict.outcome == NOT_YET
    assert "modes are covered" in verdict.message


def test_hints_lead_on_and_the_last_stays(capsys):
    for exercise in (find(*each) for each in EXERCISES):
        check_hints(exercise, capsys)


def check_hints(exercise, capsys):
    count = len(exercise.hints)
    assert count >= 2
    exercise._hints_shown = 0
    for _ in range(count + 1):
        exercise.hint()
    shown = capsys.readouterr().out.splitlines()
    expected = [f"Hint {n} of {count}: {text}" for n, text in enumerate(exercise.hints, 1)]
    assert shown == [*expected, expected[-1]]
    exercise._hints_shown = 0


def test_the_solution_is_shown_as_code_with_a_reason(monkeypatch):
    shown = []
    monkeypatch.setattr(core, "display", lambda markdown: shown.append(markdown.data))
    for exercise in (find(*each) for each in EXERCISES):
        exercise.solution()
        code = textwrap.dedent(exercise.code).strip()
        assert shown.pop() == f"```python\n{code}\n```\n\n{exercise.why}"
        assert not shown


def example(check_answer) -> Exercise:
    return Exercise(
        lesson=1,
        number=1,
        names=("days",),
        check_answer=check_answer,
        hints=("", ""),
        code="days = 7",
        why="",
    )


def test_check_reads_the_notebook_and_prints_the_verdict(monkeypatch, capsys, tmp_path):
    monkeypatch.chdir(tmp_path)  # where the progress is kept

    def is_seven(answer):
        if answer != 7:
            raise NotYet("one more week has as many days.")
        return "the days of a week."

    exercise = example(is_seven)
    notebook = SimpleNamespace(user_ns={})
    monkeypatch.setattr(core, "get_ipython", lambda: notebook)
    for answer in (..., 6, 7):
        notebook.user_ns["days"] = answer
        exercise.check()
    assert capsys.readouterr().out.splitlines() == [
        "Not attempted: replace the dots (...) in the cell above, then run it.",
        "Not yet: one more week has as many days.",
        "Correct: the days of a week.",
    ]


def test_check_outside_a_notebook_finds_nothing(monkeypatch, capsys):
    monkeypatch.setattr(core, "get_ipython", lambda: None)
    example(str).check()
    assert capsys.readouterr().out.startswith("Not attempted: days is not defined.")


def test_a_lesson_goes_on_with_what_is_right(monkeypatch, capsys, tmp_path):
    monkeypatch.chdir(tmp_path)
    checks = []

    def triples(triple):
        checks.append(triple)
        if triple(2) != 6:
            raise NotYet("three times as much.")
        return "three times as much."

    exercise = Exercise(
        lesson=1,
        number=2,
        names=("triple",),
        check_answer=triples,
        hints=("3",),
        code="""
        def triple(number):
            return factor * number
        """,
        why="",
    )
    notebook = SimpleNamespace(user_ns={"factor": 3})
    monkeypatch.setattr(core, "get_ipython", lambda: notebook)
    solution = exercise.use()
    assert solution(5) == 15 and "triple" not in notebook.user_ns
    notebook.user_ns["factor"] = 4
    assert solution(5) == 20, "it sees the notebook's names, as a cell would"
    printed = capsys.readouterr().out
    assert printed.startswith("From here on the lesson uses the solution's `triple`.")
    assert "q2.check() says Correct" in printed

    notebook.user_ns["triple"] = solution
    exercise.check()
    assert capsys.readouterr().out.startswith("Not attempted: this is the solution")

    for wrong in (..., lambda number: 2 * number, None):
        notebook.user_ns["triple"] = wrong
        assert exercise.use() is not wrong
        assert "the solution's" in capsys.readouterr().out

    own = notebook.user_ns["triple"] = lambda number: number + number + number
    exercise.check()
    looked_at = len(checks)
    assert exercise.use() is own and len(checks) == looked_at, "what has passed is not run again"
    assert "your own `triple`." in capsys.readouterr().out
    unchecked = notebook.user_ns["triple"] = lambda number: 3 * number
    assert exercise.use() is unchecked


def test_an_answer_of_several_names_is_used_as_one(monkeypatch):
    exercise = Exercise(
        lesson=1,
        number=1,
        names=("first", "second"),
        check_answer=lambda first, second: "both.",
        hints=("1",),
        code="first, second = 1, 2",
        why="",
    )
    notebook = SimpleNamespace(user_ns={"first": "a", "second": ...})
    monkeypatch.setattr(core, "get_ipython", lambda: notebook)
    assert exercise.use() == (1, 2)
    notebook.user_ns["second"] = "b"
    assert exercise.use() == ("a", "b")


AWKWARD = {
    "None": "None",
    "a text": '"text"',
    "a number": "3",
    "not a number": 'float("nan")',
    "infinity": 'float("inf")',
    "a list": "[]",
    "a dict": "{}",
    "a class": "type('Answer', (), {})",
    "an array": "np.arange(6.0)",
    "an array of objects": "np.array([None, 'text'], dtype=object)",
    "a function of no arguments": "lambda: 1 / 0",
    "returns None": "lambda *a, **k: None",
    "returns a text": 'lambda *a, **k: "x"',
    "returns a number": "lambda *a, **k: 3",
    "returns nan": 'lambda *a, **k: float("nan")',
    "returns infinity": 'lambda *a, **k: float("inf")',
    "returns an empty table": "lambda *a, **k: [[]]",
    "returns objects": "lambda *a, **k: np.array([None, 'text'], dtype=object)",
    "returns a million numbers": "lambda *a, **k: np.zeros(1_000_000)",
    "returns a generator": "lambda *a, **k: (number for number in (1, 2))",
    "returns a class": "lambda *a, **k: dict",
    "returns a function": "lambda *a, **k: print",
    "returns its inputs": "lambda *a, **k: a",
    "exits": "lambda *a, **k: exit()",
    "exits by sys": "lambda *a, **k: __import__('sys').exit()",
    "never stops calling itself": "endless = lambda *a, **k: endless()",
}


@pytest.mark.filterwarnings("ignore")  # as in a notebook, where a warning stops nothing
@each_exercise
def test_awkward_answers_are_not_yet(lesson, name):
    exercise = find(lesson, name)
    for kind, value in AWKWARD.items():
        namespace: dict = {}
        exec("import numpy as np\n" + " = ".join([*exercise.names, value]), namespace)
        verdict = exercise.evaluate(namespace)
        assert verdict.outcome == NOT_YET, f"{kind}: {verdict}"
        assert verdict.message and len(verdict.message) < 700, kind


def test_an_interrupt_stops_a_check():
    def interrupted(answer):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        example(interrupted).evaluate({"days": 7})


def test_exit_in_an_answer_does_not_end_the_kernel(monkeypatch):
    ended = []

    class Shell:
        def ask_exit(self):
            ended.append(True)

    notebook = Shell()
    monkeypatch.setattr(core, "get_ipython", lambda: notebook)
    verdict = example(lambda answer: answer()).evaluate({"days": lambda: notebook.ask_exit()})
    assert str(verdict) == "Not yet: your code raised SystemExit: exit() was called"
    assert not ended
    notebook.ask_exit()
    assert ended, "outside a check it does what it always did"
