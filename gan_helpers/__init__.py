"""Models, losses, training steps and animations behind the GAN course notebooks."""

import os
import sys

# Keras reads its backend once, at import: the course is written for TensorFlow.
os.environ.setdefault("KERAS_BACKEND", "tensorflow")
# TensorFlow logs start-up notes and harmless optimiser complaints to stderr, where they would stand
# in red under a cell. Real errors still arrive as Python exceptions.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
# A training step has two halves that can run side by side, one on real and one on fake images.
# Small networks train fastest (1.6 times on two cores) when each half gets half of the cores,
# instead of every operation all of them.
_cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
os.environ.setdefault("TF_NUM_INTRAOP_THREADS", str(max(1, _cores // 2)))

if "IPython" in sys.modules and (_shell := sys.modules["IPython"].get_ipython()) is not None:
    from gan_helpers import leftovers

    leftovers.watch(_shell)
