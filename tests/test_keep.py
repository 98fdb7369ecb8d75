"""Wherever the course is used: any folder, any locale, a home that is not to be written to."""

import json
import locale
import os
import re
import shutil
import struct
import subprocess
import sys
from pathlib import Path

from gan_helpers import animation, plots, weights
from gan_helpers.callbacks import CheckpointSaver, SampleRecorder
from gan_helpers.checkpoints import put_back, read_checkpoint
from gan_helpers.exercises import progress

import keras
import nbformat
import numpy as np
import pytest
from PIL import Image
from tiny_gan import fit, make_images, same_state, weights_of

ROOT = Path(__file__).resolve().parent.parent
STRANGE = "Übung 1 – Käthes GANs, größer"


def train_and_store(gan, folder):
    """What lessons leave in their folder, written and read again."""
    recorder = SampleRecorder(keras.random.normal((4, 4), seed=0))
    saver = CheckpointSaver(folder / "Läufe" / "der erste", recorder)
    history = fit(gan, make_images(8), epochs=2, callbacks=[recorder, saver]).history
    state, checkpoint = read_checkpoint(saver.folder)
    assert same_state(state, gan.get_state())
    assert checkpoint.history == history
    put_back(gan, state)
    for save in (animation.save_gif, animation.save_webp):
        path = save(recorder.frames, folder / f"Bild für Käthe.{save.__name__[5:]}", seconds=1.5)
        with Image.open(path) as picture:
            assert (picture.height, picture.width) == recorder.frames[0].shape
        animation.show_animation(path, alt="Training.")._repr_mimebundle_()
    path = weights.save_weights(gan.generator, folder / "Gewichte ß.npz")
    before = weights_of(gan.generator)
    weights.load_weights(gan.generator, path)
    for stored, weight in zip(before, weights_of(gan.generator), strict=True):
        np.testing.assert_allclose(weight, stored, rtol=1e-3, atol=1e-6)
    progress.record(1, 1, progress.CORRECT)
    assert json.loads((folder / "exercise_progress.jsonl").read_text("utf-8"))["exercise"] == 1


def test_a_working_folder_may_have_umlauts_and_spaces(gan, tmp_path, monkeypatch):
    folder = tmp_path / STRANGE
    folder.mkdir()
    monkeypatch.chdir(folder)
    train_and_store(gan, Path())  # as lessons do, without saying where


def test_the_course_itself_may_lie_in_a_folder_with_umlauts_and_spaces(tmp_path):
    course = tmp_path / STRANGE
    shutil.copytree(ROOT / "gan_helpers", course / "gan_helpers")
    shutil.copytree(ROOT / "data" / "mnist_sample", course / "data" / "mnist_sample")
    shutil.copy(ROOT / "data" / "SHA256SUMS", course / "data")
    code = "import gan_helpers as g; print(len(g.load_mnist('test')[0])); print(ascii(g.__file__))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(course), "GAN_DATA": "sample"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    *_, count, place = done.stdout.splitlines()
    assert count == "1000" and ascii(STRANGE)[1:-1] in place


# A home that is not to be written to, and a switch for another Keras


def unwritable_home(folder):
    home = folder / "home"
    home.mkdir()
    home.chmod(0o555)
    if os.access(home, os.W_OK):  # root, or Windows: below a file there is no folder for anyone
        home.chmod(0o755)
        home /= "a file"
        home.touch()
    return home


USE = f"""
import os, sys
from pathlib import Path
sys.path.insert(0, {str(ROOT / "tests")!r})
try:
    Path(os.environ["HOME"], "x").mkdir(parents=True)
except OSError:
    print("not to be written to")
from gan_helpers import data, plots
print(len(data.load_mnist("test", limit=7)[0]))
from tiny_gan import fit, make_dense_gan, make_images
gan = make_dense_gan()
history = fit(gan, make_images(8)).history
print(len(plots.plot_losses(history, alt="Losses.").to_png()) > 1000, int(gan.steps))
"""


def test_neither_an_unwritable_home_nor_the_switch_to_an_older_keras_matters(tmp_path):
    home = unwritable_home(tmp_path)
    places = ("HOME", "USERPROFILE", "LOCALAPPDATA", "APPDATA", "XDG_CACHE_HOME", "XDG_CONFIG_HOME")
    chosen = ("GAN_DATA_HOME", "GAN_DATA", "MPLCONFIGDIR", "KERAS_HOME", "IPYTHONDIR")
    environment = {name: value for name, value in os.environ.items() if name not in chosen}
    environment |= dict.fromkeys(places, str(home)) | {"TF_USE_LEGACY_KERAS": "1"}
    done = subprocess.run(
        [sys.executable, "-c", USE], cwd=tmp_path, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    hindered, sample, count, last = done.stdout.splitlines()
    assert hindered == "not to be written to"
    assert "7 of the 1,000 images of the sample" in sample and count == "7"
    assert last == "True 1"


@pytest.mark.parametrize("folder", ["gan_helpers", "scripts", "notebooks"])
def test_nobody_uses_the_keras_inside_tensorflow(folder):
    """Where the switch is set, that is Keras 2, whose layers do not go together with these."""
    found = []
    for path in sorted((ROOT / folder).rglob("*")):
        if path.suffix == ".py":
            sources = [path.read_text(encoding="utf-8")]
        elif path.suffix == ".ipynb" and ".ipynb_checkpoints" not in path.parts:
            cells = nbformat.read(path, as_version=4).cells
            sources = [cell.source for cell in cells if cell.cell_type == "code"]
        else:
            continue
        inside = r"\b(tf|tensorflow)\.keras\b|from tensorflow import .*\bkeras\b"
        found += [path.name for source in sources if re.search(inside, source)]
    assert found == []


# A locale that writes 0,5 for one half


@pytest.fixture
def comma_locale(tmp_path, monkeypatch, request):
    """As a program has it that asked for the locale of a German or French user."""
    before = locale.setlocale(locale.LC_NUMERIC)
    request.addfinalizer(lambda: locale.setlocale(locale.LC_NUMERIC, before))
    # One of the C library's own files, in case that no such locale is installed: a magic number,
    # the count and places of six entries, and these: decimal point, separator of thousands,
    # grouping, the first two as characters of 32 bits, encoding.
    places = struct.pack("=8I", 0x20031114, 6, 32, 34, 35, 36, 40, 44)
    entries = b",\0" + b"\0" + b"\0" + struct.pack("=2I", ord(","), 0) + b"UTF-8\0"
    (tmp_path / "locales" / "comma").mkdir(parents=True)
    (tmp_path / "locales" / "comma" / "LC_NUMERIC").write_bytes(places + entries)
    for name in ("de_DE.UTF-8", "de-DE", "comma"):
        if name == "comma":
            monkeypatch.setenv("LOCPATH", str(tmp_path / "locales"))
        try:
            locale.setlocale(locale.LC_NUMERIC, name)
            break
        except locale.Error:
            continue
    assert f"{0.5:n}" == "0,5"


@pytest.mark.usefixtures("comma_locale")
def test_a_locale_with_commas_changes_no_number(gan, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    train_and_store(gan, tmp_path)
    history = {"generator_loss": [0.25, 0.5], "discriminator_loss": [1.5, 1.25]}
    figure = plots.plot_losses(history, alt="Losses.")
    figure.to_png()
    shown = [text.get_text() for axes in figure.axes for text in axes.get_yticklabels()]
    assert any("." in text for text in shown) and not any("," in text for text in shown)
