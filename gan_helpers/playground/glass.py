"""The glass engine: what flows through the two networks, and how a single update comes back.

A strip above the plane. Latents go through G, fakes and real points through D, and from D come both
losses. When one player is updated, the way forward lights up, then the gradient's way back to the
weights that it moves.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from gan_helpers.playground.points import EDGE
from gan_helpers.playground.update import Update
from gan_helpers.plots import DISCRIMINATOR, FAKE, GENERATOR, INK, NEUTRAL, REAL, LessonFigure

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import FancyBboxPatch

__all__ = ["GLASS_HEIGHT", "Light", "PointGlass", "lights"]

GLASS_WIDTH, GLASS_HEIGHT = 1000, 160  # pixels, which are the units of this module
DOTS = 90  # in each of the small pictures
HALF = 22  # of the side of a small picture
FAINT = "#B0B0B0"
# Where each thing flows: from, to, and the color that says what it is.
EDGES: dict[str, tuple[tuple[float, float], tuple[float, float], str]] = {
    "z to G": ((100, 66), (160, 66), NEUTRAL),
    "G to fakes": ((288, 66), (352, 66), FAKE),
    "fakes to D": ((406, 66), (520, 88), FAKE),
    "real to D": ((406, 130), (520, 108), REAL),
    "D to D's loss": ((650, 108), (720, 130), DISCRIMINATOR),
    "D to G's loss": ((650, 88), (720, 66), DISCRIMINATOR),
}
# What lights up, stage by stage.
FORWARD = {
    "D": (("z to G",), ("G to fakes",), ("fakes to D", "real to D"), ("D to D's loss",)),
    "G": (("z to G",), ("G to fakes",), ("fakes to D",), ("D to G's loss",)),
}
BACK = {"D": ("D to D's loss",), "G": ("D to G's loss", "fakes to D", "G to fakes")}
Style = Literal["-", ":"]
COLORS = {"D": DISCRIMINATOR, "G": GENERATOR}


@dataclass(frozen=True)
class Light:
    """One stage of an update on its way.

    Attributes:
        update: what the update did.
        forward: stages of the way forward that are lit.
        back: stages of the gradient's way back that are lit.
        moved: whether it has arrived, so that the weights move.
    """

    update: Update
    forward: int
    back: int = 0
    moved: bool = False


def lights(update: Update) -> list[Light]:
    """The stages of an update in their order; the last has everything lit."""
    player = update.player
    ahead, back = len(FORWARD[player]), len(BACK[player])
    return [
        *(Light(update, stage) for stage in range(1, ahead + 1)),
        *(Light(update, ahead, stage) for stage in range(1, back + 1)),
        Light(update, ahead, back, moved=True),
    ]


class PointGlass:
    """Draws the strip.

    Args:
        figure: the figure that it is part of.
        box: left, bottom, width and height in shares of the figure.
        add: takes an axes and an artist that is drawn anew with each picture.
    """

    def __init__(
        self,
        figure: LessonFigure,
        box: tuple[float, float, float, float],
        add: Callable[[Axes, Any], Any],
    ) -> None:
        self.axes = figure.add_axes(box)
        self.axes.set(xlim=(0, GLASS_WIDTH), ylim=(0, GLASS_HEIGHT))
        self.axes.set_axis_off()
        self._centres: dict[Line2D, tuple[float, float]] = {}  # of the small pictures
        self._latents, self._real, self._fake = (
            self._small_picture(*place)
            for place in ((76, 66, NEUTRAL, "d"), (380, 130, REAL, "o"), (380, 66, FAKE, "s"))
        )
        add(self.axes, self._fake)
        self._write_names()
        for start, end, _ in EDGES.values():
            self._arrow(start, end, FAINT, 1.5)
        self._explain()
        self._lit = {name: self._hidden(add, *edge) for name, edge in EDGES.items()}
        self._back = {
            (player, name): self._hidden(add, *_beside(*EDGES[name][:2]), COLORS[player], ":")
            for player, names in BACK.items()
            for name in names
        }
        self._make_texts(add)

    def _small_picture(self, x: float, y: float, color: str, marker: str) -> Line2D:
        self._box(x - HALF, y - HALF, 2 * HALF, 2 * HALF, color, 1.5, "white")
        (dots,) = self.axes.plot([], [], marker, color=color, markersize=2, markeredgewidth=0)
        self._centres[dots] = x, y
        return dots

    def _box(
        self, x: float, y: float, width: float, height: float, color: str, line: float, face: str
    ) -> FancyBboxPatch:
        style = "round,pad=0,rounding_size=5"
        box = FancyBboxPatch(
            (x, y), width, height, style, edgecolor=color, facecolor=face, linewidth=line
        )
        self.axes.add_patch(box)
        return box

    def _write(self, x: float, y: float, text: str, **style: Any) -> Any:
        usual: dict[str, Any] = {"fontsize": 11, "color": INK, "ha": "center", "va": "center"}
        return self.axes.text(x, y, text, **usual | style)

    def _write_names(self) -> None:
        self._write(76, 34, "latents z")
        self._write(380, 34, "fakes")
        self._write(348, 130, "real points", ha="right")
        self._box(164, 42, 120, 48, GENERATOR, 2, "#F5E6F2")
        self._box(524, 66, 122, 64, DISCRIMINATOR, 2, "#E0F3EC")
        for x, y, letter, color in ((181, 66, "G", GENERATOR), (585, 109, "D", DISCRIMINATOR)):
            self._write(x, y, letter, fontsize=17, weight="bold", color=color)
        self._write(240, 65, "generator", color=GENERATOR)
        self._write(585, 84, "discriminator", color=DISCRIMINATOR)
        for y, player, aim in (
            (130, "D", "low if D tells them apart"),
            (66, "G", "low if fakes are called real"),
        ):
            self._box(724, y - HALF, 266, 2 * HALF, COLORS[player], 1.5, "white")
            style = {"ha": "left", "fontsize": 13, "weight": "bold", "color": COLORS[player]}
            self._write(734, y + 9, f"{player}'s loss", **style)
            self._write(734, y - 11, aim, ha="left")

    def _explain(self) -> None:
        self._arrow((14, 146), (58, 146), INK, 2.5)
        self._write(74, 146, "forward", ha="left")
        self._arrow((58, 122), (14, 122), INK, 2.5, ":")
        self._write(74, 122, "the gradient's way back", ha="left")

    def _arrow(
        self,
        start: tuple[float, float],
        end: tuple[float, float],
        color: str,
        width: float,
        style: Style = "-",
    ) -> list[Line2D]:
        """A line and its head. Both are plain lines, for fancy arrows take ten times as long."""
        line = Line2D(*zip(start, end, strict=True), color=color, linewidth=width, linestyle=style)
        angle = np.degrees(np.arctan2(end[1] - start[1], end[0] - start[0]))
        head = Line2D(
            [end[0]], [end[1]], color=color, marker=(3, 0, angle - 90), markersize=5 + 1.5 * width
        )
        for part in (line, head):
            self.axes.add_line(part)
        return [line, head]

    def _hidden(
        self, add: Callable, start: Any, end: Any, color: str, style: Style = "-"
    ) -> list[Line2D]:
        parts = self._arrow(start, end, color, 3.5, style)
        for part in parts:
            add(self.axes, part).set_visible(False)
        return parts

    def _make_texts(self, add: Callable) -> None:
        self._numbers, self._states, self._moving = {}, {}, {}
        for player, y in (("D", 139), ("G", 75)):
            style = {"fontsize": 13, "weight": "bold", "color": COLORS[player], "ha": "right"}
            self._numbers[player] = add(self.axes, self._write(980, y, "", **style))
        for player, x, y, box in (
            ("G", 224, 102, (164, 42, 120, 48)),
            ("D", 585, 52, (524, 66, 122, 64)),
        ):
            style = {"color": COLORS[player], "weight": "bold"}
            self._states[player] = add(self.axes, self._write(x, y, "", **style))
            self._moving[player] = add(self.axes, self._box(*box, COLORS[player], 5, "none"))
        self._sentence = add(self.axes, self._write(12, 11, "", ha="left", fontsize=12))

    def begin(self, real: np.ndarray, latents: np.ndarray) -> None:
        """Show these real points and latents, ``(count, 2)`` and ``(count, any)``."""
        self._place(self._real, real / EDGE)
        flat = np.zeros((len(latents), 2))
        flat[:, : latents.shape[1]] = latents[:, :2]
        # Three standard deviations of normal latents.
        self._place(self._latents, flat / 3)

    def _place(self, dots: Line2D, points: np.ndarray) -> None:
        points = points[:DOTS]
        points = points[(np.abs(points) < 1).all(axis=1)]
        x, y = self._centres[dots]
        reach = HALF - 2
        dots.set_data(x + reach * points[:, 0], y + reach * points[:, 1])

    def place(self, fake: np.ndarray, losses: dict[str, float], light: Light | None) -> None:
        """Move everything that changes.

        Args:
            fake: generated points ``(count, 2)``.
            losses: both players' losses, by "D" and "G".
            light: the stage of an update to show, if any.
        """
        self._place(self._fake, fake / EDGE)
        for player, text in self._numbers.items():
            text.set_text(f"{losses[player]:z.2f}")
        lit, back = _lit_edges(light)
        for name, parts in self._lit.items():
            _show(parts, name in lit)
        for key, parts in self._back.items():
            _show(parts, key in back)
        for player, state in _states(light).items():
            self._states[player].set_text(state)
            _show([self._moving[player]], state == "moves")
        self._sentence.set_text("" if light is None else str(light.update))


def _show(parts: list[Any], visible: bool) -> None:
    artist: Artist
    for artist in parts:
        artist.set_visible(visible)


def _beside(
    start: tuple[float, float], end: tuple[float, float]
) -> tuple[tuple[float, float], tuple[float, float]]:
    """The way back: the same line, a little below."""
    return (end[0], end[1] - 11), (start[0], start[1] - 11)


def _lit_edges(light: Light | None) -> tuple[set[str], set[tuple[str, str]]]:
    if light is None:
        return set(), set()
    player = light.update.player
    lit = {name for stage in FORWARD[player][: light.forward] for name in stage}
    return lit, {(player, name) for name in BACK[player][: light.back]}


def _states(light: Light | None) -> dict[str, str]:
    """What each network does with the gradient, in a word or two."""
    states = {"G": "", "D": ""}
    if light is not None and light.back:
        player = light.update.player
        states["G" if player == "D" else "D"] = "stays" if player == "D" else "passes it on, stays"
        if light.moved:
            states[player] = "moves"
    return states
