"""Animations: right speed, endless, constant brightness, no flicker, a still for everybody."""

import base64
import io
import math
import re
import tracemalloc

from gan_helpers import animation, pictures, widgets

import numpy as np
import pytest
from IPython.core.interactiveshell import InteractiveShell
from PIL import GifImagePlugin, Image

ALT = 'Digits "appear" from <noise> & stay'
SAVERS = {".gif": animation.save_gif, ".webp": animation.save_webp}


@pytest.fixture(params=[".gif", ".webp"])
def suffix(request):
    return request.param


def photo_frames(count=12, height=40, width=48):
    """Colour frames from dull to vivid; a grey bar at the left and a photo below never change."""
    generator = np.random.default_rng(0)
    rows, columns = np.mgrid[:height, :width]
    vivid = np.stack([rows * 5, columns * 5, 255 - rows - columns], axis=-1)
    for index in range(count):
        strength = index / max(1, count - 1)
        noise = generator.normal(0, 20, vivid.shape)
        frame = np.clip(strength * vivid + (1 - strength) * 128 + noise, 0, 255).astype(np.uint8)
        frame[:, :10] = 137
        frame[30:, 10:] = vivid[30:, 10:]
        yield frame


def grey_frames(count=5):
    generator = np.random.default_rng(1)
    # Low contrast: stretching would show.
    return [generator.integers(100, 110, (20, 30)).astype(np.uint8) for _ in range(count)]


def decode(path):
    """All frames as RGB, the milliseconds of each, and the number of repetitions (0: endless)."""
    frames, delays = [], []
    with Image.open(path) as picture:
        for index in range(picture.n_frames):
            picture.seek(index)
            picture.load()
            frames.append(np.asarray(picture.convert("RGB")))
            delays.append(picture.info["duration"])
        return frames, delays, picture.info["loop"]


# Grids


@pytest.mark.parametrize(
    ("padding", "scale", "channels"), [(0, 1, 1), (0, 2, 3), (1, 1, 3), (1, 3, 1), (3, 2, 3)]
)
def test_grid_holds_every_picture_in_its_place(padding, scale, channels):
    for count in (1, 2, 3, 5, 9, 10, 16):
        for columns in (None, 1, 2, 3, 4, 10, 20):
            check_grid(count, columns, padding, scale, channels)


def check_grid(count, columns, padding, scale, channels):
    height, width = 3, 4
    images = np.random.default_rng(0).integers(90, 99, (count, height, width, channels))
    images = images.astype(np.uint8)
    grid = pictures.image_grid(images, columns, padding, scale)
    used = min(columns or math.ceil(math.sqrt(count)), count)
    rows = math.ceil(count / used)
    shape = (
        scale * (rows * (height + padding) - padding),
        scale * (used * (width + padding) - padding),
    )
    case = f"{count} pictures, columns={columns}"
    assert grid.shape == (shape if channels == 1 else (*shape, 3)), case
    assert grid.dtype == np.uint8
    small = grid[::scale, ::scale].reshape(shape[0] // scale, shape[1] // scale, channels)
    np.testing.assert_array_equal(
        small.repeat(scale, axis=0).repeat(scale, axis=1).reshape(grid.shape), grid, case
    )
    covered = np.zeros(small.shape[:2], bool)
    for index, image in enumerate(images):
        top = index // used * (height + padding)
        left = index % used * (width + padding)
        np.testing.assert_array_equal(small[top : top + height, left : left + width], image, case)
        covered[top : top + height, left : left + width] = True
    assert (small[~covered] == 255).all(), case


def test_grid_refuses_what_it_would_have_to_guess():
    with pytest.raises(TypeError, match="to_pixels"):
        pictures.image_grid(np.zeros((2, 4, 4, 3), np.float32))
    with pytest.raises(ValueError, match="shape"):
        pictures.image_grid(np.zeros((4, 4, 3), np.uint8))
    images = np.zeros((2, 4, 4, 3), np.uint8)
    for arguments in ({"columns": 0}, {"padding": -1}, {"scale": 0}, {"scale": 1.5}):
        with pytest.raises(ValueError, match=next(iter(arguments))):
            pictures.image_grid(images, **arguments)


# Files


@pytest.mark.parametrize("count", [2, 7, 60])
@pytest.mark.parametrize(("seconds", "hold"), [(6.0, 1.0), (2.5, 0.0)])
def test_speed_and_loop(tmp_path, suffix, count, seconds, hold):
    frames = [np.full((4, 4), index, np.uint8) for index in range(count)]
    path = SAVERS[suffix](frames, tmp_path / f"a{suffix}", seconds=seconds, hold=hold)
    decoded, delays, loop = decode(path)
    assert len(decoded) == count
    assert sum(delays) == 1000 * (seconds + hold)
    each = 1000 * seconds / count
    np.testing.assert_allclose(delays, [each] * (count - 1) + [each + 1000 * hold], atol=10)
    assert loop == 0


def test_neighbours_that_are_the_same_keep_their_time(tmp_path, suffix):
    frames = [np.full((20, 20, 3), value, np.uint8) for value in (50, 50, 50, 90, 50, 50)]
    decoded, delays, _ = decode(SAVERS[suffix](frames, tmp_path / f"a{suffix}", seconds=3))
    assert [frame[0, 0, 0] for frame in decoded] == [50, 90, 50]
    assert delays == [1500, 500, 2000]


@pytest.mark.parametrize("count", [1, 3])
def test_a_film_in_which_nothing_happens(tmp_path, suffix, count):
    frame = next(photo_frames(1))[:8, :8]
    path = SAVERS[suffix]([frame] * count, tmp_path / f"a{suffix}", seconds=2, hold=0.5)
    decoded, delays, loop = decode(path)
    np.testing.assert_array_equal(decoded, [frame])
    # One picture of a WebP is no animation.
    assert (delays, loop) == ([2500], 0) if suffix == ".gif" else delays == [0]


def test_too_many_frames_are_thinned_out_evenly(tmp_path, suffix):
    frames = [np.full((4, 4), value, np.uint8) for value in range(250)]
    path = SAVERS[suffix](frames, tmp_path / f"a{suffix}", seconds=1, hold=0.5)
    decoded, delays, _ = decode(path)
    assert len(decoded) == 50
    assert min(delays) >= 20
    assert sum(delays) == 1500
    values = np.array([frame[0, 0, 0] for frame in decoded]).astype(int)
    assert values[0] == 0
    assert values[-1] == 249
    assert set(np.diff(values).tolist()) <= {5, 6}


def test_grey_frames_are_exact(tmp_path, suffix):
    frames = grey_frames()
    # All 256 values: no table entry is left over.
    frames.append(np.arange(600, dtype=np.uint8).reshape(20, 30))
    decoded, _, _ = decode(SAVERS[suffix](frames, tmp_path / f"a{suffix}"))
    for frame, shown in zip(frames, decoded, strict=True):
        np.testing.assert_array_equal(shown, frame[..., None].repeat(3, axis=-1))


@pytest.mark.parametrize("count", [2, 16, 17, 255, 256])
def test_few_colours_are_exact(tmp_path, suffix, count):
    generator = np.random.default_rng(count)
    # Shades so close that they fall together when their last bits are dropped.
    near = np.indices((8, 8, 8), np.uint8).reshape(3, -1).T
    palette = generator.permutation(near)[:count] + np.uint8(100)
    entries = generator.integers(0, count, (6, 20, 30))
    entries[:, 0, 0] = np.arange(6) % count
    frames = palette[entries]
    decoded, _, _ = decode(SAVERS[suffix](frames, tmp_path / f"a{suffix}"))
    np.testing.assert_array_equal(np.stack(decoded), frames)


@pytest.mark.parametrize("colours", [2, 16, 255, 256])
def test_all_frames_share_one_table_of_colours(tmp_path, monkeypatch, colours):
    # Pillow then turns a frame into RGB where a table of its own makes that necessary.
    strategy = GifImagePlugin.LoadingStrategy.RGB_AFTER_DIFFERENT_PALETTE_ONLY
    monkeypatch.setattr(GifImagePlugin, "LOADING_STRATEGY", strategy)
    path = animation.save_gif(photo_frames(), tmp_path / "a.gif", colours=colours)
    with Image.open(path) as picture:
        for index in range(picture.n_frames):
            picture.seek(index)
            picture.load()
            assert picture.mode == "P"
    # The entry that means "as in the frame before" is there and lies within the table.
    content = path.read_bytes()
    unchanged = re.findall(rb"\x21\xf9\x04[\x01\x05]..(.)\x00\x2c", content, re.DOTALL)
    assert len(unchanged) == 11
    assert ord(max(unchanged)) < 2 << (content[10] & 7)


def test_what_stays_the_same_is_shown_the_same(tmp_path, suffix):
    frames = list(photo_frames())
    decoded, _, _ = decode(SAVERS[suffix](frames, tmp_path / f"a{suffix}"))
    bar = np.stack(decoded)[:, :, :10].reshape(-1, 3)
    assert len(np.unique(bar, axis=0)) == 1
    for frame in decoded:
        np.testing.assert_array_equal(frame[30:, 10:], decoded[0][30:, 10:])
    np.testing.assert_allclose(bar[0], 137, atol=3)
    error = np.abs(np.stack(decoded).astype(int) - np.stack(frames)).mean()
    assert error < (6 if suffix == ".gif" else 1e-9)


def test_pillow_alone_would_flicker(tmp_path):
    # Why save_gif chooses the table of colors; when this fails, it need not.
    first, *others = [Image.fromarray(frame) for frame in photo_frames()]
    path = tmp_path / "a.gif"
    first.save(path, save_all=True, append_images=others, duration=100, loop=0)
    frames = np.stack(decode(path)[0])
    assert (frames[:, 30:, 10:] != frames[0, 30:, 10:]).any()


def test_fewer_colours_make_a_smaller_gif(tmp_path):
    frames = list(photo_frames())
    sizes = []
    for colours in (256, 32):
        path = animation.save_gif(frames, tmp_path / "a.gif", colours=colours)
        sizes.append(path.stat().st_size)
        shown = np.stack(decode(path)[0]).reshape(-1, 3)
        assert len(np.unique(shown, axis=0)) <= colours
    assert sizes[1] < 0.8 * sizes[0]


def test_lower_quality_makes_a_smaller_webp(tmp_path):
    frames = list(photo_frames())
    exact = animation.save_webp(frames, tmp_path / "a.webp").stat().st_size
    path = animation.save_webp(frames, tmp_path / "b.webp", quality=75)
    assert path.stat().st_size < 0.6 * exact
    error = np.abs(np.stack(decode(path)[0]).astype(int) - np.stack(frames)).mean()
    assert error < 15


def test_low_quality_leaves_nothing_of_earlier_frames(tmp_path):
    # A faint patch that disappears, too faint to be repainted at this quality by itself.
    faint = [np.full((64, 64), value, np.uint8) for value in (8, 8, 0)]
    bright = [np.full((64, 64), value, np.uint8) for value in (50, 100, 150)]
    path = animation.save_webp(
        np.concatenate([faint, bright], axis=2), tmp_path / "a.webp", quality=50
    )
    assert decode(path)[0][-1][:, :50].max() <= 2


def test_iterator_and_list_give_the_same_file(tmp_path, suffix):
    first = SAVERS[suffix](photo_frames(3), tmp_path / f"a{suffix}")
    second = SAVERS[suffix](list(photo_frames(3)), tmp_path / f"b{suffix}")
    third = SAVERS[suffix](np.stack(list(photo_frames(3))), tmp_path / f"c{suffix}")
    assert first.read_bytes() == second.read_bytes() == third.read_bytes()


def test_reused_buffer_is_copied(tmp_path, suffix):
    def frames():
        buffer = np.zeros((8, 8), np.uint8)
        for value in (0, 100, 200):
            buffer[:] = value
            yield buffer

    decoded, _, _ = decode(SAVERS[suffix](frames(), tmp_path / f"a{suffix}"))
    assert [frame[0, 0, 0] for frame in decoded] == [0, 100, 200]


def test_many_frames_do_not_fill_memory(tmp_path, suffix):
    def frames():
        for index in range(300):
            yield np.full((200, 200), index % 8, np.uint8)

    tracemalloc.start()
    path = SAVERS[suffix](frames(), tmp_path / f"a{suffix}", seconds=6)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    # All frames together are 12 MB, and so are their entries in the table of a GIF.
    assert peak < 32_000_000
    with Image.open(path) as picture:
        assert picture.n_frames == 300


def test_interrupted_writing_leaves_the_old_file(tmp_path, suffix, monkeypatch):
    path = SAVERS[suffix](grey_frames(), tmp_path / "new folder" / f"a{suffix}")
    before = path.read_bytes()
    frames = [*grey_frames(), np.zeros((3, 3), np.uint8)]
    with pytest.raises(ValueError, match=r"Frame 5 has shape \(3, 3\), but frame 0"):
        SAVERS[suffix](frames, path)

    def save(self, stream, **options):
        stream.write(before[:20])
        raise OSError("disk full")

    monkeypatch.setattr(Image.Image, "save", save)
    with pytest.raises(OSError, match="disk full"):
        SAVERS[suffix](grey_frames()[:1], path)
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


def test_the_ending_may_be_in_capitals(tmp_path, suffix):
    path = SAVERS[suffix](grey_frames(), str(tmp_path / f"A{suffix.upper()}"))
    assert len(decode(path)[0]) == 5


def test_wrong_frames_and_arguments(tmp_path, suffix):
    save, path = SAVERS[suffix], tmp_path / f"a{suffix}"
    frames = grey_frames()
    for broken, error, hint in (
        ([], ValueError, "no frames"),
        (iter([]), ValueError, "no frames"),
        ([frames[0] / 255], TypeError, "to_pixels"),
        ([np.zeros((4, 4, 2), np.uint8)], ValueError, "shape"),
        ([np.zeros((2, 4, 4, 3), np.uint8)], ValueError, "image_grid"),
        ([frames[0], frames[0][..., None].repeat(3, -1)], ValueError, "Frame 1"),
    ):
        with pytest.raises(error, match=hint):
            save(broken, path)
    for arguments in ({"seconds": 0}, {"seconds": math.nan}, {"hold": -1}):
        with pytest.raises(ValueError, match=next(iter(arguments))):
            save(frames, path, **arguments)
    with pytest.raises(ValueError, match="must end in"):
        save(frames, tmp_path / "a.png")
    assert list(tmp_path.iterdir()) == []


def test_wrong_options(tmp_path):
    with pytest.raises(ValueError, match="colours must be"):
        animation.save_gif(grey_frames(), tmp_path / "a.gif", colours=300)
    with pytest.raises(ValueError, match="655 s"):
        animation.save_gif(grey_frames(), tmp_path / "a.gif", hold=700)
    with pytest.raises(ValueError, match="quality must be"):
        animation.save_webp(grey_frames(), tmp_path / "a.webp", quality=101)


# Shown in a notebook


def decode_png(data):
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(data))).convert("RGB"))


def test_animation_shows_itself(tmp_path, suffix):
    frames = grey_frames()
    path = SAVERS[suffix](frames, tmp_path / f"a{suffix}")
    data, metadata = animation.show_animation(path, ALT, scale=4)._repr_mimebundle_()
    image = re.search(r"<img [^>]*>", data["text/html"])[0]
    kind = suffix[1:]
    content = re.search(rf'src="data:image/{kind};base64,([^"]*)"', image)[1]
    assert base64.b64decode(content) == path.read_bytes()
    assert 'alt="Digits &quot;appear&quot; from &lt;noise&gt; &amp; stay"' in image
    assert 'style="image-rendering: pixelated"' in image
    assert 'width="120"' in image
    assert data["text/plain"] == ALT
    assert metadata == {"image/png": {"alt": ALT}}
    last = frames[-1][..., None].repeat(3, axis=-1)
    np.testing.assert_array_equal(
        decode_png(data["image/png"]), last.repeat(4, axis=0).repeat(4, axis=1)
    )
    source = re.search(r"<source [^>]*>", data["text/html"])[0]
    assert "(prefers-reduced-motion: reduce)" in source
    still = re.search(r'srcset="data:image/png;base64,([^"]*)"', source)[1]
    np.testing.assert_array_equal(decode_png(still), last)


def test_animation_with_another_still(tmp_path):
    frames = grey_frames()
    path = animation.save_gif(frames, tmp_path / "a.gif")
    Image.fromarray(frames[2]).save(tmp_path / "still.png")
    for still in (frames[2], tmp_path / "still.png"):
        shown = animation.show_animation(path, ALT, still=still, scale=1)
        data, _ = shown._repr_mimebundle_()
        np.testing.assert_array_equal(decode_png(data["image/png"])[..., 0], frames[2])


def test_colour_still_is_a_true_likeness_with_few_and_many_colours(tmp_path):
    frame = next(photo_frames(1))
    path = animation.save_webp([frame], tmp_path / "a.webp")
    for still in (frame, frame // 64):
        data, _ = animation.show_animation(path, ALT, still=still, scale=2)._repr_mimebundle_()
        expected = still.repeat(2, axis=0).repeat(2, axis=1).astype(int)
        # 256 colours stand for all: a few grey values off on average, never brighter or darker.
        error = decode_png(data["image/png"]) - expected
        assert np.abs(error).mean() < 6
        assert abs(error.mean()) < 1


def test_small_animations_are_magnified(tmp_path):
    path = animation.save_gif(grey_frames(), tmp_path / "a.gif")
    data, _ = animation.show_animation(path, ALT)._repr_mimebundle_()
    assert decode_png(data["image/png"]).shape[1] == 450


def test_animation_needs_a_file_and_words(tmp_path):
    path = animation.save_gif(grey_frames(), tmp_path / "a.gif")
    with pytest.raises(ValueError, match="alt"):
        animation.show_animation(path, " ")
    with pytest.raises(FileNotFoundError):
        animation.show_animation(tmp_path / "none.gif", ALT)
    (tmp_path / "cut.gif").write_bytes(path.read_bytes()[:-40])
    with pytest.raises(ValueError, match="or damaged"):
        animation.show_animation(tmp_path / "cut.gif", ALT)
    (tmp_path / "text.gif").write_text("hello")
    with pytest.raises(ValueError, match="neither GIF nor WebP"):
        animation.show_animation(tmp_path / "text.gif", ALT)


# Filmstrip


def strip_values(figure):
    """The values of the frames in a filmstrip, from left to right; frames are (value, 0, value)."""
    shown = np.asarray(Image.open(io.BytesIO(figure.to_png())).convert("RGB"))
    row = shown[shown.shape[0] // 3]
    values = row[row[:, 1] == 0, 0].tolist()
    return sorted(set(values), key=values.index)


def value_frames(count):
    return [np.full((16, 16, 3), [20 + value, 0, 20 + value], np.uint8) for value in range(count)]


@pytest.mark.parametrize("count", [1, 2, 5])
def test_filmstrip_shows_first_and_last(count):
    figure = pictures.filmstrip(value_frames(21), count, alt=ALT)
    chosen = {1: [20], 2: [0, 20], 5: [0, 5, 10, 15, 20]}[count]
    assert strip_values(figure) == [20 + index for index in chosen]
    texts = [text.get_text() for text in figure.axes[0].texts]
    assert texts == [f"frame {index}" for index in chosen]
    assert figure.alt == ALT


def test_filmstrip_labels_and_iterators():
    labels = [f"step {100 * index}" for index in range(9)]
    figure = pictures.filmstrip(iter(value_frames(9)), 3, labels, alt=ALT)
    texts = [text.get_text() for text in figure.axes[0].texts]
    assert texts == ["step 0", "step 400", "step 800"]
    with pytest.raises(ValueError, match="9 texts for 8 frames"):
        pictures.filmstrip(value_frames(8), 3, labels, alt=ALT)


def test_filmstrip_shows_all_of_few_frames():
    figure = pictures.filmstrip(value_frames(3), 6, alt=ALT)
    assert strip_values(figure) == [20, 21, 22]


def test_filmstrip_wraps_wide_frames():
    frames = [np.zeros((200, 300), np.uint8)] * 6
    width, height = pictures.filmstrip(frames, alt=ALT).bbox.size
    assert width <= 1200
    assert height > 400


def test_wrong_filmstrips():
    with pytest.raises(ValueError, match="alt"):
        pictures.filmstrip(grey_frames(), alt="")
    with pytest.raises(ValueError, match="count must be"):
        pictures.filmstrip(grey_frames(), 0, alt=ALT)
    with pytest.raises(ValueError, match="no frames"):
        pictures.filmstrip([], alt=ALT)


# Scrubber


def shown_frame(scrubber):
    return np.asarray(Image.open(io.BytesIO(scrubber.image.value)))


def test_slider_changes_the_picture():
    frames = grey_frames()
    labels = [f"step {index}" for index in range(5)]
    scrubber = widgets.scrubber(frames, labels, alt=ALT, scale=2)
    for index in (0, 3, 4, 1):
        scrubber.slider.value = index
        np.testing.assert_array_equal(
            shown_frame(scrubber), frames[index].repeat(2, axis=0).repeat(2, axis=1)
        )
        assert scrubber.label.value == labels[index]
        assert scrubber.image.tooltip == f"{ALT} (step {index})"
    assert (scrubber.slider.min, scrubber.slider.max) == (0, 4)
    assert (scrubber.play.min, scrubber.play.max) == (0, 4)


def test_scrubber_begins_with_the_first_frame():
    scrubber = widgets.scrubber(iter(photo_frames(3)), alt=ALT, scale=1)
    np.testing.assert_array_equal(shown_frame(scrubber), next(photo_frames(3)))


def test_scrubber_magnifies_small_frames():
    scrubber = widgets.scrubber([np.zeros((32, 32, 3), np.uint8)], alt=ALT)
    assert shown_frame(scrubber).shape == (448, 448, 3)
    assert scrubber.image.layout.width == "448px"


def test_scrubber_image_has_what_its_tooltip_needs():
    # Without a synchronised description the browser refuses to show an image with a tooltip.
    state = widgets.scrubber(grey_frames(), alt=ALT).image.get_state()
    assert state["tooltip"]
    assert state["description"] == ""


def test_scrubber_has_a_still_where_widgets_are_missing():
    shell = InteractiveShell.instance()
    try:
        scrubber = widgets.scrubber(grey_frames(), alt=ALT, scale=2)
        data, metadata = shell.display_formatter.format(scrubber)
    finally:
        InteractiveShell.clear_instance()
    assert data["application/vnd.jupyter.widget-view+json"]["model_id"] == scrubber.model_id
    assert data["text/plain"] == ALT
    assert metadata == {"image/png": {"alt": ALT}}
    still = np.asarray(Image.open(io.BytesIO(base64.b64decode(data["image/png"]))))
    np.testing.assert_array_equal(still[::2, ::2], grey_frames()[-1])


def test_wrong_scrubbers():
    with pytest.raises(TypeError, match="alt"):
        widgets.scrubber(grey_frames())
    with pytest.raises(ValueError, match="alt"):
        widgets.scrubber(grey_frames(), alt="")
    with pytest.raises(ValueError, match="no frames"):
        widgets.scrubber([], alt=ALT)
    with pytest.raises(ValueError, match="1 texts for 5 frames"):
        widgets.scrubber(grey_frames(), ["a"], alt=ALT)
