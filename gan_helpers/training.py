"""The GAN as one Keras model: two updates per batch, an averaged generator, checkpoints.

Lesson 03 writes the training step by hand and lesson 06 moves it into a ``keras.Model``; the
class here is that model with an exponential moving average and checkpoints added.
"""

import json
import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import gan_helpers.quiet  # noqa: F401 - before Keras loads TensorFlow
from gan_helpers.blocks import check_model
from gan_helpers.checks import (
    as_array,
    check_function,
    check_model_range,
    check_number,
    check_training_images,
    check_whole,
    check_whole_numbers,
    describe,
)
from gan_helpers.data import to_pixels
from gan_helpers.losses import (
    asked_logit,
    class_loss,
    discriminator_loss,
    non_saturating_generator_loss,
    realness,
)

import keras
import numpy as np
import tensorflow as tf
from keras import ops

__all__ = ["GAN", "Checkpoint", "load_checkpoint", "save_checkpoint"]


# What a condition is, by the number of its axes beside that of the batch.
CONDITIONS = {0: "class", 1: "caption", 3: "image"}


class GAN(keras.Model):
    """A generator and a discriminator that learn from each other.

    ``fit`` takes batches of real images in [-1, 1], shape ``(batch, *image_shape)``. Each step
    runs the generator once and the discriminator twice (real, fake), and both updates read
    that same pass: the fewest forward passes that simultaneous updates allow. ``call`` and
    ``generate`` use the averaged generator, ``ema_generator``.

    Labels help in two ways, and ``fit`` then takes pairs of images and labels ``(batch,)``, whole
    numbers. A discriminator with one logit a class learns to name the real images too; the logit
    of the game is their ``losses.realness``. A generator with a second input makes the class it is
    asked for, which is that of the batch's real images; the logit of the game is then
    ``losses.asked_logit``, "real and of this class".

    A condition need not be a class. The second input of the generator may be a caption, as numbers
    of words, or an image to translate; ``fit`` then takes pairs of images and conditions. A
    discriminator with two inputs judges images and conditions together, with logits of any shape
    ``(batch, ..., 1)``; one with a single input judges the image alone.

    Source of the step: Goodfellow et al. 2014, algorithm 1, with one discriminator update per
    generator update, both taken at the same point. Source of the average: Yazici et al. 2019,
    "The Unusual Effectiveness of Averaging in GAN Training".

    Args:
        generator: model from latents ``(batch, latent_dim)`` to images in [-1, 1].
        discriminator: model from images, or ``[images, conditions]``, to logits ``(batch, 1)``,
            ``(batch, rows, columns, 1)``, or from images alone to ``(batch, classes)``.
        ema_decay: share of the average kept at each step, in [0, 1); 0 switches averaging off.
            Early steps keep less, so that the untrained start is soon forgotten.
        seed: seed of the latents drawn in training.
        augment: a Keras layer that changes images at random, such as ``RandomTranslation``. The
            discriminator then sees every image, real or fake, through it, and cannot learn a small
            set by heart. Gradients must pass; those of Keras's transforms do in float32 alone.
            Source: Zhao et al. 2020, "Differentiable Augmentation for Data-Efficient GAN Training".

    Raises:
        TypeError: if a network is no Keras model, or ``augment`` no Keras layer.
        ValueError: if the two networks do not fit together, ``ema_decay`` is not in [0, 1), or
            the seed is no whole number of at least 0.
    """

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        ema_decay: float = 0.995,
        seed: int = 0,
        augment: keras.layers.Layer | None = None,
    ) -> None:
        super().__init__(name="gan")
        _check_networks(generator, discriminator)
        check_number("ema_decay", ema_decay, 0, below=1)
        check_whole("seed", seed, 0)
        if not isinstance(augment, keras.layers.Layer | None):
            raise TypeError(f"augment is {describe(augment)}; give a Keras layer, or None.")
        self.generator = generator
        self.discriminator = discriminator
        self.ema_generator = keras.models.clone_model(generator)
        self.ema_generator.set_weights(generator.get_weights())
        self.ema_generator.trainable = False
        self.ema_decay = ema_decay
        self.augment = keras.layers.Identity() if augment is None else augment
        self.conditional = len(generator.inputs) == 2
        self.translates = self.conditional and len(generator.inputs[1].shape) == 4
        self.judges_pairs = len(discriminator.inputs) == 2
        self.names_classes = discriminator.output_shape[-1] > 1
        self.condition_values = _condition_values(generator, discriminator)
        self.latent_dim = generator.inputs[0].shape[-1]
        self.steps = self.add_weight(
            shape=(), dtype="int64", initializer="zeros", trainable=False, name="steps"
        )
        measures = ["generator_loss", "discriminator_loss", "real_score", "fake_score"]
        if self.names_classes:
            measures.append("class_loss")
        if self.translates:
            measures.append("pixel_loss")
        self.trackers = {name: keras.metrics.Mean(name=name) for name in measures}
        self.latent_seed = keras.random.SeedGenerator(seed)
        self.build(generator.inputs[0].shape)

    def build(self, latents_shape: tuple[int | None, ...]) -> None:
        """Mark the model as built: both networks already are, so weights can be saved at once."""
        self.built = True

    def compile(
        self,
        generator_optimizer: keras.optimizers.Optimizer,
        discriminator_optimizer: keras.optimizers.Optimizer,
        generator_loss: Callable[[tf.Tensor], tf.Tensor] = non_saturating_generator_loss,
        discriminator_loss: Callable[[tf.Tensor, tf.Tensor], tf.Tensor] = discriminator_loss,
        class_weight: float = 2.0,
        pixel_weight: float = 0.0,
        **options: Any,
    ) -> None:
        """Choose the optimizers and losses.

        Args:
            generator_optimizer: optimizer of the generator's variables.
            discriminator_optimizer: another optimizer, for the discriminator's variables.
            generator_loss: function of ``fake_logits`` that returns a scalar.
            discriminator_loss: function of ``(real_logits, fake_logits)`` likewise.
            class_weight: factor of the class losses, if the discriminator has one logit a class.
            pixel_weight: factor of the mean absolute difference between an image and the real one
                of its condition, for a generator whose conditions are images, which then lowers it
                too. Source: Isola et al. 2017,
                "Image-to-Image Translation with Conditional Adversarial Networks", equation 4.
            options: handed on to ``keras.Model.compile``, for example ``run_eagerly``.

        Raises:
            TypeError: if an optimizer is no Keras optimizer, or a loss no function.
            ValueError: if one optimizer is given for both networks, a weight is negative, or a
                pixel weight is given to a generator that does not translate images.
        """
        for name, optimizer in (
            ("generator_optimizer", generator_optimizer),
            ("discriminator_optimizer", discriminator_optimizer),
        ):
            if not isinstance(optimizer, keras.optimizers.Optimizer):
                raise TypeError(
                    f"{name} is {describe(optimizer)}; give a Keras optimizer, for example "
                    "keras.optimizers.Adam(2e-4, beta_1=0.5)."
                )
        check_function("generator_loss", generator_loss, "of fake_logits")
        check_function("discriminator_loss", discriminator_loss, "of real_logits and fake_logits")
        check_number("class_weight", class_weight, 0)
        if generator_optimizer is discriminator_optimizer:
            raise ValueError(
                "The two networks need an optimizer each: one optimizer keeps one set of "
                "moments. Make two, for example two keras.optimizers.Adam(2e-4, beta_1=0.5)."
            )
        check_number("pixel_weight", pixel_weight)
        if pixel_weight < 0 or (pixel_weight and not self.translates):
            raise ValueError(
                f"pixel_weight is {pixel_weight!r}; it must be 0 or more, and 0 for a generator "
                "that does not translate images: what it makes has no counterpart to compare with."
            )
        # XLA makes this step two to three times slower on a processor, and pays on a GPU.
        options.setdefault("jit_compile", bool(tf.config.list_physical_devices("GPU")))
        # No single optimizer and no single loss: otherwise Keras reports a "loss" that is always 0.
        super().compile(optimizer=None, loss=None, **options)
        self.generator_optimizer = generator_optimizer
        self.discriminator_optimizer = discriminator_optimizer
        self.generator_loss = generator_loss
        self.discriminator_loss = discriminator_loss
        self.class_weight = class_weight
        self.pixel_weight = pixel_weight
        # Built now, so that a checkpoint loaded before the first step restores the moments too.
        generator_optimizer.build(self.generator.trainable_variables)
        discriminator_optimizer.build(self.discriminator.trainable_variables)

    def fit(
        self, x: tf.data.Dataset | np.ndarray, *arguments: Any, **options: Any
    ) -> keras.callbacks.History:
        """Train as ``keras.Model.fit`` does; ``x`` is a dataset or an array of real images.

        Raises:
            TypeError: if conditions are no numbers.
            ValueError: if images or conditions do not fit the networks. The values of arrays are
                checked before the first step; those of a dataset are not, for reading it ahead
                would change what is drawn from it later.
        """
        if isinstance(x, np.ndarray):
            self._check_arrays(x, arguments[0] if arguments else options.get("y"))
        if isinstance(x, tf.data.Dataset):
            # A dataset shuffles itself; Keras warns about its own default otherwise.
            options.setdefault("shuffle", False)
        return super().fit(x, *arguments, **options)

    @property
    def metrics(self) -> list[keras.metrics.Metric]:
        """The means over the epoch: the losses, and the mean scores D gives to real and fake.

        ``discriminator_loss`` is that of the game; ``class_loss``, of a discriminator that names
        classes, is apart from it and without its weight. So is ``pixel_loss``, of a generator that
        translates images.
        """
        return list(self.trackers.values())

    def call(self, inputs: tf.Tensor | list, training: bool = False) -> tf.Tensor:
        """Images in [-1, 1], ``(batch, *image_shape)``, from the averaged generator.

        ``inputs`` are latents, or the list ``[latents, conditions]`` if the GAN is conditional.
        """
        return self.ema_generator(inputs, training=False)

    def train_step(self, data: tf.Tensor | tuple) -> dict[str, tf.Tensor]:
        """Update both networks once on one batch of real images; return the running means."""
        real_images, labels, _ = keras.utils.unpack_x_y_sample_weight(data)
        self._check_images(real_images)
        self._check_conditions(labels)
        latents = keras.random.normal(
            (ops.shape(real_images)[0], self.latent_dim), seed=self.latent_seed
        )
        with tf.GradientTape() as generator_tape, tf.GradientTape() as discriminator_tape:
            fake_images = self.generator(self._inputs(latents, labels), training=True)
            real_logits, fake_logits = (
                self._judge(images, labels) for images in (real_images, fake_images)
            )
            naming_loss = class_loss(real_logits, labels) if self.names_classes else 0.0
            real_logits, fake_logits = (
                self._game_logits(logits, labels) for logits in (real_logits, fake_logits)
            )
            generator_loss = self.generator_loss(fake_logits)
            pixel_loss = ops.mean(ops.abs(fake_images - real_images)) if self.translates else 0.0
            generator_goal = generator_loss + self.pixel_weight * pixel_loss
            discriminator_loss = self.discriminator_loss(real_logits, fake_logits)
            discriminator_goal = discriminator_loss + self.class_weight * naming_loss

        # Explicit variable lists: each optimizer can only move its own network.
        generator_variables = self.generator.trainable_variables
        discriminator_variables = self.discriminator.trainable_variables
        generator_gradients = generator_tape.gradient(generator_goal, generator_variables)
        discriminator_gradients = discriminator_tape.gradient(
            discriminator_goal, discriminator_variables
        )
        self.generator_optimizer.apply(generator_gradients, generator_variables)
        self.discriminator_optimizer.apply(discriminator_gradients, discriminator_variables)
        self._update_average()

        self.trackers["generator_loss"].update_state(generator_loss)
        self.trackers["discriminator_loss"].update_state(discriminator_loss)
        if self.names_classes:
            self.trackers["class_loss"].update_state(naming_loss)
        if self.translates:
            self.trackers["pixel_loss"].update_state(pixel_loss)
        self.trackers["real_score"].update_state(ops.sigmoid(real_logits))
        self.trackers["fake_score"].update_state(ops.sigmoid(fake_logits))
        return {name: tracker.result() for name, tracker in self.trackers.items()}

    def _inputs(self, latents: tf.Tensor, condition: tf.Tensor | None) -> tf.Tensor | list:
        """What the generator takes: latents alone, or with the class or condition of each image."""
        if not self.conditional:
            return latents
        dtype = self.generator.inputs[1].dtype
        return [ops.convert_to_tensor(latents), ops.convert_to_tensor(condition, dtype)]

    def _judge(self, images: tf.Tensor, condition: tf.Tensor | None) -> tf.Tensor:
        """The discriminator's logits, as it makes them."""
        images = self.augment(images, training=True)
        inputs = [images, condition] if self.judges_pairs else images
        return self.discriminator(inputs, training=True)

    def _game_logits(self, logits: tf.Tensor, labels: tf.Tensor | None) -> tf.Tensor:
        """One logit for the question real or fake, where there is one a class."""
        if not self.names_classes:
            return logits
        return asked_logit(logits, labels) if self.conditional else realness(logits)

    def _condition_shape(self) -> tuple[int | None, ...] | None:
        """Shape of one condition, () for a class; None for networks that take and name none."""
        if self.conditional:
            return tuple(self.generator.inputs[1].shape[1:])
        if self.judges_pairs:
            return tuple(self.discriminator.inputs[1].shape[1:])
        return () if self.names_classes else None

    def _check_conditions(self, conditions: tf.Tensor | None) -> None:
        # In train_step this runs while the step is traced, so it costs nothing later.
        shape = self._condition_shape()
        if shape is None:
            if conditions is not None:
                raise ValueError(
                    "These networks take no condition and name no classes: train on images alone, "
                    "or build a discriminator with one logit a class, or conditional networks."
                )
            return
        kind = CONDITIONS.get(len(shape), "condition")
        if conditions is None:
            raise ValueError(
                f"Each image needs its {kind}: train on pairs (images, conditions), for example "
                "from image_batches(images, batch_size, seed, labels=conditions)."
            )
        given = tuple(conditions.shape[1:])
        if len(given) != len(shape) or any(
            None not in (size, other) and size != other
            for size, other in zip(given, shape, strict=True)
        ):
            raise ValueError(
                f"The condition of an image has shape {given}, but these networks learn from one "
                f"{kind} an image, of shape {shape}. Give pairs (images, conditions) like that."
            )
        dtype = keras.backend.standardize_dtype(conditions.dtype)
        if len(shape) == 3 and not keras.backend.is_float_dtype(dtype):
            raise ValueError(
                f"Images to translate must be floats in [-1, 1], but their type is {dtype}. "
                "Convert uint8 images with gan_helpers.data.to_model_range."
            )

    def _check_arrays(self, images: np.ndarray, conditions: Any) -> None:
        self._check_images(images)
        if not len(images):
            raise ValueError("There are no training images. Give at least one batch of them.")
        if images.ndim == 4:
            check_training_images(images, "training images")
        if conditions is not None:
            conditions = as_array("The conditions", conditions)
        self._check_conditions(conditions)
        if conditions is not None:
            self._check_values(conditions)

    def _check_values(self, conditions: np.ndarray) -> None:
        """The values of conditions whose shape is right."""
        shape = self._condition_shape()
        if len(shape) == 3:
            check_model_range(conditions, "Images to translate")
        elif self.condition_values or not self.conditional:
            check_whole_numbers("The conditions", conditions, self.condition_values)
        elif not np.isfinite(conditions).all():
            raise ValueError("The conditions hold NaN or infinity. Look at what made them.")

    def _update_average(self) -> None:
        self.steps.assign_add(1)
        steps = ops.cast(self.steps, "float32")
        decay = ops.minimum(self.ema_decay, (1.0 + steps) / (10.0 + steps))
        # All weights, not only the trainable ones: BatchNormalization's moving statistics too.
        for average, value in zip(self.ema_generator.weights, self.generator.weights, strict=True):
            if keras.backend.is_float_dtype(value.dtype):
                average.assign(average + (1.0 - decay) * (value - average))

    def _check_images(self, images: tf.Tensor) -> None:
        # Runs while the step is traced, so it costs nothing later.
        if not keras.backend.is_float_dtype(keras.backend.standardize_dtype(images.dtype)):
            raise ValueError(
                f"Training images must be floats in [-1, 1], but their type is {images.dtype}. "
                "Convert uint8 images with gan_helpers.data.to_model_range, or make the batches "
                "with gan_helpers.data.image_batches."
            )
        if tuple(images.shape[1:]) != tuple(self.discriminator.inputs[0].shape[1:]):
            raise ValueError(
                f"Training images have shape {tuple(images.shape[1:])}, but the discriminator "
                f"takes {tuple(self.discriminator.inputs[0].shape[1:])}. "
                "Build both networks with the image_shape of the data."
            )

    def save_own_variables(self, store: dict[str, np.ndarray]) -> None:
        """Store the step counter and the random state, which Keras leaves out of weight files."""
        store["steps"] = self.steps.numpy()
        for index, state in enumerate(self._random_states()):
            store[f"random_state_{index}"] = state.numpy()

    def load_own_variables(self, store: dict[str, np.ndarray]) -> None:
        """Restore what ``save_own_variables`` stored."""
        self.steps.assign(store["steps"][()])
        for index, state in enumerate(self._random_states()):
            state.assign(store[f"random_state_{index}"][()])

    def _random_states(self) -> list:
        # Those of the latents and of every dropout layer.
        return [variable for variable in self.variables if "seed_generator" in variable.path]

    def generate(
        self, latents: tf.Tensor | np.ndarray, labels: np.ndarray | None = None
    ) -> np.ndarray:
        """Images of the averaged generator as uint8, shape ``(count, *image_shape)``.

        Args:
            latents: float array ``(count, latent_dim)``, usually standard normal.
            labels: for a conditional GAN the class of each image, whole numbers ``(count,)``, or
                another condition as in training: captions, ``(count, words)``, or images in
                [-1, 1], ``(count, *image_shape)``.

        Raises:
            TypeError: if latents or conditions are no numbers of the right kind.
            ValueError: if the latents do not have the generator's latent_dim or are not finite, or
                conditions are missing, superfluous, of another shape, or out of range.
        """
        latents = self._check_latents(latents)
        labels = self._check_labels(labels, len(latents))
        parts = []
        # In parts, so that thousands of samples fit in a laptop's memory.
        for start in range(0, len(latents), 256):
            part = slice(start, start + 256)
            images = self(self._inputs(latents[part], None if labels is None else labels[part]))
            parts.append(to_pixels(ops.convert_to_numpy(images)))
        return np.concatenate(parts)

    def _check_latents(self, latents: tf.Tensor | np.ndarray) -> np.ndarray:
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

    def _check_labels(self, labels: np.ndarray | None, count: int) -> np.ndarray | None:
        if not self.conditional:
            if labels is not None:
                raise ValueError("This GAN takes no condition: leave the labels out.")
            return None
        shape = self._condition_shape()
        kind = CONDITIONS.get(len(shape), "condition")
        labels = None if labels is None else as_array(f"The {kind} of each image", labels)
        if labels is None or labels.shape != (count, *shape):
            raise ValueError(
                f"This GAN is conditional: give one {kind} for each row of the latents, as labels "
                f"of shape {(count, *shape)}, not {'none' if labels is None else labels.shape}."
            )
        self._check_conditions(labels)
        self._check_values(labels)
        return labels

    def sample(self, count: int, seed: int, labels: np.ndarray | None = None) -> np.ndarray:
        """``count`` generated images as uint8; the same seed gives the same latents again.

        A conditional GAN needs ``labels`` as ``generate`` does.

        Raises:
            TypeError, ValueError: as ``generate``, and for a count below 1 or a seed below 0.
        """
        check_whole("count", count)
        if not isinstance(seed, keras.random.SeedGenerator):
            check_whole("seed", seed, 0)
        return self.generate(keras.random.normal((count, self.latent_dim), seed=seed), labels)


@dataclass
class Checkpoint:
    """What a checkpoint holds beside the weights.

    Attributes:
        epoch: number of finished epochs.
        history: metric name -> one value for each finished epoch.
        frames: uint8 pictures recorded so far, all of one shape.
        labels: one caption a frame.
    """

    epoch: int
    history: dict[str, list[float]] = field(default_factory=dict)
    frames: list[np.ndarray] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)


def save_checkpoint(gan: GAN, folder: str | Path, checkpoint: Checkpoint, keep: int = 2) -> Path:
    """Write weights (G, D, average), both optimizers, random state and progress.

    Everything is written to a temporary folder that is renamed when complete, so a run killed
    half-way leaves the older checkpoint intact.

    Args:
        gan: a compiled model.
        folder: where the checkpoints of this run lie; made if missing.
        checkpoint: progress to store.
        keep: number of newest checkpoints that stay, at least 1.

    Returns:
        The folder of the new checkpoint, ``folder/epoch_0012`` for epoch 12.

    Raises:
        ValueError: if ``keep`` is below 1.
        OSError: if the folder cannot be written; the older checkpoints stay.
    """
    if keep < 1:
        raise ValueError(f"keep must be at least 1 checkpoint, but is {keep!r}.")
    folder = Path(folder)
    temporary = folder / "being_written"
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir(parents=True)
    gan.save_weights(temporary / "gan.weights.h5")
    progress = {
        "epoch": checkpoint.epoch,
        "history": checkpoint.history,
        "labels": checkpoint.labels,
    }
    (temporary / "progress.json").write_text(json.dumps(progress), encoding="utf-8")
    if checkpoint.frames:
        np.savez_compressed(temporary / "frames.npz", frames=np.stack(checkpoint.frames))

    final = folder / f"epoch_{checkpoint.epoch:04d}"
    replaced = folder / "replaced"
    shutil.rmtree(replaced, ignore_errors=True)
    if final.exists():
        final.rename(replaced)
    temporary.rename(final)
    # Later epochs are left over from an earlier, longer run in this folder.
    saved = _checkpoint_folders(folder)
    leftover = [path for path in saved if _epoch(path) > checkpoint.epoch]
    older = [path for path in saved if _epoch(path) <= checkpoint.epoch][:-keep]
    for path in [replaced, *leftover, *older]:
        # A folder that another program holds open stays; the next save tries again.
        shutil.rmtree(path, ignore_errors=True)
    return final


def load_checkpoint(gan: GAN, folder: str | Path) -> Checkpoint:
    """Restore the newest checkpoint in ``folder`` into a compiled model of the same shape.

    Returns:
        The stored progress; hand its ``epoch`` to ``fit`` as ``initial_epoch``.

    Raises:
        FileNotFoundError: if the folder holds no complete checkpoint.
        ValueError: if the model is not compiled, or the weights are of another architecture.
    """
    if not gan.compiled:
        raise ValueError(
            "Compile the model before loading a checkpoint: "
            "the checkpoint holds the optimizers' state too."
        )
    folders = _checkpoint_folders(Path(folder))
    if not folders:
        raise FileNotFoundError(
            f"There is no checkpoint in {folder}. Train with a CheckpointSaver for this folder "
            "first, or check the path."
        )
    newest = folders[-1]
    progress = json.loads((newest / "progress.json").read_text(encoding="utf-8"))
    gan.load_weights(newest / "gan.weights.h5")
    frames = []
    if (newest / "frames.npz").exists():
        with np.load(newest / "frames.npz", allow_pickle=False) as archive:
            frames = list(archive["frames"])
    return Checkpoint(progress["epoch"], progress["history"], frames, progress["labels"])


def _checkpoint_folders(folder: Path) -> list[Path]:
    complete = (path for path in folder.glob("epoch_*") if re.fullmatch(r"epoch_\d+", path.name))
    return sorted(complete, key=_epoch)


def _epoch(path: Path) -> int:
    return int(path.name.removeprefix("epoch_"))


def _check_networks(generator: keras.Model, discriminator: keras.Model) -> None:
    for name, network in (("generator", generator), ("discriminator", discriminator)):
        check_model(name, network)
        if not getattr(network, "inputs", None):
            raise ValueError(
                f"The shapes of the {name} are not known. Make it a keras.Sequential model, or "
                "keras.Model(inputs, outputs)."
            )
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
    takes_class = len(generator.inputs) == 2 and len(generator.inputs[1].shape) == 1
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


def _condition_values(generator: keras.Model, discriminator: keras.Model) -> int | None:
    """How many classes or words the networks know; None where conditions are not numbered."""
    tables = [
        layer.input_dim
        for network in (generator, discriminator)
        for layer in _all_layers(network)
        if isinstance(layer, keras.layers.Embedding)
    ]
    named = discriminator.output_shape[-1]
    return min([*tables, *([named] if named > 1 else [])], default=None)


def _all_layers(network: keras.Model) -> Iterator[keras.layers.Layer]:
    for layer in network.layers:
        yield from _all_layers(layer) if isinstance(layer, keras.Model) else (layer,)
