"""The picture of a game on the page, on which data can be drawn.

Needs a notebook that runs anywidget's front end (JupyterLab, VS Code, Colab); elsewhere the still
picture of the playground remains.
"""

from pathlib import Path

from gan_helpers.playground.points import EDGE

import anywidget
import traitlets

__all__ = ["Sheet"]

HERE = Path(__file__).parent


class Sheet(anywidget.AnyWidget):
    """An image file with a square in it to draw points on: with mouse, finger or keyboard.

    Attributes:
        value: the bytes of the file.
        format: "jpeg" or "png".
        words: what it shows, for screen readers and as its title.
        plane: left, upper, right and lower edge of the square, in shares of the picture.
        edge: the square reaches from minus this to this along both axes.
        drawing: whether points can be drawn at the moment.
        coordinates: the points drawn so far, a list of pairs; sent when a stroke ends.
    """

    # As text: of a file, anywidget keeps every widget that was made from it.
    _esm = "".join((HERE / name).read_text(encoding="utf-8") for name in ("strokes.js", "sheet.js"))
    value = traitlets.Bytes(b"").tag(sync=True)
    format = traitlets.Unicode("jpeg").tag(sync=True)
    # Not its tooltip, with which the browser side of ipywidgets 8.1 fails.
    words = traitlets.Unicode("").tag(sync=True)
    plane: traitlets.List = traitlets.List([0.0, 0.0, 1.0, 1.0]).tag(sync=True)
    edge = traitlets.Float(EDGE).tag(sync=True)
    drawing = traitlets.Bool(False).tag(sync=True)
    coordinates: traitlets.List = traitlets.List().tag(sync=True)
