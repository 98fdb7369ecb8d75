"""What is done of the course, kept in the working folder so that it outlives the kernel.

Every check appends a line of JSON to ``exercise_progress.jsonl`` when its outcome is better than
what is known. Lines are only ever appended, so two lessons open at once do not overwrite each
other. Delete the file to begin again.
"""

import ast
import functools
import html
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

__all__ = [
    "CORRECT",
    "NOT_ATTEMPTED",
    "NOT_YET",
    "OUTCOMES",
    "TITLES",
    "ProgressTable",
    "better",
    "exercise_count",
    "record",
    "show_lesson",
    "show_table",
]

FILE = Path("exercise_progress.jsonl")
# The outcomes of a check, from nothing to done.
NOT_ATTEMPTED = "Not attempted"
NOT_YET = "Not yet"
CORRECT = "Correct"
OUTCOMES = (NOT_ATTEMPTED, NOT_YET, CORRECT)
STATES = {NOT_ATTEMPTED: "open", NOT_YET: "tried", CORRECT: "done"}
LEFT = 'style="text-align: left"'  # notebooks align cells to the right
TITLES = {
    1: "The adversarial game",
    2: "A live GAN that you drive",
    3: "A GAN of dense layers",
    4: "The failure clinic",
    5: "CIFAR-10 and convolutions",
    6: "A convolutional GAN learns CIFAR-10",
    7: "Which generator is better?",
    8: "A walk through latent space",
    9: "Ask for what you want: from labels to sentences",
    10: "What a GAN is good for",
}

# The missions of the playground, by their lesson; the playground itself takes seconds to import.
MISSIONS = {
    2: (
        "cover the ring",
        "collapse it",
        "save the run",
        "beat the seed",
        "a loss that covers more",
    ),
}

Task = tuple[int, int | str]  # a lesson, and the number of an exercise or the name of a mission
Outcomes = dict[Task, str]


@functools.cache
def exercise_count(lesson: int) -> int:
    """The number of exercises of a lesson.

    Raises:
        ValueError: if there is no such lesson.
    """
    if lesson not in TITLES:
        raise ValueError(f"There is no lesson {lesson!r}; there are lessons 1 to {max(TITLES)}.")
    # Read, not imported: most of the modules load TensorFlow, which takes seconds.
    path = Path(__file__).with_name(f"lesson_{lesson:02}.py")
    statements = ast.parse(path.read_text(encoding="utf-8")).body
    names = next(
        statement.value
        for statement in statements
        if isinstance(statement, ast.Assign) and ast.unparse(statement.targets[0]) == "__all__"
    )
    return len(ast.literal_eval(names))


def better(outcome: str, other: str) -> str:
    """The one of two outcomes that is nearer to done.

    Raises:
        ValueError: if one of them is no outcome.
    """
    return max(outcome, other, key=OUTCOMES.index)


def record(lesson: int, task: int | str, outcome: str) -> None:
    """Append a line if the outcome of this task is better than what is known.

    Args:
        lesson: its number.
        task: the number of an exercise, or the name of a mission.
        outcome: one of ``OUTCOMES``.

    Raises:
        OSError: if the file cannot be read or written.
    """
    content = _read()
    known = _outcomes(content)[0].get((lesson, task), NOT_ATTEMPTED)
    if better(outcome, known) == known:
        return
    time = datetime.now(UTC).isoformat(timespec="seconds")
    kind = "mission" if isinstance(task, str) else "exercise"
    entry = {"lesson": lesson, kind: task, "outcome": outcome, "time": time}
    # A line that was cut off while it was written must not swallow this one.
    start = "\n" if content and not content.endswith(b"\n") else ""
    with FILE.open("a", encoding="utf-8", newline="\n") as file:
        file.write(f"{start}{json.dumps(entry)}\n")


def show_lesson(lesson: int) -> None:
    """Print which exercises of a lesson are done, tried or open, and its missions likewise.

    Raises:
        ValueError: if there is no such lesson.
    """
    count = exercise_count(lesson)
    outcomes, _, trouble = _known()
    states = _states(lesson, outcomes)
    if set(states) == {"done"}:
        print(f"Lesson {lesson}: all {count} exercises done.")
    else:
        listed = ", ".join(f"{number} {state}" for number, state in enumerate(states, start=1))
        print(f"Lesson {lesson}: exercise {listed}.")
    if lesson in MISSIONS:
        missions = {name: outcomes.get((lesson, name), NOT_ATTEMPTED) for name in MISSIONS[lesson]}
        listed = ", ".join(f"{name} {STATES[outcome]}" for name, outcome in missions.items())
        print(f"Missions: {listed}.")
    if trouble:
        print(trouble)


def show_table() -> "ProgressTable":
    """All lessons and the state of their exercises, as a table that a notebook shows."""
    outcomes, unreadable, trouble = _known()
    notes = [trouble] if trouble else []
    if unreadable == 1:
        notes.append(f"1 line of {FILE} could not be read and is left as it is.")
    elif unreadable:
        notes.append(f"{unreadable} lines of {FILE} could not be read and are left as they are.")
    states = {lesson: _states(lesson, outcomes) for lesson in TITLES}
    return ProgressTable(states, tuple(notes))


@dataclass(frozen=True, eq=False)
class ProgressTable:
    """The table of ``show_table``, as text and as HTML.

    Attributes:
        states: for each lesson the state of its exercises in order: open, tried or done.
        notes: sentences that stand below the table.
    """

    states: dict[int, list[str]]
    notes: tuple[str, ...] = ()

    @property
    def total(self) -> str:
        """How many exercises are done, in words."""
        every = [state for states in self.states.values() for state in states]
        return f"{every.count('done')} of {len(every)} exercises done"

    @property
    def next_lesson(self) -> str:
        """Which lesson to open next: the first in which something is left."""
        for lesson, states in self.states.items():
            if set(states) != {"done"}:
                return f"Open next: lesson {lesson}, {TITLES[lesson]}."
        return "Every exercise of the course is done."

    def __repr__(self) -> str:
        width = max(map(len, TITLES.values()))
        head = "".join(f"  exercise {number}" for number in self._columns)
        rows = [f"{'Lesson':{width + 4}}{head}"]
        for lesson, states in self._rows():
            cells = "".join(f"  {state:10}" for state in states)
            rows.append(f"{lesson:2}. {TITLES[lesson]:{width}}{cells}".rstrip())
        return "\n".join([*rows, f"{self.total}. {self.next_lesson}", *self.notes])

    def _repr_html_(self) -> str:
        heads = "".join(f'<th scope="col">Exercise {number}</th>' for number in self._columns)
        rows = [
            f'<tr><th scope="row" {LEFT}>{lesson}. {html.escape(TITLES[lesson])}'
            f"</th>{''.join(f'<td>{state}</td>' for state in states)}</tr>"
            for lesson, states in self._rows()
        ]
        return "\n".join(
            [
                "<table><caption>Your exercises</caption>",
                f'<thead><tr><th scope="col" {LEFT}>Lesson</th>{heads}</tr></thead>',
                "<tbody>",
                *rows,
                "</tbody>",
                f'<tfoot><tr><th scope="row" {LEFT}>Total</th>'
                f'<td colspan="{len(self._columns)}">{self.total}</td></tr></tfoot></table>',
                *(f"<p>{html.escape(note)}</p>" for note in (self.next_lesson, *self.notes)),
            ]
        )

    @property
    def _columns(self) -> range:
        return range(1, max(map(len, self.states.values())) + 1)

    def _rows(self) -> Iterator[tuple[int, list[str]]]:
        """Each lesson with as many states as there are columns."""
        for lesson, states in self.states.items():
            yield lesson, states + ["none"] * (len(self._columns) - len(states))


def _read() -> bytes:
    try:
        return FILE.read_bytes()
    except FileNotFoundError:
        return b""


def _known() -> tuple[Outcomes, int, str]:
    """The outcomes, how many lines could not be read, and a sentence if none could."""
    try:
        return *_outcomes(_read()), ""
    except OSError as error:
        return {}, 0, f"Your progress could not be read: {error}"


def _outcomes(content: bytes) -> tuple[Outcomes, int]:
    """The best outcome of each task, and the number of lines that cannot be read."""
    outcomes: Outcomes = {}
    unreadable = 0
    for line in filter(bytes.strip, content.splitlines()):
        try:
            task, outcome = _parse(line)
        except (ValueError, RecursionError):  # RecursionError: thousands of nested brackets
            unreadable += 1
        else:
            outcomes[task] = better(outcome, outcomes.get(task, NOT_ATTEMPTED))
    return outcomes, unreadable


def _parse(line: bytes) -> tuple[Task, str]:
    entry = json.loads(line)
    if not isinstance(entry, dict):
        raise ValueError("a line is an object")
    lesson, outcome, time = (entry.get(key) for key in ("lesson", "outcome", "time"))
    kind, task_type = ("mission", str) if "mission" in entry else ("exercise", int)
    task = entry.get(kind)
    # Not isinstance: True is no number of a lesson.
    if type(lesson) is not int or type(task) is not task_type or type(time) is not str:
        raise ValueError("lesson and exercise are whole numbers, mission and time are text")
    if outcome not in (NOT_YET, CORRECT):
        raise ValueError("the outcome is unknown")
    return (lesson, task), outcome


def _states(lesson: int, outcomes: Outcomes) -> list[str]:
    numbers = range(1, exercise_count(lesson) + 1)
    return [STATES[outcomes.get((lesson, number), NOT_ATTEMPTED)] for number in numbers]
