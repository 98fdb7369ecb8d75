"""Models, losses, training steps and animations behind the GAN course notebooks.

The names below are loaded when they are first used: ``gan_helpers.GAN`` loads TensorFlow,
``import gan_helpers`` does not. In a notebook the import also lets a cell that runs again give up
what its earlier run left in memory; see ``runtime.leftovers``.
"""

import os
import sys
from typing import TYPE_CHECKING

from gan_helpers.runtime import lazy_names, mend_streams

__all__ = [
    "GAN",
    "by_profile",
    "figure_with_sliders",
    "image_batches",
    "load_cifar10",
    "load_mnist",
    "to_model_range",
    "to_pixels",
]

mend_streams()
# Keras reads its backend once, at import: the course is written for TensorFlow.
os.environ["KERAS_BACKEND"] = os.environ.get("KERAS_BACKEND") or "tensorflow"
# TensorFlow logs start-up notes and harmless optimizer complaints to stderr, where they would stand
# in red under a cell. Real errors still arrive as Python exceptions.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
# A training step has two halves that can run side by side, one on real and one on fake images.
# Small networks train fastest (1.6 times on two cores) when each half gets half of the cores,
# instead of every operation all of them.
_cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
os.environ.setdefault("TF_NUM_INTRAOP_THREADS", str(max(1, _cores // 2)))

if TYPE_CHECKING:  # for editors and the type checker, which cannot follow ``__getattr__``
    from gan_helpers.data import image_batches, load_cifar10, load_mnist, to_model_range, to_pixels
    from gan_helpers.profiles import by_profile
    from gan_helpers.training import GAN
    from gan_helpers.widgets import figure_with_sliders
else:
    __getattr__ = lazy_names(
        __name__,
        {
            "data": ("image_batches", "load_cifar10", "load_mnist", "to_model_range", "to_pixels"),
            "profiles": ("by_profile",),
            "training": ("GAN",),
            "widgets": ("figure_with_sliders",),
        },
    )

if "IPython" in sys.modules and (_shell := sys.modules["IPython"].get_ipython()) is not None:
    from gan_helpers.runtime import leftovers

    leftovers.watch(_shell)
