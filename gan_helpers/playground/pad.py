"""A square to draw points in, with the mouse, a finger or the keyboard.

Needs a notebook that runs anywidget's front end (JupyterLab, VS Code, Colab); elsewhere pass an
array of points to ``Playground`` instead.
"""

from pathlib import Path
from typing import Any

from gan_helpers.playground.points import EDGE
from gan_helpers.playground.sheet import STROKES
from gan_helpers.plots import REAL, few_colours_png
from gan_helpers.widgets import with_still

import anywidget
import numpy as np
import traitlets
from PIL import Image, ImageDraw

__all__ = ["PointPad"]

SIZE = 240  # pixels of the still picture


class PointPad(anywidget.AnyWidget):
    """A square in which a person draws points. Put it on the last line of a cell.

    Without a live front end a still picture of the square remains.

    Attributes:
        coordinates: the points as a list of pairs between -1.5 and 1.5; empty at first.

    Example:
        ``pad = PointPad()`` in one cell, ``Playground(pad.points)`` in the next.
    """

    _esm = STROKES + (Path(__file__).parent / "pad.js").read_text(encoding="utf-8")
    coordinates: traitlets.List = traitlets.List().tag(sync=True)
    edge = traitlets.Float(EDGE).tag(sync=True)

    @property
    def points(self) -> np.ndarray:
        """The points drawn so far, float, shape ``(k, 2)``."""
        return np.asarray(self.coordinates, dtype=np.float64).reshape(-1, 2)

    @property
    def alt(self) -> str:
        """What the square holds, in words."""
        return f"A square to draw points in; it holds {len(self.points)} points."

    @property
    def still(self) -> bytes:
        """The square with its points, a small PNG file."""
        picture = Image.new("RGB", (SIZE, SIZE), "white")
        draw = ImageDraw.Draw(picture)
        draw.rectangle((0, 0, SIZE - 1, SIZE - 1), outline="#555555")
        for x, y in self.points:
            centre = (x + EDGE) / (2 * EDGE) * SIZE, (EDGE - y) / (2 * EDGE) * SIZE
            draw.circle(centre, 3, fill=REAL)
        if not len(self.points):
            draw.text((SIZE / 2, SIZE / 2), "draw here", fill="#555555", anchor="mm", font_size=18)
        return few_colours_png(picture, "drawing")

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict, dict]:
        data, _ = super()._repr_mimebundle_(**kwargs) or ({}, {})
        return with_still(data, self.still, self.alt)
