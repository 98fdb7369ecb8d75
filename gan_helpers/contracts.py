"""What networks, conditions and batches must be, so that a GAN can learn from them."""

from collections.abc import Iterator

from gan_helpers.checks import describe
from gan_helpers.runtime import quiet  # noqa: F401 - before Keras loads TensorFlow

import keras

__all__ = [
    "CONDITIONS",
    "check_model",
    "check_networks",
    "condition_values",
]

# What a condition is, by the number of its axes beside that of the batch.
CONDITIONS = {0: "class", 1: "caption", 3: "image"}


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


def check_networks(generator: keras.Model, discriminator: keras.Model) -> None:
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


def condition_values(generator: keras.Model, discriminator: keras.Model) -> int | None:
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
