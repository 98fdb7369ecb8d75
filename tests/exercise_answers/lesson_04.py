"""Answers to the exercises of lesson 4, right and wrong, as students might write them."""

SETUP = """
import keras
import numpy as np
import tensorflow as tf
from dataclasses import replace
from keras import ops

from gan_helpers.clinic import PATIENTS, Look, Remedy, Trial, try_on
from gan_helpers.playground import build_point_discriminator

LOOKS = [Look(1500, np.zeros((1, 2)), np.zeros((40, 40)), {})]


def made(disease, numbers, seeds=None, looks=LOOKS):
    seeds = tuple(range(len(numbers))) if seeds is None else seeds
    return Trial(PATIENTS[disease], "x", seeds, numbers, (looks,) * len(numbers), np.zeros((1, 2)))
"""


def names(**changed: str) -> str:
    right = {
        "a": "running crowd",
        "b": "vanishing gradients",
        "c": "stuck",
        "d": "no convergence",
    }
    return "\n".join(f"patient_{k} = {v!r}" for k, v in (right | changed).items())


def r1(answer: str, call: str = "discriminator(real, training=True)", at: str = "real") -> str:
    return f"""
def r1(discriminator, real, fake):
    with tf.GradientTape(persistent=True) as tape:
        tape.watch([real, fake])
        logits = {call}
    slopes = tape.gradient(logits, {at})
    return {answer}
"""


SQUARES = "tf.reduce_mean(tf.reduce_sum(tf.reshape(slopes, (real.shape[0], -1))**2, axis=1))"
BOTH = "discriminator(real, training=True) + 0 * discriminator(fake, training=True)"


def classes(answer: str) -> str:
    return f"def effective_classes(counts):\n    p = counts / counts.sum()\n    return {answer}"


ANSWERS = {
    "q1": {
        "starter": "patient_a = ...\npatient_b = ...\npatient_c = ...\npatient_d = ...",
        "correct": [names(), names(a=" running crowd ")],
        "wrong": {
            names(a="stuck"): "no two of the four pictures",
            names(a="vanishing gradients"): "jump about",
            names(b="stuck"): "at no mode",
            names(b="D too weak"): "D is sure",
            names(c="running crowd"): "the same three modes",
            names(c="vanishing gradients"): "about 10 all the time",
            names(d="stuck"): "keeps its modes",
            names(d="running crowd"): "never spreads",
            names(d="flu"): "no name of the table",
            "patient_a = patient_b = patient_c = patient_d = 5": "no name of the table",
        },
    },
    "q2": {
        "starter": "def r1(discriminator, real, fake):\n    return ...",
        "correct": [
            r1(SQUARES),
            r1(
                "tf.reduce_sum(slopes**2) / real.shape[0]",
                "tf.reduce_sum(discriminator(real, training=True))",
            ),
        ],
        "wrong": {
            r1(SQUARES, "discriminator(fake, training=True)", "fake"): "at the generated points",
            r1("tf.reduce_mean(slopes**2)"): "mean went over both coordinates",
            r1("tf.reduce_mean(tf.reduce_sum(slopes, axis=1))"): "not squared",
            r1("tf.reduce_mean(tf.norm(slopes, axis=1))"): "take no root",
            r1("tf.reduce_sum(slopes**2)"): "Take their mean",
            r1(SQUARES, "tf.reduce_mean(discriminator(real, training=True))"): "mean logit",
            r1("tf.reduce_mean((tf.norm(slopes, axis=1) - 1) ** 2)"): "Gulrajani",
            r1("tf.reduce_mean(logits**2)"): "square of the logits",
            r1(SQUARES, "discriminator(real)"): "training=True",
            r1("tf.reduce_mean(tf.reduce_sum(slopes**2, axis=1))"): "not for images",
            r1(SQUARES.replace("real.shape[0]", "len(real)")): "the clinic compiles it",
            r1("np.mean(np.sum(np.square(slopes), axis=1))"): "no gradient",
            r1("slopes**2"): "a penalty is one number",
            r1("None"): "returns nothing",
            r1("tf.reduce_sum(tf.reduce_sum(slopes, axis=0) ** 2)"): "before they were squared",
            "def r1(discriminator, real, fake):\n    with tf.GradientTape() as tape:\n"
            "        y = discriminator(real, training=True)\n"
            "    return tf.reduce_mean(tape.gradient(y, real)**2)": "tape.watch",
        },
    },
    "q3": {
        "starter": "def effective_classes(counts):\n    return ...",
        "correct": [
            classes("np.exp(-sum(share * np.log(share) for share in p if share > 0))"),
            classes("1 / np.prod([share**share for share in p])"),
        ],
        "wrong": {
            classes("-(p[p > 0] * np.log(p[p > 0])).sum()"): "exponential",
            classes("np.exp((p[p > 0] * np.log(p[p > 0])).sum())"): "sign is wrong",
            classes("(p > 0).sum()"): "little more than one class",
            classes("np.exp(-(p * np.log(np.where(p > 0, p, np.nan))).sum())"): "0 log 0",
            classes("p"): "shape",
        },
    },
    "q4": {
        "starter": "my_trial = ...",
        "correct": ["my_trial = made('D too weak', (6.0, 7.0, 8.0))"],
        "wrong": {
            "my_trial = 8.0": "is no trial",
            "my_trial = made('stuck', (8.0, 8.0, 8.0))": "the patient here is",
            "my_trial = made('D too weak', (8.0, 8.0))": "prove little",
            "my_trial = made('D too weak', (8.0, 8.0, 8.0), (1, 1, 1))": "prove little",
            "my_trial = made('D too weak', (8.0, 8.0, 5.0))": "sometimes cured, 2 of 3",
            "my_trial = try_on('D too weak', steps=2)": "cut short",
        },
    },
}
