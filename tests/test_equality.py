"""What the package puts together can be compared and put into a set, also where it holds arrays."""

import dataclasses
import importlib
import pkgutil

import gan_helpers

import numpy as np
import pytest

AWKWARD = ("ndarray", "dict[", "Mapping[", "list[", "set[")  # annotated so: no truth, or no hash


def records():
    """Every dataclass and NamedTuple of the package."""
    names = [found.name for found in pkgutil.walk_packages(gan_helpers.__path__, "gan_helpers.")]
    modules = [importlib.import_module(name) for name in names if "__main__" not in name]
    found = {thing for module in modules for thing in vars(module).values() if is_record(thing)}
    return sorted(found, key=lambda kind: (kind.__module__, kind.__qualname__))


def is_record(thing):
    own = isinstance(thing, type) and thing.__module__.startswith("gan_helpers")
    return own and (dataclasses.is_dataclass(thing) or hasattr(thing, "_fields"))


def is_awkward(kind):
    return any(word in str(hint) for hint in kind.__annotations__.values() for word in AWKWARD)


def make(kind):
    """One with new arrays or mappings where it holds any, and all else equal; unchecked."""
    values = {}
    for name, hint in kind.__annotations__.items():
        held = [word for word in AWKWARD if word in str(hint)]
        values[name] = {} if held and "ndarray" not in held else np.zeros(2) if held else 0
    if issubclass(kind, tuple):
        return kind(**values)
    made = object.__new__(kind)
    for name, value in values.items():
        object.__setattr__(made, name, value)
    return made


def test_all_are_found():
    names = {kind.__name__ for kind in records()}
    assert {"Settings", "Moment", "SickGame", "Inversion", "Reading", "Checkpoint"} <= names


@pytest.mark.parametrize("kind", records(), ids=lambda kind: kind.__name__)
def test_two_can_be_compared_and_those_with_arrays_go_into_a_set(kind):
    one, other = make(kind), make(kind)
    assert (one == one) is True and (one != one) is False
    assert isinstance(one == other, bool) and (one != other) is not (one == other)
    if is_awkward(kind):
        assert {one, other} == {other, one} and one in {one}
