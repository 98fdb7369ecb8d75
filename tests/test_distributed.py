"""The same training on several devices and on several machines, which here are processes."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

pytestmark = pytest.mark.long
PROGRAM = Path(__file__).resolve().parent / "distributed_training.py"


def start(*arguments, **environment):
    return subprocess.Popen(
        [sys.executable, "-W", "error::UserWarning", str(PROGRAM), *map(str, arguments)],
        env=os.environ | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def finish(processes):
    try:
        for process in processes:
            output, _ = process.communicate(timeout=300)
            assert process.returncode == 0, output[-3000:]
    finally:
        for process in processes:
            process.kill()


def free_addresses(count):
    listeners = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    addresses = [f"127.0.0.1:{listener.getsockname()[1]}" for listener in listeners]
    for listener in listeners:
        listener.close()
    return addresses


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("distributed")
    finish([start(count, folder) for count in (2, 4)])
    return folder


def differences(folder, name):
    with np.load(folder / "one device.npz") as one, np.load(folder / f"{name}.npz") as other:
        assert one.files == other.files
        assert one["steps"] == other["steps"] == 8
        return {key: np.abs(one[key] - other[key]).max() for key in one.files}


@pytest.mark.parametrize("name", ["2 devices", "4 devices"])
def test_several_devices_give_the_losses_and_weights_of_one(folder, name):
    found = differences(folder, name)
    assert {"generator_loss", "class_loss", "real_score", "weight 0"} < set(found)
    assert max(found.values()) < 1e-4, found


def test_statistics_of_a_replica_alone_are_other_ones(folder):
    """What the docstring of GAN warns of; it also shows that the comparison sees a difference."""
    found = differences(folder, "2 devices, each with its own statistics")
    assert max(found.values()) > 1e-2


def test_two_machines_give_the_losses_and_weights_of_one(folder):
    cluster = {"worker": free_addresses(2)}
    tasks = [{"type": "worker", "index": index} for index in range(2)]
    configurations = [json.dumps({"cluster": cluster, "task": task}) for task in tasks]
    finish([start("worker", folder, TF_CONFIG=each) for each in configurations])
    for name in ("worker 0", "worker 1"):
        found = differences(folder, name)
        assert max(found.values()) < 1e-4, found
