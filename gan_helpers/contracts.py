"""What networks, conditions and batches must be, so that a GAN can learn from them."""

from collections.abc import Iterator
from typing import Any

from gan_helpers.checks import (
    as_array,
    check_model_range,
    check_number,
    check_shares,
    check_training_images,
    check_whole_numbers,
    describe,
    shape_remedy,
)
from gan_helpers.runtime import quiet  # noqa: F401 - before Keras loads TensorFlow

import keras
import numpy as np
import tensorflow as tf

__all__ = [
    "NO_WEIGHTS",
    "Contract",
    "as_taken",
    "check_model",
    "check_network",
    "last_operation",
]

# What a condition is, by the number of its axes beside that of the batch.
CONDITIONS = {0: "class", 1: "caption", 3: "image"}
NO_WEIGHTS = (
    "The losses of a GAN are means over whole batches, so images cannot be weighed one by one. "
    "Choose the images of the batches instead, for example more of a rare class."
)
# Operations at the end of a network whose output cannot be a logit, or the dark half of an image.
SQUASHING = ("Sigmoid", "Softmax", "Tanh")
WITHOUT_DARK = ("Sigmoid", "Softmax", "Relu", "Relu6")


def check_model(name: str, model: keras.Model) -> keras.Model:
    """A Keras model whose shapes are known.

    Raises:
        TypeError: if it is no Keras model.
        ValueError: if it is not built yet.
    """
    if not isinstance(model, keras.Model):
        raise TypeError(
            f"The {name} is {describe(model)}; give a Keras model, such as the builders in "
            "gan_helpers.models make."
        )
    if not model.built:
        raise ValueError(
            f"The {name} is not built yet. Give it a keras.Input as its first layer, "
            "or call it once on a batch."
        )
    return model


def check_network(name: str, network: keras.Model) -> None:
    """A discriminator, or a generator, that hands out what the losses can learn from.

    Raises:
        TypeError: if it is no Keras model.
        ValueError: if its shapes are not known, or its last operation keeps its output in bounds
            that are not those of logits, or of images in [-1, 1].
    """
    check_model(name, network)
    if not getattr(network, "inputs", None):
        raise ValueError(
            f"The shapes of the {name} are not known. Make it a keras.Sequential model, or "
            "keras.Model(inputs, outputs)."
        )
    if len(network.outputs) != 1 or len(network.outputs[0].shape) < 2:
        raise ValueError(
            f"The {name} has outputs of shapes {[each.shape for each in network.outputs]}; it must "
            "have one of shape (batch, ...). A discriminator that names classes has one logit a "
            "class: keras.layers.Dense(classes)."
        )
    last = last_operation(network)
    if name == "discriminator" and last in SQUASHING:
        raise ValueError(
            f"The discriminator ends in a {last.lower()}; it must give logits, any numbers: the "
            "losses squash them themselves. Leave the activation of its last layer out: "
            "keras.layers.Dense(1)."
        )
    if name == "generator" and len(network.output_shape) == 4 and last in WITHOUT_DARK:
        raise ValueError(
            f"The generator ends in a {last.lower()}, so nothing that it makes is below 0; images "
            "lie in [-1, 1]. Give its last layer activation='tanh'."
        )


def last_operation(network: keras.Model, examples: Any = None) -> str:
    """TensorFlow's name of the operation that makes the output, whatever layer it stands in.

    Args:
        network: a built model.
        examples: its inputs, as it takes them, for a model that does not know their shapes.
    """
    known = network.inputs if examples is None else tf.nest.flatten(examples)
    inputs = [tf.TensorSpec((1, *each.shape[1:]), each.dtype) for each in known]
    inputs = inputs[0] if len(inputs) == 1 else inputs
    traced = tf.function(lambda given: network(given, training=False), autograph=False)
    operation = traced.get_concrete_function(inputs).graph.outputs[0].op
    while operation.type in ("Identity", "Cast", "Reshape", "Squeeze"):
        operation = operation.inputs[0].op
    return operation.type


class Contract:
    """What two networks ask of each other, of the batches they learn from, and of who samples.

    A ``check_...`` that does not find what it asks for raises a TypeError or ValueError in words,
    before anything is done.

    Args:
        generator: model from latents, or ``[latents, conditions]``, to images.
        discriminator: model from images, or ``[images, conditions]``, to logits.

    Attributes:
        latent_dim: length of one latent vector.
        image_shape: (height, width, channels).
        conditional: whether the generator is told what to make.
        judges_pairs: whether the discriminator sees the condition too.
        names_classes: whether the discriminator has one logit per class.
        learns_conditions: whether a training image comes with a condition.
        condition_shape: shape of one condition; () for a class, and if there are none.
        condition_values: how many classes or words the networks know; None if they have no number.
        mixes_classes: whether the generator takes class shares, and not only classes.
        learns_shares: whether the images of a batch may come with class shares too.

    Raises:
        TypeError: if a network is no Keras model.
        ValueError: if the two networks do not fit together.
    """

    def __init__(self, generator: keras.Model, discriminator: keras.Model) -> None:
        _check_networks(generator, discriminator)
        self.latent_dim = generator.inputs[0].shape[-1]
        self.image_shape = tuple(discriminator.inputs[0].shape[1:])
        self.conditional = len(generator.inputs) == 2
        self.judges_pairs = len(discriminator.inputs) == 2
        self.names_classes = discriminator.output_shape[-1] > 1
        self.learns_conditions = self.conditional or self.judges_pairs or self.names_classes
        self.condition_shape: tuple[int | None, ...] = ()
        self.mixes_classes = _shares_of(generator) is not None
        self.learns_shares = False
        if self.conditional or self.judges_pairs:
            told = [each for each in (generator, discriminator) if len(each.inputs) == 2]
            self.learns_shares = all(map(_shares_of, told)) and not self.names_classes
            # Classes become shares, but not the other way round.
            other = [each.inputs[1].shape[1:] for each in told if not _shares_of(each)]
            self.condition_shape = tuple(other[0]) if other else ()
        self.condition_values = self._known_values(generator, discriminator)

    @property
    def translates(self) -> bool:
        """Whether the generator's conditions are images."""
        return self.conditional and len(self.condition_shape) == 3

    @property
    def pairs_images(self) -> bool:
        """Whether the discriminator judges an image together with another of the same size."""
        return self.judges_pairs and self.condition_shape[:2] == self.image_shape[:2]

    @property
    def kind(self) -> str:
        """What one condition is, in a word."""
        return CONDITIONS.get(len(self.condition_shape), "condition")

    def _known_values(self, *networks: keras.Model) -> int | None:
        # One number goes to every table of a network; of several, such as a digit and a color, each
        # may go to a table of its own, so that the largest table counts.
        strictest = max if self.condition_shape else min
        known = [strictest(sizes) for network in networks if (sizes := list(_tables(network)))]
        known += [shares for network in networks if (shares := _shares_of(network))]
        if self.names_classes:
            known.append(networks[-1].output_shape[-1])
        return min(known, default=None)

    def check_batch(self, data: Any) -> tuple[Any, Any]:
        """The images of a training batch and their conditions, None where there are none.

        In a compiled step this runs once, while the step is traced, and costs nothing later.
        """
        images, conditions, weights = keras.utils.unpack_x_y_sample_weight(data)
        if weights is not None:
            raise ValueError(NO_WEIGHTS)
        for name, values in (("images", images), ("conditions", conditions)):
            if values is not None and not hasattr(values, "dtype"):
                parts = f" with {', '.join(map(repr, values))}" if isinstance(values, dict) else ""
                raise TypeError(
                    f"The {name} of a batch are a {type(values).__name__}{parts}; give one array. "
                    "Of a dataset of dicts make images, or pairs (images, conditions), for example "
                    "dataset.map(lambda example: example['image']); of a list numpy.stack(images)."
                )
        self._check_images(images)
        self._check_conditions(conditions)
        return images, conditions

    def check_arrays(self, images: Any, conditions: Any) -> tuple[np.ndarray, np.ndarray | None]:
        """Images and conditions that are all there before the first step, as arrays."""
        images = as_array("Training images", images)
        if conditions is not None:
            conditions = as_array("The conditions", conditions)
        self.check_batch((images, conditions))
        if not len(images):
            raise ValueError("There are no training images. Give at least one batch of them.")
        check_training_images(images, "Training images")
        return images, self.check_values(conditions, len(images))

    def check_values(self, conditions: Any, count: int | None = None) -> np.ndarray | None:
        """The conditions of so many images, if their shapes and numbers are right; None passes."""
        if conditions is None:
            return None
        conditions = as_array("The conditions", conditions)
        self._check_conditions(conditions)
        if count not in (None, len(conditions)):
            raise ValueError(f"There are {len(conditions)} conditions for {count} images.")
        self._check_values(conditions)
        return conditions

    def check_augment(self, augment: keras.layers.Layer | None) -> None:
        """Refuse an augmentation that would move images and leave their conditions behind."""
        if not isinstance(augment, keras.layers.Layer | None):
            raise TypeError(f"augment is {describe(augment)}; give a Keras layer, or None.")
        sees_another = self.judges_pairs and self.kind == "image" and not self.pairs_images
        if augment is not None and sees_another:
            raise ValueError(
                f"augment would move images of shape {self.image_shape}, but not their conditions, "
                f"of shape {self.condition_shape}: leave it out, or give conditions of the same "
                "height and width."
            )
        if augment is not None:
            self._try_augment(augment)

    def _try_augment(self, augment: keras.layers.Layer) -> None:
        """Show it images in [-1, 1]; afterwards its random state is what it was."""
        channels = self.image_shape[-1] + (self.condition_shape[-1] if self.pairs_images else 0)
        shape = (8, *self.image_shape[:2], channels)
        images = tf.constant(np.random.default_rng(0).uniform(-1, 1, shape), tf.float32)
        before = [(variable, variable.numpy()) for variable in augment.variables]
        with tf.GradientTape() as tape:
            tape.watch(images)
            moved = augment(images, training=True)
        for variable, value in before:
            variable.assign(value)
        # Noise may lead a little out of the range; Keras's default is a range from 0 to 255.
        fits = moved.shape == images.shape and -2 < float(tf.reduce_min(moved)) < 0
        if not fits or float(tf.reduce_max(moved)) > 2 or tape.gradient(moved, images) is None:
            raise ValueError(
                f"augment makes of images of shape {images.shape} in [-1, 1] some of shape "
                f"{moved.shape} from {float(tf.reduce_min(moved)):.3g} to "
                f"{float(tf.reduce_max(moved)):.3g}; shape and range must stay, and gradients must "
                "pass. Give layers of Keras value_range=(-1, 1)."
            )

    def check_pixel_weight(self, weight: float) -> None:
        """Refuse a pixel loss where there is nothing to compare pixels with."""
        check_number("pixel_weight", weight)
        if weight < 0 or (weight and not self.translates):
            raise ValueError(
                f"pixel_weight is {weight!r}; it must be 0 or more, and 0 for a generator "
                "that does not translate images: what it makes has no counterpart to compare with."
            )

    def check_latents(self, latents: Any) -> np.ndarray:
        """Latents to generate from, float32 ``(count, latent_dim)``."""
        latents = as_array("latents", latents)
        if latents.dtype.kind in "biu":
            raise TypeError(
                f"latents are {latents.dtype}; give floats, for example "
                f"keras.random.normal((count, {self.latent_dim}), seed=0)."
            )
        if latents.ndim != 2 or latents.shape[1] != self.latent_dim or not len(latents):
            raise ValueError(
                f"latents must have shape (count, {self.latent_dim}) with at least one row, "
                f"but have shape {latents.shape}."
            )
        if not np.isfinite(latents).all():
            raise ValueError(
                "latents hold NaN or infinity. Draw others, or look at what made them."
            )
        return latents.astype("float32")

    def check_wishes(self, conditions: Any, count: int) -> np.ndarray | None:
        """Conditions for ``count`` images to generate, None if the generator takes none."""
        if not self.conditional:
            if conditions is not None:
                raise ValueError("This GAN takes no condition: leave the labels out.")
            return None
        wanted = (count, *self.condition_shape)
        if conditions is not None:
            conditions = as_array(f"The {self.kind} of each image", conditions)
        if self.mixes_classes and conditions is not None and conditions.ndim == 2:
            wanted = (count, self.condition_values)
        if conditions is None or conditions.shape != wanted:
            given = "none" if conditions is None else conditions.shape
            raise ValueError(
                f"This GAN is conditional: give one {self.kind} for each row of the latents, as "
                f"labels of shape {wanted}, not {given}."
            )
        if self.mixes_classes and conditions.ndim == 2:
            return check_shares(conditions)
        self._check_conditions(conditions)
        self._check_values(conditions)
        return conditions

    def _check_images(self, images: Any) -> None:
        dtype = getattr(images.dtype, "name", images.dtype)
        if "float" not in str(dtype):
            raise ValueError(
                f"Training images must be floats in [-1, 1], but their type is {dtype}. "
                "Convert uint8 images with gan_helpers.data.to_model_range, or make the batches "
                "with gan_helpers.data.image_batches."
            )
        if tuple(images.shape[1:]) != self.image_shape:
            given = tuple(images.shape[1:])
            remedy = shape_remedy(images.shape, self.image_shape[-1:])
            raise ValueError(
                f"Training images have shape {given}, but the discriminator takes "
                f"{self.image_shape}.{remedy or ' Build both networks with that image_shape.'}"
            )

    def _check_conditions(self, conditions: Any) -> None:
        if not self.learns_conditions:
            if conditions is not None:
                raise ValueError(
                    "These networks take no condition and name no classes: train on images alone, "
                    "or build a discriminator with one logit a class, or conditional networks."
                )
            return
        if conditions is None:
            raise ValueError(
                f"Each image needs its {self.kind}: train on pairs (images, conditions), for "
                "example from image_batches(images, batch_size, seed, labels=conditions)."
            )
        given = tuple(conditions.shape[1:])
        if self.learns_shares and given == (self.condition_values,):
            return
        if len(given) != len(self.condition_shape) or any(
            None not in (size, other) and size != other
            for size, other in zip(given, self.condition_shape, strict=True)
        ):
            raise ValueError(
                f"The condition of an image has shape {given}, but these networks learn from one "
                f"{self.kind} an image, of shape {self.condition_shape}. Give pairs "
                "(images, conditions) like that."
            )
        dtype = getattr(conditions.dtype, "name", conditions.dtype)
        if self.kind == "image" and "float" not in str(dtype):
            raise ValueError(
                f"Images to translate must be floats in [-1, 1], but their type is {dtype}. "
                "Convert uint8 images with gan_helpers.data.to_model_range."
            )

    def _check_values(self, conditions: np.ndarray) -> None:
        """The values of conditions whose shape is right."""
        if self.learns_shares and conditions.ndim == 2:
            check_shares(conditions)
        elif self.kind == "image":
            check_model_range(conditions, "Images to translate")
        elif self.condition_values or not self.conditional:
            check_whole_numbers("The conditions", conditions, self.condition_values)
        elif not np.isfinite(conditions).all():
            raise ValueError("The conditions hold NaN or infinity. Look at what made them.")


def _check_networks(generator: keras.Model, discriminator: keras.Model) -> None:
    for name, network in (("generator", generator), ("discriminator", discriminator)):
        check_network(name, network)
    if len(generator.inputs) > 2 or len(discriminator.inputs) > 2:
        raise ValueError(
            "The generator takes latents, or latents and a condition; the discriminator takes an "
            f"image, or an image and a condition. But they take {len(generator.inputs)} and "
            f"{len(discriminator.inputs)} inputs."
        )
    if len(discriminator.inputs) == 2 and discriminator.output_shape[-1] != 1:
        raise ValueError(
            "A discriminator that is given the condition makes one logit, or a map of them, but "
            f"its output has shape {discriminator.output_shape}."
        )
    takes_class = len(generator.inputs) == 2 and (
        len(generator.inputs[1].shape) == 1 or _shares_of(generator)
    )
    if takes_class and len(discriminator.inputs) == 1 and discriminator.output_shape[-1] == 1:
        raise ValueError(
            "The generator takes a class, so the discriminator needs one logit a class: build it "
            "with classes=10, or as many as there are; or give it the class as a second input."
        )
    if len(generator.inputs[0].shape) != 2:
        raise ValueError(
            f"The generator must take latents of shape (batch, latent_dim), "
            f"but takes {generator.inputs[0].shape}."
        )
    image_shape = discriminator.inputs[0].shape[1:]
    if tuple(generator.output_shape[1:]) != tuple(image_shape):
        raise ValueError(
            f"The generator makes images of shape {tuple(generator.output_shape[1:])}, but the "
            f"discriminator takes {tuple(image_shape)}. "
            "Build both with the same image_shape."
        )


def as_taken(network: keras.Model, conditions: Any) -> tf.Tensor:
    """Conditions in the form in which the network takes them: classes as shares, all on one."""
    taken = network.inputs[1]
    if _shares_of(network) and len(conditions.shape) == 1:
        classes = tf.cast(conditions, tf.int32)
        return tf.one_hot(classes, taken.shape[-1], dtype=taken.dtype)
    return keras.ops.convert_to_tensor(conditions, taken.dtype)


def _shares_of(network: keras.Model) -> int | None:
    """Of how many classes the network takes shares, None if it takes none."""
    if len(network.inputs) == 2 and network.inputs[1].name == "class_shares":
        return network.inputs[1].shape[-1]
    return None


def _tables(network: keras.Model) -> Iterator[int]:
    """The lengths of all tables of classes or words in a network."""
    for layer in network.layers:
        if isinstance(layer, keras.Model):
            yield from _tables(layer)
        elif isinstance(layer, keras.layers.Embedding):
            yield layer.input_dim
