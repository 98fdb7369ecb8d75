"""What commands print gets through, whatever stream there is."""

import io
import os
import subprocess
import sys

from gan_helpers import data
from gan_helpers.data import install
from gan_helpers.grading import __main__ as grading
from gan_helpers.runtime import mend_streams

import pytest


@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
@pytest.mark.parametrize("command", ["data", "grading"])
def test_commands_print_names_that_the_stream_has_no_letters_for(
    command, encoding, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "Łucja✓.ipynb").write_text("{}", encoding="utf-8")
    printed = io.TextIOWrapper(io.BytesIO(), encoding)
    monkeypatch.setattr("sys.stdout", printed)
    if command == "data":
        assert install.main([data.MNIST.name, "--from", "Łucja✓.ipynb"]) == 1
    else:
        assert grading.main(["Łucja✓.ipynb"]) == 1
    printed.flush()
    assert rb"\u0141ucja\u2713.ipynb" in printed.buffer.getvalue()


@pytest.mark.parametrize("closed", [True, False])
def test_streams_that_are_missing_or_closed_are_replaced(closed, monkeypatch):
    for name in ("stdout", "stderr"):
        stream = io.StringIO()
        stream.close()
        monkeypatch.setattr(sys, name, stream if closed else None)
    mend_streams()
    print("out")
    sys.stderr.write("Łucja")
    for stream in (sys.stdout, sys.stderr):
        stream.close()


# As under pythonw, or in a service whose descriptors are closed.
WITHOUT = """
import os, sys
os.close(2)
sys.stdout = sys.stderr = None
from gan_helpers import models
import keras, tqdm
list(tqdm.tqdm([1]))
keras.utils.Progbar(1).update(1)
os.write(1, b"done")
"""


def test_keras_loads_and_shows_its_progress_without_streams():
    done = subprocess.run([sys.executable, "-c", WITHOUT], stdout=subprocess.PIPE, env=os.environ)
    assert (done.returncode, done.stdout) == (0, b"done")
