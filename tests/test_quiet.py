import subprocess
import sys


def run(code):
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)


def test_the_models_load_without_a_word():
    result = run("from gan_helpers import models")
    assert (result.returncode, result.stderr) == (0, "")


def test_real_messages_while_loading_are_passed_on():
    code = """
import os, sys, types, importlib
import gan_helpers
def load(name):
    os.write(2, b"I0000 00:00 a note\\nW0000 00:00 a warning\\nE0000 an error\\n")
    raise ImportError("broken installation")
importlib.import_module = load
import gan_helpers.runtime.quiet
"""
    result = run(code)
    assert "a note" not in result.stderr
    assert "W0000 00:00 a warning\nE0000 an error\n" in result.stderr
    assert "ImportError: broken installation" in result.stderr
