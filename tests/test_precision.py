from gan_helpers import metrics, runtime
from gan_helpers.runtime import precision

import keras
import pytest


@pytest.mark.parametrize(
    ("float32_seconds", "bfloat16_seconds", "policy"),
    [(8.0, 1.0, "mixed_bfloat16"), (1.4, 1.0, "float32"), (1.0, 8.0, "float32")],
)
def test_bfloat16_is_chosen_where_it_is_clearly_faster(
    monkeypatch, float32_seconds, bfloat16_seconds, policy
):
    seconds = {"float32": float32_seconds, "bfloat16": bfloat16_seconds}
    monkeypatch.setattr(precision, "_seconds", lambda dtype: seconds[dtype.name])
    assert runtime.fastest_dtype_policy() == policy


def test_the_machine_is_really_timed():
    assert 0 < precision._seconds(precision.tf.float32) < 10
    assert runtime.fastest_dtype_policy() in ("float32", "mixed_bfloat16")


def test_a_policy_holds_for_its_block_only_even_if_it_fails():
    with pytest.raises(ZeroDivisionError), runtime.dtype_policy("mixed_bfloat16"):
        assert keras.config.dtype_policy().name == "mixed_bfloat16"
        raise ZeroDivisionError
    assert keras.config.dtype_policy().name == "float32"


def test_the_judge_keeps_full_precision():
    with runtime.dtype_policy("mixed_bfloat16"):
        extract = metrics.FeatureExtractor()
    assert {layer.compute_dtype for layer in extract.network.layers} == {"float32"}
