"""The GAN as one Keras model: two updates per batch, an averaged generator, fit and generate.

Lesson 3 writes the training step by hand and lesson 6 moves it into a ``keras.Model``. The class
here is that model. What networks and batches must be stands in ``contracts``, what is refused in
``guards``, what several devices need beside the step in ``runtime.replicas``, and the rest of a
Keras model, such as its state and its files, in ``runtime.base_model``.
"""

from collections.abc import Callable, Generator
from typing import Any

from gan_helpers import guards
from gan_helpers.checks import check_number, check_whole
from gan_helpers.contracts import Contract, as_taken
from gan_helpers.data import to_pixels
from gan_helpers.losses import (
    asked_logit,
    check_loss,
    class_loss,
    discriminator_loss,
    non_saturating_generator_loss,
    realness,
)
from gan_helpers.runtime import (
    BaseModel,
    copied,
    quiet,  # noqa: F401 - before Keras loads TensorFlow
    replicas,
    scaled_for_float16,
)

import keras
import numpy as np
import tensorflow as tf
from keras import ops

__all__ = ["GAN"]

IMAGES_AT_ONCE = 256  # thousands of samples fit in a laptop's memory when they are made in parts


@keras.saving.register_keras_serializable("gan_helpers")
class GAN(BaseModel):
    """A generator and a discriminator that learn from each other.

    ``fit`` takes batches of real images in [-1, 1], shape ``(batch, *image_shape)``. Each step
    runs the generator once and the discriminator twice (real, fake), and both updates read
    that same pass: the fewest forward passes that simultaneous updates allow. ``call`` and
    ``generate`` use the averaged generator; it begins anew at weights loaded into ``generator``.

    Labels help in two ways, and ``fit`` then takes pairs of images and labels ``(batch,)``, whole
    numbers. A discriminator with one logit per class learns to name the real images too; the logit
    of the game is their ``losses.realness``. A generator with a second input makes the class it is
    asked for, which is that of the batch's real images; the logit of the game is then
    ``losses.asked_logit``, "real and of this class".

    A condition need not be a class. The second input of the generator may be a caption, as numbers
    of words, or an image to translate; ``fit`` then takes pairs of images and conditions. A
    discriminator with two inputs judges images and conditions together, with logits of any shape
    ``(batch, ..., 1)``; one with a single input judges the image alone. An input of the name
    "class_shares" takes classes as rows of numbers that add up to 1, ``(batch, classes)``.

    Source of the step: Goodfellow et al. 2014, algorithm 1, with one discriminator update per
    generator update, both taken at the same point. Source of the average: Yazici et al. 2019,
    "The Unusual Effectiveness of Averaging in GAN Training".

    Args:
        generator: model from latents ``(batch, latent_dim)``, or ``[latents, conditions]``, to
            images in [-1, 1].
        discriminator: model from images, or ``[images, conditions]``, to logits ``(batch, 1)``,
            ``(batch, rows, columns, 1)``, or from images alone to ``(batch, classes)``.
        ema_decay: share of the average kept at each step, in [0, 1); 0 switches averaging off.
            Early steps keep less, so that the untrained start is soon forgotten.
        seed: seed of the latents drawn in training.
        augment: a Keras layer that changes images at random, such as ``models.RandomShift``. The
            discriminator then sees every image, real or fake, through it, and cannot learn a small
            set by heart; a condition that is an image moves with its image. Gradients must pass;
            those of Keras's transforms do in float32 alone.
            Source: Zhao et al. 2020, "Differentiable Augmentation for Data-Efficient GAN Training".

    Attributes:
        steps: training steps so far.
        trackers: the means over the epoch: both losses, the mean scores D gives to real and fake
            images, and, where they play a part, ``class_loss`` and ``pixel_loss``, unweighted.

    Raises:
        TypeError: if a network is no Keras model, or ``augment`` no Keras layer.
        ValueError: if the networks do not fit together, ``ema_decay`` is not in [0, 1), the seed is
            no whole number of at least 0, or ``augment`` cannot move images and conditions alike.
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
        self.contract = Contract(generator, discriminator)
        check_number("ema_decay", ema_decay, 0, below=1)
        check_whole("seed", seed, 0)
        self.contract.check_augment(augment)
        self.generator = generator
        self.discriminator = discriminator
        self.ema_generator = copied(generator)
        self.ema_generator.set_weights(generator.get_weights())
        self.ema_generator.trainable = False
        self.ema_decay = ema_decay
        self.augment = augment
        self.conditional = self.contract.conditional
        self.latent_dim = self.contract.latent_dim
        self.guard = guards.BatchGuard(self)
        self.steps = self.add_weight((), "zeros", "int64", trainable=False, name="steps")
        self.latent_seed = keras.random.SeedGenerator(seed)
        measures = ["generator_loss", "discriminator_loss", "real_score", "fake_score"]
        measures += ["class_loss"] * self.contract.names_classes
        measures += ["pixel_loss"] * self.contract.translates
        self.begin_measuring(measures)

    def compile(
        self,
        generator_optimizer: keras.optimizers.Optimizer,
        discriminator_optimizer: keras.optimizers.Optimizer,
        generator_loss: Callable[[tf.Tensor], tf.Tensor] = non_saturating_generator_loss,
        discriminator_loss: Callable[[tf.Tensor, tf.Tensor], tf.Tensor] = discriminator_loss,
        class_loss_weight: float = 2.0,
        pixel_weight: float = 0.0,
        **options: Any,
    ) -> None:
        """Choose the optimizers and losses.

        Args:
            generator_optimizer: optimizer of the generator's variables.
            discriminator_optimizer: another optimizer, for the discriminator's variables.
            generator_loss: function of ``fake_logits`` that returns a scalar.
            discriminator_loss: function of ``(real_logits, fake_logits)`` likewise.
            class_loss_weight: factor of the class loss, if the discriminator names classes.
            pixel_weight: factor of the mean absolute difference between an image and the real one
                of its condition, for a generator whose conditions are images. Source: Isola et al.
                2017, "Image-to-Image Translation with Conditional Adversarial Networks", eq. 4.
            options: handed on to ``keras.Model.compile``, for example ``run_eagerly``.

        Raises:
            TypeError: if an optimizer is no Keras optimizer, or a loss no function of logits.
            ValueError: if one optimizer is given for both networks, a loss takes logits for
                probabilities or makes more than one number, or a weight does not fit.
        """
        guards.check_optimizers(generator_optimizer, discriminator_optimizer)
        guards.check_trainable(self)
        guards.refuse(keras.Model.compile, options, guards.NOT_TO_COMPILE)
        check_loss("generator_loss", generator_loss, 1)
        check_loss("discriminator_loss", discriminator_loss, 2)
        check_number("class_loss_weight", class_loss_weight, 0)
        self.contract.check_pixel_weight(pixel_weight)
        options = replicas.compile_options(self.distribute_strategy, options)
        # Of its own optimizer and loss Keras would report a "loss" that is always 0.
        super().compile(optimizer=None, loss=None, **options)
        generator, discriminator = self.generator, self.discriminator
        self.generator_optimizer = scaled_for_float16(generator_optimizer, generator)
        self.discriminator_optimizer = scaled_for_float16(discriminator_optimizer, discriminator)
        self.generator_loss, self.discriminator_loss = generator_loss, discriminator_loss
        self.class_loss_weight, self.pixel_weight = class_loss_weight, pixel_weight
        # Built now, so that a checkpoint loaded before the first step restores the moments too.
        self.generator_optimizer.build(generator.trainable_variables)
        self.discriminator_optimizer.build(discriminator.trainable_variables)

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

        Batches of ``image_batches`` come in the order that belongs to the number of the epoch.

        Raises:
            TypeError, ValueError: if images or conditions do not fit the networks (those of a
                dataset are looked at batch by batch), several replicas cannot share every batch
                equally, or a GAN has no use for what is asked; see ``docs/keras.md``.
        """
        watching = guards.check_fit(x, callbacks, options, self.trackers)
        replicas.check_shares(x, self.distribute_strategy.num_replicas_in_sync)
        is_array, begin_pass = hasattr(x, "__array__"), getattr(x, "begin_pass", None)
        if is_array:
            x, y = self.contract.check_arrays(x, y)
        if begin_pass is not None:  # made by image_batches
            self.contract.check_values(getattr(x, "labels", None))
            begin = keras.callbacks.LambdaCallback(on_epoch_begin=lambda n, _: begin_pass(n))
            watching = [begin, *watching]
        if isinstance(x, tf.data.Dataset | Generator):
            options.setdefault("shuffle", False)  # it shuffles itself; Keras would warn
        self.follow_other_weights()
        self.guard.begin()
        self.values_known = is_array or begin_pass is not None
        try:
            return super().fit(x, y, batch_size, epochs, verbose, watching, **options)
        finally:
            self.values_known = None
            self.look_at_weights()

    def call(self, inputs: tf.Tensor | list, training: bool = False) -> tf.Tensor:
        """Images in [-1, 1] of the averaged generator; of latents or ``[latents, conditions]``."""
        return self.ema_generator(inputs, training=False)

    def train_step(self, data: tf.Tensor | tuple) -> dict[str, tf.Tensor]:
        """Update both networks once on one batch of real images; return the running means."""
        real_images, conditions = self.contract.check_batch(data)
        count = ops.shape(real_images)[0]
        latents = replicas.own_part(self._draw_latents, count)
        naming_loss = pixel_loss = 0.0
        with tf.GradientTape() as generator_tape, tf.GradientTape() as discriminator_tape:
            fake_images = self.generator(self._inputs(latents, conditions), training=True)
            # Real and fake in batches of their own: in one, its statistics would tell them apart.
            real_logits = self._judge(real_images, conditions)
            fake_logits = self._judge(fake_images, conditions)
            if self.contract.names_classes:
                naming_loss = class_loss(real_logits, conditions)
                real_logits = self._game_logits(real_logits, conditions)
                fake_logits = self._game_logits(fake_logits, conditions)
            if self.contract.translates:
                pixel_loss = ops.mean(ops.abs(fake_images - real_images))
            generator_loss = self.generator_loss(fake_logits)
            discriminator_loss = self.discriminator_loss(real_logits, fake_logits)
            generator_goal = self.generator_optimizer.scale_loss(
                replicas.share(generator_loss + self.pixel_weight * pixel_loss)
            )
            discriminator_goal = self.discriminator_optimizer.scale_loss(
                replicas.share(discriminator_loss + self.class_loss_weight * naming_loss)
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
        self.watch(self.steps, [generator_loss, discriminator_loss, naming_loss, pixel_loss])
        return self.track(
            count,
            generator_loss=generator_loss,
            discriminator_loss=discriminator_loss,
            real_score=ops.sigmoid(real_logits),
            fake_score=ops.sigmoid(fake_logits),
            class_loss=naming_loss,
            pixel_loss=pixel_loss,
        )

    def _draw_latents(self, count: int | tf.Tensor) -> tf.Tensor:
        return keras.random.normal((count, self.latent_dim), seed=self.latent_seed)

    def _inputs(self, latents: tf.Tensor, conditions: tf.Tensor | None) -> tf.Tensor | list:
        """What the generator takes: latents alone, or with the class or condition of each image."""
        if not self.conditional:
            return latents
        return [ops.convert_to_tensor(latents), as_taken(self.generator, conditions)]

    def _judge(self, images: tf.Tensor, conditions: tf.Tensor | None) -> tf.Tensor:
        """The discriminator's logits, as it makes them."""
        if self.augment is not None and self.contract.pairs_images:
            # As one stack of channels, so that both move alike.
            channels = images.shape[-1]
            pairs = ops.concatenate([images, ops.cast(conditions, images.dtype)], axis=-1)
            pairs = self.augment(pairs, training=True)
            images, conditions = pairs[..., :channels], pairs[..., channels:]
        elif self.augment is not None:
            images = self.augment(images, training=True)
        if self.contract.judges_pairs:
            images = [images, as_taken(self.discriminator, conditions)]
        return self.discriminator(images, training=True)

    def _game_logits(self, class_logits: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
        """One logit for the question real or fake, of one per class."""
        return asked_logit(class_logits, labels) if self.conditional else realness(class_logits)

    def _update_average(self) -> None:
        self.steps.assign_add(1)
        steps = ops.cast(self.steps, "float32")
        decay = ops.minimum(self.ema_decay, (1.0 + steps) / (10.0 + steps))
        # All weights, not only the trainable ones: BatchNormalization's moving statistics too.
        for average, value in zip(self.ema_generator.weights, self.generator.weights, strict=True):
            if keras.backend.is_float_dtype(value.dtype):
                average.assign(average + ops.cast(1 - decay, average.dtype) * (value - average))

    def parts(self) -> dict[str, Any]:
        """All that training changes: networks, average, moments, steps, random states."""
        if not self.compiled:
            raise ValueError("Compile the model first: its state holds the moments too.")
        return {
            "generator": self.generator,
            "discriminator": self.discriminator,
            "average": self.ema_generator,
            "augment": [] if self.augment is None else self.augment,
            "generator_optimizer": self.generator_optimizer,
            "discriminator_optimizer": self.discriminator_optimizer,
            "training": [self.steps, self.latent_seed.state],
        }

    def generate(
        self, latents: tf.Tensor | np.ndarray, labels: np.ndarray | None = None
    ) -> np.ndarray:
        """Images of the averaged generator as uint8, shape ``(count, *image_shape)``.

        Args:
            latents: float array ``(count, latent_dim)``, usually standard normal.
            labels: for a conditional GAN the class of each image, whole numbers ``(count,)``, or
                another condition as in training: class shares, ``(count, classes)``, captions,
                ``(count, words)``, or images in [-1, 1], ``(count, *image_shape)``.

        Raises:
            TypeError: if latents or conditions are no numbers of the right kind.
            ValueError: if the latents do not have the generator's latent_dim or are not finite, or
                conditions are missing, superfluous, of another shape, or out of range.
        """
        latents = self.contract.check_latents(latents)
        labels = self.contract.check_wishes(labels, len(latents))
        images = []
        for start in range(0, len(latents), IMAGES_AT_ONCE):
            part = slice(start, start + IMAGES_AT_ONCE)
            inputs = self._inputs(latents[part], None if labels is None else labels[part])
            images.append(to_pixels(ops.convert_to_numpy(self(inputs))))
        return np.concatenate(images)

    def sample(self, count: int, seed: int, labels: np.ndarray | None = None) -> np.ndarray:
        """``count`` images as ``generate`` makes them; a seed gives the same latents again.

        Raises:
            TypeError, ValueError: as ``generate``, and for a count below 1 or a seed below 0.
        """
        check_whole("count", count)
        if not isinstance(seed, keras.random.SeedGenerator):
            check_whole("seed", seed, 0)
        return self.generate(keras.random.normal((count, self.latent_dim), seed=seed), labels)
