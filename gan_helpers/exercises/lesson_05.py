"""Exercises of lesson 5: sizes through a network, painting in one dimension, balanced accuracy."""

from collections.abc import Callable
from typing import Any

from gan_helpers.exercises.core import Exercise, NotYet, compare_number

import numpy as np

__all__ = ["q1", "q2", "q3"]


def _check_final_size(final_size: Callable) -> str:
    answers = {
        "no layer": final_size(9, []),
        "one": final_size(9, [(3, 1, 0)]),
        "padded": final_size(9, [(3, 1, 1)]),
        "rounded": final_size(8, [(3, 2, 0)]),
        "course": final_size(32, [(4, 2, 1), (4, 2, 1), (4, 2, 1)]),
        "text": final_size(32, [(4, 2, 1), (3, 1, 0)]),
        "mixed": final_size(20, [(5, 1, 0), (3, 2, 1), (2, 1, 0)]),
    }
    for answer in answers.values():
        if not isinstance(answer, int | float | np.number):
            raise NotYet(
                f"the function returned a {type(answer).__name__}; return one whole number."
            )
    if answers["no layer"] != 9:
        raise NotYet("without a layer the side stays as it is: final_size(9, []) is 9.")
    if answers["one"] == 6:
        raise NotYet("a kernel of 3 fits on 9 pixels at 7 places, not 6. What does + 1 count?")
    if answers["one"] == 7 and answers["padded"] == 8:
        raise NotYet("padding adds zeros on *both* sides: n + 2p.")
    if answers["one"] == 7 and answers["padded"] == 7:
        raise NotYet("the padding makes no difference yet: with one zero on each side 9 stays 9.")
    if answers["rounded"] == 3.5:
        raise NotYet(
            "3.5 places do not exist. Round down: the last pixels are not looked at (// in Python)."
        )
    if answers["rounded"] == 4:
        raise NotYet("a kernel of 3 fits on 8 pixels at 3 places with stride 2. Round down.")
    if answers["course"] == 16:
        raise NotYet("only one layer counted: the next layer starts from the size of the last.")
    if answers["text"] == 8:
        raise NotYet(
            "every layer counts like the first of the list. Layers differ: the second one of "
            "[(4, 2, 1), (3, 1, 0)] has kernel 3, stride 1 and no padding."
        )
    if answers["text"] == 15:
        raise NotYet(
            "the layers are followed from the last to the first. The picture meets the first of "
            "the list first: 32, then 16, then 14."
        )
    correct = {"no layer": 9, "one": 7, "padded": 9, "rounded": 3, "course": 4, "text": 14}
    correct["mixed"] = 7
    for name, call in (
        ("one", "final_size(9, [(3, 1, 0)])"),
        ("padded", "final_size(9, [(3, 1, 1)])"),
        ("rounded", "final_size(8, [(3, 2, 0)])"),
        ("course", "final_size(32, [(4, 2, 1)] * 3)"),
        ("text", "final_size(32, [(4, 2, 1), (3, 1, 0)])"),
        ("mixed", "final_size(20, [(5, 1, 0), (3, 2, 1), (2, 1, 0)])"),
    ):
        if answers[name] != correct[name]:
            raise NotYet(f"{call} gives {answers[name]}; expected {correct[name]}.")
    return "three halvings of kernel 4, stride 2 and padding 1 lead from 32 to 4, as in lesson 6."


q1 = Exercise(
    lesson=5,
    number=1,
    names=("final_size",),
    check_answer=_check_final_size,
    hints=(
        "One layer is the formula above. The next layer starts from its result.",
        "A loop over the layers that replaces n each time; // divides and rounds down.",
        "for kernel, stride, padding in layers: n = (n + 2 * padding - kernel) // stride + 1",
    ),
    code="""
    def final_size(n, layers):
        for kernel, stride, padding in layers:
            n = (n + 2 * padding - kernel) // stride + 1
        return n
    """,
    why=(
        "Each layer takes the size that the one before it leaves. The rounding happens in each of "
        "them, so the layers cannot be merged into one formula."
    ),
)


def _painted(values: np.ndarray, kernel: np.ndarray, stride: int) -> np.ndarray:
    canvas = np.zeros(stride * (len(values) - 1) + len(kernel))
    for index, value in enumerate(values):
        canvas[stride * index : stride * index + len(kernel)] += value * kernel
    return canvas


def _overwritten(values: np.ndarray, kernel: np.ndarray, stride: int) -> np.ndarray:
    canvas = np.zeros(stride * (len(values) - 1) + len(kernel))
    for index, value in enumerate(values):
        canvas[stride * index : stride * index + len(kernel)] = value * kernel
    return canvas


def _check_paint(paint: Callable) -> str:
    values, kernel = np.array([2.0, -1.0, 0.5, 3.0]), np.array([1.0, 10.0, 100.0])
    for stride in (2, 1, 3, 4):
        correct = _painted(values, kernel, stride)
        answer = np.asarray(paint(values.tolist(), kernel.tolist(), stride), dtype=float)
        call = f"four values, a kernel of 3 and stride {stride}"
        if answer.shape == (stride * len(values),) != correct.shape:
            raise NotYet(
                f"the canvas has {len(answer)} places. The last stroke begins at stride × "
                "(number of values − 1) and is as long as the kernel."
            )
        if answer.shape != correct.shape:
            raise NotYet(f"{call}: the result has shape {answer.shape}, expected {correct.shape}.")
        if np.allclose(answer, correct):
            continue
        if np.allclose(answer, _overwritten(values, kernel, stride)):
            raise NotYet(
                "where strokes overlap, the later one replaces the earlier. Add them (+=)."
            )
        if np.allclose(answer, _painted(values, kernel[::-1], stride)):
            raise NotYet("the kernel is painted backwards. It keeps its order here.")
        if np.allclose(answer, _painted(np.ones(4), kernel, stride)):
            raise NotYet("every stroke is equally strong. Multiply the kernel by the value.")
        raise NotYet(
            f"{call}: you get {answer[:4].tolist()} ..., expected {correct[:4].tolist()} ..."
        )
    for value_count, kernel_size in ((2, 3), (5, 3), (4, 4), (4, 2)):
        values, kernel = np.arange(1.0, value_count + 1), 10.0 ** np.arange(kernel_size)
        correct = _painted(values, kernel, 2)
        try:
            answer = np.asarray(paint(values.tolist(), kernel.tolist(), 2), dtype=float)
            right = answer.shape == correct.shape and np.allclose(answer, correct)
        except (IndexError, ValueError):  # a length that is not the input's
            right = False
        if not right:
            raise NotYet(
                f"right for four values and a kernel of 3, but not for {value_count} values and a "
                f"kernel of {kernel_size}. Take both lengths from the inputs: len(values) and "
                "len(kernel)."
            )
    return "each value paints one kernel; with stride 4 and kernel 3 some places stay empty."


q2 = Exercise(
    lesson=5,
    number=2,
    names=("paint",),
    check_answer=_check_paint,
    hints=(
        "Begin with a canvas of zeros. How long must it be so that the last stroke fits?",
        "stride * (len(values) - 1) + len(kernel) places; value number i begins at stride * i.",
        "canvas[stride * i + j] += value * kernel[j], for every value i and every place j.",
    ),
    code="""
    def paint(values, kernel, stride):
        canvas = np.zeros(stride * (len(values) - 1) + len(kernel))
        for i, value in enumerate(values):
            for j, weight in enumerate(kernel):
                canvas[stride * i + j] += value * weight
        return canvas
    """,
    why=(
        "This is multiplication by the transposed matrix, column by column: column i holds the "
        "kernel, moved down by stride × i, and the value says how much of it to add."
    ),
)


def _one_share(value: Any) -> float:
    share = np.asarray(value, dtype=float)
    if share.shape != ():
        raise NotYet(
            f"balanced_accuracy(labels, logits) has shape {share.shape}; it is one number, the "
            "average of two shares."
        )
    return float(share)


def _check_balanced_accuracy(balanced_accuracy: Callable) -> str:
    labels = np.array([1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])
    logits = np.array([2, 0.3, 0.2, -1, -2, -2, -1, -1, -1, -1, -1, -1, -1, -1, 0.4, 3.0])
    positives, negatives = logits[labels == 1], logits[labels == 0]
    answer = _one_share(balanced_accuracy(labels.copy(), logits.copy()))
    found, passed = np.mean(positives > 0), np.mean(negatives < 0)
    compare_number(
        answer,
        (found + passed) / 2,
        slips=(
            (
                (np.mean(positives > 0.5) + np.mean(negatives < 0.5)) / 2,
                "these are logits: a score of 0.5 is a logit of 0, so compare with 0.",
            ),
            (
                np.mean((logits > 0) == labels),
                "that is the plain share of right answers, in which the many others outvote the "
                "dogs. Take a share for each side first.",
            ),
            (found, "that is the share of the dogs alone; whoever always says yes would get 1."),
            (passed, "that is the share of the others alone; whoever always says no would get 1."),
            (found + passed, "the two shares are added; their average lies between 0 and 1."),
        ),
        otherwise=(
            f"with {found:.0%} of the dogs and {passed:.0%} of the others right you get "
            f"{answer:.3g}; expected {(found + passed) / 2:.3g}."
        ),
    )
    always_no = _one_share(balanced_accuracy(labels.copy(), np.full(16, -3.0)))
    if not np.isclose(always_no, 0.5):
        raise NotYet(f"whoever always says no gets {always_no:.3g}; no dog and all others is 0.5.")
    return "whoever always says no, or always yes, gets one half, like guessing."


q3 = Exercise(
    lesson=5,
    number=3,
    names=("balanced_accuracy",),
    check_answer=_check_balanced_accuracy,
    hints=(
        "Two shares: among labels 1 and among labels 0. Which logits count as yes?",
        "sigmoid(0) is 0.5, so yes means a logit above 0. labels == 1 picks the dogs.",
        "np.mean(logits[labels == 1] > 0) is one of the two shares.",
    ),
    code="""
    def balanced_accuracy(labels, logits):
        found = np.mean(logits[labels == 1] > 0)
        passed = np.mean(logits[labels == 0] <= 0)
        return (found + passed) / 2
    """,
    why=(
        "Each side has one half of the say however many images it has, as the class weights give "
        "each side one half of the loss. Always no gets (0 + 1) / 2."
    ),
)
