"""Exercises of lesson 3: over 500 lines, for every slip in a training step has its own nudge."""

import contextlib
import functools
import inspect
import io
from collections.abc import Callable, Iterator
from typing import Any

from gan_helpers.data import load_mnist, to_model_range
from gan_helpers.exercises.core import (
    Exercise,
    NotYet,
    compare_array,
    compare_number,
    one_number,
)
from gan_helpers.metrics import frechet_distance, nearest_neighbours
from gan_helpers.runtime import quiet  # noqa: F401 - before Keras loads TensorFlow

import keras
import numpy as np
import tensorflow as tf
from threadpoolctl import threadpool_limits

__all__ = ["q1", "q2", "q3"]

# More real than fake logits, large and small ones: no slip gives the right number by chance.
REAL_LOGITS = np.array([[2.0], [0.5], [-1.0], [4.0]], "float32")
FAKE_LOGITS = np.array([[-3.0], [1.5], [0.2]], "float32")


def _softplus(logits: Any) -> np.ndarray:
    return np.logaddexp(0.0, np.asarray(logits, float))


def _sigmoid(logits: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-logits))


def _compare(answer: float, correct: float, slips: list[tuple[float, str]]) -> None:
    otherwise = f"the check got {answer:.4f} where it expected {correct:.4f}."
    compare_number(answer, correct, slips, otherwise)


def _loss_of(function: Callable, name: str, *logits: np.ndarray) -> float:
    try:
        loss = function(*map(tf.constant, logits))
    except (TypeError, ValueError, tf.errors.InvalidArgumentError) as error:
        raise NotYet(
            f"{name} raised {type(error).__name__}. Each term is cross_entropy(labels, logits): "
            "labels of the same shape as the logits, from an object that "
            "BinaryCrossentropy(from_logits=True) made, and one mean over the batch."
        ) from error
    if loss is None:
        raise NotYet(f"{name} returns nothing. Does its last line begin with return?")
    return one_number(loss, name)


def _check_losses_from_labels(discriminator_loss: Callable, generator_loss: Callable) -> str:
    name = "labelled_discriminator_loss"
    answer = _loss_of(discriminator_loss, name, REAL_LOGITS, FAKE_LOGITS)
    real_term, fake_term = _softplus(-REAL_LOGITS).mean(), _softplus(FAKE_LOGITS).mean()
    swapped_real, swapped_fake = _softplus(REAL_LOGITS).mean(), _softplus(-FAKE_LOGITS).mean()
    # Without from_logits=True Keras takes a logit for a probability and cuts it off at 0 and 1.
    of_scores = keras.losses.BinaryCrossentropy()
    misread_real = float(of_scores(np.ones_like(REAL_LOGITS), REAL_LOGITS))
    misread_fake = float(of_scores(np.zeros_like(FAKE_LOGITS), FAKE_LOGITS))
    misread_wish = float(of_scores(np.ones_like(FAKE_LOGITS), FAKE_LOGITS))
    everything = np.concatenate([_softplus(-REAL_LOGITS), _softplus(FAKE_LOGITS)])
    not_logits = (
        "the logits went in as if they were probabilities. "
        "BinaryCrossentropy has an argument that says what it gets."
    )
    in_this_order = "cross_entropy gets the labels first, then the logits."
    summed = "the terms were added up over the batch. A loss is a mean: leave reduction as it is."
    twice = (
        "the logits went through a sigmoid, and then the cross-entropy took a sigmoid again. "
        "Hand it the logits as they are, or say from_logits=False."
    )
    _compare(
        answer,
        real_term + fake_term,
        [
            (
                swapped_real + swapped_fake,
                "the labels are swapped in labelled_discriminator_loss: real is 1, fake is 0. "
                "As it stands D learns to take fakes for real.",
            ),
            (
                real_term + swapped_fake,
                "the fakes are labelled 1 in labelled_discriminator_loss. "
                "That is the generator's wish, not the discriminator's.",
            ),
            (misread_real + misread_fake, not_logits),
            (
                _softplus(-_sigmoid(REAL_LOGITS)).mean() + _softplus(_sigmoid(FAKE_LOGITS)).mean(),
                twice,
            ),
            (
                (real_term + fake_term) / 2,
                "half the expected loss: add the mean over the real and the mean over the fake "
                "logits, without dividing by two.",
            ),
            (
                everything.mean(),
                "real and fake went into one mean. In the value function each has its own.",
            ),
            (_as_labels(REAL_LOGITS, 1.0) + _as_labels(FAKE_LOGITS, 0.0), in_this_order),
            (_softplus(-REAL_LOGITS).sum() + _softplus(FAKE_LOGITS).sum(), summed),
            (real_term, "the fakes are missing from labelled_discriminator_loss."),
            (fake_term, "the real images are missing from labelled_discriminator_loss."),
        ],
    )
    answer = _loss_of(generator_loss, "labelled_generator_loss", FAKE_LOGITS)
    _compare(
        answer,
        swapped_fake,
        [
            (
                -fake_term,
                "that is the minimax loss, log(1 - D(G(z))), which is flat while D wins. "
                "Call the fakes real instead of negating D's loss.",
            ),
            (
                fake_term,
                "the labels are swapped in labelled_generator_loss: with label 0 G would learn to "
                "be caught. Which label does G want for its fakes?",
            ),
            (misread_wish, not_logits),
            (_softplus(-_sigmoid(FAKE_LOGITS)).mean(), twice),
            (_as_labels(FAKE_LOGITS, 1.0), in_this_order),
            (_softplus(-FAKE_LOGITS).sum(), summed),
        ],
    )
    large = np.full_like(REAL_LOGITS, 40.0), np.full_like(FAKE_LOGITS, 40.0)
    found = [
        _loss_of(discriminator_loss, name, large[0], large[1]),
        _loss_of(generator_loss, "labelled_generator_loss", -large[1]),
    ]
    if not np.allclose(found, 40.0):
        raise NotYet(
            "right for small logits, but fakes with logits of 40 cost D "
            f"{found[0]:.1f}, and with logits of -40 cost G {found[1]:.1f}; it should be 40.0 "
            "both times. A sigmoid comes in between and rounds: hand over the logits as they are."
        )
    _check_gradient(generator_loss, tf.constant(FAKE_LOGITS))
    return "both agree with the formulas, for D and for G, to five digits."


def _as_labels(logits: np.ndarray, label: float) -> float:
    """The cross-entropy if logits are taken for labels, and the labels for logits."""
    return float(np.mean(_softplus(label) - label * logits))


def _check_gradient(generator_loss: Callable, fake_logits: tf.Tensor) -> None:
    with tf.GradientTape() as tape:
        tape.watch(fake_logits)
        loss = tf.convert_to_tensor(generator_loss(fake_logits))
    if tape.gradient(loss, fake_logits) is None:
        raise NotYet(
            "the numbers are right, but no gradient comes back. "
            "Stay with functions of Keras or TensorFlow; NumPy cuts the gradient off."
        )


q1 = Exercise(
    lesson=3,
    number=1,
    names=("labelled_discriminator_loss", "labelled_generator_loss"),
    check_answer=_check_losses_from_labels,
    hints=(
        "Make the labels with tf.ones_like(logits) and tf.zeros_like(logits).",
        "Call cross_entropy(labels, logits) once for real and once for fake, and add the two.",
        "The generator's loss is the cross-entropy of its fakes with the label it wishes for: 1.",
    ),
    code="""
    cross_entropy = keras.losses.BinaryCrossentropy(from_logits=True)


    def labelled_discriminator_loss(real_logits, fake_logits):
        real_part = cross_entropy(tf.ones_like(real_logits), real_logits)
        return real_part + cross_entropy(tf.zeros_like(fake_logits), fake_logits)


    def labelled_generator_loss(fake_logits):
        return cross_entropy(tf.ones_like(fake_logits), fake_logits)
    """,
    why=(
        "With label 1 the cross-entropy is $-\\log\\sigma(\\ell)$, with label 0 it is "
        "$-\\log(1-\\sigma(\\ell))$. The generator's trick is the label: it takes the "
        "discriminator's loss and calls its own fakes real."
    ),
)


# What a step should be: G moves by G_RATE times its gradient, D by D_RATE times its own.
G_RATE, D_RATE = 0.5, 0.3
LATENTS, SIDE, IMAGES = 5, 4, 6
SUMMED = "the loss was added up over the batch. Take its mean, tf.reduce_mean."
Weights = list[np.ndarray]


class _Watched(keras.Model):
    """A small network that remembers what it was called with, and whether in training mode."""

    def __init__(self, *layers: keras.layers.Layer) -> None:
        super().__init__(name="watched")
        self.network = keras.Sequential(list(layers))
        self.inputs_seen: list[np.ndarray] = []
        self.calls_in_training: list[bool] = []

    def call(self, inputs: Any, training: bool = False) -> Any:
        if tf.executing_eagerly():
            self.inputs_seen.append(np.asarray(inputs))
            self.calls_in_training.append(bool(training))
        return self.network(inputs, training=training)

    def was_given(self, batch: np.ndarray) -> bool:
        return any(
            seen.shape == batch.shape and np.allclose(seen, batch) for seen in self.inputs_seen
        )


def _watched_networks() -> tuple[_Watched, _Watched]:
    """A generator and a discriminator whose gradients are all far from zero."""
    layers, start = keras.layers, keras.initializers.RandomNormal
    generator = _Watched(
        keras.Input((LATENTS,)),
        layers.Dense(SIDE * SIDE, "tanh", kernel_initializer=start(stddev=0.6, seed=1)),
        layers.Reshape((SIDE, SIDE, 1)),
    )
    discriminator = _Watched(
        keras.Input((SIDE, SIDE, 1)),
        layers.Flatten(),
        layers.Dense(6, "tanh", kernel_initializer=start(stddev=0.5, seed=2)),
        layers.Dense(1, kernel_initializer=start(stddev=0.9, seed=3)),
    )
    return generator, discriminator


def _watched_players(
    make_optimizer: Callable, *rates: float
) -> tuple[tuple[_Watched, _Watched], list[keras.optimizers.Optimizer]]:
    """Both networks, and for each an optimizer that is built on its variables, as in the lesson."""
    networks = _watched_networks()
    optimizers = [make_optimizer(rate) for rate in rates]
    for optimizer, network in zip(optimizers, networks, strict=True):
        optimizer.build(network.trainable_variables)
    return networks, optimizers


def _losses_of(generator: Any, discriminator: Any, real: Any, latents: Any) -> dict[str, tf.Tensor]:
    """Both losses, and what is taken for them by mistake."""
    real_logits, fake_logits = (
        discriminator.network(real),
        discriminator.network(generator.network(latents)),
    )
    real_part, fake_part = (
        tf.reduce_mean(tf.nn.softplus(each)) for each in (-real_logits, fake_logits)
    )
    wish = tf.reduce_mean(tf.nn.softplus(-fake_logits))
    swapped_part = sum(tf.reduce_mean(tf.nn.softplus(each)) for each in (real_logits, -fake_logits))
    return {
        "G": wish,
        "D": real_part + fake_part,
        "swapped": swapped_part,
        "minimax": -fake_part,
        "real": real_part,
        "fake": fake_part,
    }


def _gradients_of(generator: Any, discriminator: Any, real: Any, latents: Any) -> dict:
    """(loss, network) -> the gradients of that loss for the variables of that network."""
    with tf.GradientTape(persistent=True) as tape:
        losses = _losses_of(generator, discriminator, real, latents)
    networks = {"G": generator, "D": discriminator}
    return {
        (loss, name): [
            np.zeros(variable.shape) if gradient is None else np.asarray(gradient)
            for variable, gradient in zip(
                network.trainable_variables,
                tape.gradient(value, [each.value for each in network.trainable_variables]),
                strict=True,
            )
        ]
        for loss, value in losses.items()
        for name, network in networks.items()
    }


def _flat(weights: Weights) -> np.ndarray:
    return np.concatenate([np.ravel(each) for each in weights])


def _check_train_step(train_step: Callable) -> str:
    random = np.random.default_rng(0)
    real = tf.constant(random.uniform(-1, 1, (IMAGES, SIDE, SIDE, 1)), tf.float32)
    latents = tf.constant(random.normal(size=(IMAGES, LATENTS)), tf.float32)
    networks, optimizers = _watched_players(keras.optimizers.SGD, G_RATE, D_RATE)
    generator, discriminator = networks
    losses = {n: float(v) for n, v in _losses_of(*networks, real, latents).items()}
    gradients = _gradients_of(*networks, real, latents)
    fakes = np.asarray(generator.network(latents))
    before = [network.get_weights() for network in networks]
    returned = _run_step(train_step, *networks, *optimizers, real, latents)
    _check_calls(*networks, np.asarray(real), np.asarray(latents), fakes)
    moved_g, moved_d = (
        _flat(network.get_weights()) - _flat(old)
        for network, old in zip(networks, before, strict=True)
    )
    if not (generator.trainable and discriminator.trainable):
        raise NotYet(
            "a network was left with trainable = False. Nothing has to be frozen: each gradient is "
            "taken for the variables of one network alone."
        )
    after = [network.get_weights() for network in networks]
    _set_weights(networks, (before[0], after[1]))
    g_after_d = _gradients_of(*networks, real, latents)["G", "G"]
    _set_weights(networks, (after[0], before[1]))
    d_after_g = _gradients_of(*networks, real, latents)["D", "D"]
    _set_weights(networks, after)
    later = {n: float(v) for n, v in _losses_of(*networks, real, latents).items()}
    _check_move_of_d(
        moved_d,
        moved_g,
        {k[0]: _flat(v) for k, v in gradients.items() if k[1] == "D"},
        _flat(d_after_g),
    )
    _check_move_of_g(
        moved_g, {k[0]: _flat(v) for k, v in gradients.items() if k[1] == "G"}, _flat(g_after_d)
    )
    _check_returned(returned, losses, later)
    _check_compiled(train_step, random)
    _check_large_logits(train_step, real, latents)
    _check_names(train_step, *networks, *optimizers, real, latents)
    return "each network moved by the gradient of its own loss and by nothing else."


def _set_weights(networks: tuple, weights: Any) -> None:
    for network, each in zip(networks, weights, strict=True):
        network.set_weights(each)


def _run_step(train_step: Callable, *arguments: Any) -> Any:
    # A step compiled by tf.function runs here line by line, so that its calls can be watched.
    inner = inspect.unwrap(train_step, stop=lambda each: hasattr(each, "python_function"))
    train_step = getattr(inner, "python_function", train_step)
    try:
        return train_step(*arguments)
    except tf.errors.InvalidArgumentError as error:
        raise NotYet(
            "an optimizer got gradients whose shapes are not those of its variables. Are the "
            "gradients of G and of D crossed? Each apply gets the gradients of its own network."
        ) from error
    except TypeError as error:
        if "zip" in str(error):
            raise NotYet(
                "optimizer.apply gets two lists, apply(gradients, variables); zip belongs to "
                "apply_gradients."
            ) from error
        raise
    except AttributeError as error:
        raise NotYet(
            f"the step raised AttributeError: {error}. optimizer.apply gets the list of gradients "
            "first, then the list of variables."
        ) from error
    except ValueError as error:
        if "incompatible" in str(error):
            raise NotYet(
                "a network got an input of another size. Does the step call the generator and the "
                "discriminator that it is given, and not others from outside?"
            ) from error
        if "Unknown variable" in str(error):
            raise NotYet(
                "an optimizer got the variables of the other network. Either the optimizers are "
                "swapped in a line with apply, or a gradient was taken for the variables of the "
                "wrong network, which would have moved twice."
            ) from error
        if "No gradients" in str(error):
            raise NotYet(
                "a gradient came back as None. The forward passes and the losses must be computed "
                "inside the `with` block, where the tape listens, with nothing like stop_gradient "
                "between, and each gradient asked for variables that its loss depends on. The loss "
                "of G depends on the fake logits."
            ) from error
        raise
    except RuntimeError as error:
        if "non-persistent" in str(error).lower():
            raise NotYet(
                "one tape was asked for two gradients; it forgets after the first. Let two tapes "
                "listen, one for each loss."
            ) from error
        raise


def _check_calls(
    generator: _Watched,
    discriminator: _Watched,
    real: np.ndarray,
    latents: np.ndarray,
    fakes: np.ndarray,
) -> None:
    if not generator.inputs_seen or not discriminator.inputs_seen:
        idle = "discriminator" if generator.inputs_seen else "generator"
        raise NotYet(f"the step never calls the {idle} that it is given.")
    if not generator.was_given(latents):
        raise NotYet(
            "the generator did not get the latents that the step is given. Draw none in the step."
        )
    if any(len(seen) == len(real) + len(fakes) for seen in discriminator.inputs_seen):
        raise NotYet(
            "real and fake images went into D as one batch. Call D twice: layers such as "
            "BatchNormalization would otherwise let each score depend on images of the other class."
        )
    if not discriminator.was_given(real):
        raise NotYet("the discriminator was never called on the real images.")
    if not discriminator.was_given(fakes):
        raise NotYet("the discriminator was never called on the images that G made of the latents.")
    for network, name in ((generator, "generator"), (discriminator, "discriminator")):
        if not all(network.calls_in_training):
            raise NotYet(
                f"the {name} was called without training=True. Dropout would be off while it "
                "learns."
            )


def _compare_move(name: str, moved: np.ndarray, correct: np.ndarray, slips: list) -> None:
    otherwise = (
        f"the {name} moved, but not by its learning rate times the gradient of its own loss. "
        "Which loss did its tape get, and for whose variables?"
    )
    compare_array(moved, correct, slips, otherwise, tolerance=1e-5)


def _check_move_of_d(moved: np.ndarray, moved_g: np.ndarray, by: dict, after_g: np.ndarray) -> None:
    still = np.zeros_like(moved)
    both = "Does each optimizer have its gradients and its variables?"
    if not moved.any() and not moved_g.any():
        raise NotYet(f"neither network moved. Apply both gradients. {both}")
    _compare_move(
        "discriminator",
        moved,
        -D_RATE * by["D"],
        [
            (still, f"the discriminator did not move, G did. {both}"),
            (
                -D_RATE * by["G"],
                "the discriminator moved down the generator's loss: it helps the forger. Its "
                "gradient must be that of discriminator_loss.",
            ),
            (
                -D_RATE * (by["D"] + by["G"]),
                "D moved down the sum of both losses. Each network has one loss.",
            ),
            (D_RATE * by["D"], "the discriminator climbed its loss. Is there a minus too many?"),
            (
                -D_RATE * by["swapped"],
                "real and fake logits are swapped in the loss of D: real ones come first.",
            ),
            (-D_RATE * by["D"] / 2, "D moved half as far as it should: do not halve its loss."),
            (-D_RATE * IMAGES * by["D"], SUMMED),
            (
                -D_RATE * by["real"],
                "D learned from the real images alone: its loss lacks the fakes.",
            ),
            (
                -D_RATE * by["fake"],
                "D learned from the fakes alone: its loss lacks the real images.",
            ),
            (
                -D_RATE * after_g,
                "D answers a generator that has already moved. Take both gradients first, then "
                "apply them.",
            ),
        ],
    )


def _check_move_of_g(moved: np.ndarray, by: dict, after_d: np.ndarray) -> None:
    _compare_move(
        "generator",
        moved,
        -G_RATE * by["G"],
        [
            (
                np.zeros_like(moved),
                "the generator did not move, D did. Does its optimizer have its gradients and its "
                "variables?",
            ),
            (
                -G_RATE * by["D"],
                "the generator moved down the discriminator's loss: it learns to be caught. Its "
                "gradient must be that of generator_loss.",
            ),
            (
                -G_RATE * (by["G"] + by["D"]),
                "G moved down the sum of both losses. Each network has one loss.",
            ),
            (
                -G_RATE * by["minimax"],
                "G moved down the minimax loss, log(1 - D(G(z))), which is flat while D wins. Use "
                "generator_loss.",
            ),
            (G_RATE * by["G"], "the generator climbed its loss. Is there a minus too many?"),
            (-G_RATE * IMAGES * by["G"], SUMMED),
            (
                -G_RATE * after_d,
                "G answers a discriminator that has already moved. That is the alternating form; "
                "here both gradients are taken first, then both are applied.",
            ),
        ],
    )


def _check_returned(returned: Any, losses: dict, later: dict) -> None:
    if returned is None:
        raise NotYet(
            "both networks moved rightly, but the step returns nothing: return both losses."
        )
    if tf.is_tensor(returned) and returned.shape == (2,):
        returned = list(returned)
    if not isinstance(returned, tuple | list) or len(returned) != 2:
        raise NotYet("return two numbers: the generator's loss and the discriminator's.")
    values = [
        one_number(value, name)
        for value, name in zip(returned, ("the first loss", "the second loss"), strict=True)
    ]
    compare_array(
        values,
        [losses["G"], losses["D"]],
        [
            (
                [losses["D"], losses["G"]],
                "the losses are swapped: return the generator's first, then the discriminator's.",
            ),
            (
                [later["G"], later["D"]],
                "the losses returned were computed again after the updates. Return those whose "
                "gradients were taken.",
            ),
        ],
        "the networks moved rightly, but the numbers returned are not the two losses.",
        tolerance=1e-5,
    )


@contextlib.contextmanager
def _without_warnings() -> Iterator[None]:
    logger = tf.get_logger()
    level = logger.level
    logger.setLevel("ERROR")
    try:
        yield
    finally:
        logger.setLevel(level)


def _check_compiled(train_step: Callable, random: np.random.Generator) -> None:
    """The lesson compiles the step; another batch size, and Adam instead of SGD."""
    adam = functools.partial(keras.optimizers.Adam, beta_1=0.5)
    networks, optimizers = _watched_players(adam, 0.01, 0.01)
    before = [_flat(network.get_weights()) for network in networks]
    real = tf.constant(random.uniform(-1, 1, (3, SIDE, SIDE, 1)), tf.float32)
    latents = tf.constant(random.normal(size=(3, LATENTS)), tf.float32)
    try:
        with _without_warnings():  # of functions compiled anew, when a check is repeated
            tf.function(train_step, autograph=False)(*networks, *optimizers, real, latents)
    except Exception as error:
        raise NotYet(
            "the step is right line by line, but tf.function cannot compile it "
            f"({type(error).__name__}). Stay with tensors: no .numpy(), float() or NumPy in it."
        ) from error
    for network, old, name in zip(networks, before, "GD", strict=True):
        # The first step of Adam moves every variable by about the learning rate.
        if not np.allclose(np.abs(_flat(network.get_weights()) - old), 0.01, atol=1e-3):
            raise NotYet(f"with Adam and three images, {name} did not move as it should.")


def _check_large_logits(train_step: Callable, real: Any, latents: Any) -> None:
    """The losses must stay finite where a score would round to 0 or 1."""
    networks, optimizers = _watched_players(keras.optimizers.SGD, 0.0, 0.0)
    last = networks[1].network.layers[-1]
    last.kernel.assign(1000 * last.kernel)
    losses = _run_step(train_step, *networks, *optimizers, real, latents)
    if not np.isfinite(np.asarray(losses, float)).all():
        raise NotYet(
            "right for small logits, but with a D that is very sure a loss becomes infinite. It "
            "takes the logarithm of a score: compute it from the logits, with softplus."
        )


def _check_names(train_step: Callable, *arguments: Any) -> None:
    """A later cell exchanges the generator's loss, by its name."""
    step = inspect.unwrap(train_step)
    called = []
    losses = {
        name: loss
        for name, loss in step.__globals__.items()
        if name in ("generator_loss", "discriminator_loss")
    }

    def watched(name: str) -> Callable:
        def loss(*logits: Any) -> Any:
            called.append(name)
            return losses[name](*logits)

        return loss

    try:
        step.__globals__.update({name: watched(name) for name in losses})
        _run_step(step, *arguments)
    finally:
        step.__globals__.update(losses)
    if missing := sorted(losses.keys() - set(called)):
        raise NotYet(
            f"both networks move as they should. But {missing[0]} is never called, and a later "
            "cell exchanges the losses by their names. Use the lesson's two functions."
        )


q2 = Exercise(
    lesson=3,
    number=2,
    names=("train_step",),
    check_answer=_check_train_step,
    hints=(
        "Open both tapes in one line: `with tf.GradientTape() as generator_tape, "
        "tf.GradientTape() as discriminator_tape:`. The forward passes and the losses go inside.",
        "After the block, ask each tape for one gradient: generator_tape.gradient(loss_of_g, "
        "generator.trainable_variables), and the same with D's tape, loss and variables.",
        "Once both gradients are there, call optimizer.apply(gradients, variables) for each "
        "network. Then return loss_of_g, loss_of_d.",
    ),
    code="""
    def train_step(generator, discriminator, generator_optimizer, discriminator_optimizer,
                   real_images, latents):
        with tf.GradientTape() as generator_tape, tf.GradientTape() as discriminator_tape:
            fake_images = generator(latents, training=True)
            real_logits = discriminator(real_images, training=True)
            fake_logits = discriminator(fake_images, training=True)
            loss_of_g = generator_loss(fake_logits)
            loss_of_d = discriminator_loss(real_logits, fake_logits)

        variables_of_g = generator.trainable_variables
        variables_of_d = discriminator.trainable_variables
        gradients_of_g = generator_tape.gradient(loss_of_g, variables_of_g)
        gradients_of_d = discriminator_tape.gradient(loss_of_d, variables_of_d)
        generator_optimizer.apply(gradients_of_g, variables_of_g)
        discriminator_optimizer.apply(gradients_of_d, variables_of_d)
        return loss_of_g, loss_of_d
    """,
    why=(
        "Each tape is asked for the derivatives of one loss with respect to the variables of one "
        "network. The generator's gradient passes through D, but D's own variables are not in the "
        "list, so D stays as it is. Both gradients are taken before either network moves."
    ),
)


DIRECTIONS = 50  # as in the lesson's ruler
SAMPLES = 1000
# Always drawing the average digit scores 1 on this scale, an untrained generator more.
FARTHEST = 0.5
LEAST_VARIETY = 0.3  # of the variance of the real images
TOO_BRIGHT = 0.4  # above the mean of all digits, -0.74; no single digit is nearly so bright
COPIED = 0.5  # distance in the features; two real threes are 3.5 or more apart


@functools.cache
def _ruler() -> tuple[dict[int, np.ndarray], np.ndarray, np.ndarray]:
    """The features of the real images of each digit, and what makes features of images."""
    with contextlib.redirect_stdout(io.StringIO()):  # which data it is, the lesson has said
        images, labels = load_mnist(limit=10_000)
    pixels = to_model_range(images).reshape(len(images), -1)
    center = pixels.mean(axis=0)
    with threadpool_limits(1):  # on a busy machine several threads wait for each other
        directions = np.linalg.eigh(np.cov(pixels.T))[1][:, -DIRECTIONS:]
    features = (pixels - center) @ directions
    return {digit: features[labels == digit] for digit in range(10)}, center, directions


def _check_blank_page(my_digit: Any, my_generator: Any) -> str:
    if isinstance(my_digit, bool) or not isinstance(my_digit, int | np.integer):
        raise NotYet("my_digit is no whole number; give one digit, from 0 to 9.")
    if not 0 <= my_digit <= 9:
        raise NotYet(f"my_digit is {my_digit}; give one digit, from 0 to 9.")
    digit = int(my_digit)
    if not isinstance(my_generator, keras.Model):
        raise NotYet("my_generator is no Keras model; give the generator that you trained.")
    real, center, directions = _ruler()
    pixels = _samples_of(my_generator)
    features = (pixels.reshape(SAMPLES, -1) - center) @ directions
    if pixels.mean() > center.mean() + TOO_BRIGHT:
        raise NotYet(
            f"the images are far too bright: {pixels.mean():.2f} on average, where real digits "
            f"have {center.mean():.2f}. Did D see the real images from -1 to 1, as to_model_range "
            "makes them? If so, G has learned nothing: look at the losses (from logits?), the "
            "labels, and beta_1."
        )
    # A generated image can come near a real one; that most of them coincide takes copying.
    _, apart = nearest_neighbours(features, real[digit])
    if np.mean(apart < COPIED) > 0.5:
        raise NotYet(
            "most of the images are training images, pixel by pixel. The distance cannot tell "
            "copies from new digits, you can: let a GAN make them."
        )
    variety = _variance(features) / _variance(real[digit])
    distances = {other: frechet_distance(features, of_other) for other, of_other in real.items()}
    distance, average = distances[digit], _variance(real[digit])
    told = f"distance {distance:.0f}, variety {variety:.0%} of that of the real images"
    nearest = min(distances, key=distances.__getitem__)
    if variety < LEAST_VARIETY:
        raise NotYet(
            f"{told}. The images look alike, or are still pale: at least {LEAST_VARIETY:.0%} is "
            "asked for. Train longer; if that does not help: which learning rates and which beta_1 "
            "does the lesson use?"
        )
    if nearest != digit:
        raise NotYet(
            f"{told}. The images are nearer to the digit {nearest}, at {distances[nearest]:.0f}. "
            "Which images did D get as real ones?"
        )
    if distance > FARTHEST * average:
        raise NotYet(
            f"{told}. Always drawing the average {digit} would have a distance of "
            f"{average:.0f}; less than half of that is asked for. Train longer."
        )
    return f"{told}. Always drawing the average {digit} would have a distance of {average:.0f}."


def _variance(features: np.ndarray) -> float:
    """The variance along all directions: the distance from their own average, drawn always."""
    return float(np.trace(np.cov(features.T)))


def _samples_of(generator: keras.Model) -> np.ndarray:
    """Images in [-1, 1] of normal latents; ``NotYet`` if they are no such images."""
    shape = getattr(generator, "input_shape", None)
    if not (isinstance(shape, tuple) and len(shape) == 2 and isinstance(shape[1], int)):
        raise NotYet(
            f"my_generator takes inputs of shape {shape}; latents have (None, number). Build it as "
            "keras.Sequential that begins with keras.Input((number,))."
        )
    latents = keras.random.normal((SAMPLES, shape[1]), seed=0)
    images = np.asarray(generator(latents, training=False), dtype=float)
    if images.shape != (SAMPLES, 28, 28, 1):
        raise NotYet(
            f"my_generator makes images of shape {images.shape[1:]}; the digits have (28, 28, 1)."
        )
    if not np.isfinite(images).all():
        raise NotYet("the images hold NaN or infinity: the training has diverged.")
    if images.min() < -1.01 or images.max() > 1.01:
        raise NotYet(
            f"the images run from {images.min():.1f} to {images.max():.1f}; the real ones stay "
            "between -1 and 1. Which activation does the last layer need?"
        )
    if images.min() >= 0:
        raise NotYet(
            "no value is below 0, but black is -1 for the real images. Which activation does the "
            "last layer need?"
        )
    return images


q3 = Exercise(
    lesson=3,
    number=3,
    names=("my_digit", "my_generator"),
    check_answer=_check_blank_page,
    hints=(
        "Six parts, in this order: images, generator, discriminator, two optimizers, step, loop.",
        "load_mnist(classes=my_digit) gives 1,000 images. With batches of 32 that is 31 steps "
        "per epoch, so count in steps: about 1,500 are needed.",
        "Copy nothing but the shapes: latents (None, 32), images (None, 28, 28, 1), tanh at the "
        "end of G, one logit at the end of D, Adam with 0.002 and beta_1=0.5 for both.",
    ),
    code="""
    my_digit = 3


    def train_gan(digit, epochs, latent_dim=32, batch_size=32):
        images, _ = load_mnist(classes=digit)
        batches = image_batches(images, batch_size, seed=0)
        generator = keras.Sequential(
            [
                keras.Input((latent_dim,)),
                layers.Dense(128),
                layers.LeakyReLU(negative_slope=0.2),
                layers.Dense(256),
                layers.LeakyReLU(negative_slope=0.2),
                layers.Dense(28 * 28, activation="tanh"),
                layers.Reshape((28, 28, 1)),
            ]
        )
        discriminator = keras.Sequential(
            [
                keras.Input((28, 28, 1)),
                layers.Flatten(),
                layers.Dense(256),
                layers.LeakyReLU(negative_slope=0.2),
                layers.Dropout(0.3),
                layers.Dense(1),
            ]
        )
        optimizers = [keras.optimizers.Adam(2e-3, beta_1=0.5) for _ in range(2)]
        networks = [generator, discriminator]
        for optimizer, network in zip(optimizers, networks, strict=True):
            optimizer.build(network.trainable_variables)

        @tf.function
        def step(real_images):
            with tf.GradientTape() as tape_of_g, tf.GradientTape() as tape_of_d:
                latents = tf.random.normal((batch_size, latent_dim))
                fake_logits = discriminator(generator(latents, training=True), training=True)
                real_logits = discriminator(real_images, training=True)
                loss_of_g = tf.reduce_mean(tf.nn.softplus(-fake_logits))
                loss_of_d = tf.reduce_mean(tf.nn.softplus(-real_logits))
                loss_of_d += tf.reduce_mean(tf.nn.softplus(fake_logits))
            of_g, of_d = [network.trainable_variables for network in networks]
            gradients_of_g = tape_of_g.gradient(loss_of_g, of_g)
            gradients_of_d = tape_of_d.gradient(loss_of_d, of_d)
            optimizers[0].apply(gradients_of_g, of_g)
            optimizers[1].apply(gradients_of_d, of_d)

        for _ in range(epochs):
            for batch in batches:
                step(batch)
        return generator


    my_generator = train_gan(my_digit, epochs=by_profile(quick=45, lesson=150, full=500))
    """,
    why=(
        "The images of one digit differ less than those of all ten, so a shorter training and "
        "smaller networks suffice. The parts are the same: two networks, two losses, two tapes, "
        "two lists of variables, one loop."
    ),
)
