"""What every exercise shares: a check with three outcomes, step-by-step hints, a solution."""

import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

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
    "compare_number",
    "one_number",
]

NOT_ATTEMPTED = "Not attempted"
NOT_YET = "Not yet"
CORRECT = "Correct"


class NotYet(Exception):  # noqa: N818 - an answer on its way is no error
    """Raised by a check function when an answer is wrong; the message is the nudge."""


def one_number(loss: Any, name: str) -> float:
    """The loss as a float; ``NotYet`` if it is not a single number."""
    value = np.asarray(loss, dtype=float)
    if value.shape != ():
        raise NotYet(f"{name} has shape {value.shape}; a loss is one number, the mean.")
    return float(value)


def compare_number(
    answer: float, correct: float, slips: Sequence[tuple[float, str]], otherwise: str
) -> None:
    """Raise the nudge that belongs to a known slip, or another for an answer that is just wrong.

    Args:
        answer: what the student's code gives.
        correct: what it should give.
        slips: wrong numbers, each with the nudge that belongs to the mistake behind it.
        otherwise: the nudge for any other number.
    """
    if np.isclose(answer, correct, atol=1e-5):
        return
    for wrong, nudge in slips:
        if np.isclose(answer, wrong, atol=1e-5):
            raise NotYet(nudge)
    raise NotYet(otherwise)


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
        names: variables or functions of the student's cell that the answer consists of.
        check_answer: gets the values of ``names`` in order; raises ``NotYet`` with a nudge for
            a wrong answer, returns a sentence on the right one. It runs the answer on inputs
            of its own and never looks at source code.
        hints: from a nudge to nearly the answer.
        code: the solution, a complete replacement of the student's cell.
        why: a short explanation of the solution, Markdown.
    """

    names: tuple[str, ...]
    check_answer: Callable[..., str]
    hints: tuple[str, ...]
    code: str
    why: str
    _hints_shown: int = field(default=0, repr=False)

    def check(self) -> None:
        """Print whether the answer in the notebook is not attempted, not yet right or correct."""
        shell = get_ipython()
        print(self.evaluate(shell.user_ns if shell else {}))

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
        try:
            return Verdict(CORRECT, self.check_answer(*map(_stop_at_ellipsis, answers)))
        except _Untouched:
            return self._untouched()
        except NotYet as nudge:
            return Verdict(NOT_YET, str(nudge))
        except Exception as error:  # whatever the student's code raises is an answer on its way
            return Verdict(NOT_YET, f"your code raised {type(error).__name__}: {error}")

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


class _Untouched(Exception):  # noqa: N818 - a signal, not an error
    """The student's function still returns the dots."""


def _stop_at_ellipsis(answer: Any) -> Any:
    """Wrap a function so that returning ``...`` counts as not attempted."""
    if not callable(answer):
        return answer

    def watched(*arguments: Any, **options: Any) -> Any:
        result = answer(*arguments, **options)
        if result is ...:
            raise _Untouched
        return result

    return watched
