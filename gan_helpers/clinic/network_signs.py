"""The signs of a sick GAN that two networks show: what is looked for, and where the limit lies.

Every limit has its reason beside it. The numbers come from games on the digits of scikit-learn, of
8 x 8 and 16 x 16 pixels, with two or three seeds each.
"""

import math

from gan_helpers.clinic.findings import (
    BUGS,
    CAUTION,
    CERTAIN,
    CROWD,
    LIKELY,
    LOGITS,
    STUCK,
    TABLE,
    VANISHING,
    WEAK,
    Sign,
    sign,
)
from gan_helpers.clinic.measures import SAME, Patient
from gan_helpers.contracts import SQUASHING
from gan_helpers.runtime import LARGEST_LOSS

import numpy as np
import tensorflow as tf

__all__ = ["NETWORK_SIGNS"]

NETWORK_SIGNS: list[Sign] = []


@sign(
    NETWORK_SIGNS,
    "not finite",
    CERTAIN,
    TABLE,
    "Training has diverged. Such weights never recover, and images of NaN are shown black.",
    "Go back to a checkpoint from before, or build the networks anew; then a lower learning rate, "
    "losses of logits, and real images without NaN. callbacks.StopOnNaN stops in time.",
)
def _not_finite(patient: Patient) -> str | None:
    if patient.finite:
        return None
    places = [
        f"{name}: {each.path}"
        for name, network in patient.networks.items()
        for each in network.weights
        if not np.isfinite(each.numpy()).all()
    ]
    return f"NaN or infinity in {', '.join(places[:3]) or 'images, logits or losses'}"


@sign(
    NETWORK_SIGNS,
    "exploded",
    CERTAIN,
    TABLE,
    "Logits grow without limit; the next steps will be NaN.",
    "A lower learning rate; with Wasserstein losses a gradient penalty or spectral normalization.",
)
def _exploded(patient: Patient) -> str | None:
    scores = np.concatenate([patient.real_scores, patient.fake_scores])
    largest = max(np.abs(scores).max(), abs(patient.discriminator_loss))
    # Where StopOnNaN stops too. The largest logit of a healthy game was below 10.
    return f"logits or losses up to {largest:.3g}" if largest > LARGEST_LOSS else None


# What a network can put out at all, by the operation that it ends in.
BOUNDS = {"Tanh": (-1.0, 1.0), "Sigmoid": (0.0, 1.0), "Softmax": (0.0, 1.0), "Relu": (0.0, np.inf)}
OUTSIDE = 0.1  # resizing and augmentation lead a little beyond the range


@sign(
    NETWORK_SIGNS,
    "value range",
    CERTAIN,
    BUGS,
    "Real images have values that the generator cannot make, or never those that it can: D wins by "
    "the brightness alone, and G stays noise, black or washed out.",
    "Bring the data to what G ends in: pixels / 127.5 - 1 for tanh, pixels / 255 for a sigmoid.",
    explains="discriminator blind, discriminator saturated, saturated pixels, constant images, "
    "exploded",
)
def _value_range(patient: Patient) -> str | None:
    end = patient.ends["generator"]
    low, high = float(patient.real.min()), float(patient.real.max())
    least, most = BOUNDS.get(end, (-np.inf, np.inf))
    # Of FEWEST images in [-1, 1], one has a value below 0.
    if least - OUTSIDE <= low and high <= most + OUTSIDE and not (end == "Tanh" and low >= 0):
        return None
    return (
        f"real images run from {low:.3g} to {high:.3g}; the generator ends in a {end.lower()}, "
        f"from {least:g} to {most:g}"
    )


@sign(
    NETWORK_SIGNS,
    "sigmoid discriminator",
    CERTAIN,
    LOGITS,
    "The losses put a sigmoid on the logits. On outputs from 0 to 1 a second one lies between 0.5 "
    "and 0.73, so D can never be sure and G learns little.",
    "Leave the activation of D's last layer out, keras.layers.Dense(1). If your loss does take "
    "probabilities, such as BinaryCrossentropy(), say loss='probabilities' here.",
    explains="discriminator blind, vanishing gradient, labels swapped",
)
def _sigmoid(patient: Patient) -> str | None:
    end = patient.ends["discriminator"]
    # The targets of least squares, 0 and 1, can be reached.
    if end not in SQUASHING or patient.probabilities or patient.least_squares:
        return None
    return f"D ends in a {end.lower()}, but its outputs are taken for logits"


@sign(
    NETWORK_SIGNS,
    "frozen network",
    CERTAIN,
    BUGS,
    "A network without trainable variables never changes, whatever the optimizer does. Books for "
    "older Keras set discriminator.trainable = False to train a combined model.",
    "Leave trainable alone: take the gradient of each loss for the variables of one network.",
    explains="one network untrained, networks untrained",
)
def _frozen(patient: Patient) -> str | None:
    frozen = [
        f"the {name} has {len(network.weights)} variables, none trainable"
        for name, network in patient.networks.items()
        if network.weights and not network.trainable_variables
    ]
    return "; ".join(frozen) or None


@sign(
    NETWORK_SIGNS,
    "variables without gradient",
    CERTAIN,
    BUGS,
    "These variables do not move, although the others of their network do: nothing leads from them "
    "to the loss, or a layer after them is dead, as ReLU units are whose inputs are all below 0.",
    "Use every layer; no NumPy, argmax or stop_gradient on the way; LeakyReLU for ReLU; for dead "
    "units new weights and a lower learning rate.",
    explains="vanishing gradient",
)
def _no_gradient(patient: Patient) -> str | None:
    found = []
    for name, network in patient.networks.items():
        gradients = patient.gradients[name]
        sizes = [
            None if each is None else np.abs(tf.convert_to_tensor(each)).max() for each in gradients
        ]
        # If all are 0, the loss is flat: see vanishing gradient. A bias before a normalization may
        # be 0 by right, so only kernels count.
        flat = not any(sizes)
        variables = zip(network.trainable_variables, sizes, strict=True)
        found += [
            f"{name}: {variable.path}"
            for variable, size in variables
            if size is None or (size == 0 and len(variable.shape) > 1 and not flat)
        ]
    if not found:
        return None
    return f"no gradient for {', '.join(found[:3])}{' and others' if len(found) > 3 else ''}"


@sign(
    NETWORK_SIGNS,
    "networks untrained",
    CAUTION,
    "03_dense_gan.ipynb#One-training-step",
    "Both networks are as they were built. Before training that is right, and nothing can be said "
    "of the images. After training, no update has reached these two networks.",
    "Train. If you did: are these the networks whose variables the optimizers get, or copies?",
    explains="discriminator blind, constant images, collapse, few kinds, moving statistics behind, "
    "labels swapped, real and fake in one batch",
)
def _untrained(patient: Patient) -> str | None:
    if not all(map(patient.untrained, patient.networks)):
        return None
    return "in both networks all biases, scales and offsets have their first values"


@sign(
    NETWORK_SIGNS,
    "one network untrained",
    CERTAIN,
    BUGS,
    "One network has learned and the other is as it was built: its updates do not reach it.",
    "Give each optimizer the variables of its own network, and build the optimizer with them.",
    explains="discriminator blind, constant images, collapse, few kinds, moving statistics behind, "
    "labels swapped, real and fake in one batch, saturated pixels",
)
def _one_untrained(patient: Patient) -> str | None:
    names = [name for name in patient.networks if patient.untrained(name)]
    if len(names) != 1:
        return None
    return f"in the {names[0]} all biases, scales and offsets have their first values"


@sign(
    NETWORK_SIGNS,
    "moving statistics unused",
    CERTAIN,
    BUGS,
    "The weights have learned, but BatchNormalization still has mean 0 and variance 1: the network "
    "was called without training=True, so it did not normalize.",
    "Call both networks with training=True inside the training step.",
    explains="moving statistics behind",
)
def _stale(patient: Patient) -> str | None:
    found = []
    for name, network in patient.networks.items():
        kinds = {"moving_mean": 0, "moving_variance": 1}
        moving = [each for each in network.weights if each.name in kinds]
        first = [each for each in moving if (each.numpy() == kinds[each.name]).all()]
        if moving and len(first) == len(moving) and patient.trained(name):
            found.append(f"the {name}: {len(moving)} moving means and variances at 0 and 1")
    return "; ".join(found) or None


@sign(
    NETWORK_SIGNS,
    "moving statistics behind",
    LIKELY,
    BUGS,
    "The generator draws other images outside of training: its moving means lag behind. Keras "
    "moves them by 1% a step, so that after 100 steps a third of the start is left.",
    "Train for some hundred steps more, or use BatchNormalization(momentum=0.9).",
)
def _lag(patient: Patient) -> str | None:
    moved = np.abs(patient.fakes - patient.shown).mean()
    scale = np.abs(patient.real - np.roll(patient.real, 1, axis=0)).mean()
    # Healthy games after 500 steps: 0.08 to 0.13; after 200, when images in use were gray: 0.63 up.
    if moved < 0.4 * scale:
        return None
    return (
        f"pixels change by {moved:.2g} between training=True and False; between two real images "
        f"by {scale:.2g}"
    )


@sign(
    NETWORK_SIGNS,
    "real and fake in one batch",
    CAUTION,
    BUGS,
    "BatchNormalization lets D compare the images of a batch. It seems to have learned from "
    "batches that held both, and has little to say of real or fake images alone.",
    "Call D twice, on the real images and on the fake ones.",
    explains="discriminator blind",
)
def _mixed(patient: Patient) -> str | None:
    # Trained on both: 0.95 and more in one batch, at most 0.67 apart. Otherwise they differed by
    # 0.2 at most where the first was above 0.9.
    if patient.auc_mixed < 0.9 or patient.auc_mixed - patient.auc < 0.25:
        return None
    return (
        f"D scores real images above fake ones in {patient.auc_mixed:.0%} of the pairs in one "
        f"batch, in {patient.auc:.0%} in batches of their own"
    )


@sign(
    NETWORK_SIGNS,
    "vanishing gradient",
    LIKELY,
    VANISHING,
    "Hardly anything of what D knows reaches G: it stands still, or takes very long.",
    "The non-saturating loss; the Wasserstein loss with a gradient penalty; fewer updates of D.",
)
def _vanishing(patient: Patient) -> str | None:
    norm, reference = patient.gradient_norm, patient.reference_norm
    if norm < 1e-7:  # epsilon of Keras's Adam: below it, even Adam makes no step
        return f"gradient of G {norm:.2g} for each weight, below what Adam reads as 0"
    # With minimax the ratio is D's score of fakes: 0.5 to 0.7 in healthy games, 0.001 after 300
    # steps of D alone.
    if norm < 0.01 * reference:
        return f"gradient of G {norm:.2g}; the non-saturating loss would give {reference:.2g}"
    return None


@sign(
    NETWORK_SIGNS,
    "discriminator saturated",
    LIKELY,
    VANISHING,
    "D is sure of every image. Its loss near 0 tells it nothing new, and its slope shows G where "
    "it is caught, not where real images are. Early in a game that may pass.",
    "A lower learning rate or fewer updates for D; R1 or gradient penalty; fading noise on its "
    "input; augmentation if the data are few.",
)
def _saturated(patient: Patient) -> str | None:
    real, fake = np.median(patient.real_scores), np.median(patient.fake_scores)
    # Of the middle images: a single one that D gets wrong would outweigh all others. At most 0.001
    # of the blind level where D was too fast; 0.013 and above in games that went well, but for
    # one moment of one of them.
    middle = patient.loss_of(real, fake)
    if patient.blind_level <= 0 or middle >= 0.005 * patient.blind_level:
        return None
    return (
        f"D's loss of a middle pair is {middle:.2g} ({patient.blind_level:.2g} if it knew "
        f"nothing), its logits {real:.3g} and {fake:.3g}"
    )


@sign(
    NETWORK_SIGNS,
    "ignores its latents",
    CERTAIN,
    CROWD,
    "The generator makes the same image of all latents.",
    "Look for dead ReLU layers, a layer that drops the latents, or one set of latents used again "
    "and again. Else build it anew, with a lower learning rate.",
    explains="collapse, few kinds",
)
def _ignores(patient: Patient) -> str | None:
    # Collapsed generators that still listened were at 0.04 and above.
    return _apart(patient) if patient.spread < SAME else None


@sign(
    NETWORK_SIGNS,
    "constant images",
    CERTAIN,
    TABLE,
    "All pixels of all images are nearly the same, whatever the latents: all black, white or gray.",
    "Check value range and learning rate, then what D can see; build G anew, since a tanh at its "
    "end passes no gradient there.",
    explains="ignores its latents, collapse, few kinds, saturated pixels",
)
def _constant(patient: Patient) -> str | None:
    # An untrained DCGAN has 0.06, after 50 steps 0.19 and more.
    if patient.contrast > 0.05:
        return None
    return (
        f"generated pixels are {patient.fakes.mean():.2g} with a standard deviation of "
        f"{patient.fakes.std():.2g}; those of real ones have {patient.real.std():.2g}"
    )


@sign(
    NETWORK_SIGNS,
    "collapse",
    LIKELY,
    CROWD,
    "All latents become nearly one image; from step to step it may change.",
    "Learning rates closer together (G is too fast, or D too weak to answer); unrolling; packing.",
    explains="few kinds",
)
def _collapse(patient: Patient) -> str | None:
    # Divided by the contrast, so that a pale beginning is none: healthy games were at 0.26 and
    # above from the first step, collapsed ones at 0.16 and below, digits of 28 x 28 among them.
    return _apart(patient) if patient.spread < 0.2 * patient.contrast else None


@sign(
    NETWORK_SIGNS,
    "few kinds",
    LIKELY,
    STUCK,
    "The generator makes a few images again and again (partial collapse).",
    "Fewer D steps; R1 or gradient penalty; fading noise on D's input.",
)
def _few_kinds(patient: Patient) -> str | None:
    made, known = patient.kinds
    # Healthy games 0.2 and above, most of them 0.6; four images with a little variation 0.05.
    if made > known / 8:
        return None
    return f"effective number of {len(patient.fakes)} images {made:.1f}, of real ones {known:.1f}"


def _apart(patient: Patient) -> str:
    return (
        f"generated images are {patient.spread:.1%} as far apart as real ones, with "
        f"{patient.contrast:.0%} of their contrast"
    )


@sign(
    NETWORK_SIGNS,
    "saturated pixels",
    LIKELY,
    TABLE,
    "Nearly every generated pixel is at an end of the range, where tanh or sigmoid is flat: no "
    "gradient brings it back.",
    "A lower learning rate for G, smaller first weights; then build it anew.",
    explains="vanishing gradient",
)
def _saturated_pixels(patient: Patient) -> str | None:
    least, most = BOUNDS.get(patient.ends["generator"], (-np.inf, np.inf))
    if not math.isfinite(most - least):
        return None
    edge = 0.005 * (most - least)
    made, real = (
        float(((images < least + edge) | (images > most - edge)).mean())
        for images in (patient.fakes, patient.real)
    )
    # Digits have 0.58, healthy games at most 0.40; a learning rate of 0.3 made it 1.00.
    if made < 0.95 or made - real < 0.2:
        return None
    return f"{made:.0%} of the generated pixels are at an end of the range, {real:.0%} of the real"


@sign(
    NETWORK_SIGNS,
    "labels swapped",
    LIKELY,
    BUGS,
    "D has learned to give fake images the higher score, and G learns from the opposite.",
    "1 for real and 0 for fake in D's loss, 1 for fake in G's. Where a fake is meant to be 1, as "
    "in some tutorials, say real_label=0 here.",
    explains="discriminator blind",
)
def _swapped(patient: Patient) -> str | None:
    right, wrong = patient.loss_of(1.0, -1.0), patient.loss_of(-1.0, 1.0)
    if right > wrong:
        return f"D's loss is {right:.3g} if it is right and {wrong:.3g} if it is wrong"
    real, fake = patient.real_scores.mean(), patient.fake_scores.mean()
    # 0.00 after 300 steps with swapped labels. A D outrun by G came down to 0.11, but still gave
    # real images logits above 0; an untrained one says anything.
    if patient.auc > 0.05 or not real < 0 < fake or not patient.trained("discriminator"):
        return None
    return (
        f"D scores the fake image higher in {1 - patient.auc:.0%} of the pairs; mean logits "
        f"{real:.3g} for real, {fake:.3g} for fake images"
    )


@sign(
    NETWORK_SIGNS,
    "discriminator blind",
    LIKELY,
    WEAK,
    "D cannot tell images apart that plainly differ. Scores and losses look like the equilibrium, "
    "and G wanders.",
    "A larger D, or one that sees more: no BatchNormalization in a dense D, less dropout, noise or "
    "penalty, a higher learning rate. Keep the best checkpoint.",
)
def _blind(patient: Patient) -> str | None:
    level = patient.blind_level
    guesses = abs(patient.auc - 0.5) < 0.1  # three standard errors of 128 pairs
    knows_nothing = level > 0 and abs(patient.discriminator_loss / level - 1) < 0.03
    # Blind: 0.25 and more. Healthy games with such scores: 0.14 and less.
    if patient.farness < 0.2 or not (guesses or knows_nothing):
        return None
    return (
        f"D is right in {patient.auc:.0%} of the pairs, its loss {patient.discriminator_loss:.3g}, "
        f"but the pixels are {patient.farness:.2f} apart (0: alike, 1: nothing in common)"
    )
