"""What several files of tests share."""

import pytest


@pytest.fixture(scope="session")
def one_gan():
    from test_training import make_gan

    gan = make_gan()
    return gan, gan.get_state()


@pytest.fixture
def gan(one_gan):
    """An untrained model; built and traced once, because that takes longer than most tests."""
    gan, untrained = one_gan
    gan.set_state(untrained)
    return gan
