"""Other kernels that write checkpoints; tests/test_checkpoints.py starts them as processes."""

import os

from gan_helpers.checkpoints import Checkpoint, save_checkpoint
from gan_helpers.runtime import own_name, unfinished

import numpy as np


class FakeGAN:
    """What a checkpoint asks of a model. Its weights say who wrote them, and for which epoch."""

    def __init__(self, writer=0, epoch=0):
        self.steps = 0
        self.set_state({"writer": np.array(writer), "epoch": np.array(epoch)})

    def get_state(self):
        return self.state

    def set_state(self, state):
        self.state = state

    def compiled_rates(self):
        return {}


def save(folder, writer, epoch, best=False):
    """Progress and weights say the same."""
    checkpoint = Checkpoint(epoch, {"writer": [writer]})
    return save_checkpoint(FakeGAN(writer, epoch), folder, checkpoint, best=best)


def write_at_once(folder, writer, epochs, barrier):
    """Begin each save when the other processes begin theirs."""
    os.fsync = lambda file: None  # no battery ends here, and half of the time is saved
    try:
        for epoch in range(1, epochs + 1):
            barrier.wait(60)
            save(folder, writer, epoch, best=epoch == 2)
    except Exception:
        barrier.abort()  # the other one need not wait
        raise


def write_and_live_on(folders, epochs, connection):
    """Write checkpoints and half of one more, tell it, and live until killed."""
    for folder in folders:
        for epoch in range(1, epochs + 1):
            save(folder, 1, epoch, best=epoch == 1)
        unfinished(folder, own_name(folder), "written").mkdir()
    connection.send("written")
    connection.recv()
