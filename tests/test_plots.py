"""Figures: exact pixels, text alternatives wherever they are shown, clear errors."""

import base64
import gc
import io
import math
import subprocess
import sys
import threading
import weakref

from gan_helpers import pictures, plots
from gan_helpers.playground.picture import PointPicture

import matplotlib.style
import numpy as np
import pytest
from IPython.core.interactiveshell import InteractiveShell
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from PIL import Image

ALT = 'A line that rises, "steeply" & <fast>'


def pixels(figure):
    return np.asarray(Image.open(io.BytesIO(figure.to_png())).convert("RGB"))


def contains(picture, pattern):
    """Whether ``pattern`` (h, w, 3) occurs somewhere in ``picture``."""
    windows = np.lib.stride_tricks.sliding_window_view(picture, pattern.shape)
    return bool((windows[:, :, 0] == pattern).all((-1, -2, -3)).any())


@pytest.fixture
def shell():
    shell = InteractiveShell.instance()
    yield shell
    InteractiveShell.clear_instance()


@pytest.fixture
def history():
    steps = np.arange(12)
    return {
        "generator_loss": 0.9 + 0.3 * np.sin(steps),
        "discriminator_loss": 1.3 - 0.5 * np.exp(-steps / 3),
        "real_score": 0.55 + 0.3 * np.exp(-steps / 3),
        "fake_score": 0.45 - 0.3 * np.exp(-steps / 3),
    }


# Figures as such


def test_figure_shows_itself_as_png_with_alt():
    figure, axes = plots.new_figure(alt=ALT)
    axes.plot([1, 2])
    data, metadata = figure._repr_mimebundle_()
    assert Image.open(io.BytesIO(base64.b64decode(data["image/png"]))).size == (700, 320)
    assert data["text/plain"] == ALT
    assert metadata == {"image/png": {"alt": ALT}}
    assert set(data) == {"image/png", "text/plain"}


@pytest.mark.parametrize("inline_formats", [None, {"png"}, {"svg", "retina"}])
def test_ipython_keeps_alt_and_one_picture(shell, inline_formats):
    figure, axes = plots.new_figure(alt=ALT)
    axes.plot([1, 2])
    if inline_formats:
        # What %matplotlib inline does to all figures.
        from IPython.core.pylabtools import select_figure_formats

        select_figure_formats(shell, inline_formats)
        plain = Figure()
        plain.add_subplot()
        shown, _ = shell.display_formatter.format(plain)
        assert len(shown) > 1, "the inline formatters are not active, so nothing is tested"
    data, metadata = shell.display_formatter.format(figure)
    assert set(data) == {"image/png", "text/plain"}
    assert data["text/plain"] == ALT
    assert metadata == {"image/png": {"alt": ALT}}
    assert base64.b64decode(data["image/png"]) == figure.to_png()


def test_ipython_draws_once(shell, monkeypatch):
    figure, _ = plots.new_figure(alt=ALT)
    drawn = []
    to_png = plots.LessonFigure.to_png
    monkeypatch.setattr(plots.LessonFigure, "to_png", lambda f: drawn.append(f) or to_png(f))
    shell.display_formatter.format(figure)
    assert drawn == [figure]


def test_pyplot_is_not_needed():
    code = (
        "import sys; from gan_helpers import plots;"
        "figure, axes = plots.new_figure(alt='a'); axes.plot([1, 2]); figure.to_png();"
        "sys.exit('matplotlib.pyplot' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-W", "error", "-c", code]).returncode == 0


def test_figures_are_forgotten():
    figures = []
    for _ in range(5):
        figure, axes = plots.new_figure(alt=ALT)
        axes.plot([1, 2])
        figure.to_png()
        figures.append(weakref.ref(figure))
    del figure, axes
    gc.collect()
    assert [figure() for figure in figures] == [None] * 5


def test_threads_draw_the_same_as_the_main_thread(history):
    def draw():
        return plots.plot_scores(history, alt=ALT).to_png()

    drawn = []
    threads = [threading.Thread(target=lambda: drawn.append(draw())) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert drawn == [draw()] * 3


@pytest.mark.parametrize("alt", ["", "  \n", None, 3])
def test_alt_must_say_something(alt, history):
    image = np.zeros((1, 4, 4, 3), np.uint8)
    for make in (
        lambda: plots.new_figure(alt=alt),
        lambda: pictures.plot_images(image, alt=alt),
        lambda: pictures.plot_rows({"a": image}, alt=alt),
        lambda: pictures.plot_training(image, TRAINING, 3, title="", alt=alt),
        lambda: plots.plot_losses(history, alt=alt),
        lambda: plots.plot_scores(history, alt=alt),
        lambda: plots.plot_score_histogram([0.5], [0.5], alt=alt),
    ):
        with pytest.raises((TypeError, ValueError), match="alt"):
            make()


def test_alt_cannot_be_forgotten():
    with pytest.raises(TypeError, match="alt"):
        plots.new_figure()


def test_axes_grid():
    figure, axes = plots.new_figure(2, 3, alt=ALT, height=2, sharey=True)
    assert axes.shape == (2, 3)
    assert figure.get_size_inches().tolist() == [12, 4]
    with pytest.raises(ValueError, match="at least 1"):
        plots.new_figure(0, 1, alt=ALT)


def test_style_survives_clearing_and_can_be_overridden():
    _, axes = plots.new_figure(alt=ALT)
    axes.clear()
    (line,) = axes.plot([1, 2])
    (thin,) = axes.plot([1, 2], linewidth=0.5)
    assert line.get_linewidth() >= 2
    assert thin.get_linewidth() == 0.5
    assert axes.xaxis.label.get_fontsize() >= 13
    assert axes.text(0, 0, "a").get_fontsize() >= 13
    assert axes.text(0, 0, "a", fontsize=9).get_fontsize() == 9
    assert not axes.spines["top"].get_visible()
    assert axes.spines["left"].get_visible()


def in_every_part():
    figure, (left, right) = plots.new_figure(1, 2, alt=ALT)
    left.plot([1, 3, 2], label="curve")
    left.legend(title="legend")
    left.set(title="title", xlabel="x", ylabel="y")
    right.set_title("left", loc="left")
    right.text(0.2, 0.2, "text")
    right.annotate("note", (0.2, 0.2), (0.5, 0.5), arrowprops={"arrowstyle": "->"})
    right.hist([1, 2, 2])
    figure.suptitle("figure")
    return figure


GRAY = np.zeros((10, 8, 8, 1), np.uint8)
TRAINING = {"generator_loss": [1, 2], "discriminator_loss": [1, 1], "distance": [90, 30, 10]}
FILES = {"savefig.dpi": 50, "savefig.facecolor": "black", "savefig.bbox": "tight"}


@pytest.mark.parametrize(
    "style", ["dark_background", "grayscale", {"image.origin": "lower"} | FILES]
)
@pytest.mark.parametrize(
    "draw",
    [
        in_every_part,
        lambda: plots.plot_losses({"generator_loss": [1], "discriminator_loss": [1]}, alt=ALT),
        lambda: plots.plot_score_histogram([0.2, 0.4], [0.3, 0.6], alt=ALT),
        lambda: pictures.plot_images(
            np.zeros((2, 8, 8, 1), np.uint8), None, ["a", "b"], "c", alt=ALT
        ),
        lambda: pictures.plot_rows({"a": GRAY, "b": GRAY}, alt=ALT),
        lambda: pictures.plot_training(GRAY, TRAINING, 3, title="epoch 2", alt=ALT),
        lambda: PointPicture().figure,
    ],
)
def test_figures_are_the_same_in_every_style_of_the_user(draw, style):
    expected = pixels(draw())
    with matplotlib.style.context(style):
        found = pixels(draw())
    assert found.shape == expected.shape
    # The small arrow in the playground's key is filled with the first color of the style.
    assert (found != expected).any(axis=-1).mean() < 1e-4


def test_colours_are_told_apart_and_read_on_white():
    def luminance(colour):
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in colour]
        return np.dot(linear, [0.2126, 0.7152, 0.0722])

    roles = [plots.REAL, plots.FAKE, plots.DISCRIMINATOR, plots.GENERATOR, plots.NEUTRAL]
    # WCAG asks 3 for large or bold letters and for lines.
    assert all(1.05 / (luminance(to_rgb(colour)) + 0.05) >= 3 for colour in roles)
    styles = [plots.REAL_STYLE, plots.FAKE_STYLE, plots.DISCRIMINATOR_STYLE]
    assert len({style["linestyle"] for style in styles}) == 3
    assert len({style["marker"] for style in styles}) == 3


# Pictures


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("titles", [False, True])
def test_pictures_are_exact_and_magnified_evenly(channels, titles):
    generator = np.random.default_rng(0)
    # Low contrast: stretching would show.
    images = generator.integers(100, 110, (5, 28, 28, channels)).astype(np.uint8)
    figure = pictures.plot_images(
        images, titles=list("abcde") if titles else None, title="Top", alt=ALT
    )
    shown = pixels(figure)
    scale = 5
    for image in images:
        colour = np.broadcast_to(image, (28, 28, 3))
        magnified = colour.repeat(scale, axis=0).repeat(scale, axis=1)
        # The last row of one pixel and the first of the next suffice, and are quicker to find.
        assert contains(shown, magnified[scale - 1 : scale + 1])


@pytest.mark.parametrize(("count", "columns"), [(1, None), (7, 3), (10, None), (49, 7), (64, 9)])
def test_every_picture_is_shown_once(count, columns):
    # One colour a picture, on white.
    images = np.zeros((count, 8, 8, 3), np.uint8)
    images[..., 0] = np.arange(count)[:, None, None]
    shown = pixels(pictures.plot_images(images, columns=columns, alt=ALT))
    numbers = shown.astype(int) @ [1 << 16, 1 << 8, 1]  # sorted sooner than rows of three
    colours, areas = np.unique(numbers, return_counts=True)
    assert colours.tolist() == [index << 16 for index in range(count)] + [0xFFFFFF]
    assert len(set(areas[:-1].tolist())) == 1


def test_picture_rows():
    images = np.zeros((10, 32, 32, 3), np.uint8)
    width_of_five, height_of_two_rows = pictures.plot_images(images, alt=ALT).bbox.size
    assert width_of_five > 2 * height_of_two_rows
    narrow = pictures.plot_images(images, columns=2, alt=ALT).bbox.size
    assert narrow[1] > 2 * narrow[0]


@pytest.mark.parametrize(
    ("images", "error", "hint"),
    [
        (np.zeros((2, 8, 8, 3)), TypeError, "to_pixels"),
        (np.zeros((8, 8, 3), np.uint8), ValueError, "shape"),
        (np.zeros((2, 8, 8), np.uint8), ValueError, r"images\[..., None\]"),
        (np.zeros((2, 8, 8, 2), np.uint8), ValueError, "shape"),
        (np.zeros((0, 8, 8, 3), np.uint8), ValueError, "there is none"),
    ],
)
def test_wrong_pictures(images, error, hint):
    with pytest.raises(error, match=hint):
        pictures.plot_images(images, alt=ALT)


def test_rows_show_every_picture_beside_its_name():
    generator = np.random.default_rng(0)
    rows = {
        name: generator.integers(100, 110, (3, 28, 28, 1)).astype(np.uint8)
        for name in ("real", "generated")
    }
    figure = pictures.plot_rows(rows, alt=ALT)
    shown = pixels(figure)
    for image in [*rows["real"], *rows["generated"]]:
        magnified = np.broadcast_to(image, (28, 28, 3)).repeat(3, axis=0).repeat(3, axis=1)
        assert contains(shown, magnified[2:4])
    real, generated = (texts_of(figure)[name].get_window_extent() for name in rows)
    assert real.x0 >= 0 and not real.overlaps(generated)
    with pytest.raises(ValueError, match="rows of equally many pictures"):
        pictures.plot_rows({"a": rows["real"], "b": rows["real"][:2]}, alt=ALT)
    with pytest.raises(TypeError, match="to_pixels"):
        pictures.plot_rows({"a": np.zeros((2, 8, 8, 3))}, alt=ALT)


@pytest.mark.parametrize("epochs", [0, 1, 3, 40])
def test_a_training_is_drawn_from_its_first_moment_on(epochs):
    losses = np.linspace(1, 2, epochs)
    history = {
        "generator_loss": losses,
        "discriminator_loss": losses / 2,
        "distance": np.linspace(200, 10, epochs + 1),
    }
    figure = pictures.plot_training(GRAY, history, 40, title="a moment", alt=ALT)
    _, loss_axes, distance_axes = figure.axes
    lines = [line for line in loss_axes.get_lines() if line.get_linestyle() != ":"]
    curves = {line.get_color(): line.get_ydata() for line in lines}
    np.testing.assert_array_equal(curves[plots.GENERATOR], losses)
    np.testing.assert_array_equal(curves[plots.DISCRIMINATOR], losses / 2)
    np.testing.assert_array_equal(distance_axes.get_lines()[0].get_ydata(), history["distance"])
    assert loss_axes.get_xlim() == distance_axes.get_xlim() == (0, 40.5)
    assert pixels(figure).shape[1] > 600


def test_wrong_titles_and_columns():
    images = np.zeros((2, 8, 8, 3), np.uint8)
    with pytest.raises(ValueError, match="1 texts for 2 pictures"):
        pictures.plot_images(images, titles=["a"], alt=ALT)
    with pytest.raises(ValueError, match="columns must be"):
        pictures.plot_images(images, columns=0, alt=ALT)


# Curves


def curve_of(figure, colour):
    lines = figure.axes[0].get_lines()
    return next(line for line in reversed(lines) if line.get_color() == colour)


def texts_of(figure):
    return {text.get_text(): text for text in figure.axes[0].texts}


def test_losses_show_the_numbers_given(history):
    figure = plots.plot_losses(history, alt=ALT)
    generator = curve_of(figure, plots.GENERATOR)
    np.testing.assert_allclose(generator.get_ydata(), history["generator_loss"])
    np.testing.assert_array_equal(generator.get_xdata(), np.arange(1, 13))
    discriminator = curve_of(figure, plots.DISCRIMINATOR)
    np.testing.assert_allclose(discriminator.get_ydata(), history["discriminator_loss"])
    assert {"generator", "discriminator"} <= set(texts_of(figure))
    assert figure.axes[0].get_legend() is None


def test_reference_losses_only_for_cross_entropy(history):
    figure = plots.plot_losses(history, alt=ALT)
    heights = [line.get_ydata()[0] for line in figure.axes[0].get_lines()]
    assert any(math.isclose(height, math.log(2)) for height in heights)
    assert any(math.isclose(height, math.log(4)) for height in heights)
    names = " ".join(texts_of(figure))
    assert "log 2" in names and "log 4" in names
    other = plots.plot_losses(history, alt=ALT, cross_entropy=False)
    assert "log" not in " ".join(texts_of(other))
    assert len(other.axes[0].get_lines()) == 2


@pytest.mark.parametrize("gap", [0, 1e-3, 0.05, 0.5])
def test_curve_names_never_overlap(gap):
    history = {"real_score": [0.5 + gap / 2] * 3, "fake_score": [0.5 - gap / 2] * 3}
    figure = plots.plot_scores(history, alt=ALT)
    figure.to_png()
    texts = texts_of(figure)
    real, fake = (texts[name].get_window_extent() for name in ("on real", "on fake"))
    assert not real.overlaps(fake)
    assert all(box.x1 <= figure.bbox.x1 for box in (real, fake))


def test_fit_result_will_do(history):
    class History:
        pass

    result = History()
    result.history = history
    assert (
        plots.plot_losses(result, alt=ALT).to_png() == plots.plot_losses(history, alt=ALT).to_png()
    )


def test_one_epoch_is_visible():
    history = {"generator_loss": [0.9], "discriminator_loss": [1.2]}
    shown = pixels(plots.plot_losses(history, alt=ALT))
    for colour in (plots.GENERATOR, plots.DISCRIMINATOR):
        wanted = np.round(255 * np.array(to_rgb(colour))).astype(int)
        # Left of the names there is only the marker.
        assert (shown[:, :600] == wanted).all(-1).sum() > 20


def test_many_steps_show_the_running_mean():
    generator = np.random.default_rng(0)
    noise = generator.normal(1, 0.5, 2000)
    history = {"generator_loss": noise, "discriminator_loss": noise}
    figure = plots.plot_losses(history, alt=ALT, step_label="step")
    line = curve_of(figure, plots.GENERATOR)
    assert np.std(line.get_ydata()) < 0.2 * np.std(noise)
    assert line.get_xdata()[-1] == 2000
    np.testing.assert_allclose(line.get_ydata()[-1], noise[-40:].mean())
    assert "mean of 40" in figure.axes[0].get_xlabel()


def test_scores_always_use_the_whole_range(history):
    for scale in (1, 0.01):
        scaled = {key: scale * values for key, values in history.items()}
        low, high = plots.plot_scores(scaled, alt=ALT).axes[0].get_ylim()
        assert low < 0 and high > 1


@pytest.mark.parametrize("draw", [plots.plot_losses, plots.plot_scores])
def test_wrong_histories(draw, history):
    first, second = (
        ("generator_loss", "discriminator_loss")
        if draw is plots.plot_losses
        else ("real_score", "fake_score")
    )
    good = history[first]
    for broken, error, hint in (
        ({first: good}, ValueError, second),
        ({first: good, second: [0.5]}, ValueError, "differ in length"),
        ({first: [], second: []}, ValueError, "at least one"),
        ({first: [[0.5]], second: [[0.5]]}, ValueError, "shape"),
        ({first: [0.5, math.nan], second: [0.5, 0.5]}, ValueError, "nan at position 1"),
        ({first: [0.5], second: [math.inf]}, ValueError, "diverged"),
        ({first: ["low"], second: [0.5]}, ValueError, "numbers"),
        ([0.5], TypeError, "dict"),
    ):
        with pytest.raises(error, match=hint):
            draw(broken, alt=ALT)


def test_logits_are_not_scores():
    with pytest.raises(ValueError, match="sigmoid"):
        plots.plot_scores({"real_score": [2.0], "fake_score": [0.5]}, alt=ALT)
    with pytest.raises(ValueError, match="sigmoid"):
        plots.plot_score_histogram([0.5], [-0.1], alt=ALT)


# Histogram


def test_histogram_counts_every_score():
    generator = np.random.default_rng(0)
    real, fake = generator.beta(5, 2, (100, 7)), generator.beta(2, 4, 300)
    axes = plots.plot_score_histogram(real, fake, alt=ALT, bins=10).axes[0]
    first, second = (patch.get_data().values for patch in axes.patches)
    np.testing.assert_allclose([first.sum(), second.sum()], 100)
    assert second[0] == pytest.approx(100 * (fake < 0.1).mean())
    names = [text.get_text() for text in axes.get_legend().get_texts()]
    assert names == [
        f"real images, mean {real.mean():.2f}",
        f"fake images, mean {fake.mean():.2f}",
    ]


def test_histogram_counts_the_ends():
    axes = plots.plot_score_histogram([1.0, 1.0], [0.0], alt=ALT).axes[0]
    first, second = (patch.get_data().values for patch in axes.patches)
    assert first[-1] == 100
    assert second[0] == 100


def test_wrong_scores():
    with pytest.raises(ValueError, match="real_scores is empty"):
        plots.plot_score_histogram([], [0.5], alt=ALT)
    with pytest.raises(ValueError, match="fake_scores holds nan"):
        plots.plot_score_histogram([0.5], [math.nan], alt=ALT)


def test_distances_have_a_logarithmic_axis_and_plain_numbers():
    curves = {"ours": ([1, 2, 5], [90, 40, 20]), "theirs": ([2, 5], [120, 70])}
    figure = plots.plot_distances(curves, references={"real images": 2.0}, alt=ALT)
    (axes,) = figure.axes
    assert axes.get_yscale() == "log"
    assert [line.get_label() for line in axes.lines[:2]] == ["ours", "theirs"]
    styles = {(line.get_linestyle(), line.get_marker()) for line in axes.lines[:2]}
    assert len(styles) == 2, "colour is not the only difference"
    assert axes.yaxis.get_major_formatter()(100, 0) == "100"
    assert "real images" in [text.get_text() for text in axes.texts]


@pytest.mark.parametrize(
    ("curves", "complaint"),
    [
        ({}, "1 to 4 curves"),
        ({str(i): ([1], [1]) for i in range(5)}, "1 to 4 curves"),
        ({"a": ([1, 2], [3])}, "2 times but 1 distances"),
        ({"a": ([1, 2], [3, 0])}, "no logarithm"),
    ],
)
def test_impossible_distance_curves_are_refused(curves, complaint):
    with pytest.raises(ValueError, match=complaint):
        plots.plot_distances(curves, alt=ALT)


def test_a_small_drawing_keeps_its_frequent_colours_and_changes_no_other_much():
    across, down = np.meshgrid(np.arange(256), np.arange(200))
    picture = np.stack([across, down, 255 - across], axis=-1).astype(np.uint8)
    pale = [(253, 244, 238), (251, 234, 222), (245, 230, 242), (255, 255, 255), (239, 246, 251)]
    for k, color in enumerate(pale):
        picture[20 * k : 20 * k + 20, :100] = color
    png = plots.few_colours_png(Image.fromarray(picture), "drawing")
    small = np.asarray(Image.open(io.BytesIO(png)).convert("RGB")).astype(int)
    assert (small[:100, :100] == picture[:100, :100]).all()
    assert np.abs(small - picture).max() < 60
    assert len(np.unique(small.reshape(-1, 3), axis=0)) <= 96
