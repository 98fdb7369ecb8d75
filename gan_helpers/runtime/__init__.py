"""Machinery that no lesson teaches: a quiet start, memory let go, number formats, whole files.

``quiet`` is imported for its effect, before Keras, by every module that uses Keras.
"""

from typing import TYPE_CHECKING

from gan_helpers.runtime.lazy import lazy_names

_MODULES = {
    "base_model": (
        "LARGEST_LOSS",
        "NO_VALIDATION",
        "BaseModel",
        "check_file",
        "copied",
        "is_finite",
    ),
    "console": ("mend_streams", "print_any_character"),
    "files": (
        "BOX",
        "BOX_REMEDY",
        "SUMS_NAME",
        "DatasetError",
        "file_sha256",
        "read_arrays",
        "read_sums",
        "replacing",
        "verified_path",
        "write_sums",
    ),
    "keras_settings": ("check_settings", "keras_home"),
    "precision": ("dtype_policy", "fastest_dtype_policy", "scaled_for_float16"),
    "writers": (
        "is_running",
        "own_name",
        "remove_leftovers",
        "remove_whole",
        "take_name",
        "unfinished",
        "without_owner",
    ),
}
__all__ = [name for names in _MODULES.values() for name in names]

if TYPE_CHECKING:  # for editors and the type checker, which cannot follow ``__getattr__``
    from gan_helpers.runtime.base_model import *  # noqa: F403
    from gan_helpers.runtime.console import *  # noqa: F403
    from gan_helpers.runtime.files import *  # noqa: F403
    from gan_helpers.runtime.keras_settings import *  # noqa: F403
    from gan_helpers.runtime.precision import *  # noqa: F403
    from gan_helpers.runtime.writers import *  # noqa: F403
else:  # a table of exercises should wait neither for NumPy nor for Keras
    __getattr__ = lazy_names(__name__, _MODULES)
