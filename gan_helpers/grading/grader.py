"""Judge many notebooks: each is run in a kernel of its own, and its answers are asked there.

A notebook is a program. The kernel is a process of its own with a time limit and an empty working
folder, but it may do whatever the account that runs it may do: grade the work of strangers in an
account or container of its own.
"""

import asyncio
import json
import os
import re
import secrets
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gan_helpers.exercises.core import Verdict
from gan_helpers.exercises.progress import (
    CORRECT,
    NOT_ATTEMPTED,
    OUTCOMES,
    TITLES,
    exercise_count,
)

import nbformat
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbformat import NotebookNode

__all__ = [
    "COLUMNS",
    "NOT_GRADED",
    "Grade",
    "find_lesson",
    "find_notebooks",
    "format_table",
    "grade_all",
    "grade_notebook",
]

NOT_GRADED = "Not graded"
COLUMNS = ("notebook", "lesson", "exercise", "outcome", "message", "seconds")
ARCHIVES = (".zip", ".7z", ".rar", ".tar", ".gz", ".tgz", ".bz2", ".xz")
LONGEST_START = 60  # seconds that a kernel may take to start
STARTS = 3  # kernels started for a notebook before it is given up
PACKAGES = Path(__file__).resolve().parents[2]  # where gan_helpers lies


@dataclass(eq=False)
class Grade:
    """What became of one notebook.

    Attributes:
        notebook: its path, as it was found.
        lesson: number of the lesson, or None if it is none of this course.
        verdicts: the best verdict on each exercise that was asked.
        trouble: why it could not be graded, or not to its end; empty if it was.
        failed: names of the errors that its cells raised, in their order.
        seconds: how long it took.
    """

    notebook: Path
    lesson: int | None = None
    verdicts: dict[int, Verdict] = field(default_factory=dict)
    trouble: str = ""
    failed: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def count(self) -> int:
        """Exercises of the lesson."""
        return exercise_count(self.lesson) if self.lesson else 0

    @property
    def correct(self) -> int:
        """Exercises that are right."""
        return [verdict.outcome for verdict in self.verdicts.values()].count(CORRECT)

    @property
    def note(self) -> str:
        """What the teacher should know: trouble, or cells that failed."""
        if self.trouble or not self.failed:
            return self.trouble
        cells = "1 cell" if len(self.failed) == 1 else f"{len(self.failed)} cells"
        return f"{cells} failed, the first with {self.failed[0]}"

    def verdict(self, number: int) -> Verdict:
        """The verdict on an exercise, or that there is none."""
        return self.verdicts.get(number, Verdict(NOT_GRADED, self.trouble))

    def rows(self) -> Iterator[dict[str, Any]]:
        """A row of the CSV file for each exercise, by column; one if there are no exercises."""
        common = {"notebook": self.notebook, "seconds": f"{self.seconds:.1f}"}
        if not self.count:
            yield common | {"outcome": NOT_GRADED, "message": self.trouble}
        for number in range(1, self.count + 1):
            verdict = self.verdict(number)
            yield common | {
                "lesson": self.lesson,
                "exercise": number,
                "outcome": verdict.outcome,
                "message": verdict.message,
            }


def find_notebooks(paths: Iterable[Path]) -> tuple[list[Path], list[Path]]:
    """The notebooks among files and in folders, each once, without autosaved copies.

    Browsers, mail programs and learning platforms change names: a file of a folder is a notebook
    if its name has .ipynb anywhere in it, or its content is one. An archive is kept among them, so
    that it gets its row.

    Returns:
        The notebooks, and the other files and unreadable folders, which are left out.

    Raises:
        FileNotFoundError: if a path does not exist or a folder holds no notebook.
    """
    found: dict[Path, Path] = {}
    others = []
    for path in paths:
        if not path.exists():
            raise FileNotFoundError(f"{path} does not exist.")
        files = [path] if path.is_file() else sorted(filter(_is_work, _walk(path)))
        notebooks = files if path.is_file() else list(filter(_is_notebook, files))
        if not notebooks:
            raise FileNotFoundError(f"There is no notebook in {path}.")
        for file in notebooks:
            found.setdefault(file.resolve(), file)
        others += [file for file in files if file not in notebooks]
    return list(found.values()), others


def _walk(folder: Path) -> list[Path]:
    """Every file in a folder, at any depth, and every folder in it that cannot be read."""
    refused: list[OSError] = []
    files = [
        Path(place, name)
        for place, folders, names in os.walk(folder, onerror=refused.append)
        # A linked folder may lead back to this one: it is named, not entered.
        for name in [*names, *(name for name in folders if Path(place, name).is_symlink())]
    ]
    return files + [Path(error.filename) for error in refused]


def _is_work(path: Path) -> bool:
    # macOS adds a file ._NAME for each NAME to an archive, in a folder of its own or not.
    if path.name.startswith("._") or {".ipynb_checkpoints", "__MACOSX"} & set(path.parts):
        return False
    return not path.name.startswith(".") or ".ipynb" in path.name.lower()


def _is_notebook(path: Path) -> bool:
    if ".ipynb" in path.name.lower() or path.suffix.lower() in ARCHIVES:
        return True
    try:
        with path.open("rb") as file:  # photographs and weights need not be read to their end
            start = file.read(100)
            text = start.decode(json.detect_encoding(start), "replace").lstrip("\ufeff \t\r\n")
            return text.startswith("{") and '"nbformat"' in _text(start + file.read())
    except OSError:
        return False


def _text(content: bytes) -> str:
    """JSON may be UTF-8, UTF-16 or UTF-32: some editors choose, and put a mark in front."""
    return content.decode(json.detect_encoding(content), "replace").removeprefix("\ufeff")


def find_lesson(notebook: NotebookNode) -> int | None:
    """The lesson whose exercises a notebook imports, else that of its title; None if neither."""
    for kind, pattern in (
        ("code", r"gan_helpers\.exercises(?:\.| import )lesson_(\d+)"),
        ("markdown", r"^# (\d+)\. "),
    ):
        for cell in notebook.cells:
            match = re.search(pattern, cell.source, flags=re.MULTILINE)
            if cell.cell_type == kind and match and int(match[1]) in TITLES:
                return int(match[1])
    return None


async def grade_all(
    paths: Iterable[Path], *, timeout: float, jobs: int, done: Callable[[Grade], None]
) -> list[Grade]:
    """Grade notebooks, ``jobs`` at a time, and call ``done`` as soon as one is graded.

    Args:
        paths: the notebooks.
        timeout: the most seconds for each of them.
        jobs: how many kernels may run at once.
        done: gets each grade; not always in the order of ``paths``.

    Returns:
        The grades in the order of ``paths``.
    """
    places = asyncio.Semaphore(jobs)

    async def grade(path: Path) -> Grade:
        async with places:
            result = await grade_notebook(path, timeout)
        done(result)
        return result

    return await asyncio.gather(*map(grade, paths))


async def grade_notebook(path: Path, timeout: float) -> Grade:
    """Grade one notebook; whatever is wrong with it becomes ``trouble`` of the grade.

    Args:
        path: the notebook. It is only read; its cells run in an empty temporary folder.
        timeout: the most seconds for all its cells. Then the kernel is killed, with every process
            that it started.
    """
    grade = Grade(path)
    start = time.monotonic()
    if path.suffix.lower() in ARCHIVES:
        grade.trouble = "an archive: unpack it and grade the folder"
        return grade
    try:
        notebook = _read(path)
        grade.lesson = find_lesson(notebook)
    except Exception as error:  # a file can be damaged in more ways than anyone can list
        grade.trouble = f"cannot be read: {_one_line(error)}"
        return grade
    if grade.lesson is None:
        grade.trouble = "not a lesson of this course"
        return grade
    try:
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            await _run(notebook, grade, folder, timeout)
    except CellTimeoutError:
        grade.trouble = f"stopped after {timeout:g} s"
    except DeadKernelError:
        # nbclient takes its own cancelling, by Ctrl-C, for the kernel's death.
        if (task := asyncio.current_task()) and task.cancelling():
            raise asyncio.CancelledError from None
        grade.trouble = "its kernel ended before it was done"
    except (RuntimeError, OSError) as error:
        grade.trouble = f"its kernel did not start: {_one_line(error)}"
    except Exception as error:  # a kernel may answer anything; the others are graded
        grade.trouble = f"could not be graded: {_one_line(error)}"
    grade.seconds = time.monotonic() - start
    return grade


def _read(path: Path) -> NotebookNode:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # such as of cells without an id
        notebook = nbformat.reads(_text(path.read_bytes()), as_version=4)
    for cell in notebook.cells:
        cell.setdefault("metadata", nbformat.from_dict({}))  # not every program writes it
        cell.outputs = []
    return notebook


def _one_line(error: Exception) -> str:
    text = " ".join(f"{type(error).__name__}: {error}".split())
    return text if len(text) <= 200 else text[:200] + " ..."


async def _run(notebook: NotebookNode, grade: Grade, folder: str, timeout: float) -> None:
    """Run a notebook as far as its last exercise, and put the verdicts into its grade."""
    client, manager = await _start(notebook, folder)
    try:
        deadline = time.monotonic() + timeout
        # For each cell what is left; not 0, which would mean no limit. Set by name, because the
        # attribute's hint knows no fractions of a second.
        client.set_trait("timeout_func", lambda cell: max(0.1, deadline - time.monotonic()))
        await _judge(client, grade)
    finally:
        await _kill(manager)
        if client.kc is not None:
            client.kc.stop_channels()


async def _start(notebook: NotebookNode, folder: str) -> tuple["_Client", AsyncKernelManager]:
    """A kernel that answers.

    Raises:
        RuntimeError: if none of several did. The first may find one of its ports taken: they are
            free when they are chosen, but other programs start meanwhile, such as other kernels.
    """
    starts = 0
    while True:
        starts += 1
        manager = AsyncKernelManager(kernel_spec_manager=_ThisPython())
        client = _Client(
            notebook,
            km=manager,
            startup_timeout=LONGEST_START,
            allow_errors=True,
            record_timing=False,
            store_widget_state=False,
        )
        try:
            # Only verdicts come back: the kernel's own words would stand in the table.
            await client.async_start_new_kernel(
                cwd=folder, env=_environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
            )
            await client.async_start_new_kernel_client()
            return client, manager
        except BaseException as error:
            await _kill(manager)
            if starts == STARTS or not isinstance(error, RuntimeError):
                raise


async def _judge(client: "_Client", grade: Grade) -> None:
    """Ask for each verdict right after its exercise's cell and again at the end.

    Students answer in other cells too, and a later cell may use a name again: the better counts.
    """
    cells = list(client.nb.cells)
    tagged = [index for index, cell in enumerate(cells) if _is_exercise(cell)]
    for index, cell in enumerate(cells[: _end(cells)]):
        await client.async_execute_cell(cell, index)
        grade.failed += [output.ename for output in cell.outputs]
        if index in tagged[: grade.count]:
            await _ask(client, grade, [tagged.index(index) + 1])
    everything = range(1, grade.count + 1)
    if unsolved := [n for n in everything if grade.verdict(n).outcome != CORRECT]:
        await _ask(client, grade, unsolved)
    if len(grade.verdicts) < grade.count:
        grade.trouble = "its kernel gave no verdict"


def _is_exercise(cell: NotebookNode) -> bool:
    return cell.cell_type == "code" and "exercise" in cell.metadata.get("tags", [])


def _end(cells: list[NotebookNode]) -> int:
    """Where the last exercise ends: after its check, which may follow further cells of answers."""
    last = [
        index
        for index, cell in enumerate(cells, start=1)
        if _is_exercise(cell)
        or (cell.cell_type == "code" and re.search(r"\bq\d+\.check\(", cell.source))
    ]
    return max(last, default=len(cells))


async def _ask(client: "_Client", grade: Grade, numbers: list[int]) -> None:
    """Run a cell of the grader's own and take the verdicts from its output."""
    marker = secrets.token_hex(16)
    cell = nbformat.v4.new_code_cell(
        "from gan_helpers.grading.kernel_report import report as _grader_report\n"
        f"_grader_report({grade.lesson}, {numbers}, {marker!r})"
    )
    client.nb.cells.append(cell)
    client.kept = len(client.nb.cells) - 1
    try:
        await client.async_execute_cell(cell, client.kept, store_history=False)
    finally:  # if the time ends at one exercise, those before it still count
        printed = "".join(output.get("text", "") for output in cell.outputs)
        for line in re.findall(f"^{marker}(.*)$", printed, flags=re.MULTILINE):
            entry = json.loads(line)
            number, verdict = entry["exercise"], Verdict(entry["outcome"], entry["message"])
            known = grade.verdicts.get(number, Verdict(NOT_ATTEMPTED, ""))
            if OUTCOMES.index(verdict.outcome) >= OUTCOMES.index(known.outcome):
                grade.verdicts[number] = verdict


async def _kill(manager: AsyncKernelManager) -> None:
    """End the kernel at once, with the processes that it started."""
    if not manager.has_kernel:
        return
    # Elsewhere they share a process group, which is killed below.
    if os.name == "nt" and (pid := getattr(manager.provisioner, "pid", None)):
        command = ["taskkill", "/F", "/T", "/PID", str(pid)]
        subprocess.run(command, capture_output=True, check=False)
    await manager.shutdown_kernel(now=True)


def _environment() -> dict[str, str]:
    # The kernel must find this very package, also when it is not installed.
    paths = [str(PACKAGES), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {
        "GAN_DATA": "sample",  # unless the teacher has set it otherwise
        **os.environ,
        "GAN_PROFILE": "quick",
        "PYTHONPATH": os.pathsep.join(paths),
    }


class _ThisPython(KernelSpecManager):
    """Kernels of the Python that grades, whatever kernels are installed and whichever is active."""

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        command = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        return KernelSpec(argv=command, display_name="Python", language="python")


class _Client(NotebookClient):
    """Keeps the errors of cells and the output of one cell: all of it may be without end."""

    kept = -1  # index of the cell whose output is kept

    def output(
        self, outs: list[NotebookNode], msg: dict[str, Any], display_id: Any, cell_index: int
    ) -> NotebookNode | None:
        if cell_index == self.kept or msg["msg_type"] == "error":
            return super().output(outs, msg, display_id, cell_index)
        return None


def format_table(grades: Iterable[Grade]) -> str:
    """The grades as text in aligned columns: a line for each notebook."""
    grades = list(grades)
    numbers = range(1, max((grade.count for grade in grades), default=0) + 1)
    lines = [["notebook", "lesson", *(f"exercise {number}" for number in numbers), "right", "note"]]
    for grade in grades:
        outcomes = [grade.verdict(n).outcome if n <= grade.count else "" for n in numbers]
        right = f"{grade.correct} of {grade.count}" if grade.count else ""
        lesson = str(grade.lesson or "")
        lines.append([str(grade.notebook), lesson, *outcomes, right, grade.note])
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(f"{text:{width}}" for text, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )
