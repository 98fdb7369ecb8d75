"""Models, losses, training steps and animations behind the GAN course notebooks."""

import os

# Keras reads its backend once, at import: the course is written for TensorFlow.
os.environ.setdefault("KERAS_BACKEND", "tensorflow")
# TensorFlow logs start-up notes and harmless optimiser complaints to stderr, where they would stand
# in red under a cell. Real errors still arrive as Python exceptions.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
