"""Right and wrong answers to the exercises of lesson 10."""

SETUP = """
import numpy as np
import tensorflow as tf
"""


def keep(expression: str) -> str:
    return f"keep_known = lambda spoiled, made, mask: {expression}"


def psnr(expression: str) -> str:
    return f"""
def psnr(first, second):
    errors = ((first.astype(float) - second) ** 2).mean(axis=(1, 2, 3))
    return {expression}
"""


def split(expression: str) -> str:
    return f"fair_split = lambda images, count, make_more: {expression}"


ANSWERS = {
    "q1": {
        "starter": "def psnr(first, second):\n    return ...",
        "correct": [
            psnr("(20 * np.log10(255 / np.sqrt(errors))).mean()"),
            "psnr = lambda a, b: tf.reduce_mean(tf.image.psnr(a, b, 255)).numpy()",
        ],
        "wrong": {
            """
def psnr(first, second):
    errors = ((first - second) ** 2).mean(axis=(1, 2, 3))
    return (10 * np.log10(255**2 / errors)).mean()
""": "knows no negative numbers",
            "psnr = lambda a, b: 10 * np.log10(255**2 / ((a - b) ** 2).mean())": "floats first",
            psnr("10 * np.log10(255**2 / errors.mean())"): "worst image decides",
            psnr("(10 * np.log10(4 / errors)).mean()"): "range of [-1, 1]",
            psnr("(20 * np.log10(255**2 / errors)).mean()"): "squared ratio",
            psnr("(10 * np.log(255**2 / errors)).mean()"): "natural logarithm",
            psnr("(10 * np.log10(errors / 255**2)).mean()"): "sign is turned",
            psnr("errors.mean()"): "for four images",
            psnr("10 * np.log10(255**2 / errors)"): "shape (4,)",
        },
    },
    "q2": {
        "starter": "def keep_known(spoiled, made, mask):\n    return ...",
        "correct": [
            keep("spoiled * mask + made * (1 - mask)"),
            keep("np.where(mask.astype(bool), spoiled, made)"),
        ],
        "wrong": {
            keep("np.where(mask == 0, spoiled, made)"): "1 where known",
            keep("made"): "network's image",
            keep("spoiled * mask"): "hole is black",
            keep("spoiled + made * (1 - mask)"): "starts again at 0",
            keep("np.where(mask == 1, spoiled, made).astype(float)"): "pixels are uint8",
            keep("(spoiled // 2 + made // 2)"): "known pixels must come from",
            keep("spoiled[0]"): "the result has shape",
            """
def keep_known(spoiled, made, mask):
    made[:] = np.where(mask == 1, spoiled, made)
    return made
""": "changes the images",
        },
    },
    "q3": {
        "starter": "def fair_split(images, count, make_more):\n    return ...",
        "correct": [
            split("(np.r_[images[:count], make_more(images[:count])], images[count:])"),
        ],
        "wrong": {
            split("(np.r_[images[:count], make_more(images)], images[count:])"): "saw the test",
            split("(images[:count], images[count:])"): "never called",
            split(
                "(np.r_[images[:count], make_more(images[:count])],"
                " np.r_[images[count:], make_more(images[:count])])"
            ): "no generated ones",
            split("(make_more(images[:count]), images[count:])"): "you train on",
            split("np.r_[images[:count], make_more(images[:count])]"): "return two arrays",
            split(
                "(np.r_[make_more(images[:count]), images[:count]], images[count:])"
            ): "real images first",
            split(
                "(np.r_[images[:count], make_more(images[:count])], images[count:-1])"
            ): "all of them",
        },
    },
}
