"""The settings of Keras that the course relies on: whoever has others is told where, at once."""

import importlib
import json
import os
import sys
from pathlib import Path

__all__ = ["check_settings", "keras_home"]

_NEEDED = {"backend": "tensorflow", "image_data_format": "channels_last", "floatx": "float32"}


def keras_home() -> Path:
    """The folder in which Keras keeps its settings, and what it fetches."""
    home = os.path.expanduser("~")
    # Keras too takes /tmp where the home folder may not be written.
    folder = Path(home if os.access(home, os.W_OK) else "/tmp") / ".keras"
    return Path(os.environ.get("KERAS_HOME") or folder)


def check_settings() -> None:
    """Load Keras.

    Raises:
        RuntimeError: if it has another backend, order of axes or number format than the course.
    """
    variable = os.environ["KERAS_BACKEND"]
    # Asked before it is loaded, because another backend need not be installed.
    if "keras" not in sys.modules and variable != _NEEDED["backend"]:
        _refuse("backend", variable, "by the environment variable KERAS_BACKEND")
    config = importlib.import_module("keras").config
    for name, needed in _NEEDED.items():
        found = getattr(config, name)()
        if found != needed:
            file = keras_home() / "keras.json"
            by_file = _read(file).get(name) == found
            _refuse(name, found, f"in {file}" if by_file else "by code that ran before")


def _refuse(name: str, found: str, where: str) -> None:
    raise RuntimeError(
        f"Keras's {name} is {found!r}, set {where}, and this course needs {_NEEDED[name]!r}: "
        "change it there and start Python anew."
    )


def _read(file: Path) -> dict:
    try:
        settings = json.loads(file.read_bytes())
    except (OSError, ValueError):
        return {}
    return settings if isinstance(settings, dict) else {}
