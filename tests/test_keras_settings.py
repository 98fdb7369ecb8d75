"""Settings of Keras that the course cannot use are told at once, with the place they come from."""

import os
import subprocess
import sys

from gan_helpers.runtime import check_settings

import keras
import pytest


@pytest.fixture
def settings(tmp_path, monkeypatch):
    """Sets one in Keras and perhaps in its file, as Keras does that when it is loaded."""
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    known = keras.config.floatx(), keras.config.image_data_format()

    def change(name, value, file=""):
        getattr(keras.config, f"set_{name}")(value)
        (tmp_path / "keras.json").write_text(file, encoding="utf-8")
        return str(tmp_path / "keras.json")

    yield change
    keras.config.set_floatx(known[0])
    keras.config.set_image_data_format(known[1])


@pytest.mark.parametrize(
    ("name", "value"),
    [("image_data_format", "channels_first"), ("floatx", "float64"), ("floatx", "float16")],
)
def test_a_setting_that_does_not_fit_is_named_with_its_place(name, value, settings):
    file = settings(name, value, f'{{"{name}": "{value}"}}')
    with pytest.raises(RuntimeError, match=f"{name} is '{value}', set in .*keras.json") as caught:
        check_settings()
    assert file in str(caught.value)
    for other in ("{damaged", "[]", '{"floatx": "float32"}'):
        settings(name, value, other)
        with pytest.raises(RuntimeError, match=f"{name} is '{value}', set by code that ran before"):
            check_settings()


def test_what_keras_has_itself_fits(settings):
    check_settings()


def test_another_backend_is_named_before_it_is_loaded(monkeypatch):
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    check_settings()  # Keras is here already, with the right one
    monkeypatch.delitem(sys.modules, "keras")
    with pytest.raises(RuntimeError, match="backend is 'jax', set by the environment variable"):
        check_settings()


def test_whoever_loads_the_package_is_told(tmp_path):
    (tmp_path / "keras.json").write_text('{"image_data_format": "channels_first"}', "utf-8")
    done = subprocess.run(
        [sys.executable, "-c", "from gan_helpers import models"],
        env=os.environ | {"KERAS_HOME": str(tmp_path)},
        stderr=subprocess.PIPE,
        text=True,
    )
    assert "RuntimeError: Keras's image_data_format" in done.stderr.splitlines()[-1]


def test_the_backend_of_the_settings_file_and_the_switch_to_old_keras_change_nothing(tmp_path):
    (tmp_path / "keras.json").write_text('{"backend": "jax"}', encoding="utf-8")
    settings = {"KERAS_HOME": str(tmp_path), "TF_USE_LEGACY_KERAS": "1", "KERAS_BACKEND": ""}
    code = "from gan_helpers import models as m; print(m.build_dcgan_generator().count_params())"
    done = subprocess.run(
        [sys.executable, "-c", code], env=os.environ | settings, capture_output=True, text=True
    )
    assert int(done.stdout) > 0, done.stderr
