"""The three outcomes of a check, in words, from nothing to done."""

__all__ = ["CORRECT", "NOT_ATTEMPTED", "NOT_YET", "OUTCOMES", "better"]

NOT_ATTEMPTED = "Not attempted"
NOT_YET = "Not yet"
CORRECT = "Correct"
OUTCOMES = (NOT_ATTEMPTED, NOT_YET, CORRECT)


def better(outcome: str, other: str) -> str:
    """The one of two outcomes that is nearer to done.

    Raises:
        ValueError: if one of them is no outcome.
    """
    return max(outcome, other, key=OUTCOMES.index)
