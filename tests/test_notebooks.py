"""Hold every lesson to the anatomy that readers, lecturers and the test run rely on."""

import itertools
import re
import statistics
from pathlib import Path

import nbformat
import pytest
from nbconvert import ScriptExporter

NOTEBOOKS = Path(__file__).resolve().parent.parent / "notebooks"
LESSONS = sorted(NOTEBOOKS.glob("[0-9]*.ipynb"))
SLIDE_TYPES = {"slide", "subslide", "fragment", "skip", "notes"}
README = (NOTEBOOKS.parent / "README.md").read_text(encoding="utf-8")
LARGEST_NOTEBOOK = 1_500_000  # bytes
FORBIDDEN_NAMES = ("z_dim", "noise_dim", "netG", "netD", "errG", "errD", "gen_imgs")
IMAGE = re.compile(r"!\[([^\]]*)\]\(([^)\s]+)\)")
LINK = re.compile(r"(?<!!)\[[^\]]+\]\(([^)\s]+)\)")
PROGRESS = "from gan_helpers.exercises import progress\n\nprogress"


@pytest.fixture(params=LESSONS, ids=lambda path: path.stem)
def path(request):
    return request.param


@pytest.fixture
def lesson(path):
    return nbformat.read(path, as_version=4)


def cells(lesson, kind):
    return [cell for cell in lesson.cells if cell.cell_type == kind]


def lines(cell):
    return [line for line in cell.source.splitlines() if line.strip()]


def tags(cell):
    return cell.metadata.get("tags", [])


def is_first(path):
    return path.stem.startswith("01_")


def outputs(lesson):
    return [output for cell in cells(lesson, "code") for output in cell.outputs]


def prose_headings(lesson):
    found = []
    for cell in cells(lesson, "markdown"):
        outside_code = re.sub(r"```.*?```", "", cell.source, flags=re.DOTALL)
        found += [len(mark) for mark in re.findall(r"^(#+) ", outside_code, flags=re.MULTILINE)]
    return found


def test_there_are_lessons():
    assert [path.stem[:2] for path in LESSONS] == [f"{number:02}" for number in range(1, 11)]


def test_it_is_valid(lesson):
    nbformat.validate(lesson)


def test_it_opens_with_title_hook_picture_goals_and_time(path, lesson):
    title, goals, imports = lesson.cells[:3]
    assert title.source.startswith(f"# {int(path.stem[:2])}. ")
    assert IMAGE.search(title.source), "the first cell shows a picture"
    assert len(lines(title)) <= 8
    assert 1 <= len(re.findall(r"^\d\. ", goals.source, flags=re.MULTILINE)) <= 5
    assert re.search(r"\bminutes?\b", goals.source) and re.search(r"\bseconds\b", goals.source)
    assert "GAN_PROFILE=quick" in goals.source
    assert imports.cell_type == "code" and "SEED" in imports.source
    assert len(lines(imports)) <= 12


def test_it_has_one_title_and_no_skipped_heading(lesson):
    levels = prose_headings(lesson)
    assert levels.count(1) == 1 and levels[0] == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))


def test_it_lets_the_student_predict_before_running(lesson):
    predictions = [
        index for index, cell in enumerate(lesson.cells) if cell.source.startswith("**Predict")
    ]
    assert 4 <= len(predictions) <= 6
    for index in predictions:
        question, _, answer = lesson.cells[index].source.partition("\n\n<details>")
        assert 1 <= len(question.splitlines()) <= 4
        assert re.fullmatch(r"<summary>Answer</summary>.{40,}</details>", answer, flags=re.DOTALL)
        assert lesson.cells[index + 1].cell_type == "code", "what was predicted is run next"
        # JupyterLab shows the stored result only once the cell has been run.
        result = next(cell for cell in lesson.cells[index:] if cell.get("outputs"))
        assert result.metadata["jupyter"]["outputs_hidden"]


def test_it_has_two_to_four_exercises_each_with_its_check(lesson):
    starters = [index for index, cell in enumerate(lesson.cells) if "exercise" in tags(cell)]
    assert 2 <= len(starters) <= 4
    for number, index in enumerate(starters, start=1):
        task, starter, check = lesson.cells[index - 1 : index + 2]
        assert task.source.startswith(f"**Exercise {number}** (")
        assert "minutes)" in task.source
        assert "..." in starter.source and len(lines(starter)) <= 12
        assert check.source == f"q{number}.check()  # q{number}.hint(), q{number}.solution()"
        assert "nbval-check-output" in tags(check)


def test_it_closes_with_recap_progress_next_and_references(path, lesson):
    recap, progress, *table, closing = lesson.cells[-3 - 2 * is_first(path) :]
    assert recap.source.startswith("## Recap")
    assert 3 <= len(re.findall(r"^- (?!\*\*Common)", recap.source, flags=re.MULTILINE)) <= 5
    assert "**Common mistake:**" in recap.source
    # Each imports what it needs: whoever comes back runs this cell alone.
    assert progress.source == f"{PROGRESS}.show_lesson({int(path.stem[:2])})"
    if is_first(path):
        assert table[0].source.startswith("## Where you stand")
        assert table[1].source == f"{PROGRESS}.show_table()"
    assert closing.source.startswith("**Next:**")
    assert "**References:**" in closing.source and LINK.search(closing.source)


def test_stored_progress_is_that_of_a_student_who_begins(path, lesson):
    cells = [cell for cell in lesson.cells if cell.source.startswith(PROGRESS)]
    assert len(cells) == 1 + is_first(path)
    for cell in cells:
        (output,) = cell.outputs
        text = output.get("text") or "".join(output.data.values())
        assert "open" in text and not re.search(r"\btried\b|[1-9]\d* of|(?<!exercises )done", text)
        # It depends on the folder in which the lesson runs, so it must not be compared.
        assert "nbval-check-output" not in tags(cell)


def test_cells_are_short(lesson):
    lengths = [len(lines(cell)) for cell in cells(lesson, "code")]
    assert statistics.median(lengths) <= 8
    for cell in cells(lesson, "code"):
        limit = 40 if re.search(r"^class ", cell.source, flags=re.MULTILINE) else 25
        assert len(lines(cell)) <= limit, cell.source
    for cell in cells(lesson, "markdown"):
        assert len(lines(cell)) <= 14, cell.source


def test_names_are_those_of_the_course(lesson):
    for cell in cells(lesson, "code"):
        for name in FORBIDDEN_NAMES:
            assert not re.search(rf"\b{name}\b", cell.source), f"{name} in {cell.source}"


def test_every_picture_in_the_text_has_alt_text_and_every_file_exists(lesson):
    for cell in cells(lesson, "markdown"):
        for alt, target in IMAGE.findall(cell.source):
            assert len(alt) >= 20, f"{target} needs a description"
            assert (NOTEBOOKS / target).exists(), target
        for target in LINK.findall(cell.source):
            if not target.startswith(("http", "#")):
                assert (NOTEBOOKS / target.split("#")[0]).exists(), target


def test_every_moving_picture_in_the_text_has_a_still_beside_it(lesson):
    texts = [cell.source for cell in cells(lesson, "markdown")] + [README]
    for text in texts:
        if any(target.endswith(".gif") for _, target in IMAGE.findall(text)):
            assert any(target.endswith(".png") for target in LINK.findall(text)), text[:200]


def test_the_readme_calls_it_by_its_title(path, lesson):
    title = lesson.cells[0].source.splitlines()[0].removeprefix("# ")
    assert f"[{title}](notebooks/{path.name})" in README


def test_every_cell_knows_its_place_on_the_slides(lesson):
    for cell in lesson.cells:
        kind = cell.metadata.get("slideshow", {}).get("slide_type")
        assert kind in SLIDE_TYPES, cell.source


def test_it_is_stored_executed_in_order_without_errors(path, lesson):
    counts = [cell.execution_count for cell in cells(lesson, "code")]
    assert counts == list(range(1, len(counts) + 1)), "run `make outputs`"
    for output in outputs(lesson):
        assert output.output_type != "error"
        assert output.get("name") != "stderr", output.get("text")
    assert path.stat().st_size <= LARGEST_NOTEBOOK


def test_stored_pictures_have_alt_text_and_widgets_a_still(lesson):
    pictures = 0
    for output in outputs(lesson):
        data = output.get("data", {})
        assert "application/vnd.jupyter.widget-view+json" not in data
        if "image/png" in data:
            pictures += 1
            assert len(output.metadata["image/png"]["alt"]) >= 20
        for image in re.findall(r"<img [^>]*>", data.get("text/html", "")):
            assert re.search(r'alt="[^"]{20,}"', image)
    assert pictures >= 5
    assert "widgets" not in lesson.metadata


def test_nbconvert_makes_it_a_python_script(lesson):
    script, resources = ScriptExporter().from_notebook_node(lesson)
    assert resources["output_extension"] == ".py"
    compile(script, "lesson.py", "exec")


def test_stored_outputs_name_no_place_of_one_machine(lesson):
    for output in outputs(lesson):
        text = output.get("text", "") + str(output.get("data", {}).get("text/plain", ""))
        assert str(NOTEBOOKS.parent) not in text
        assert not re.search(r"(/home/|/root/|/tmp/|/Users/|[A-Z]:\\\\Users)", text), text


def test_compared_cells_have_something_to_compare(lesson):
    compared = [cell for cell in cells(lesson, "code") if "nbval-check-output" in tags(cell)]
    assert len(compared) >= 3
    for cell in compared:
        texts = [output for output in cell.outputs if output.output_type == "stream"]
        texts += [output for output in cell.outputs if "text/plain" in output.get("data", {})]
        assert texts, cell.source
        assert all("image/png" not in output.get("data", {}) for output in cell.outputs)
