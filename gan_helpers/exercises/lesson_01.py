"""Exercises of lesson 1: a gradient that forges, the value, an own discriminator, two humps."""

from collections.abc import Callable
from typing import Any

from gan_helpers.exercises.core import Exercise, NotYet, compare_array

import numpy as np

# Keras is imported inside the checks that need it: the lesson's first picture must not wait.

__all__ = ["q1", "q2", "q3", "q4"]

RATE = 0.02  # how far a pixel moves in one step of the climb
DATA, FAKES, SPREAD = 2.0, 0.5, 0.8  # means of the game in which D is a single neuron
ENOUGH = 0.002  # how near its V must come to that of D*
HUMPS, NEAR = (0.0, 4.0), 1.2


def _check_climb(climb: Callable) -> str:
    import keras
    import tensorflow as tf

    judge = _slanted_judge()
    images = tf.constant(np.random.default_rng(5).uniform(-0.9, 0.9, (3, 6, 6, 1)), tf.float32)
    before = [variable.numpy() for variable in judge.weights]
    answer = _climbed(climb, judge, images)
    if answer is None:
        raise NotYet("climb returns nothing. Return the new images.")
    if not keras.ops.is_tensor(answer) and not isinstance(answer, np.ndarray):
        raise NotYet(f"climb returns a {type(answer).__name__}; return the new images.")
    if tuple(answer.shape) != tuple(images.shape):
        raise NotYet(
            f"images of shape {tuple(images.shape)} went in, {tuple(answer.shape)} came out. "
            "Each pixel has its own part of the gradient."
        )
    if any(
        not np.array_equal(v.numpy(), old) for v, old in zip(judge.weights, before, strict=True)
    ):
        raise NotYet("the judge has changed. Only the pixels may move here.")
    moved = np.asarray(answer) - images.numpy()
    with tf.GradientTape() as tape:
        tape.watch(images)
        logits = judge(images)
    slope = tape.gradient(logits, images).numpy()
    if not np.isfinite(moved).all():
        raise NotYet("there are numbers in the result that are not finite.")
    if np.allclose(moved, 0):
        raise NotYet("no pixel has moved. Add a step along the gradient to the images.")
    _compare_steps(moved, slope)
    _check_bounds(climb, judge)
    return "each pixel takes its step uphill, and the judge stays as it is."


def _climbed(climb: Callable, judge: Any, images: Any) -> Any:
    try:
        return climb(judge, images)
    except (TypeError, ValueError, AttributeError) as error:
        if "incompatible" in str(error):
            raise NotYet(
                "a network got images of another size. Call the network that climb is given."
            ) from None
        if "None" in str(error):
            raise NotYet(
                "the gradient is None: the tape has not watched how the logits come from the "
                "images. Inside the with block, first tape.watch(images), then call "
                "network(images); afterwards tape.gradient(logits, images), in this order."
            ) from None
        if isinstance(error, AttributeError):
            raise NotYet(
                "no gradient can be taken of NumPy arrays. Call the network itself on the images, "
                "network(images), not network.predict, inside the with block."
            ) from None
        raise


def _compare_steps(moved: np.ndarray, slope: np.ndarray) -> None:
    uphill = RATE * np.sign(slope)
    slips = [
        (-uphill, "every pixel moves downhill: the score falls. Add the step instead."),
        (RATE * slope, "the step is as long as the slope. Take only its sign: tf.sign."),
        (slope, "the whole gradient is added. Take its sign, times 0.02."),
        (np.sign(slope), "every pixel moves by 1, the whole way from gray to white. Times 0.02."),
        (
            RATE * np.ones_like(slope),
            "every pixel gets brighter. The sign of its own gradient says which way it moves.",
        ),
    ]
    place = np.unravel_index(np.argmax(np.abs(moved - uphill)), moved.shape)
    otherwise = (
        f"the pixel at {tuple(map(int, place))} moved by {moved[place]:.4f}, expected was "
        f"{uphill[place]:.4f}: 0.02 times the sign of the gradient of the logits, for each image "
        "and each pixel, and images may run from -1 to 1."
    )
    compare_array(moved, uphill, slips, otherwise, tolerance=1e-5)


def _check_bounds(climb: Callable, judge: Any) -> None:
    import tensorflow as tf

    at_the_edge = tf.constant(
        np.where(np.arange(36).reshape(1, 6, 6, 1) % 2, 1.0, -1.0), tf.float32
    )
    largest = float(np.abs(np.asarray(climb(judge, at_the_edge))).max())
    if largest > 1 + 1e-6:
        raise NotYet(
            f"a pixel has become {largest:.2f}, but images lie in [-1, 1]: "
            "tf.clip_by_value(images, -1.0, 1.0)."
        )


def _slanted_judge() -> Any:
    """A judge of fixed weights whose logit bends, so that slope and sign differ."""
    import keras

    random = np.random.default_rng(3)
    judge = keras.Sequential(
        [
            keras.Input((6, 6, 1)),
            keras.layers.Flatten(),
            keras.layers.Dense(5, activation="tanh"),
            keras.layers.Dense(1),
        ]
    )
    judge.set_weights([random.normal(0, 0.5, weight.shape) for weight in judge.weights])
    return judge


q1 = Exercise(
    lesson=1,
    number=1,
    names=("climb",),
    check_answer=_check_climb,
    hints=(
        "tape.gradient(logits, images) says for each pixel how the logits change with it.",
        "tf.sign makes 1 of a positive and -1 of a negative number.",
        "images + 0.02 * tf.sign(gradient), and around it tf.clip_by_value(..., -1.0, 1.0).",
    ),
    code="""
    def climb(network, images):
        with tf.GradientTape() as tape:
            tape.watch(images)
            logits = network(images)
        gradient = tape.gradient(logits, images)
        return tf.clip_by_value(images + 0.02 * tf.sign(gradient), -1.0, 1.0)
    """,
    why=(
        "The tape goes back from the logits through the layers of the judge to the pixels. A "
        "generator gets this same gradient and passes it on to its weights."
    ),
)


def _check_value(value: Callable) -> str:
    # Different lengths, as the number of real and of fake pictures may differ.
    real_scores, fake_scores = np.array([0.9, 0.8, 0.6]), np.array([0.1, 0.15, 0.2, 0.65])
    try:
        answer = np.asarray(value(real_scores, fake_scores), dtype=float)
    except ValueError as error:
        if "broadcast" not in str(error):
            raise
        raise NotYet(
            "three real and four fake scores cannot be added one by one. Take the mean of each "
            "term first, then add the two means."
        ) from None
    if np.isnan(answer).any():
        raise NotYet("value returns nothing. Does its last line begin with return?")
    if answer.shape != ():
        raise NotYet(
            f"the answer has shape {answer.shape}; V is one number. Each E is a mean over scores."
        )
    real_term, fake_term = np.log(real_scores), np.log(1 - fake_scores)
    correct = real_term.mean() + fake_term.mean()
    slips = [
        (
            real_term.mean() + np.log(fake_scores).mean(),
            "the second term takes the logarithm of the fake scores themselves. "
            "D should call a fake 0, so it is 1 - score that should be large.",
        ),
        (
            real_term.sum() + fake_term.sum(),
            "the logarithms are added up. E is a mean, so that V does not depend on how many "
            "pictures there are.",
        ),
        (
            np.concatenate([real_term, fake_term]).mean(),
            "all the logarithms went into one mean. Real and fake each have a mean of their own.",
        ),
        (
            correct / 2,
            "half of V: the two means are added, not averaged.",
        ),
        (
            np.log(fake_scores).mean() + np.log(1 - real_scores).mean(),
            "real and fake are swapped: log D belongs to the real scores, log(1 - D) to the fakes.",
        ),
        (
            -correct,
            "right size, wrong sign. That is the loss that D minimizes; V itself is never above 0.",
        ),
        (
            real_term.mean() - fake_term.mean(),
            "the second term is subtracted. Both terms reward D, so they are added.",
        ),
        (
            np.log(real_scores.mean()) + np.log(1 - fake_scores.mean()),
            "the logarithm of a mean is not the mean of the logarithms. "
            "Take the logarithm of every score first.",
        ),
        (
            correct / np.log(2),
            "use the natural logarithm, np.log; another base stretches V.",
        ),
        (
            correct / np.log(10),
            "use the natural logarithm, np.log; another base stretches V.",
        ),
    ]
    _compare(answer, correct, slips)
    # A second set of scores, so that a number found by hand does not pass.
    if not np.isclose(value(np.full(4, 0.5), np.full(7, 0.5)), -np.log(4)):
        raise NotYet("right for one set of scores, but if D says 1/2 to everything V is -log 4.")
    return "a mean of logarithms for the real pictures, plus one for the fakes."


q2 = Exercise(
    lesson=1,
    number=2,
    names=("value",),
    check_answer=_check_value,
    hints=(
        "V has two terms. Each is the mean of a logarithm over all scores of one kind.",
        "np.log works on a whole array, and so does .mean().",
        "The first term is np.log(real_scores).mean(). The second looks like it, with 1 - score.",
    ),
    code="""
    def value(real_scores, fake_scores):
        return np.log(real_scores).mean() + np.log(1 - fake_scores).mean()
    """,
    why=(
        "$\\mathbb{E}$ is a mean over samples. Both terms are at most 0, and D wants both as large "
        "as possible: scores near 1 on real pictures, near 0 on fakes."
    ),
)


def _compare(answer: np.ndarray, correct: Any, slips: list[tuple[Any, str]]) -> None:
    shown, wanted = (np.array2string(np.asarray(v), precision=3) for v in (answer, correct))
    otherwise = f"the check got {shown} where it expected {wanted}."
    compare_array(answer, correct, slips, otherwise)


def _value(slope: float, midpoint: float) -> float:
    """V of a single neuron against the generator of the exercise, by the rectangle rule."""
    x = np.linspace(-8, 12, 4001)
    real, fake = (np.exp(-0.5 * ((x - mean) / SPREAD) ** 2) for mean in (DATA, FAKES))
    logit = slope * (x - midpoint)
    penalties = real * np.logaddexp(0, -logit) + fake * np.logaddexp(0, logit)
    return float(-penalties.sum() * (x[1] - x[0]) / (SPREAD * np.sqrt(2 * np.pi)))


BEST_SLOPE, BEST_MIDPOINT = (DATA - FAKES) / SPREAD**2, (DATA + FAKES) / 2


def _check_own_discriminator(slope: Any, midpoint: Any) -> str:
    try:
        slope, midpoint = float(slope), float(midpoint)
    except (TypeError, ValueError):
        raise NotYet("slope and midpoint are two numbers, such as 1.5.") from None
    if not np.abs([slope, midpoint]).max() < 1e3:
        raise NotYet("slope and midpoint must be numbers that the sliders can reach.")
    short = _value(BEST_SLOPE, BEST_MIDPOINT) - _value(slope, midpoint)
    if short <= ENOUGH:
        return f"V is {short:.4f} below that of D*, and no D comes above it."
    if slope <= 0:
        raise NotYet("the data lies to the right of the fakes, so the score must rise: slope > 0.")
    # The parameter is named that leaves more to gain.
    if _value(slope, BEST_MIDPOINT) >= _value(BEST_SLOPE, midpoint):
        raise NotYet(
            f"V is {short:.4f} below that of D*. Where the two densities cross, D* answers 1/2: "
            "that is where the midpoint belongs."
        )
    raise NotYet(
        f"V is {short:.4f} below that of D*. Make the slope "
        f"{'larger' if slope < BEST_SLOPE else 'smaller'}."
    )


q3 = Exercise(
    lesson=1,
    number=3,
    names=("my_slope", "my_midpoint"),
    check_answer=_check_own_discriminator,
    hints=(
        "D answers 1/2 at the midpoint. Where do the two densities cross?",
        "Both bells are equally wide, so they cross halfway from 0.5 to 2. Now move the slope.",
        "The logit of D* is (2 - 0.5) / 0.8 ** 2 * (x - 1.25).",
    ),
    code="""
    my_slope = (2.0 - 0.5) / 0.8**2
    my_midpoint = (2.0 + 0.5) / 2
    """,
    why=(
        "The logit of D* is $\\log p_\\text{data} - \\log p_g$. With equal spreads $s$ the squares "
        "of $x$ cancel, and a straight line is left, "
        "$\\frac{m_1 - m_2}{s^2}\\left(x - \\frac{m_1 + m_2}{2}\\right)$: one neuron is enough. No "
        "choice gets above V(D*), as the derivation says."
    ),
)


def _check_two_humps(generator: Any) -> str:
    import keras

    if not isinstance(generator, keras.Model):
        raise NotYet(f"my_generator is a {type(generator).__name__}; give the generator itself.")
    if not isinstance(getattr(generator, "input_shape", None), tuple):
        raise NotYet(
            "my_generator has no fixed input. Build it as keras.Sequential with keras.Input."
        )
    latents = keras.random.normal((5000, generator.input_shape[-1]), seed=7)
    samples = np.asarray(generator(latents)).ravel()
    if len(samples) != 5000 or not np.isfinite(samples).all():
        raise NotYet("5,000 latents must give 5,000 finite numbers, one each.")
    left, right = (float(np.mean(np.abs(samples - hump) < NEAR)) for hump in HUMPS)
    between = float(np.mean((samples > HUMPS[0] + NEAR) & (samples < HUMPS[1] - NEAR)))
    found = f"{left:.0%} near 0, {right:.0%} near 4, {between:.0%} in the gap"
    if min(left, right) < 0.02:
        raise NotYet(
            f"{found}. A hump is missing. If my_generator has been trained, it has collapsed onto "
            "the other. Change one thing at a time: layers, width, latents, steps, or the rates."
        )
    if between >= 0.05:
        raise NotYet(
            f"{found}. Both humps are there, but too many numbers lie between them. A generator is "
            "one smooth curve and must cross the gap: it needs more steps to get steep there."
        )
    if not all(0.4 <= share <= 0.6 for share in (left, right)):
        raise NotYet(f"{found}. Both humps are there, but they should have about half each.")
    spreads = [samples[np.abs(samples - hump) < NEAR].std() for hump in HUMPS]
    if min(spreads) < 0.1:
        raise NotYet(f"{found}, but one hump is a single spike. Let D learn longer.")
    if max(spreads) > 0.55:
        raise NotYet(f"{found}, but the humps are too wide: those of the data have spread 0.4.")
    return f"{found}."


q4 = Exercise(
    lesson=1,
    number=4,
    names=("my_generator",),
    check_answer=_check_two_humps,
    hints=(
        "What keeps the fakes on their hump? D is flat under them, and it follows them quickly: "
        "its rate is four times that of G.",
        "Two changes helped in all of our runs: equal rates, make_step(..., rates=(2e-3, 2e-3)), "
        "or a second hidden layer. More units, latents or steps did not.",
        "my_generator = keras.Sequential([keras.Input((1,)), layers.Dense(32, activation='tanh'), "
        "layers.Dense(32, activation='tanh'), layers.Dense(1)]), then "
        "make_step(my_generator, build_discriminator(), draw_two_humps), called 3,000 times.",
    ),
    code="""
    keras.utils.set_random_seed(SEED)
    my_generator = keras.Sequential(
        [
            keras.Input((1,)),
            layers.Dense(32, activation="tanh"),
            layers.Dense(32, activation="tanh"),
            layers.Dense(1),
        ]
    )
    my_step = make_step(my_generator, build_discriminator(), draw_two_humps)
    for _ in range(3000):
        my_step()
    """,
    why=(
        "A generator with two hidden layers makes a steep step out of a small change of its "
        "latent, so some of its fakes stand on the slope of D between the humps early, and are "
        "pushed across. Equal rates do it too: G is four times faster then, and crosses before D "
        "is flat. With either change five of five seeds covered both humps; with 64 units or eight "
        "latents none of five did, and with 12,000 steps one. Look at the result: 1 % to 4 % of "
        "the fakes lie in the gap, and both humps pile up at their inner edges."
    ),
)
