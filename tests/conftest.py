"""What several files of tests share."""

from collections import Counter
from pathlib import PurePath

import ipywidgets
import pytest

# A worker takes a whole file: the longest begin first, lest one of them is alone at the end.
LONGEST = ["test_rerun.py", "test_clinic.py", "04_failure_clinic.ipynb", "test_browser.py"]
LONGEST += ["test_train_studio.py", "test_training.py", "test_site.py", "test_wheel.py"]
LESSON_SECONDS = 30  # what a lesson may take at the quick profile


def pytest_collection_modifyitems(items):
    items.sort(key=lambda item: [*LONGEST, item.path.name].index(item.path.name))


def pytest_terminal_summary(terminalreporter):
    """How long each lesson took. A busy machine is slow, so too long is said and not failed."""
    seconds = Counter()
    for report in (each for group in terminalreporter.stats.values() for each in group):
        path = PurePath(getattr(report, "nodeid", "").partition("::")[0])
        if path.suffix == ".ipynb":
            seconds[path.stem] += report.duration
    if seconds:
        terminalreporter.section("seconds per lesson")
    for lesson, taken in sorted(seconds.items()):
        note = f"  more than {LESSON_SECONDS}" if taken > LESSON_SECONDS else ""
        terminalreporter.write_line(f"{lesson:32} {taken:5.1f}{note}")


@pytest.fixture(scope="session")
def one_gan():
    from tiny_gan import make_gan

    gan = make_gan()
    return gan, gan.get_state()


@pytest.fixture
def gan(one_gan):
    """An untrained model; built and traced once, because that takes longer than most tests."""
    from tiny_gan import as_untrained

    return as_untrained(one_gan)


@pytest.fixture
def games_end():
    """What is compiled for the games of a test is there for those of the next."""
    yield
    ipywidgets.Widget.close_all()


@pytest.fixture(scope="module")
def engines_wait():
    """What one test compiled, the next plays with; a dozen sizes instead of three."""
    from gan_helpers.playground import engine

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engine, "MOST_WAITING", 12)
        yield
    del engine._waiting[: -engine.MOST_WAITING]


@pytest.fixture
def uncompiled(monkeypatch):
    """A few steps of a size that no other test plays are faster as they are written."""
    from gan_helpers.playground.engine import Compiled

    def call(self, *arguments):
        return self._function.python_function(*arguments)

    monkeypatch.setattr(Compiled, "compile", lambda self: None)
    monkeypatch.setattr(Compiled, "__call__", call)
