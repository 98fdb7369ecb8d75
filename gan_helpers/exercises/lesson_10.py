"""Exercises of lesson 10: the PSNR of a set, known pixels kept, a leak in an evaluation."""

from collections.abc import Callable

from gan_helpers.exercises.core import Exercise, NotYet, compare_number, one_number

import numpy as np

__all__ = ["q1", "q2", "q3"]


def _check_psnr(psnr: Callable) -> str:
    random = np.random.default_rng(1)
    first = random.integers(0, 256, (4, 8, 8, 3), dtype=np.uint8)
    noise = (
        random.integers(-40, 41, first.shape) * np.array([0.1, 0.3, 0.6, 1])[:, None, None, None]
    )
    second = np.clip(first + noise, 0, 255).astype(np.uint8)
    answer = one_number(psnr(first, second), "the PSNR")
    errors = ((first.astype(float) - second) ** 2).mean(axis=(1, 2, 3))
    values = 10 * np.log10(255**2 / errors)
    wrapped = ((first - second) ** 2).mean(axis=(1, 2, 3))
    wrapped_square = ((first.astype(int) - second).astype(np.uint8) ** 2).mean(axis=(1, 2, 3))
    overflow = (
        "uint8 knows no negative numbers: 3 - 5 gives 254, and squares start again at 0. Turn the "
        "pixels into floats first."
    )
    compare_number(
        answer,
        values.mean(),
        [
            ((10 * np.log10(255**2 / wrapped)).mean(), overflow),
            (10 * np.log10(255**2 / wrapped.mean()), overflow),
            ((10 * np.log10(255**2 / wrapped_square)).mean(), overflow),
            (
                10 * np.log10(255**2 / errors.mean()),
                "you average the errors of all images before the logarithm, so the worst image "
                "decides. Take one PSNR an image, then their mean.",
            ),
            (
                (10 * np.log10(4 / errors)).mean(),
                "2 is the range of [-1, 1]. These are pixels from 0 to 255.",
            ),
            (
                (20 * np.log10(255**2 / errors)).mean(),
                "10 times the logarithm of the squared ratio, or 20 times that of the plain one.",
            ),
            (
                (10 * np.log(255**2 / errors)).mean(),
                "np.log is the natural logarithm; decibels take np.log10.",
            ),
            (-values.mean(), "the sign is turned: a small error must give a large PSNR."),
        ],
        f"for four images it gives {answer:.2f} dB, expected is {values.mean():.2f}.",
    )
    return "one PSNR an image, then the mean, as the table above does."


q1 = Exercise(
    lesson=10,
    number=1,
    names=("psnr",),
    check_answer=_check_psnr,
    hints=(
        "First the mean squared difference of each image. What does uint8 do with 3 - 5?",
        "errors = ((first.astype(float) - second) ** 2).mean(axis=(1, 2, 3))",
        "return the mean of 10 * np.log10(255**2 / errors).",
    ),
    code="""
    def psnr(first, second):
        errors = ((first.astype(float) - second) ** 2).mean(axis=(1, 2, 3))
        return (10 * np.log10(255**2 / errors)).mean()
    """,
    why=(
        "The logarithm of a mean is not the mean of logarithms, so two programs may report "
        "different numbers for the same images. `tf.image.psnr` gives one number an image."
    ),
)


def _check_keep_known(keep_known: Callable) -> str:
    random = np.random.default_rng(0)
    spoiled, made = random.integers(0, 256, (2, 3, 8, 8, 3), dtype=np.uint8)
    mask = np.ones((8, 8, 1), np.uint8)
    mask[2:6, 2:6] = 0
    before = spoiled.copy(), made.copy()
    answer = np.asarray(keep_known(spoiled, made, mask))
    if not all(map(np.array_equal, (spoiled, made), before)):
        raise NotYet("your function changes the images it is given. Make a new array.")
    if answer.shape != spoiled.shape:
        raise NotYet(f"the result has shape {answer.shape}; it must be {spoiled.shape}.")
    expected = np.where(mask == 1, spoiled, made)
    if np.array_equal(answer, expected):
        if answer.dtype != np.uint8:
            raise NotYet(f"the pixels are right but {answer.dtype}; pixels are uint8.")
        return "every known pixel is the photograph's own, only the hole is invented."
    if np.array_equal(answer, np.where(mask == 1, made, spoiled)):
        raise NotYet("you keep the hole and replace what was known: the mask is 1 where known.")
    if np.array_equal(answer, made):
        raise NotYet("that is the network's image; its pixels around the hole are not the known.")
    if np.array_equal(answer, spoiled * mask):
        raise NotYet("the hole is black. Add what the network made there.")
    if np.array_equal(answer, spoiled + made * (1 - mask)):
        raise NotYet(
            "in the hole you add to the grey that is there, and uint8 starts again at 0 after 255. "
            "Take the known pixels times the mask, or choose with np.where."
        )
    raise NotYet("known pixels must come from spoiled, those of the hole from made.")


q2 = Exercise(
    lesson=10,
    number=2,
    names=("keep_known",),
    check_answer=_check_keep_known,
    hints=(
        "For each pixel you choose between two images. Which NumPy function chooses?",
        "np.where(condition, this, otherwise) takes a condition that broadcasts: mask == 1.",
        "return np.where(mask == 1, ..., ...), first the known pixels.",
    ),
    code="""
    def keep_known(spoiled, made, mask):
        return np.where(mask == 1, spoiled, made)
    """,
    why=(
        "A network paints all pixels, the known ones too, and slightly wrong. Nobody asked it to: "
        "the photograph knows them better. Without this step every repair changes the whole image."
    ),
)


def _check_fair_split(fair_split: Callable) -> str:
    for seed, count, train in ((0, 40, 30), (1, 25, 5)):
        random = np.random.default_rng(seed)
        images = random.integers(0, 256, (count, 4, 4, 1), dtype=np.uint8)
        calls: list[np.ndarray] = []

        def make_more(given: np.ndarray, calls: list[np.ndarray] = calls) -> np.ndarray:
            calls.append(given.copy())
            return np.concatenate([given, 255 - given])

        answer = fair_split(images, train, make_more)
        if not isinstance(answer, tuple) or len(answer) != 2:
            raise NotYet("return two arrays: what to train on, and what to test on.")
        training, test = map(np.asarray, answer)
        if not calls:
            raise NotYet("make_more was never called: there is no synthetic image in the result.")
        if max(map(len, calls)) > train:
            raise NotYet(
                "the generator saw the test images: it can repeat them in what you train on. Split "
                "first, then call make_more on the training part alone."
            )
        if len(test) > count - train:
            raise NotYet(
                f"{len(test)} test images, but only {count - train} are left. Test on real images "
                "that nobody trained on, and on no generated ones."
            )
        if not np.array_equal(test, images[train:]):
            raise NotYet("test on the real images after the first `count`, all of them, unchanged.")
        expected = np.concatenate([images[:train], make_more(images[:train])])
        if len(training) != len(expected):
            raise NotYet(
                f"you train on {len(training)} images, expected are {len(expected)}: the real ones "
                "of the training part and all that make_more returns."
            )
        if not np.array_equal(training, expected):
            raise NotYet("train on the real images first, then the generated ones.")
    return "neither the classifier nor the generator has seen a test image."


q3 = Exercise(
    lesson=10,
    number=3,
    names=("fair_split",),
    check_answer=_check_fair_split,
    hints=(
        "Who sees which images in the colleague's three lines? Think of the generator too.",
        "images[:count] is for training, images[count:] for the test. Split before anything else.",
        "training = images[:count]; then np.concatenate([training, make_more(training)]).",
    ),
    code="""
    def fair_split(images, count, make_more):
        training, test = images[:count], images[count:]
        return np.concatenate([training, make_more(training)]), test
    """,
    why=(
        "A generator is a way to store training images. If it has seen the test images, what it "
        "makes carries them into the training set, and the accuracy measures memory."
    ),
)
