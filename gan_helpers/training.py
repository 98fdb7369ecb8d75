"""The GAN as one Keras model: two updates per batch, an averaged generator, a state to go back to.

Lesson 03 writes the training step by hand and lesson 06 moves it into a ``keras.Model``; the
class here is that model with an exponential moving average added, and with a state that can be
taken out and put back, as ``gan_helpers.checkpoints`` does.
"""

from collections.abc import Callable, Mapping
from typing import Any

from gan_helpers.checks import (
    as_array,
    check_extremes,
    check_function,
    check_model_range,
    check_number,
    check_some_dark,
    check_training_images,
    check_whole,
    check_whole_numbers,
    describe,
)
from gan_helpers.contracts import CONDITIONS, check_networks, condition_values
from gan_helpers.data import to_pixels
from gan_helpers.losses import (
    asked_logit,
    class_loss,
    discriminator_loss,
    non_saturating_generator_loss,
    realness,
)
from gan_helpers.runtime import quiet  # noqa: F401 - before Keras loads TensorFlow

import keras
import numpy as np
import tensorflow as tf
from keras import ops

__all__ = ["GAN", "LARGEST_LOSS", "is_finite"]

# A loss beyond this has exploded. Our choice: as a cross-entropy it would mean that the truth was
# given a probability of e^-10,000, and half-precision numbers end soon after, at 65,504.
LARGEST_LOSS = 1e4


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

    Networks, ``augment``, GAN and ``compile`` inside the scope of a
    ``tf.distribute.MirroredStrategy`` or ``MultiWorkerMirroredStrategy`` train on several devices
    or machines, each replica with an equal part of every batch; make the batches outside. Losses
    and weights are those of one device, to rounding, with three exceptions that are Keras's:
    BatchNormalization takes its statistics from one replica's part, unless made with
    ``synchronized=True``; its moving statistics are then those of the first replica; and dropout
    and ``augment`` draw alike on all replicas.

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
        check_networks(generator, discriminator)
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
        self.condition_values = condition_values(generator, discriminator)
        self.latent_dim = generator.inputs[0].shape[-1]
        self.steps = self.add_weight(
            shape=(), dtype="int64", initializer="zeros", trainable=False, name="steps"
        )
        # The first step of the epoch under way whose losses were not finite or above LARGEST_LOSS.
        self.diverged_at = self.add_weight(
            shape=(), dtype="int64", initializer="zeros", trainable=False, name="diverged_at"
        )
        # Of the images seen in the epoch under way: lowest value, highest value, their number.
        self.images_seen = self.add_weight(
            shape=(3,), dtype="float32", initializer="zeros", trainable=False, name="images_seen"
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

    def _maybe_symbolic_build(self, *arguments: Any, **options: Any) -> None:
        # Keras's own takes the first batch of a pass, to build layers that are not built yet. Here
        # all are, the batch would be lost, and pairs (images, labels) fail there between machines.
        pass

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
            options: handed on to ``keras.Model.compile``, for example ``run_eagerly``. Under a
                strategy of several replicas ``steps_per_execution`` stays 1, which Keras needs.

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
        several = self.distribute_strategy.num_replicas_in_sync > 1
        # XLA makes this step two to three times slower on a processor, and pays on a GPU.
        one_gpu = bool(tf.config.list_physical_devices("GPU")) and not several
        options.setdefault("jit_compile", one_gpu)
        if several:
            # Keras 3 cannot hand several batches at a time to several replicas.
            options["steps_per_execution"] = 1
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
        self,
        x: tf.data.Dataset | np.ndarray,
        y: np.ndarray | None = None,
        batch_size: int | None = None,
        epochs: int = 1,
        verbose: str | int = "auto",
        callbacks: list[keras.callbacks.Callback] | None = None,
        **options: Any,
    ) -> keras.callbacks.History:
        """Train as ``keras.Model.fit`` does; ``x`` is a dataset or an array of real images.

        Batches of ``gan_helpers.data.image_batches`` come in the order that belongs to the number
        of the epoch, whenever that epoch is trained.

        Raises:
            TypeError: if conditions are no numbers.
            ValueError: if images or conditions do not fit the networks. The values of arrays are
                checked before the first step. Images of a dataset are checked while they pass, for
                reading it ahead would change what is drawn from it later: after the first batch
                and at the end of each epoch; the model is then put back. Several replicas do not
                look. Also, under their strategy, if ``x`` is no dataset whose batches all have one
                size that they can share equally.
        """
        _check_shares(x, self.distribute_strategy.num_replicas_in_sync)
        if isinstance(x, np.ndarray):
            self._check_arrays(x, y)
        if isinstance(x, tf.data.Dataset):
            # A dataset shuffles itself; Keras warns about its own default otherwise.
            options.setdefault("shuffle", False)
        if hasattr(x, "begin_pass"):
            order = keras.callbacks.LambdaCallback(
                on_epoch_begin=lambda epoch, logs: x.begin_pass(epoch)
            )
            callbacks = [order, callbacks or []]  # Keras flattens it
        elif isinstance(x, tf.data.Dataset):
            callbacks = [_RangeGuard(), callbacks or []]
        return super().fit(x, y, batch_size, epochs, verbose, callbacks, **options)

    def reset_metrics(self) -> None:
        """Forget what was measured; Keras calls this when an epoch begins."""
        super().reset_metrics()
        self.diverged_at.assign(0)
        self.images_seen.assign([np.inf, -np.inf, 0])

    @property
    def diverged(self) -> bool:
        """Whether a loss of this epoch left its bounds, or something in the state is not finite."""
        if int(self.diverged_at.numpy()):
            return True
        variables = self._state_variables().values()
        return not all(np.isfinite(ops.convert_to_numpy(v)).all() for v in variables)

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
        latents = self._draw_latents(ops.shape(real_images)[0])
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
            # A loss is a mean over the images of one replica, and the optimizers add up the
            # gradients of all: with these shares the sum is that of the whole batch.
            replicas = tf.distribute.get_strategy().num_replicas_in_sync
            generator_goal, discriminator_goal = (
                goal / replicas for goal in (generator_goal, discriminator_goal)
            )

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
        self._watch([generator_loss, discriminator_loss, naming_loss, pixel_loss])
        if replicas == 1:
            self._look_at(real_images)

        self.trackers["generator_loss"].update_state(generator_loss)
        self.trackers["discriminator_loss"].update_state(discriminator_loss)
        if self.names_classes:
            self.trackers["class_loss"].update_state(naming_loss)
        if self.translates:
            self.trackers["pixel_loss"].update_state(pixel_loss)
        self.trackers["real_score"].update_state(ops.sigmoid(real_logits))
        self.trackers["fake_score"].update_state(ops.sigmoid(fake_logits))
        return {name: _log(tracker.result()) for name, tracker in self.trackers.items()}

    def _draw_latents(self, count: int | tf.Tensor) -> tf.Tensor:
        """Latents for ``count`` images. All replicas draw alike; each keeps a part of its own."""
        replicas = tf.distribute.get_strategy().num_replicas_in_sync
        latents = keras.random.normal((replicas * count, self.latent_dim), seed=self.latent_seed)
        if replicas == 1:
            return latents
        replica = tf.distribute.get_replica_context().replica_id_in_sync_group
        return latents[replica * count : (replica + 1) * count]

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

    def _watch(self, losses: list[tf.Tensor | float]) -> None:
        sizes = ops.stack([ops.abs(ops.cast(loss, "float32")) for loss in losses])
        # Asked this way round, because every comparison with NaN is false.
        unsound = ops.logical_not(ops.all(sizes <= LARGEST_LOSS))
        if tf.distribute.get_strategy().num_replicas_in_sync > 1:
            # All must know of it, so that all machines stop together.
            count = tf.distribute.get_replica_context().all_reduce(
                tf.distribute.ReduceOp.SUM, ops.cast(unsound, "float32")
            )
            unsound = count > 0
        first = ops.logical_and(self.diverged_at == 0, unsound)
        self.diverged_at.assign(ops.where(first, self.steps, self.diverged_at))

    def _look_at(self, images: tf.Tensor) -> None:
        lowest, highest, count = ops.unstack(self.images_seen)
        images = ops.cast(images, "float32")
        lowest = ops.minimum(lowest, ops.min(images))
        highest = ops.maximum(highest, ops.max(images))
        count += ops.cast(ops.shape(images)[0], "float32")
        self.images_seen.assign(ops.stack([lowest, highest, count]))

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

    def get_state(self) -> dict[str, np.ndarray]:
        """Copies of all that training changes, by the part of the model they belong to.

        The weights of both networks and of the average, the optimizers' moments, the number of
        steps, and every random state: of the latents, of dropout, of the augmentation.

        Raises:
            ValueError: if the model is not compiled, so that it has no optimizers yet.
        """
        return {
            # NumPy's own types: float32 holds every bfloat16 exactly.
            name: np.array(ops.convert_to_numpy(variable), dtype=_stored_dtype(variable))
            for name, variable in self._state_variables().items()
        }

    def set_state(self, state: Mapping[str, np.ndarray]) -> None:
        """Put back what ``get_state`` returned. All is checked before anything changes.

        Raises:
            ValueError: if the model is not compiled, or the state is that of another architecture.
        """
        variables = self._state_variables()
        for name in sorted(variables.keys() | state.keys()):
            here, there = (
                f"{tuple(values[name].shape)} {_stored_dtype(values[name])}"
                if name in values
                else "missing"
                for values in (variables, state)
            )
            if here != there:
                raise ValueError(
                    f"The stored state is of another model: {name} is {there} there, {here} here. "
                    "Build and compile the model as it was then, or begin anew in another folder."
                )
        for name, variable in variables.items():
            variable.assign(state[name])

    def _state_variables(self) -> dict[str, keras.Variable]:
        if not self.compiled:
            raise ValueError(
                "Compile the model first: its state holds the optimizers' moments too."
            )
        parts = {
            "generator": self.generator.variables,
            "discriminator": self.discriminator.variables,
            "average": self.ema_generator.variables,
            "augment": self.augment.variables,
            "generator_optimizer": self.generator_optimizer.variables,
            "discriminator_optimizer": self.discriminator_optimizer.variables,
            "training": [self.steps, self.latent_seed.state],
        }
        # Numbers, not names: Keras counts on, so the second model of a process has other names.
        return {
            f"{part}_{index:03}": variable
            for part, variables in parts.items()
            for index, variable in enumerate(variables)
        }

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


class _RangeGuard(keras.callbacks.Callback):
    """Stop when the images of a dataset turn out not to lie in [-1, 1]; put the model back."""

    def on_train_begin(self, logs: dict[str, float] | None = None) -> None:
        self._before = self.model.get_state()
        self._first_batch = True

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        if self._first_batch:
            self._first_batch = False
            self._check(all_seen=False)

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        self._check(all_seen=True)
        self._before = self.model.get_state()

    def _check(self, all_seen: bool) -> None:
        lowest, highest, count = map(float, self.model.images_seen.numpy())
        if not lowest <= highest or np.isinf([lowest, highest]).any():
            return  # NaN, which ``diverged_at`` reports, or several replicas, which do not look
        try:
            check_extremes(lowest, highest, "Training images")
            if all_seen:
                check_some_dark(int(count), lowest, highest, "training images")
        except ValueError:
            self.model.set_state(self._before)
            raise


def _stored_dtype(values: keras.Variable | np.ndarray) -> str:
    dtype = keras.backend.standardize_dtype(values.dtype)
    return "float32" if dtype == "bfloat16" else dtype


def is_finite(state: Mapping[str, np.ndarray]) -> bool:
    """Whether every number of a state is finite."""
    return all(np.isfinite(array).all() for array in state.values())


def _check_shares(x: tf.data.Dataset | np.ndarray, replicas: int) -> None:
    if replicas == 1:
        return
    sizes = {None}
    if isinstance(x, tf.data.Dataset):
        sizes = {part.shape[0] for part in tf.nest.flatten(x.element_spec)}
    # A replica without images would have losses that are no numbers.
    if None in sizes or any(size % replicas for size in sizes):
        raise ValueError(
            f"{replicas} replicas must share every batch equally: train on a dataset whose batches "
            f"all have one size divisible by {replicas}, such as image_batches(images, "
            f"batch_size={16 * replicas}, seed=0) makes."
        )


def _log(mean: tf.Tensor) -> tf.Tensor:
    """A running mean as Keras can average it over replicas."""
    # Between machines Keras 3 averages along the first axis, which a scalar has not: its own
    # models fail there (https://github.com/keras-team/keras/issues/20585).
    several = isinstance(tf.distribute.get_strategy(), tf.distribute.MultiWorkerMirroredStrategy)
    return ops.reshape(mean, (1,)) if several else mean
