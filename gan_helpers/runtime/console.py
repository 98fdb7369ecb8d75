"""What a command prints gets through, whatever stream there is."""

import io
import os
import sys

__all__ = ["mend_streams", "print_any_character"]


def mend_streams() -> None:
    """Where stdout or stderr is missing or closed, as under pythonw, put one that leads nowhere.

    Else printing fails in whoever does not expect it, such as Keras or tqdm.
    """
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None or getattr(stream, "closed", False):
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115


def print_any_character() -> None:
    """Let stdout write a character that its encoding lacks as an escape: a path may hold any."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
