"""What every exercise shares: a check with three outcomes, step-by-step hints, a solution."""

import contextlib
import functools
import operator
import textwrap
from collections.abc import Callable, Iterator, Sequence
from dataclasses import KW_ONLY, dataclass, field
from typing import Any

from gan_helpers.exercises import progress
from gan_helpers.exercises.progress import CORRECT, NOT_ATTEMPTED, NOT_YET

import numpy as np
from IPython import get_ipython
from IPython.display import Markdown, display

__all__ = [
    "CORRECT",
    "NOT_ATTEMPTED",
    "NOT_YET",
    "Exercise",
    "NotYet",
    "Verdict",
    "compare_array",
    "compare_number",
    "one_number",
]

LONGEST_MESSAGE = 600  # characters; an answer of a million numbers must not fill the page


class NotYet(Exception):  # noqa: N818 - an answer on its way is no error
    """Raised by a check function when an answer is wrong; the message is the nudge."""


def one_number(loss: Any, name: str) -> float:
    """The loss as a float; ``NotYet`` if it is not a single number."""
    value = np.asarray(loss, dtype=float)
    if value.shape != ():
        raise NotYet(f"{name} has shape {value.shape}; a loss is one number, the mean.")
    return float(value)


def compare_array(
    answer: Any,
    correct: Any,
    slips: Sequence[tuple[Any, str]],
    otherwise: str,
    tolerance: float = 1e-6,
) -> None:
    """Raise the nudge that belongs to a known slip, or another for an answer that is just wrong.

    Args:
        answer: what the student's code gives, an array of any shape.
        correct: what it should give; another shape is another answer.
        slips: wrong arrays, each with the nudge that belongs to the mistake behind it.
        otherwise: the nudge for any other array.
        tolerance: how far numbers may lie apart and still count as equal.

    Raises:
        NotYet: unless the answer is correct.
    """
    if _equal(answer, correct, tolerance):
        return
    for wrong, nudge in slips:
        if _equal(answer, wrong, tolerance):
            raise NotYet(nudge)
    raise NotYet(otherwise)


def compare_number(
    answer: float, correct: float, slips: Sequence[tuple[float, str]], otherwise: str
) -> None:
    """``compare_array`` for one number, equal to about five digits.

    Raises:
        NotYet: unless the answer is correct.

    Example:
        >>> compare_number(6.0, correct=3.0, slips=[(6.0, "take the mean")], otherwise="not 3")
        Traceback (most recent call last):
        gan_helpers.exercises.core.NotYet: take the mean
    """
    compare_array(answer, correct, slips, otherwise, tolerance=1e-5)


def _equal(answer: Any, other: Any, tolerance: float) -> bool:
    return np.shape(answer) == np.shape(other) and np.allclose(answer, other, atol=tolerance)


@dataclass(frozen=True)
class Verdict:
    """Outcome of a check: one of the three words, and a sentence for the student."""

    outcome: str
    message: str

    def __str__(self) -> str:
        return f"{self.outcome}: {self.message}"


@dataclass
class Exercise:
    """One exercise of a lesson.

    Args:
        lesson: number of the lesson, from 1.
        number: number of the exercise in its lesson, from 1.
        names: variables or functions of the student's cell that the answer consists of.
        check_answer: gets the values of ``names`` in order; raises ``NotYet`` with a nudge for
            a wrong answer, returns a sentence on the right one. It runs the answer on inputs
            of its own and never looks at source code. It takes less than five seconds, but
            nothing stops an answer that never ends: then the kernel is to be interrupted.
        hints: from a nudge to nearly the answer.
        code: the solution, a complete replacement of the student's cell.
        why: a short explanation of the solution, Markdown.
    """

    _: KW_ONLY
    lesson: int
    number: int
    names: tuple[str, ...]
    check_answer: Callable[..., str]
    hints: tuple[str, ...]
    code: str
    why: str
    _hints_shown: int = field(default=0, repr=False)
    _passed: tuple = field(default=(), repr=False)
    _lent: list = field(default_factory=list, repr=False)

    def check(self) -> None:
        """Print whether the answer in the notebook is not attempted, not yet right or correct.

        The best outcome so far is kept in the working folder; see ``progress``.
        """
        verdict = self.evaluate(_namespace())
        print(verdict)
        try:
            progress.record(self.lesson, self.number, verdict.outcome)
        except OSError as error:
            print(f"Your progress was not stored: {error}")

    def use(self) -> Any:
        """What the lesson goes on with: the student's answer if it is right, else the solution's.

        It prints which of the two. So "Run All" works on an untouched notebook, and whoever has
        done the exercise sees what their own code makes.

        Returns:
            The value of the one name, or a tuple of the values of all names.
        """
        namespace = _namespace()
        answers = tuple(namespace.get(name) for name in self.names)
        own = bool(self._passed) and all(map(operator.is_, answers, self._passed))
        own = own or self.evaluate(namespace).outcome == CORRECT
        found = dict(zip(self.names, answers, strict=True))
        if not own:
            # Its functions see the notebook's names, but do not replace the student's.
            exec(textwrap.dedent(self.code), namespace, found)  # our own code, from above
        called = " and ".join(f"`{name}`" for name in self.names)
        whose = "your own" if own else "the solution's"
        later = "" if own else f" Once q{self.number}.check() says Correct, it is your own."
        print(f"From here on the lesson uses {whose} {called}.{later}")
        values = tuple(found[name] for name in self.names)
        if not own:
            self._lent = list(values)  # earlier ones may go
        return values[0] if len(values) == 1 else values

    def evaluate(self, namespace: dict[str, Any]) -> Verdict:
        """Judge the answer found in ``namespace``; never raises on a student's mistake."""
        missing = [name for name in self.names if name not in namespace]
        if missing:
            return Verdict(
                NOT_ATTEMPTED, f"{missing[0]} is not defined. Run the exercise's cell first."
            )
        answers = [namespace[name] for name in self.names]
        if any(answer is ... for answer in answers):
            return self._untouched()
        # A lesson may give the solution the student's name; that makes it nobody's answer.
        if any(answer is lent for answer in answers for lent in self._lent):
            return Verdict(NOT_ATTEMPTED, "this is the solution that the lesson goes on with.")
        try:
            with _exit_only_raises():
                message = self.check_answer(*map(_stop_at_ellipsis, answers))
            self._passed = tuple(answers)
            return Verdict(CORRECT, message)
        except _Untouched:
            return self._untouched()
        except NotYet as nudge:
            return Verdict(NOT_YET, _shortened(str(nudge)))
        # Whatever the student's code raises is an answer on its way; so is exit().
        except (Exception, SystemExit) as error:
            message = f"your code raised {type(error).__name__}: {error}"
            return Verdict(NOT_YET, _shortened(message))

    def hint(self) -> None:
        """Print the next hint; after the last one, the last again."""
        index = min(self._hints_shown, len(self.hints) - 1)
        self._hints_shown += 1
        print(f"Hint {index + 1} of {len(self.hints)}: {self.hints[index]}")

    def solution(self) -> None:
        """Show the solution's code and why it is right."""
        code = textwrap.dedent(self.code).strip()
        display(Markdown(f"```python\n{code}\n```\n\n{self.why}"))

    def _untouched(self) -> Verdict:
        return Verdict(NOT_ATTEMPTED, "replace the dots (...) in the cell above, then run it.")


def _namespace() -> dict[str, Any]:
    """The names of the notebook."""
    shell = get_ipython()
    return shell.user_ns if shell else {}


def _shortened(message: str) -> str:
    if len(message) <= LONGEST_MESSAGE:
        return message
    return message[:LONGEST_MESSAGE] + " ..."


@contextlib.contextmanager
def _exit_only_raises() -> Iterator[None]:
    """In a notebook ``exit()`` ends the kernel; while an answer is judged it raises SystemExit."""
    shell = get_ipython()
    if shell is None:
        yield
        return
    shell.ask_exit = _raise_exit
    try:
        yield
    finally:
        del shell.ask_exit  # the class's own method shows again


def _raise_exit() -> None:
    raise SystemExit("exit() was called")


class _Untouched(Exception):  # noqa: N818 - a signal, not an error
    """The student's function still returns the dots."""


def _stop_at_ellipsis(answer: Any) -> Any:
    """Wrap a function so that returning ``...`` counts as not attempted.

    What can be called, but is no function, stays what it is: a network, for example.
    """
    if not callable(answer) or not hasattr(answer, "__name__"):
        return answer

    @functools.wraps(answer)
    def watched(*arguments: Any, **options: Any) -> Any:
        result = answer(*arguments, **options)
        if result is ...:
            raise _Untouched
        return result

    return watched
