"""Number the controls of the playground in a screenshot, for the picture in lesson 2.

python scripts/make_controls_picture.py SCREENSHOT [--output FILE]

The screenshot is taken by hand, in JupyterLab in a window 1,500 pixels wide: of the widget that
`Playground("ring of 8", seed=2)` shows, after `advance(900)`, from its first row to its last.
Whoever moves a row of the widget takes another one, and corrects the heights below.
"""

import argparse
from pathlib import Path

from gan_helpers.plots import INK, few_colours_png

from PIL import Image, ImageDraw

DEFAULT = Path(__file__).resolve().parent.parent / "notebooks" / "images" / "02_controls.png"
MARGIN, RADIUS = 44, 15  # pixels
# For each number the side on which it stands, and the height where its part begins and ends.
PARTS = (
    ("left", 2, 30),  # the list of runs
    ("left", 34, 62),  # the buttons
    ("left", 70, 205),  # the glass engine
    ("left", 236, 788),  # the plane
    ("right", 236, 788),  # the measurements
    ("left", 794, 850),  # looking back
    ("left", 856, 880),  # layers of the plane
    ("left", 886, 946),  # data, loss, seed, latents
    ("left", 952, 1028),  # the two players
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("screenshot", type=Path)
    parser.add_argument("--output", type=Path, default=DEFAULT)
    arguments = parser.parse_args()
    picture = number(Image.open(arguments.screenshot).convert("RGB"))
    arguments.output.write_bytes(few_colours_png(picture, "drawing"))
    print(f"{len(PARTS)} parts, {picture.width} x {picture.height}: {arguments.output.name}")


def number(screenshot: Image.Image) -> Image.Image:
    """The screenshot between two margins, in which each part has its number and a line."""
    picture = Image.new("RGB", (screenshot.width + 2 * MARGIN, screenshot.height), "white")
    picture.paste(screenshot, (MARGIN, 0))
    draw = ImageDraw.Draw(picture)
    for index, (side, top, bottom) in enumerate(PARTS, start=1):
        outward = -1 if side == "left" else 1
        edge = MARGIN - 5 if side == "left" else picture.width - MARGIN + 5
        draw.line([(edge, top), (edge, bottom)], fill=INK, width=3)
        centre = edge + outward * (RADIUS + 6), (top + bottom) / 2
        draw.circle(centre, RADIUS, fill=INK)
        draw.text(centre, str(index), fill="white", anchor="mm", font_size=20)
    return picture


if __name__ == "__main__":
    main()
