"""Live figures: the picture follows the sliders, and a still one remains without a front end."""

import base64
import io

from gan_helpers.plots import LessonFigure, new_figure
from gan_helpers.widgets import figure_with_sliders, flipbook

import numpy as np
import pytest
from browser import launch
from bs4 import BeautifulSoup
from PIL import Image

WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"


def draw_level(level: float, width: int = 1) -> LessonFigure:
    figure, axes = new_figure(alt=f"A line at height {level}.", height=1.0, width=1.5)
    axes.set_ylim(0, 10)
    axes.plot([0, 1], [level, level], linewidth=width)
    return figure


def test_the_first_picture_is_the_one_for_the_starting_values():
    live = figure_with_sliders(draw_level, level=(0.0, 10.0, 4.0, 0.5), width=(1, 9, 3, 1))
    assert bytes(live.picture.value) == draw_level(level=4.0, width=3).to_png()


def test_a_moved_slider_changes_picture_and_alt_text():
    live = figure_with_sliders(draw_level, level=(0.0, 10.0, 4.0, 0.5))
    live.sliders["level"].value = 7.5
    assert bytes(live.picture.value) == draw_level(7.5).to_png()
    assert live.picture.tooltip == live.alt == "A line at height 7.5."


def test_whole_numbers_make_a_slider_over_integers():
    live = figure_with_sliders(draw_level, level=(0.0, 10.0, 4, 0.5), width=(1, 9, 3, 1))
    assert type(live.sliders["level"].value) is float
    assert type(live.sliders["width"].value) is int


def test_texts_make_a_list_to_choose_from():
    def draw(its_level: str) -> LessonFigure:
        return draw_level({"low": 1.0, "high": 9.0}[its_level])

    live = figure_with_sliders(draw, its_level=("low", "high"))
    assert live.sliders["its_level"].description == "its level"
    assert live.sliders["its_level"].options == ("low", "high")
    assert live.alt == "A line at height 1.0."
    live.sliders["its_level"].value = "high"
    assert bytes(live.picture.value) == draw_level(9.0).to_png()
    assert live.alt == "A line at height 9.0."


def test_a_choice_that_stands_twice_is_refused():
    with pytest.raises(ValueError, match="level has the choices"):
        figure_with_sliders(draw_level, level=("low", "low"))


def test_names_are_shown_without_underscores():
    live = figure_with_sliders(lambda line_level: draw_level(line_level), line_level=(0, 9, 1, 1))
    assert live.sliders["line_level"].description == "line level"


def test_continuous_update_reaches_the_sliders():
    for wanted in (True, False):
        live = figure_with_sliders(draw_level, continuous_update=wanted, level=(0, 9, 1, 1))
        assert live.sliders["level"].continuous_update is wanted


def test_a_still_picture_with_alt_text_is_stored_beside_the_live_view():
    live = figure_with_sliders(draw_level, level=(0.0, 10.0, 4.0, 0.5))
    data, metadata = live._repr_mimebundle_()
    assert base64.b64decode(data["image/png"]) == draw_level(4.0).to_png()
    assert data["text/plain"] == "A line at height 4.0."
    assert metadata == {"image/png": {"alt": "A line at height 4.0."}}
    assert data[WIDGET_VIEW]["model_id"] == live.model_id


def test_an_error_while_dragging_is_shown_and_clears_again():
    def draw(level: float) -> LessonFigure:
        if level > 5:
            raise ValueError("level <b>too</b> high")
        return draw_level(level)

    live = figure_with_sliders(draw, level=(0.0, 10.0, 4.0, 0.5))
    before = bytes(live.picture.value)
    live.sliders["level"].value = 6.0
    assert "ValueError: level &lt;b&gt;too&lt;/b&gt; high" in live.problem.value
    assert bytes(live.picture.value) == before
    live.sliders["level"].value = 3.0
    assert live.problem.value == ""
    assert bytes(live.picture.value) == draw_level(3.0).to_png()


def test_an_error_in_the_first_drawing_is_raised():
    with pytest.raises(ZeroDivisionError):
        figure_with_sliders(lambda level: 1 / level, level=(0, 9, 0, 1))


def test_a_move_during_a_drawing_is_drawn_afterwards():
    drawn = []

    def draw(level: float) -> LessonFigure:
        drawn.append(level)
        if level == 5:  # as if the slider were dragged on while this picture is drawn
            live.sliders["level"].value = 6
            live.sliders["level"].value = 7
        return draw_level(level)

    live = figure_with_sliders(draw, level=(0, 9, 4, 1))
    live.sliders["level"].value = 5
    assert drawn == [4, 5, 7]
    assert bytes(live.picture.value) == draw_level(7).to_png()


def test_what_is_no_lesson_figure_is_refused():
    with pytest.raises(TypeError, match="returned a ndarray"):
        figure_with_sliders(lambda level: np.zeros(level), level=(0, 9, 3, 1))


@pytest.mark.parametrize("ends", [(0, 9, 1), (0, 9, 1, "1"), [0, 9, 1, 1], 5, (), (0, 9, True, 1)])
def test_a_range_must_be_four_numbers(ends):
    with pytest.raises(TypeError, match=r"level is .* four numbers"):
        figure_with_sliders(draw_level, level=ends)


@pytest.mark.parametrize("ends", [(0, 9, 10, 1), (0, 9, -1, 1), (9, 0, 5, 1), (3, 3, 3, 1)])
def test_the_start_must_lie_within_the_range(ends):
    with pytest.raises(ValueError, match="level starts at"):
        figure_with_sliders(draw_level, level=ends)


def test_the_step_must_be_positive():
    with pytest.raises(ValueError, match="step 0"):
        figure_with_sliders(draw_level, level=(0, 9, 3, 0))


def test_without_sliders_there_is_nothing_to_move():
    with pytest.raises(ValueError, match="no slider"):
        figure_with_sliders(draw_level)


def book_of_levels(labels=("low", "</script> & high")):
    frames = np.stack([np.full((6, 8, 3), level, np.uint8) for level in (0, 255)])
    return flipbook(frames, list(labels), alt="A black square that becomes a white one.")


def test_a_flipbook_keeps_its_last_frame_where_scripts_are_taken_out():
    book = book_of_levels()
    page = BeautifulSoup(book._repr_html_(), "html.parser")
    assert [script.extract().name for script in page.select("script")] == ["script"]
    (image,) = page.select("img")
    assert image["alt"] == repr(book) == book.alt
    file = base64.b64decode(image["src"].removeprefix("data:image/webp;base64,"))
    assert np.asarray(Image.open(io.BytesIO(file))).min() > 250
    row = page.select_one("input").parent
    assert "display: none" in row["style"], "nothing would answer this slider"
    assert page.select_one("output").text == "</script> & high"


def test_a_flipbook_has_a_name_of_its_own_that_does_not_change():
    same, other = book_of_levels(), book_of_levels(("dark", "bright"))
    assert same._repr_html_() == book_of_levels()._repr_html_()
    names = {BeautifulSoup(book._repr_html_(), "html.parser").div["id"] for book in (same, other)}
    assert len(names) == 2


def test_the_slider_of_a_flipbook_moves_its_picture(tmp_path):
    with launch() as browser:
        page = browser.new_page()
        faults = []
        page.on("pageerror", lambda error: faults.append(error))
        # As in JupyterLab and on the pages of the course, two of them share a page.
        books = [book_of_levels(), book_of_levels(("dark", "bright"))]
        page.set_content("<br>".join(book._repr_html_() for book in books))
        slider, picture = page.get_by_role("slider").first, page.locator("img").first
        before = picture.get_attribute("src")
        assert page.locator("output").first.inner_text() == "low"
        slider.press("ArrowRight")
        assert page.locator("output").all_inner_texts() == ["</script> & high", "dark"]
        assert picture.get_attribute("src") != before
        assert faults == []
