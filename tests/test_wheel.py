"""An installed course: a wheel without the sources, used from any folder."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
LARGEST_WHEEL, LARGEST_TREE = 48e6, 65e6  # bytes

# Neither Keras nor TensorFlow is loaded by this.
USE = """
import gan_helpers
from gan_helpers.data import load_cifar10, load_mnist
from gan_helpers.runtime import BOX, BOX_REMEDY, read_sums, verified_path

assert str(BOX).startswith(BUILT) and str(gan_helpers.__file__).startswith(BUILT)
print(len(load_cifar10()[0]), len(load_mnist("test")[0]))
sums = read_sums(BOX / "weights", BOX_REMEDY)
print(all(verified_path(BOX / "weights", name, sums, BOX_REMEDY) for name in sums), len(sums))
(BOX / "mnist_sample" / "test" / "3.png").unlink()
load_mnist("test")
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "-d", folder]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (built,) = folder.glob("*.whl")
    return built


def test_it_finds_pictures_and_weights_or_says_what_is_missing(wheel, tmp_path):
    place = tmp_path / "installed"
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", place]
    subprocess.run([*command, wheel], check=True, capture_output=True)
    # Before the sources, which the tests' environment has installed too.
    environment = os.environ | {"PYTHONPATH": str(place), "GAN_DATA": "sample"}
    done = subprocess.run(
        [sys.executable, "-c", f"BUILT = {json.dumps(str(place))}\n{USE}"],
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    printed = [line for line in done.stdout.splitlines() if "sample" not in line]
    shipped = len((ROOT / "data" / "weights" / "SHA256SUMS").read_text().splitlines())
    assert printed == ["5000 1000", f"True {shipped}"], done.stderr
    last = done.stderr.splitlines()[-1]
    assert "3.png is missing. It comes with the course" in last
    assert "without the sources install the course again" in last


def test_it_is_small_and_so_is_the_tree(wheel):
    assert wheel.stat().st_size <= LARGEST_WHEEL
    command = ["git", "ls-files", "-z"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True, text=True)
    files = [ROOT / name for name in listed.stdout.split("\0") if name]
    assert sum(file.stat().st_size for file in files if file.exists()) <= LARGEST_TREE
