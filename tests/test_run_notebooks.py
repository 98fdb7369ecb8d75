import os
import runpy
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from nbconvert import NotebookExporter
from nbconvert.preprocessors import ExecutePreprocessor
from nbformat.v4 import new_code_cell, new_notebook

SCRIPT = Path(__file__).resolve().parent.parent / "scripts" / "run_notebooks.py"
LESSON = SCRIPT.parent.parent / "notebooks" / "01_adversarial_game.ipynb"


@pytest.fixture
def script():
    return runpy.run_path(str(SCRIPT))


def write(path, *sources):
    nbformat.write(new_notebook(cells=[new_code_cell(source) for source in sources]), path)
    return path


def test_a_lesson_is_stored_with_results_and_without_what_changes_every_run(script, tmp_path):
    widget = """
from IPython.display import display
view = {"model_id": "gone", "version_major": 2, "version_minor": 0}
display({"application/vnd.jupyter.widget-view+json": view, "image/png": "aGk="}, raw=True)
"""
    path = write(tmp_path / "01_a.ipynb", "print(1 + 1)", widget)
    target = tmp_path / "new" / "01_a.ipynb"
    script["execute"](path, target, largest=None)
    stored = nbformat.read(target, as_version=4)
    first, second = stored.cells
    assert first.outputs[0].text == "2\n"
    assert list(second.outputs[0].data) == ["image/png"]
    assert "execution" not in first.metadata and "widgets" not in stored.metadata
    assert stored.metadata.language_info.file_extension == ".py"
    assert "version" not in stored.metadata.language_info
    assert b"\r\n" not in target.read_bytes()


def test_what_is_stored_does_not_depend_on_the_clock(script, tmp_path):
    path = write(tmp_path / "01_a.ipynb", "import os; print(os.environ.get('GAN_TIME_BUDGET'))")
    for target, budgets in ((tmp_path / "new" / "01_a.ipynb", "None\n"), (path, "off\n")):
        script["execute"](path, target, largest=None)
        assert nbformat.read(target, as_version=4).cells[0].outputs[0].text == budgets


def test_what_is_stored_does_not_depend_on_what_was_done_before(script, tmp_path):
    (tmp_path / "exercise_progress.jsonl").write_text("{}")
    path = write(
        tmp_path / "01_a.ipynb", "import os; print(os.listdir()); open('made', 'x').close()"
    )
    for _ in range(2):
        script["execute"](path, path, largest=None)
        assert nbformat.read(path, as_version=4).cells[0].outputs[0].text == "[]\n"
    assert sorted(each.name for each in tmp_path.iterdir()) == [
        path.name,
        "exercise_progress.jsonl",
    ]


def test_a_lesson_in_which_a_cell_fails_is_left_as_it_was(script, tmp_path, monkeypatch, capsys):
    path = write(tmp_path / "01_a.ipynb", "1 / 0")
    before = path.read_bytes()
    monkeypatch.setitem(script["find_lessons"].__globals__, "NOTEBOOKS", tmp_path)
    monkeypatch.setattr("sys.argv", ["run_notebooks.py", "--in-place"])
    assert script["main"]() == 1
    assert path.read_bytes() == before
    assert "ZeroDivisionError" in capsys.readouterr().err


def test_a_lesson_that_grew_too_large_is_not_stored(script, tmp_path):
    path = write(tmp_path / "01_a.ipynb", "print('x' * 5000)")
    before = path.read_bytes()
    with pytest.raises(script["TooLarge"], match=r"the limit is 0\.004 MB"):
        script["execute"](path, path, largest=4000)
    assert path.read_bytes() == before


def test_lessons_are_chosen_by_number_and_an_unknown_one_is_named(script):
    assert [path.stem[:2] for path in script["find_lessons"](["03"])] == ["03"]
    with pytest.raises(SystemExit, match="No lesson starts with 77"):
        script["find_lessons"](["03", "77"])


# A lesson that somebody runs from another folder


@pytest.fixture
def beginning(tmp_path):
    """The first lesson, up to its first picture, in a folder of its own; and where it runs."""
    lesson = nbformat.read(LESSON, as_version=4)
    cells = [cell for cell in lesson.cells if cell.cell_type == "code"]
    last = next(n for n, cell in enumerate(cells) if "plot_rows" in cell.source)
    place = new_code_cell("import os; print(os.getcwd())")
    lesson.cells = [*cells[: last + 1], place]
    folder = tmp_path / "Käthes Übungen"
    elsewhere = tmp_path / "another folder"
    folder.mkdir()
    elsewhere.mkdir()
    nbformat.write(lesson, folder / "lesson.ipynb")
    return folder / "lesson.ipynb", elsewhere


def assert_it_found_everything(executed, place):
    *_, picture, place_cell = executed.cells
    assert "images of the" in picture.outputs[0].text
    assert any("image/png" in output.get("data", {}) for output in picture.outputs)
    assert os.path.samefile(place_cell.outputs[0].text.strip(), place)


def test_a_lesson_runs_in_the_folder_from_which_papermill_is_called(beginning, monkeypatch):
    path, elsewhere = beginning
    monkeypatch.chdir(elsewhere)
    lesson = nbformat.read(path, as_version=4)
    NotebookClient(lesson).execute()  # as papermill does, which names no folder
    assert_it_found_everything(lesson, elsewhere)


def test_nbconvert_runs_a_lesson_of_another_folder(beginning, monkeypatch):
    path, elsewhere = beginning
    monkeypatch.chdir(elsewhere)
    execute = ExecutePreprocessor(enabled=True)  # what its option --execute adds
    text, _ = NotebookExporter(preprocessors=[execute]).from_filename(str(path))
    assert_it_found_everything(nbformat.reads(text, as_version=4), path.parent)
