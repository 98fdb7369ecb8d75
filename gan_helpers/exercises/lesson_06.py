"""Exercises of lesson 6: a doubling block, separate batches, the moving average."""

from collections.abc import Callable

from gan_helpers.exercises.core import Exercise, NotYet

import keras
import numpy as np
from keras import ops

__all__ = ["q1", "q2", "q3"]


def _check_doubling_block(build_doubling_block: Callable) -> str:
    block = build_doubling_block(12)
    if not isinstance(block, keras.Model):
        raise NotYet(
            f"the function returns a {type(block).__name__}. Return a keras.Sequential of layers."
        )
    maps = np.asarray(block(np.zeros((2, 5, 6, 7), "float32")))
    if maps.shape[1:3] == (5, 6):
        raise NotYet(
            "the maps keep their size, 5 x 6. The stride says how far apart patches are painted."
        )
    if maps.shape[1:3] != (10, 12):
        raise NotYet(
            f"a map of 5 x 6 becomes {maps.shape[1]} x {maps.shape[2]}, not 10 x 12. "
            'Look at the padding: "same" cuts off what stands out at the edges.'
        )
    if maps.shape[-1] != 12:
        raise NotYet(f"asked for 12 maps, the block makes {maps.shape[-1]}. Use `channels`.")
    for layer in block.layers:
        if isinstance(layer, keras.layers.Conv2DTranspose) and any(
            size % stride for size, stride in zip(layer.kernel_size, layer.strides, strict=True)
        ):
            raise NotYet(
                f"kernel {layer.kernel_size[0]} is not divisible by stride {layer.strides[0]}: "
                "some pixels get more patches than their neighbours, which shows as a checkerboard."
            )
    return "it doubles height and width, and every pixel is covered by equally many patches."


q1 = Exercise(
    lesson=6,
    number=1,
    names=("build_doubling_block",),
    check_answer=_check_doubling_block,
    hints=(
        "One layer does the doubling: layers.Conv2DTranspose. Which of its arguments doubles?",
        "strides=2 doubles; padding='same' makes it exactly twice. Which kernel sizes are "
        "divisible by 2?",
        "keras.Sequential([layers.Conv2DTranspose(channels, 6, strides=2, padding='same'), ...]) "
        "with BatchNormalization and ReLU after it.",
    ),
    code="""
    def build_doubling_block(channels):
        return keras.Sequential(
            [
                layers.Conv2DTranspose(channels, 6, strides=2, padding="same", use_bias=False),
                layers.BatchNormalization(),
                layers.ReLU(),
            ]
        )
    """,
    why=(
        "Stride 2 places the patches two pixels apart, so the map doubles. Kernel 2, 4 or 6 covers "
        "every pixel equally often; kernel 3 or 5 does not. `UpSampling2D` followed by a "
        "convolution of any size is another right answer."
    ),
)


def _check_judge(judge: Callable) -> str:
    random = np.random.default_rng(0)
    real_images = random.uniform(-1, 1, (8, 4, 4, 1)).astype("float32")
    dark, bright = np.full_like(real_images, -0.9), np.full_like(real_images, 0.9)

    def logits(fake_images: np.ndarray) -> tuple[np.ndarray, ...]:
        discriminator = _tiny_discriminator()
        answer = judge(discriminator, real_images, fake_images)
        if not isinstance(answer, tuple) or len(answer) != 2:
            raise NotYet("return two things: `return real_logits, fake_logits`.")
        statistics = discriminator.layers[1].moving_mean.numpy()
        return *(np.asarray(ops.convert_to_numpy(part)) for part in answer), statistics

    real_beside_dark, fake_logits, statistics = logits(dark)
    real_beside_bright, _, _ = logits(bright)
    if not np.allclose(real_beside_dark, real_beside_bright, atol=1e-5):
        raise NotYet(
            "the real images score differently beside dark and beside bright fakes. "
            "BatchNormalization still sees both in one batch: call the discriminator twice."
        )
    if np.allclose(statistics, 0):
        raise NotYet(
            "BatchNormalization's statistics did not move, so the discriminator ran in inference "
            "mode. Which argument switches to training mode?"
        )
    expected = _tiny_discriminator()
    expected_real, expected_fake = (
        ops.convert_to_numpy(expected(images, training=True)) for images in (real_images, dark)
    )
    if np.allclose(fake_logits, expected_real, atol=1e-5) and not np.allclose(
        expected_fake, expected_real, atol=1e-5
    ):
        raise NotYet("the two results are swapped: return the real logits first.")
    if not np.allclose(real_beside_dark, expected_real, atol=1e-5):
        raise NotYet("the first result is not the logits of the real images.")
    if not np.allclose(fake_logits, expected_fake, atol=1e-5):
        raise NotYet("the second result is not the logits of the fake images.")
    return "each kind is normalised by itself, and dropout and statistics run in training mode."


def _tiny_discriminator() -> keras.Sequential:
    kernel = np.linspace(-1, 1, 48).reshape(16, 3)
    return keras.Sequential(
        [
            keras.Input((4, 4, 1)),
            keras.layers.Flatten(),
            keras.layers.BatchNormalization(),
            keras.layers.Dense(3, kernel_initializer=lambda *_, **__: kernel, activation="relu"),
            keras.layers.Dense(1, kernel_initializer="ones"),
        ]
    )


q2 = Exercise(
    lesson=6,
    number=2,
    names=("judge",),
    check_answer=_check_judge,
    hints=(
        "BatchNormalization takes its mean over everything in one call.",
        "Two calls, one for each kind. Dropout and BatchNormalization need to know that this is "
        "training.",
        "real_logits = discriminator(real_images, training=True), and the same for the fakes.",
    ),
    code="""
    def judge(discriminator, real_images, fake_images):
        real_logits = discriminator(real_images, training=True)
        fake_logits = discriminator(fake_images, training=True)
        return real_logits, fake_logits
    """,
    why=(
        "In one call the mean over the batch mixes both kinds, so a real image's score depends on "
        "the fakes beside it, and the discriminator can win by comparing instead of looking."
    ),
)


def _check_update_average(update_average: Callable) -> str:
    average, value = np.array([1.0, -2.0, 0.5]), np.array([3.0, 2.0, 0.5])
    result = np.asarray(update_average(average.copy(), value.copy(), 0.9), dtype=float)
    if result.shape != average.shape:
        raise NotYet(f"the result has shape {result.shape}; the average has {average.shape}.")
    if np.allclose(result, 0.1 * average + 0.9 * value):
        raise NotYet("the roles are swapped: `decay` is the share of the *old* average that stays.")
    if np.allclose(result, (average + value) / 2):
        raise NotYet("that is the plain mean of the two; the decay is not used.")
    if np.allclose(result, 0.9 * average + value):
        raise NotYet("the shares must add up to 1, or the average grows without end.")
    if not np.allclose(result, 0.9 * average + 0.1 * value):
        raise NotYet(
            f"from average 1 and value 3 with decay 0.9 you get {result[0]:.3g}; expected 1.2."
        )
    return "with decay 0.995 it looks back about 1 / (1 - 0.995) = 200 steps."


q3 = Exercise(
    lesson=6,
    number=3,
    names=("update_average",),
    check_answer=_check_update_average,
    hints=(
        "The new average is a weighted sum of two numbers, and the weights add up to 1.",
        "The old average has weight `decay`. Which weight is left for the value?",
        "return decay * average + (1 - decay) * value",
    ),
    code="""
    def update_average(average, value, decay):
        return decay * average + (1 - decay) * value
    """,
    why=(
        "Each older value is weighted by one more factor `decay`, so the memory fades over about "
        "`1 / (1 - decay)` steps: 200 for 0.995."
    ),
)
