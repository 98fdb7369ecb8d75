"""How fast the sliders of lesson 8 answer: generator, drawing and PNG, without a browser.

The picture is five images in a row, of the same kind as in the lesson's sliders. A browser adds the
transfer of some ten kilobytes.
"""

import statistics
import time

from gan_helpers import data, pictures, plots, weights
from gan_helpers.widgets import FigureWithSliders, figure_with_sliders

import numpy as np
import tensorflow as tf

LATENT_DIM = 64
SHOWN = 5
MOVES = 60


def measure() -> None:
    widget = build_sliders()
    print(f"{'sliders of lesson 8, five images':44} {'median ms':>10} {'longest ms':>11}")
    for name in widget.sliders:
        milliseconds = [1000 * answer(widget, name, move) for move in range(MOVES)]
        print(
            f"{f'answer to a move of {name}':44} {statistics.median(milliseconds):10.1f} "
            f"{max(milliseconds):11.1f}"
        )
    print(f"{'bytes of a picture':44} {len(widget.still):10,}")


def build_sliders() -> FigureWithSliders:
    """Sliders of the same kind as those of lesson 8: a sample, a direction, a factor."""
    generator = weights.load_pretrained("dcgan_generator")
    random = np.random.default_rng(0)
    latents = random.standard_normal((100, LATENT_DIM), dtype=np.float32)
    direction = random.standard_normal(LATENT_DIM, dtype=np.float32) / 8

    @tf.function(input_signature=[tf.TensorSpec((None, LATENT_DIM))])
    def paint(latents: tf.Tensor) -> tf.Tensor:
        return generator(latents, training=False)

    def draw(sample: int, direction_0: float, psi: float) -> plots.LessonFigure:
        moved = np.float32(psi) * latents[sample : sample + SHOWN]
        images = data.to_pixels(paint(moved + np.float32(direction_0) * direction))
        return pictures.plot_images(images, alt=f"Five generated images from sample {sample}.")

    return figure_with_sliders(
        draw, sample=(0, 95, 0, 1), direction_0=(-6.0, 6.0, 0.0, 0.25), psi=(0.0, 2.0, 1.0, 0.05)
    )


def answer(widget: FigureWithSliders, name: str, move: int) -> float:
    """Seconds from a move of the slider until the new picture is there.

    The first call of the generator, which compiles it, was the widget's own first picture.
    """
    slider = widget.sliders[name]
    steps = round((slider.max - slider.min) / slider.step)
    value = slider.min + (7 * move + 3) % steps * slider.step  # never where it stands
    before = widget.picture.value
    start = time.perf_counter()
    slider.value = value
    seconds = time.perf_counter() - start
    if widget.problem.value or widget.picture.value == before:
        raise RuntimeError(widget.problem.value or f"{name} at {value} drew no new picture.")
    return seconds
