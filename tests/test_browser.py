"""Lessons in a real browser: JupyterLab opens them, Run All succeeds, the widgets answer.

Only here do widgets, front end and kernel meet. The short run opens lesson 1 alone; the tour of
all live figures is long.
"""

import os
import re
import secrets
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import pytest
import requests
from browser import launch, serious_findings
from lesson_slices import cells_needed
from playwright.sync_api import Page

NOTEBOOKS = Path(__file__).resolve().parent.parent / "notebooks"
SLIDERS = NOTEBOOKS / "01_adversarial_game.ipynb"
PLAYGROUND = NOTEBOOKS / "02_gan_playground.ipynb"
# Lesson -> the drawing function of each of its figures with sliders or lists. Left out is
# show_stage of lesson 7, for which every stage is measured first.
LIVE_FIGURES = {
    "05_cifar10_and_convolutions": ["show_kernel"],
    "07_evaluating_gans": ["show_curves"],
    "08_latent_space": ["show_numbers", "show_truncated", "show_directions"],
    "09_conditional_gan": ["show_class", "draw_caption"],
}
START_TIMEOUT = 60  # seconds
RUN_TIMEOUT = 240  # seconds; machines that run other tests beside this one are slow

NOTEBOOK_STATE = """() => {
    const cells = Array.from(jupyterapp.shell.currentWidget.content.model.cells);
    const code = cells.filter(cell => cell.type === 'code');
    const outputs = code.flatMap(cell => cell.outputs.toJSON());
    return {
        cells: code.length,
        run: code.filter(cell => cell.executionCount !== null).length,
        errors: outputs.filter(output => output.output_type === 'error')
                       .map(output => output.ename + ': ' + output.evalue),
    };
}"""
KERNEL_IS_IDLE = """() =>
    window.jupyterapp?.shell?.currentWidget?.sessionContext?.session?.kernel?.status === 'idle'
"""
# Where JupyterLab shows our widgets; its own frame is not ours to judge.
WIDGETS = ".jp-OutputArea-output .jupyter-widgets"
IS_DRAWN = """image => image.complete && image.naturalWidth > 100"""


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """The folder that JupyterLab shows."""
    folder = tmp_path_factory.mktemp("course")
    shutil.copytree(NOTEBOOKS / "images", folder / "images")
    return folder


@pytest.fixture(scope="module")
def lab(course, tmp_path_factory):
    """A JupyterLab with settings of its own: its address, its token and the file with its log."""
    own = tmp_path_factory.mktemp("lab")
    # All cells stay in the page; otherwise those off the screen cannot be looked at.
    settings = own / "settings" / "@jupyterlab" / "notebook-extension"
    settings.mkdir(parents=True)
    (settings / "tracker.jupyterlab-settings").write_text('{"windowingMode": "none"}')
    # Nothing is asked, and nothing fetched from outside.
    settings = own / "settings" / "@jupyterlab" / "apputils-extension"
    settings.mkdir(parents=True)
    (settings / "notification.jupyterlab-settings").write_text(
        '{"fetchNews": "false", "checkForUpdates": false}'
    )

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    token = secrets.token_hex()
    environment = dict(
        os.environ,
        GAN_PROFILE="quick",
        GAN_DATA="sample",
        IPYTHONDIR=str(own / "ipython"),
        JUPYTER_CONFIG_DIR=str(own / "config"),
        JUPYTER_RUNTIME_DIR=str(own / "runtime"),
        # Not on the command line, which every user of the machine can read.
        JUPYTER_TOKEN=token,
    )
    command = [sys.executable, "-m", "jupyter", "lab", "--no-browser", "--allow-root"]
    command += [
        "--ServerApp.ip=127.0.0.1",
        f"--ServerApp.port={port}",
        "--ServerApp.port_retries=0",
        f"--ServerApp.root_dir={course}",
        f"--LabApp.user_settings_dir={own / 'settings'}",
        f"--LabApp.workspaces_dir={own / 'workspaces'}",
        "--LabApp.expose_app_in_browser=True",
        "--LabApp.news_url=None",
    ]
    address = f"http://127.0.0.1:{port}"
    with (own / "lab.log").open("wb") as log:
        server = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
        try:
            wait_for(server, address, own / "lab.log")
            yield address, token
        finally:
            stop(server, address, token)


def wait_for(server: subprocess.Popen, address: str, log: Path) -> None:
    end = time.monotonic() + START_TIMEOUT
    while time.monotonic() < end and server.poll() is None:
        try:
            requests.get(f"{address}/login", timeout=5)
            return
        except requests.RequestException:
            time.sleep(0.2)
    said = log.read_text(encoding="utf-8", errors="replace")
    pytest.fail(f"JupyterLab did not start:\n{said[-3000:]}")


def stop(server: subprocess.Popen, address: str, token: str) -> None:
    """Ask the server to stop its kernels and itself; only then use force."""
    try:
        headers = {"Authorization": f"token {token}"}
        requests.post(f"{address}/api/shutdown", headers=headers, timeout=5)
        server.wait(20)
    except (requests.RequestException, subprocess.TimeoutExpired):
        server.kill()
        server.wait()


@pytest.fixture(scope="module")
def chromium():
    with launch() as browser:
        yield browser


@pytest.fixture
def page(chromium, lab, course, lesson, tmp_path):
    """The lesson, or the part of it that the test chose, opened in JupyterLab."""
    name, notebook = lesson
    nbformat.write(notebook, course / name)
    address, token = lab
    page = chromium.new_page(viewport={"width": 1280, "height": 1000}, has_touch=True)
    # A workspace of its own, without the tabs of the test before.
    page.goto(f"{address}/lab/workspaces/{secrets.token_hex(4)}/tree/{name}?token={token}")
    # Running cells earlier would open a dialogue that asks for a kernel.
    page.wait_for_function(KERNEL_IS_IDLE, timeout=1000 * START_TIMEOUT)
    yield page
    # What was last on the screen, for whoever has to find out why a test failed.
    page.screenshot(path=tmp_path / "last.png")
    page.close()
    headers = {"Authorization": f"token {token}"}
    for session in requests.get(f"{address}/api/sessions", headers=headers, timeout=30).json():
        requests.delete(f"{address}/api/sessions/{session['id']}", headers=headers, timeout=30)


@pytest.fixture
def lesson(path):
    """The notebook to open, not yet run."""
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.update(outputs=[], execution_count=None)
    # Where only live cells matter, what they do not need is left out; the lessons themselves are
    # run whole without a browser, and the first one here.
    if path != SLIDERS:
        notebook.cells = keep(notebook, live_cells(notebook, path))
    return path.name, notebook


def live_cells(notebook: nbformat.NotebookNode, path: Path) -> list[int]:
    calls = [call_of(name) for name in LIVE_FIGURES.get(path.stem, [])]
    if path == PLAYGROUND:
        calls = [re.compile(r"ring = Playground\(")]
    return [
        next(index for index, cell in enumerate(notebook.cells) if call.search(cell.source))
        for call in calls
    ]


def keep(notebook: nbformat.NotebookNode, indices: list[int]) -> list[nbformat.NotebookNode]:
    """These cells and those that they need."""
    needed = set(indices).union(*(cells_needed(notebook, index) for index in indices))
    return [notebook.cells[index] for index in sorted(needed)]


def call_of(name: str) -> re.Pattern:
    return re.compile(rf"figure_with_sliders\(\s*{name},")


def run_all(page: Page) -> dict:
    """Run all cells; return the number of code cells, of those run, and the errors."""
    # Braces, so that nothing is returned: the promise would be waited for.
    page.evaluate("() => { jupyterapp.commands.execute('notebook:run-all-cells') }")
    end = time.monotonic() + RUN_TIMEOUT
    while True:
        state = page.evaluate(NOTEBOOK_STATE)
        if state["run"] == state["cells"] or state["errors"] or time.monotonic() > end:
            return state
        page.wait_for_timeout(250)


@pytest.mark.parametrize("path", [SLIDERS], ids=["01"])
def test_run_all_and_move_the_sliders(page, tmp_path):
    state = run_all(page)
    assert state["errors"] == []
    assert state["run"] == state["cells"] > 20
    # What JupyterLab puts in the place of a widget that it cannot show.
    assert page.get_by_text("javascript error").count() == 0

    forge_by_hand(page)
    live = page.locator(".jp-CodeCell", has_text="figure_with_sliders(draw_game")
    live.scroll_into_view_if_needed()
    mean, picture = live.locator(".noUi-handle").first, live.locator("img")
    page.wait_for_function(IS_DRAWN, arg=picture.element_handle())
    assert "fakes 0.0 ± 1.4" in picture.get_attribute("title")
    before, source = picture.screenshot(path=tmp_path / "before.png"), picture.get_attribute("src")

    mean.focus()
    for _ in range(20):
        page.keyboard.press("ArrowRight")
    live.locator("img[title*='fakes 2.0 ± 1.4']").wait_for()
    page.wait_for_function(IS_DRAWN, arg=picture.element_handle())
    assert picture.get_attribute("src") != source
    assert picture.screenshot(path=tmp_path / "after.png") != before

    # The frames of the GAN: from the untrained generator to the last step.
    film = page.locator(".jp-CodeCell", has_text="scrubber(")
    film.scroll_into_view_if_needed()
    frame = film.locator("img")
    source = frame.get_attribute("src")
    film.locator(".noUi-handle").focus()
    page.keyboard.press("End")
    film.locator("img[title*='step 600']").wait_for()
    assert frame.get_attribute("src") != source
    assert serious_findings(page, WIDGETS) == []


def forge_by_hand(page: Page) -> None:
    """Forge with the mouse, the keyboard and a finger; the judge learns each trick."""
    bench = page.locator(".jp-CodeCell", has_text="bench = Forge(")
    bench.scroll_into_view_if_needed()
    picture, learn = bench.locator("img"), bench.get_by_role("button", name="D learns")
    page.wait_for_function(IS_DRAWN, arg=picture.element_handle())
    rows = bench.locator("table tr")
    played = rows.count()
    handles = bench.locator(".noUi-handle")  # glue, thickness, shift, blur
    handles.nth(2).focus()
    page.keyboard.press("Home")  # shift -8
    bench.locator("img[title*='shift -8']").wait_for()
    learn.focus()
    page.keyboard.press("Enter")
    rows.nth(played).get_by_text("shift -8").wait_for()

    place = handles.nth(1).bounding_box()
    x, y = place["x"] + place["width"] / 2, place["y"] + place["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 200, y, steps=4)
    page.mouse.up()
    bench.locator("img[title*='thickness 4']").wait_for()
    learn.click()
    rows.nth(played + 1).get_by_text("thickness 4").wait_for()

    source = picture.get_attribute("src")
    bench.get_by_role("button", name="Other digits").tap()
    page.wait_for_function(IS_ANOTHER, arg=[picture.element_handle(), source])


class TestStudent:
    """A student predicts, answers an exercise wrongly, then rightly, and comes back later."""

    @pytest.fixture
    def lesson(self):
        """Lesson 1 as stored: a prediction, an exercise, and the table at its end."""
        notebook = nbformat.read(SLIDERS, as_version=4)
        sources = [cell.source for cell in notebook.cells]
        prediction = next(i for i, source in enumerate(sources) if "the largest V" in source)
        exercise = sources.index("q2.check()  # q2.hint(), q2.solution()")
        table = next(i for i, source in enumerate(sources) if "show_table()" in source)
        imports = next(i for i, source in enumerate(sources) if "SEED = 1" in source)
        loads = next(i for i, source in enumerate(sources) if "import losses" in source)
        kept = [0, imports, loads, exercise - 1, exercise, prediction, prediction + 1, table]
        notebook.cells = [notebook.cells[index] for index in kept]
        notebook.cells[2].source += "\nrounds = []  # the forger's, which need the lesson's judge"
        for cell in notebook.cells:
            cell.metadata.pop("execution", None)
        return "student.ipynb", notebook

    def test_an_hour(self, page, tmp_path):
        loads = page.locator(".jp-CodeCell", has_text="import losses")
        predicted = page.locator(".jp-CodeCell", has_text="value = q2.use()")
        fold = page.locator(".jp-MarkdownCell", has_text="Predict.").locator("details")
        starter = page.locator(".jp-CodeCell", has_text="def value(")
        check = page.locator(".jp-CodeCell", has_text="q2.check()  # q2.hint()")
        table = page.locator(".jp-CodeCell", has_text="show_table()")

        # The fold with the answer is closed, and so is the stored result until the cell is run.
        assert fold.get_attribute("open") is None
        closed = predicted.locator(".jp-OutputPlaceholder")
        closed.wait_for()
        page.screenshot(path=tmp_path / "predict.png")
        run_cell(page, page.locator(".jp-CodeCell", has_text="SEED = 1"))
        run_cell(page, loads)
        run_cell(page, predicted)
        closed.wait_for(state="detached")
        predicted.get_by_text("V = -1.3863").wait_for()

        run_cell(page, table)
        table.get_by_text("0 of 31 exercises done").wait_for()
        for answer, verdict in (
            ("np.log(real_scores).mean() + np.log(fake_scores).mean()", "Not yet: the second term"),
            ("np.log(real_scores).mean() + np.log(1 - fake_scores).mean()", "Correct: a mean"),
        ):
            starter.locator(".cm-content").click()
            page.keyboard.press("Control+a")
            page.keyboard.insert_text(f"def value(real_scores, fake_scores):\n    return {answer}")
            run_cell(page, starter)
            run_cell(page, check)
            check.get_by_text(verdict).wait_for()

        # The kernel dies; the table still knows.
        page.evaluate("() => jupyterapp.shell.currentWidget.sessionContext.restartKernel()")
        page.wait_for_function(KERNEL_IS_IDLE)
        run_cell(page, table)
        table.get_by_text("1 of 31 exercises done").wait_for()
        page.screenshot(path=tmp_path / "back.png")


def run_cell(page: Page, cell) -> None:
    """Run a cell with the keyboard, and wait for its end."""
    cell.locator(".cm-content").click()
    page.keyboard.press("Control+Enter")
    page.wait_for_function(KERNEL_IS_IDLE, timeout=1000 * RUN_TIMEOUT)


IS_ANOTHER = "([image, source]) => image.src !== source"


@pytest.mark.long
@pytest.mark.parametrize(
    "path",
    [NOTEBOOKS / f"{name}.ipynb" for name in LIVE_FIGURES],
    ids=[name[:2] for name in LIVE_FIGURES],
)
def test_every_control_changes_its_picture(page, path, tmp_path):
    state = run_all(page)
    assert state["errors"] == []
    assert state["run"] == state["cells"]
    assert page.get_by_text("javascript error").count() == 0
    assert serious_findings(page, WIDGETS) == []
    for name in LIVE_FIGURES[path.stem]:
        live = page.locator(".jp-CodeCell", has_text=call_of(name))
        live.scroll_into_view_if_needed()
        picture, handles = live.locator("img"), live.locator(".noUi-handle")
        lists = live.locator("select")
        page.wait_for_function(IS_DRAWN, arg=picture.element_handle())
        assert handles.count() + lists.count() >= 1
        for number in range(lists.count()):
            source = picture.get_attribute("src")
            lists.nth(number).select_option(index=1)
            page.wait_for_function(IS_ANOTHER, arg=[picture.element_handle(), source])
        for number in range(handles.count()):
            source = picture.get_attribute("src")
            handles.nth(number).focus()
            # The start may be one of the ends: one of the two keys moves it.
            page.keyboard.press("Home")
            page.keyboard.press("End")
            page.wait_for_function(IS_ANOTHER, arg=[picture.element_handle(), source])
        page.wait_for_function(IS_DRAWN, arg=picture.element_handle())
        live.screenshot(path=tmp_path / f"{name}.png")
        assert live.get_by_text("Not drawn").count() == 0


RUN_IN_KERNEL = """async code => {
    const kernel = jupyterapp.shell.currentWidget.sessionContext.session.kernel;
    const future = kernel.requestExecute({ code });
    let text = '';
    future.onIOPub = message => {
        if (message.header.msg_type === 'stream') text += message.content.text;
    };
    const reply = await future.done;
    return reply.content.status === 'ok' ? text : reply.content.ename;
}"""


INTERRUPT_KERNEL = """
    () => jupyterapp.shell.currentWidget.sessionContext.session.kernel.interrupt()
"""


def find_button(playground, text: str):
    # By its text: an icon is a letter of an accessible name.
    return playground.get_by_role("button").filter(has_text=re.compile(rf"^\s*{text}\s*$"))


def counted(playground) -> int:
    """The number of steps that the playground's counter shows."""
    text = playground.get_by_text(re.compile(r"^step [\d,]+ ")).inner_text()
    return int(re.search(r"step ([\d,]+)", text)[1].replace(",", ""))


@pytest.mark.long
@pytest.mark.parametrize("path", [PLAYGROUND], ids=["02"])
def test_drive_the_playground(page, tmp_path):
    state = run_all(page)
    assert state["errors"] == []
    assert page.get_by_text("javascript error").count() == 0

    playground = page.locator(".jp-CodeCell", has_text="ring = Playground(").first
    playground.scroll_into_view_if_needed()
    picture = playground.locator("img")
    page.wait_for_function(IS_DRAWN, arg=picture.element_handle())
    before = picture.screenshot(path=tmp_path / "before.png")
    first = counted(playground)

    assert serious_findings(page, WIDGETS) == []

    # Play: counter and picture move on, and the kernel still answers another cell.
    find_button(playground, "Play").click()
    pause = find_button(playground, "Pause")
    pause.wait_for()
    assert page.evaluate(RUN_IN_KERNEL, "print(6 * 7)") == "42\n"
    end = time.monotonic() + RUN_TIMEOUT
    while counted(playground) < first + 100 and time.monotonic() < end:
        page.wait_for_timeout(50)
    pause.click()
    find_button(playground, "Play").wait_for()
    page.wait_for_timeout(500)
    stopped = counted(playground)
    assert stopped >= first + 100, "it stopped by itself"
    assert picture.screenshot(path=tmp_path / "played.png") != before
    page.wait_for_timeout(500)
    assert counted(playground) == stopped

    # One step of G alone.
    find_button(playground, "Step G").click()
    playground.get_by_text(f"step {stopped + 1:,} ").wait_for()

    # The notebook's interrupt button pauses it too.
    find_button(playground, "Play").click()
    find_button(playground, "Pause").wait_for()
    page.evaluate(INTERRUPT_KERNEL)
    find_button(playground, "Play").wait_for()
    assert page.evaluate(RUN_IN_KERNEL, "print(ring.playing)") == "False\n"

    # Other data: the picture says so.
    playground.get_by_label("data").select_option("two moons")
    playground.locator("img[title^='two moons']").wait_for()

    # A loss that cannot work is refused by the cell; one that fails later, while it is compiled for
    # more logits than it was tried on, has its error in the widget, and the kernel lives.
    broken = "def broken(fake_logits):\n    return fake_logits.nonsense\nring.use_loss(broken)"
    assert page.evaluate(RUN_IN_KERNEL, broken) == "TypeError"
    later = (
        "import keras\ndef later(logits):\n    mean = keras.ops.mean(logits)\n"
        "    return mean if logits.shape[0] == 4 else logits.nonsense\nring.use_loss(later)"
    )
    assert page.evaluate(RUN_IN_KERNEL, later) == ""
    find_button(playground, "Play").click()
    playground.get_by_text("has no attribute 'nonsense'").wait_for()
    find_button(playground, "Play").wait_for()
    assert page.evaluate(RUN_IN_KERNEL, "print(ring.playing)") == "False\n"

    # A loss of the course mends it.
    broken_at = counted(playground)
    playground.get_by_label("loss").select_option("hinge")
    find_button(playground, "Step both").click()
    playground.get_by_text(f"step {broken_at + 1:,} ").wait_for()

    # The cell is run again while it plays: the old game, out of sight, stops.
    find_button(playground, "Play").click()
    find_button(playground, "Pause").wait_for()
    assert page.evaluate(RUN_IN_KERNEL, "old = ring; print(old.playing)") == "True\n"
    playground.locator(".jp-InputArea-editor").click()
    page.keyboard.press("Control+Enter")
    find_button(playground, "Play").wait_for()
    playground.get_by_text("step 0 ").wait_for()
    assert page.evaluate(RUN_IN_KERNEL, "print(ring is not old, old.playing)") == "True False\n"

    # Points drawn with the mouse in the picture arrive in the kernel, and the game learns them.
    playground.get_by_role("button", name="draw data").click()
    canvas = playground.locator("canvas")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    page.mouse.move(box["x"] + 20, box["y"] + 20)
    page.mouse.down()
    page.mouse.move(box["x"] + 300, box["y"] + 20, steps=20)
    page.mouse.up()
    playground.locator("img[title^='your points']").wait_for()
    drawn = (
        "points = ring.game.distribution.centres; print(len(points) > 5, (points[:, 1] > 1).all())"
    )
    assert page.evaluate(RUN_IN_KERNEL, drawn) == "True True\n"
