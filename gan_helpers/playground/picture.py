"""The picture of a game over points: the glass engine, the plane below it, the measurements.

Drawn many times a second, so the artists are made once and moved, and whatever stays the same is
kept as a finished background.
"""

import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Literal, TypeVar

from gan_helpers.playground.game import ARROWS, Moment
from gan_helpers.playground.glass import GLASS_HEIGHT, Light, PointGlass
from gan_helpers.playground.points import EDGE, PointDistribution
from gan_helpers.plots import (
    DISCRIMINATOR,
    DPI,
    FAKE,
    GENERATOR,
    INK,
    NEUTRAL,
    REAL,
    LessonFigure,
)

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import LineCollection
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator
from PIL import Image

__all__ = ["LAYERS", "PointPicture", "in_words", "to_jpeg"]

Drawn = TypeVar("Drawn", bound=Artist)

LAYERS = ("real", "generated", "D's scores", "latent grid", "push")
WIDTH, LOWER = 1000, 560  # pixels; the lower part is the plane and the measurements
HEIGHT = LOWER + GLASS_HEIGHT
NARROWEST = 20  # steps of the time axis
BEYOND = 1.15  # the time axis reaches so much further than the newest moment
ARROW_LENGTH = 0.15  # of a gradient of 1, in units of the plane
LONGEST_ARROW = 0.3
ARROW_WIDTH = 0.004
PANEL = 300  # pixels of the plane in a filmstrip
FEW_ARROWS = 16
FEW_AWAY = 0.5  # share of the points outside the plane that needs no word
# Pale, so that the points stand out: from "D says fake" by way of white to "D says real". In
# bands, whose edges are lines of equal score, and which a small PNG keeps as they are.
BANDS = 15
SCORES = LinearSegmentedColormap.from_list("scores", ["#F0B48A", "#FFFFFF", "#8CBFE0"], BANDS)
BAND_COLORS = np.round(255 * SCORES(np.arange(BANDS))[:, :3]).astype(np.uint8)
SCORE_COLORS = BAND_COLORS[np.arange(256) * BANDS // 256].tobytes()
KEY: dict[str, Any] = {
    "loc": "lower right",
    "bbox_to_anchor": (1.01, 0.97),
    "ncols": 2,
    "frameon": False,
    "labelcolor": INK,
    "fontsize": 11,
    "handlelength": 1.8,
    "columnspacing": 1,
    "borderpad": 0,
    "borderaxespad": 0.2,
}
# Title, lowest and highest value at first, and the curves with their names in the key.
PANELS: tuple[tuple[str, tuple[float, float], dict[str, str | None]], ...] = (
    ("loss", (0, 2), {"generator_loss": "G", "discriminator_loss": "D"}),
    ("mean score", (0, 1), {"real_score": "D(real)", "fake_score": "D(fake)"}),
    ("JS divergence (0 equal, 0.69 apart)", (0, 0.72), {"JS": None}),
    ("share", (0, 1.02), {"good": None, "covered": None}),  # their names depend on the data
)
STYLES: dict[str, tuple[str, Literal["-", "--"]]] = {
    "generator_loss": (GENERATOR, "--"),
    "discriminator_loss": (DISCRIMINATOR, "-"),
    "real_score": (REAL, "-"),
    "fake_score": (FAKE, "--"),
    "JS": (NEUTRAL, "-"),
    "good": (NEUTRAL, "--"),
    "covered": (INK, "-"),
}
MARKERS = {"generator_loss": "v", "discriminator_loss": "^", "fake_score": "s", "good": "s"}


class PointPicture:
    """Draws moments of a game, one after the other.

    Attributes:
        glass: the ``PointGlass`` above.
        visible: for each name in ``LAYERS`` whether it is drawn.
    """

    def __init__(self) -> None:
        self.visible = dict.fromkeys(LAYERS, True)
        self.figure = LessonFigure(
            figsize=(WIDTH / DPI, HEIGHT / DPI), alt="A game over points in the plane."
        )
        self.canvas = FigureCanvasAgg(self.figure)
        self._moving: list = []
        self._arrows = ARROWS
        glass_box = (0, LOWER / HEIGHT, 1, GLASS_HEIGHT / HEIGHT)
        self.glass = PointGlass(self.figure, glass_box, self._add)
        self._make_plane()
        self._make_curves()

    def begin(
        self, real: np.ndarray, distribution: PointDistribution, floor: float, latents: np.ndarray
    ) -> None:
        """Prepare for a game's first moment.

        Args:
            real: points of the distribution to show, ``(count, 2)``.
            distribution: the one that is learned.
            floor: JS divergence of two samples of the distribution, shown as a line.
            latents: some latents to show, ``(count, latent_dim)``.
        """
        self.glass.begin(real, latents)
        self.real.set_data(real[:, 0], real[:, 1])
        self._floor.set_ydata([floor, floor])
        self._floor_name.set_y(floor)
        self._modes = len(distribution.centres)
        self._curves["covered"].set_visible(distribution.separate)
        covered = {"covered": f"of {self._modes} modes"} if distribution.separate else {}
        _write_key(self._axes[-1], {"good": "good points"} | covered)
        self._axes[0].set_ylim(0, 2)
        for axes in self._axes:
            axes.set_xlim(0, NARROWEST)
        self._background = None

    def _add_axes(self, left: float, bottom: float, width: float, height: float) -> Axes:
        """Axes with this box in shares of the lower part."""
        share = LOWER / HEIGHT
        return self.figure.add_axes((left, share * bottom, width, share * height))

    def _add(self, axes: Axes, artist: Drawn) -> Drawn:
        artist.set_animated(True)
        self._moving.append((axes, artist))
        return artist

    def _make_plane(self) -> None:
        axes = self.plane = self._add_axes(0.012, 0.118, 0.485, 0.485 * WIDTH / LOWER)
        axes.set(xlim=(-EDGE, EDGE), ylim=(-EDGE, EDGE), xticks=[], yticks=[])
        axes.spines[["top", "right"]].set_visible(True)
        self.grid = LineCollection([], colors=NEUTRAL, linewidths=0.8, alpha=0.7)
        axes.add_collection(self.grid)
        self._add(axes, self.grid)
        (self.real,) = axes.plot([], [], "o", color=REAL, markersize=4.5, markeredgewidth=0)
        self._add(axes, self.real)
        nothing = np.zeros(ARROWS)
        self.push = axes.quiver(
            nothing,
            nothing,
            nothing,
            nothing,
            color="black",
            angles="xy",
            scale_units="xy",
            scale=1,
            width=ARROW_WIDTH,
        )
        self._add(axes, self.push)
        # Above the arrows: where all points are one, they would hide it.
        (self.fake,) = axes.plot(
            [], [], "s", color=FAKE, markersize=4.5, markeredgecolor="white", markeredgewidth=0.4
        )
        self._add(axes, self.fake)
        place: dict[str, Any] = {"transform": axes.transAxes, "va": "top", "fontsize": 12}
        self.outside = self._add(axes, axes.text(0.02, 0.98, "", **place, color=INK))
        self._explain_plane()

    def _explain_plane(self) -> None:
        text: dict[str, Any] = {"fontsize": 12, "va": "center", "color": INK}
        key = self._key = self._add_axes(0.01, 0.0, 0.5, 0.1)
        key.set(xlim=(0, 100), ylim=(0, 2))
        key.set_axis_off()
        key.plot([2], [1.45], "o", color=REAL, markersize=7)
        key.text(4.6, 1.45, "real", **text)
        key.plot([19.2], [1.45], "s", color=FAKE, markersize=7)
        key.text(21.8, 1.45, "generated", **text)
        key.annotate(
            "", (48.2, 1.45), (44.4, 1.45), arrowprops={"arrowstyle": "-|>", "edgecolor": INK}
        )
        key.text(49.2, 1.45, "push on them", **text)
        key.plot([78, 81.6], [1.45, 1.45], color=NEUTRAL, linewidth=1)
        key.text(82.6, 1.45, "latent grid", **text)
        key.text(2, 0.5, "D says", **text)
        key.text(17, 0.5, "fake", **text | {"color": "#8A3A00"})
        ramp = np.arange(BANDS)[None]
        key.imshow(ramp, cmap=SCORES, extent=(26, 56, 0.2, 0.8), aspect="auto")
        key.text(58, 0.5, "real", **text | {"color": "#004C78"})

    def _make_curves(self) -> None:
        self._curves = {}
        self._axes = []
        for index, (title, limits, curves) in enumerate(PANELS):
            axes = self._add_axes(0.6, 0.795 - 0.232 * index, 0.39, 0.145)
            axes.set(xlim=(0, NARROWEST), ylim=limits)
            axes.spines[["top", "right"]].set_visible(False)
            axes.tick_params(labelsize=11, labelbottom=index == len(PANELS) - 1)
            axes.locator_params(nbins=3, axis="y")
            # Without the last tick, whose number would stick out of the picture.
            axes.xaxis.set_major_locator(MaxNLocator(6, integer=True, prune="upper"))
            axes.set_title(title, loc="left", fontsize=12, pad=5)
            for name in curves:
                self._curves[name] = self._add(axes, _empty_line(name))
                axes.add_line(self._curves[name])
            _write_key(axes, {name: label for name, label in curves.items() if label})
            self._axes.append(axes)
        axes.set_xlabel("updates of G", fontsize=11, labelpad=1)
        divergence = self._axes[2]
        self._floor = divergence.axhline(0, color=NEUTRAL, linestyle=":", linewidth=1.2)
        aside: dict[str, Any] = {"transform": divergence.get_yaxis_transform(), "ha": "left"}
        self._floor_name = divergence.text(
            0.01, 0, "two real samples", **aside, va="bottom", fontsize=11, color=NEUTRAL
        )
        place: dict[str, Any] = {"transform": divergence.transAxes, "ha": "right", "va": "bottom"}
        self.numbers = divergence.text(0.99, 1.03, "", **place, fontsize=11, color=INK)
        self._add(divergence, self.numbers)

    def _restore_background(self) -> None:
        """Everything that stands still, drawn once and then copied."""
        if self._background is None:
            self.canvas.draw()
            self._background = self.canvas.copy_from_bbox(self.figure.bbox)
        self.canvas.restore_region(self._background)

    def draw(
        self, moments: Sequence[Moment], index: int, light: Light | None = None
    ) -> Image.Image:
        """The picture of the moment with this index; the curves show all, with a mark at it.

        Args:
            moments: the whole record.
            index: of the moment.
            light: stage of an update that the glass engine shows; None for calm.
        """
        moment = moments[index]
        losses = {
            player: moment.values[f"{name}_loss"]
            for player, name in (("G", "generator"), ("D", "discriminator"))
        }
        self.glass.place(moment.fake.astype(np.float64), losses, light)
        self._place_curves(moments, index)
        self._place_points(moment)
        self._restore_background()
        self._lay_surface(moment)
        for axes, artist in self._moving:
            axes.draw_artist(artist)
        return self._picture()

    def _picture(self) -> Image.Image:
        buffer = self.canvas.buffer_rgba()
        return Image.frombuffer("RGBA", (WIDTH, HEIGHT), buffer, "raw", "RGBA", 0, 1).convert("RGB")

    def _lay_surface(self, moment: Moment) -> None:
        """Color the plane by D's scores; as an artist it would take longer than all the rest."""
        if not self.visible["D's scores"]:
            return
        left, top, right, bottom = self.plane_box
        left, top = left + 1, top + 1  # inside the frame
        scores = Image.fromarray(moment.surface[::-1])
        smooth = scores.resize((right - left, bottom - top), Image.Resampling.BILINEAR)
        smooth.putpalette(SCORE_COLORS)  # faster than a table of NumPy
        colors = smooth.convert("RGB")
        np.asarray(self.canvas.buffer_rgba())[top:bottom, left:right, :3] = colors

    def plane_of(self, moment: Moment) -> np.ndarray:
        """The plane alone at this moment, uint8, ``PANEL`` pixels square."""
        with self._larger():
            return self._plane_of(moment)

    @contextmanager
    def _larger(self) -> Iterator[None]:
        """Dots that can be seen in a small picture, and few arrows, so that they hide none."""
        sizes = self.real.get_markersize(), self._arrows
        for dots in (self.real, self.fake):
            dots.set_markersize(7.5)
        self.push.width, self._arrows = 0.007, FEW_ARROWS
        try:
            yield
        finally:
            for dots in (self.real, self.fake):
                dots.set_markersize(sizes[0])
            self.push.width, self._arrows = ARROW_WIDTH, sizes[1]

    def key(self) -> np.ndarray:
        """What the marks on the plane mean, a picture of its own, uint8."""
        self._restore_background()
        return np.asarray(self._picture().crop(self._box_of(self._key)))

    def _plane_of(self, moment: Moment) -> np.ndarray:
        self._place_points(moment)
        self._restore_background()
        self._lay_surface(moment)
        for axes, artist in self._moving:
            if axes is self.plane:
                axes.draw_artist(artist)
        picture = self._picture().crop(self.plane_box)
        return np.asarray(picture.resize((PANEL, PANEL), Image.Resampling.LANCZOS))

    @property
    def plane_box(self) -> tuple[int, int, int, int]:
        """Left, upper, right and lower edge of the plane, in pixels from above."""
        return self._box_of(self.plane)

    @property
    def plane_shares(self) -> list[float]:
        """The same edges in shares of the picture."""
        sizes = (WIDTH, HEIGHT, WIDTH, HEIGHT)
        return [edge / size for edge, size in zip(self.plane_box, sizes, strict=True)]

    def _box_of(self, axes: Axes) -> tuple[int, int, int, int]:
        box = axes.get_window_extent()
        return round(box.x0), round(HEIGHT - box.y1), round(box.x1), round(HEIGHT - box.y0)

    def _place_points(self, moment: Moment) -> None:
        for name, artist in (
            ("real", self.real),
            ("generated", self.fake),
            ("latent grid", self.grid),
            ("push", self.push),
        ):
            artist.set_visible(self.visible[name])
        fake = moment.fake.astype(np.float64)
        self.fake.set_data(fake[:, 0], fake[:, 1])
        away = int((np.abs(fake) > EDGE).any(axis=1).sum())
        far = away > FEW_AWAY * len(fake) and self.visible["generated"]
        self.outside.set_text(f"{away} of {len(fake)} generated points lie outside" if far else "")
        self.grid.set_segments(list(moment.warped.astype(np.float64)))
        arrows = ARROW_LENGTH * moment.push.astype(np.float64)
        lengths = np.linalg.norm(arrows, axis=1, keepdims=True)
        arrows *= np.minimum(1, LONGEST_ARROW / np.maximum(lengths, 1e-9))
        arrows[self._arrows :] = np.nan  # not drawn
        self.push.set_offsets(fake[:ARROWS])
        self.push.set_UVC(arrows[:, 0], arrows[:, 1])

    def _place_curves(self, moments: Sequence[Moment], index: int) -> None:
        values = {
            name: np.array([moment.values[name] for moment in moments]) for name in self._curves
        }
        values["covered"] = values["covered"] / self._modes
        losses = np.concatenate([values["generator_loss"], values["discriminator_loss"]])
        self._make_room(moments[-1].step, losses)
        now = moments[index].values
        self.numbers.set_text(f"{now['JS']:.2f}")
        steps = [moment.step for moment in moments]
        for name, line in self._curves.items():
            line.set_data(steps, values[name])
            # A thick dot where we are.
            line.set(marker=MARKERS.get(name, "o"), markersize=6, markevery=[index])

    def _make_room(self, last_step: int, losses: np.ndarray) -> None:
        """Widen full axes; seldom needed, for it takes a new background."""
        low, high = self._axes[0].get_ylim()
        steps = self._axes[0].get_xlim()[1]
        # A loss that runs away is cut off rather than flattening everything before it.
        lowest, highest = max(-5.0, losses.min()), min(10.0, losses.max())
        wanted = max(NARROWEST, BEYOND * last_step)
        too_long, too_short = last_step > steps, steps > wanted
        if not (too_long or too_short or lowest < low or highest > high):
            return
        if too_long or too_short:
            steps = wanted
        if lowest < low or highest > high:
            margin = 0.3 * (max(highest, high) - min(lowest, low))
            low = lowest - margin if lowest < low else low
            high = highest + margin if highest > high else high
        for axes in self._axes:
            axes.set_xlim(0, steps)
        self._axes[0].set_ylim(low, high)
        self._background = None


def _empty_line(name: str) -> Line2D:
    color, style = STYLES[name]
    return Line2D([], [], color=color, linestyle=style, linewidth=1.8)


def _key_line(name: str) -> Line2D:
    line = _empty_line(name)
    line.set(marker=MARKERS.get(name, "o"), markersize=5)
    return line


def _write_key(axes: Axes, labels: dict[str, str]) -> None:
    # Of lines of its own: the curves move, the key is part of the background.
    if labels:
        axes.legend([_key_line(name) for name in labels], list(labels.values()), **KEY)


def to_jpeg(picture: Image.Image) -> bytes:
    """The picture as a file for the screen: made in a tenth of the time of a PNG."""
    buffer = io.BytesIO()
    # All colours at full size: text and thin lines stay sharp.
    picture.save(buffer, "JPEG", quality=85, subsampling=0)
    return buffer.getvalue()


def in_words(moment: Moment, distribution: PointDistribution) -> str:
    """The moment in words, for those who cannot see the picture."""
    values = moment.values
    covered = (
        f"{values['covered']} of {len(distribution.centres)} modes covered, "
        if distribution.separate
        else ""
    )
    return (
        f"{distribution.name} after {moment.step} updates of the generator: {covered}"
        f"{values['good']:.0%} good points, JS divergence {values['JS']:.2f}, mean score "
        f"{values['real_score']:.2f} for real and {values['fake_score']:.2f} for generated points."
    )
