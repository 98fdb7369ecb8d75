"""Make the animation that opens lesson 2: the run "learns the ring", drawn by the playground.

python scripts/make_playground_gif.py [--output FILE]
"""

import argparse
from pathlib import Path

from gan_helpers.animation import save_gif
from gan_helpers.playground import PRESETS, Playground

import numpy as np
from PIL import Image

RUN = "learns the ring"
FRAMES = 36
SIZE = (640, 461)  # pixels
DEFAULT = Path(__file__).resolve().parent.parent / "notebooks" / "images" / "02_playground.gif"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", type=Path, default=DEFAULT)
    arguments = parser.parse_args()
    lab = Playground(preset=RUN)
    frames = [draw(lab)]
    for steps in np.diff(spread_steps(PRESETS[RUN].steps)):
        lab.advance(int(steps), every=10)
        frames.append(draw(lab))
    path = save_gif(frames, arguments.output, colours=96)
    print(f"{len(frames)} frames, {path.stat().st_size / 1e6:.2f} MB: {path.name}")


def spread_steps(last: int) -> np.ndarray:
    """Steps to show, dense at first, where most happens."""
    return np.round(last * np.linspace(0, 1, FRAMES) ** 1.5).astype(int)


def draw(lab: Playground) -> np.ndarray:
    picture = lab.draw()
    return np.asarray(picture.resize(SIZE, Image.Resampling.LANCZOS))


if __name__ == "__main__":
    main()
