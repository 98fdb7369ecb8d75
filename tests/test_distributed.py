"""The same training on several devices and on several machines, which here are processes."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

from gan_helpers.runtime import replicas

import numpy as np
import pytest
import tensorflow as tf

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


@pytest.mark.long
@pytest.mark.parametrize("name", ["2 devices", "4 devices"])
def test_several_devices_give_the_losses_and_weights_of_one(folder, name):
    found = differences(folder, name)
    assert {"generator_loss", "class_loss", "real_score", "weight 0"} < set(found)
    assert max(found.values()) < 1e-4, found


@pytest.mark.long
def test_statistics_of_a_replica_alone_are_other_ones(folder):
    """What the docstring of GAN warns of; it also shows that the comparison sees a difference."""
    found = differences(folder, "2 devices, each with its own statistics")
    assert max(found.values()) > 1e-2


@pytest.mark.long
def test_two_machines_give_the_losses_and_weights_of_one(folder):
    cluster = {"worker": free_addresses(2)}
    tasks = [{"type": "worker", "index": index} for index in range(2)]
    configurations = [json.dumps({"cluster": cluster, "task": task}) for task in tasks]
    finish([start("worker", folder, TF_CONFIG=each) for each in configurations])
    for name in ("worker 0", "worker 1"):
        found = differences(folder, name)
        assert max(found.values()) < 1e-4, found


def test_a_replica_keeps_its_own_part_of_what_is_drawn_and_its_share_of_a_loss(monkeypatch):
    monkeypatch.setattr(replicas, "replica_count", lambda: 3)
    parts = []
    for number in range(3):
        context = SimpleNamespace(replica_id_in_sync_group=number)
        monkeypatch.setattr(tf.distribute, "get_replica_context", lambda context=context: context)
        parts.append(replicas.own_part(tf.range, 2).numpy().tolist())
    assert parts == [[0, 1], [2, 3], [4, 5]]
    assert float(replicas.share(tf.constant(6.0))) == 2
