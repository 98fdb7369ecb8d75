from gan_helpers.profiles import PROFILES, by_profile, current_profile

import pytest


@pytest.mark.parametrize("name", PROFILES)
def test_the_environment_chooses_the_value(monkeypatch, name):
    monkeypatch.setenv("GAN_PROFILE", name)
    assert by_profile(quick="quick", lesson="lesson", full="full") == name


def test_lesson_is_the_default(monkeypatch):
    monkeypatch.delenv("GAN_PROFILE", raising=False)
    assert current_profile() == "lesson"


def test_an_unknown_name_is_refused_with_the_three_that_exist(monkeypatch):
    monkeypatch.setenv("GAN_PROFILE", "fast")
    with pytest.raises(ValueError, match=r"'fast'.*quick, lesson, full"):
        by_profile(quick=1, lesson=2, full=3)
