"""Exercises of lesson 9: the logit of a pair, agreement by class, words to numbers."""

from collections.abc import Callable

from gan_helpers.exercises.core import Exercise, NotYet, compare_array

import numpy as np

__all__ = ["q1", "q2", "q3"]


def _check_projection_logit(projection_logit: Callable) -> str:
    random = np.random.default_rng(0)
    features, weights, table = (random.normal(size=shape) for shape in ((4, 6), (6,), (3, 6)))
    labels = np.array([2, 0, 1, 1])
    answer = np.asarray(projection_logit(features, labels, weights, table), float)
    real, match = features @ weights, (features * table[labels]).sum(axis=1)
    slips = [
        (real, "that is the first sum alone: is the image real? The label is never used."),
        (match, "that is the second sum alone: a fake of the right class would pass. Add w . h."),
        (
            real[:, None] + features @ table.T,
            "you match each image with every class. Pick the row of its own: table[labels].",
        ),
        (
            real + features @ table[labels].T,
            "you match each image with the labels of all others too. Multiply number by number, "
            "then sum over axis 1.",
        ),
        (real * match, "you multiply the two sums; add them."),
    ]
    otherwise = "the numbers differ. The logit is w . h + e(y) . h, with e(y) a row of table."
    if answer.shape != (4,):
        otherwise = f"for 4 images it gives shape {answer.shape}; expected is one logit each, (4,)."
    compare_array(answer, real + match, slips, otherwise)
    return "one sum asks whether the image is real, the other whether it fits its label."


q1 = Exercise(
    lesson=9,
    number=1,
    names=("projection_logit",),
    check_answer=_check_projection_logit,
    hints=(
        "Two sums over the features. Which one needs the labels?",
        "features @ weights is the first. table[labels] has one row for each image.",
        "The second is (features * table[labels]).sum(axis=1).",
    ),
    code="""
    def projection_logit(features, labels, weights, table):
        real = features @ weights
        match = (features * table[labels]).sum(axis=1)
        return real + match
    """,
    why=(
        "Together they are $(w + e(y)) \\cdot h$: each class has its own last layer, and all "
        "share $w$. So what makes a picture look real is learned once, from all classes."
    ),
)


def _check_agreement_by_class(agreement_by_class: Callable) -> str:
    asked = np.array([0, 0, 0, 0, 1, 1, 2, 2, 2, 2])
    named = np.array([0, 0, 0, 1, 1, 1, 2, 0, 0, 1])
    answer = np.asarray(agreement_by_class(asked, named), float)
    expected = np.array([(named[asked == k] == k).mean() for k in range(3)])
    slips = [
        (
            np.array([(asked[named == k] == k).mean() for k in range(3)]),
            "you divide by how often a class was named. Divide by how often it was asked for.",
        ),
        (
            np.array([((named == k) & (asked == k)).sum() for k in range(3)]),
            "these are counts; a share is divided by how often the class was asked for.",
        ),
        (
            np.array([((named == k) & (asked == k)).mean() for k in range(3)]),
            "you divide by all images. Divide by those of the class.",
        ),
        (100 * expected, "that is per cent; return shares from 0 to 1."),
        (
            (asked == named).mean(),
            "that is one share for all classes; a generator may know nine and miss the tenth. "
            "Return one for each class.",
        ),
    ]
    otherwise = (
        f"for three classes it gives {np.round(answer, 2).tolist()}, expected is "
        f"{expected.tolist()}."
    )
    compare_array(answer, expected, slips, otherwise)
    return "now a class that is never drawn cannot hide behind the others."


q2 = Exercise(
    lesson=9,
    number=2,
    names=("agreement_by_class",),
    check_answer=_check_agreement_by_class,
    hints=(
        "Take one class k. Which images were asked to be k?",
        "named[asked == k] are the names given to them.",
        "(named[asked == k] == k).mean() for each k from 0 to asked.max().",
    ),
    code="""
    def agreement_by_class(asked, named):
        return np.array([(named[asked == k] == k).mean() for k in range(asked.max() + 1)])
    """,
    why=(
        "Read as a matrix with asked classes in rows and named ones in columns, this is the "
        "diagonal, each entry divided by the sum of its row."
    ),
)


def _check_encode_caption(encode_caption: Callable) -> str:
    vocabulary = ["a", "cat", "dog", "chases"]
    answer = encode_caption("a dog chases a cat", vocabulary)
    numbers = list(np.asarray(answer).ravel().tolist())
    if numbers == [1, 3, 4, 1, 2]:
        raise NotYet("you count from 1. The first word of the vocabulary is number 0.")
    if numbers != [0, 2, 3, 0, 1] and sorted(set(numbers)) == numbers:
        raise NotYet(
            "the order of the sentence is lost, or a word that stands twice came once: who chases "
            "whom? Go through the caption, not through the vocabulary."
        )
    if numbers != [0, 2, 3, 0, 1]:
        raise NotYet(f"'a dog chases a cat' gives {numbers}, expected is [0, 2, 3, 0, 1].")
    try:
        unknown = encode_caption("a mouse chases a cat", vocabulary)
    except (ValueError, KeyError) as error:
        if "mouse" not in str(error):
            raise NotYet(
                "an unknown word is refused, but the message does not say which one."
            ) from None
        return "words in, numbers out, in the order of the sentence."
    raise NotYet(
        f"'a mouse chases a cat' gives {np.asarray(unknown).ravel().tolist()}, though nobody "
        "taught it 'mouse'. Raise a ValueError that names the word."
    )


q3 = Exercise(
    lesson=9,
    number=3,
    names=("encode_caption",),
    check_answer=_check_encode_caption,
    hints=(
        "caption.split() gives the words in their order.",
        "vocabulary.index(word) is the number of a word, and raises a ValueError that names it if "
        "there is none.",
        "One list comprehension over the words does it.",
    ),
    code="""
    def encode_caption(caption, vocabulary):
        return [vocabulary.index(word) for word in caption.split()]
    """,
    why=(
        "Left out silently, an unknown word makes another sentence. Large models split unknown "
        "words into known pieces instead."
    ),
)
