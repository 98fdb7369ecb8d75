"""Grade notebooks from the command line: python -m gan_helpers.grading NOTEBOOK..."""

import argparse
import asyncio
import csv
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TextIO

from gan_helpers.checks import check_path
from gan_helpers.grading.grader import COLUMNS, Grade, find_notebooks, format_table, grade_all
from gan_helpers.runtime import print_any_character

__all__ = ["main"]

NAMED = 10  # files that are left out are counted, and so many of them named
DESCRIPTION = """\
Judge the exercises in students' notebooks. Each notebook runs, as far as its last exercise, in a
Python process of its own, with GAN_PROFILE=quick, in an empty temporary folder; the file itself is
only read. An exercise counts with the better of two verdicts: right after its cell, and at the end.

Outcomes: Correct, Not yet (a wrong answer), Not attempted (the dots are still there),
Not graded (the note says why).
"""
CAUTION = """\
A notebook is a program: it can do whatever your account can do. Grade the work of strangers in an
account or a container of its own.

Status: 0 if every notebook was graded, 1 if some could not be, 2 if the command is wrong.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; its exit status."""
    print_any_character()
    parser = _parser()
    options = parser.parse_args(arguments)
    try:
        notebooks, others = find_notebooks(options.notebooks)
        # Opened first: hours of grading must not end at a file that cannot be written.
        file = options.csv.open(
            "w" if options.overwrite else "x",
            encoding="utf-8-sig",  # by which Excel knows it
            errors="backslashreplace",
            newline="",
        )
    except FileExistsError:
        parser.error(
            f"{options.csv} exists already. Move it, or give --overwrite or another --csv."
        )
    except OSError as error:
        parser.error(str(error))
    if others:
        names = [*map(str, others[:NAMED]), "and more"][: len(others)]
        print(f"Left out, as no notebook ({len(others)}): {', '.join(names)}", file=sys.stderr)
    with file:
        grading = grade_all(
            notebooks,
            timeout=options.timeout,
            jobs=options.jobs,
            done=_recorder(file, len(notebooks)),
        )
        try:
            grades = asyncio.run(grading)
        except KeyboardInterrupt:
            print(f"Interrupted. What was graded stands in {options.csv}.", file=sys.stderr)
            return 130
    print(format_table(grades))
    return 1 if any(grade.trouble for grade in grades) else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m gan_helpers.grading",
        description=DESCRIPTION,
        epilog=CAUTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "notebooks",
        nargs="+",
        type=partial(check_path, "notebook"),
        metavar="NOTEBOOK",
        help="a notebook, or a folder in which all notebooks are graded, also such as have got "
        "another name on their way",
    )
    parser.add_argument(
        "--timeout",
        type=_positive(float),
        default=300.0,
        metavar="SECONDS",
        help="the most that a notebook may take before it is stopped (300)",
    )
    parser.add_argument(
        "--jobs",
        type=_positive(int),
        default=1,
        metavar="N",
        help="how many notebooks run at once (1); each takes about a gigabyte of memory",
    )
    parser.add_argument(
        "--csv",
        type=partial(check_path, "csv"),
        default=Path("grades.csv"),
        metavar="FILE",
        help="where the table goes, a row for each exercise (grades.csv)",
    )
    parser.add_argument("--overwrite", action="store_true", help="replace that file if it exists")
    return parser


def _positive(kind: type) -> Callable[[str], float]:
    def number(text: str) -> float:
        value = kind(text)
        if not 0 < value < float("inf"):
            raise ValueError
        return value

    number.__name__ = f"positive {kind.__name__}"  # as argparse names it in its error
    return number


def _recorder(file: TextIO, count: int) -> Callable[[Grade], None]:
    """A function that writes each grade to the file at once, and a line about it to stderr."""
    table = csv.DictWriter(file, COLUMNS)
    table.writeheader()
    finished = 0

    def record(grade: Grade) -> None:
        nonlocal finished
        finished += 1
        table.writerows(grade.rows())
        file.flush()
        result = grade.trouble or f"{grade.correct} of {grade.count} right"
        print(
            f"[{finished}/{count}] {grade.notebook}: {result}, {grade.seconds:.0f} s",
            file=sys.stderr,
            flush=True,
        )

    return record


if __name__ == "__main__":
    raise SystemExit(main())
