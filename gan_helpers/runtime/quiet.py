"""Load TensorFlow without the start-up notes that would stand in red under a lesson's first cell.

Imported for its effect, before Keras. TensorFlow writes a few notes (such as "oneDNN custom
operations are on") before any log level counts, so the file descriptor itself is held back while
it loads. Everything that is not such a note is passed on.
"""

import importlib
import os
import re
import sys
import tempfile

from gan_helpers.runtime.keras_settings import check_settings

__all__: list[str] = []

# "I0000 ..." is the log's mark for information; W, E and F (warning, error, fatal) pass.
_NOTE = re.compile(rb"I\d{4} |WARNING: All log messages before absl::InitializeLog")


def _load_tensorflow() -> None:
    try:
        original = os.dup(2)
    except OSError:  # it is closed, so there is nothing to hold back
        importlib.import_module("tensorflow")
        return
    with tempfile.TemporaryFile() as held_back:
        sys.stderr.flush()
        os.dup2(held_back.fileno(), 2)
        try:
            importlib.import_module("tensorflow")
        finally:
            os.dup2(original, 2)
            os.close(original)
            held_back.seek(0)
            for line in held_back:
                if not _NOTE.match(line):
                    os.write(2, line)


if "tensorflow" not in sys.modules:
    _load_tensorflow()
check_settings()
importlib.import_module("gan_helpers.runtime.graph_memory")
