"""What several files of tests share."""

import ipywidgets
import pytest

# A worker takes a whole file: the longest begin first, lest one of them is alone at the end.
LONGEST = ["test_rerun.py", "test_browser.py", "test_clinic.py"]


def pytest_collection_modifyitems(items):
    items.sort(key=lambda item: [*LONGEST, item.path.name].index(item.path.name))


@pytest.fixture(scope="session")
def one_gan():
    from tiny_gan import make_gan

    gan = make_gan()
    return gan, gan.get_state()


@pytest.fixture
def gan(one_gan):
    """An untrained model; built and traced once, because that takes longer than most tests."""
    gan, untrained = one_gan
    gan.set_state(untrained)
    return gan


@pytest.fixture
def games_end():
    """What is compiled for the games of a test is there for those of the next."""
    yield
    ipywidgets.Widget.close_all()
