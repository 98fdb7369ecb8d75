"""Read files that may come from strangers: nothing in them is run, and none grows without end.

Archives are read in memory and never unpacked on the disk, so a member called ``../../x`` or a link
has nowhere to go.
"""

import io
import pickle
import pickletools
from collections.abc import Callable
from typing import Any, BinaryIO

from gan_helpers.runtime import MOST_BYTES, DatasetError

import numpy as np

__all__ = ["LimitedStream", "safe_unpickle"]


class LimitedStream(io.RawIOBase):
    """A stream that refuses to give more than ``most_bytes``, such as from a file that unpacks.

    Raises:
        ValueError: from ``read``, once it has given more.
    """

    def __init__(self, stream: BinaryIO, most_bytes: int = MOST_BYTES) -> None:
        super().__init__()
        self._stream = stream
        self._left = most_bytes

    def read(self, size: int = -1) -> bytes:
        # One byte more than allowed shows that there is more.
        size = self._left + 1 if size < 0 else min(size, self._left + 1)
        content = self._stream.read(size)
        self._left -= len(content)
        if self._left < 0:
            raise ValueError("it is far too large once unpacked")
        return content


# What a pickler never writes for numbers, strings and containers.
_REFUSED_OPCODES = {
    "BINPERSID",
    "DUP",
    "EXT1",
    "EXT2",
    "EXT4",
    "INST",
    "NEWOBJ",
    "NEWOBJ_EX",
    "NEXT_BUFFER",
    "OBJ",
    "PERSID",
    "READONLY_BUFFER",
}
_TUPLES = {"TUPLE", "TUPLE1", "TUPLE2", "TUPLE3"}
_STORES = {"PUT", "BINPUT", "LONG_BINPUT", "MEMOIZE"}
_FETCHES = {"GET", "BINGET", "LONG_BINGET"}


class _PlainDtype:
    """What a pickled type of numbers becomes. NumPy's own would obey any flags in the pickle."""

    def __init__(self, dtype: np.dtype) -> None:
        self.dtype = dtype

    def __setstate__(self, state: tuple) -> None:
        _, byte_order, subarray, names, fields, *_ = state
        if (subarray, names, fields) != (None, None, None):
            raise pickle.UnpicklingError("arrays of records are not allowed in it")
        self.dtype = self.dtype.newbyteorder(byte_order)


class _PlainArray(np.ndarray):
    """An array that a pickle fills with numbers of a plain type alone."""

    spend: Callable[[int], None]

    def __setstate__(self, state: tuple) -> None:
        _, shape, number_type, fortran, content = state
        if not isinstance(number_type, _PlainDtype):
            raise pickle.UnpicklingError("arrays need a type of numbers")
        self.spend(len(content))
        super().__setstate__((1, shape, number_type.dtype, fortran, content))


class _Rebuild:
    """The functions that pickles of arrays name, without NumPy's freedom.

    Handed out as bound methods: a pickle cannot set attributes of these.
    """

    def __init__(self, most_bytes: int) -> None:
        self._left = most_bytes

    def spend(self, count: int) -> None:
        """Count what is copied: a small pickle can ask for the same bytes again and again."""
        self._left -= count
        if self._left < 0:
            raise pickle.UnpicklingError("it uses the same bytes too often")

    def dtype(self, code: str, align: int = 0, copy: int = 0) -> _PlainDtype:
        # The flags are ignored: old pickles write them as numbers, which NumPy is giving up.
        dtype = np.dtype(code)
        if dtype.kind not in "buif":
            raise pickle.UnpicklingError(f"arrays of {dtype} are not allowed in it")
        return _PlainDtype(dtype)

    def array(self, kind: str, shape: tuple, code: str) -> _PlainArray:
        # Empty, as picklers ask for it: what it holds comes afterwards, and no larger than that.
        array = _PlainArray(0, np.uint8)
        array.spend = self.spend
        return array

    def from_buffer(
        self, content: bytes, number_type: _PlainDtype, shape: tuple, order: str
    ) -> np.ndarray:
        return np.frombuffer(content, number_type.dtype).reshape(shape, order=order)

    def latin1_bytes(self, text: str, encoding: str) -> bytes:
        if encoding != "latin1":
            raise pickle.UnpicklingError(f"the encoding {encoding!r} is not allowed in it")
        self.spend(len(text))
        return text.encode("latin1")


class _ArrayUnpickler(pickle.Unpickler):
    def __init__(self, content: bytes) -> None:
        super().__init__(io.BytesIO(content), encoding="latin1")
        rebuild = _Rebuild(most_bytes=1000 + 4 * len(content))
        # NumPy 2 moved its core; pickles of both ages are in use.
        self._allowed: dict[tuple[str, str], Any] = {
            ("numpy", "ndarray"): "ndarray",
            ("numpy", "dtype"): rebuild.dtype,
            ("numpy.core.multiarray", "_reconstruct"): rebuild.array,
            ("numpy._core.multiarray", "_reconstruct"): rebuild.array,
            ("numpy.core.numeric", "_frombuffer"): rebuild.from_buffer,
            ("numpy._core.numeric", "_frombuffer"): rebuild.from_buffer,
            ("_codecs", "encode"): rebuild.latin1_bytes,
        }

    def find_class(self, module: str, name: str) -> Any:
        try:
            return self._allowed[module, name]
        except KeyError:
            raise DatasetError(
                f"The pickle asks for {module}.{name}, which no data set needs. It may be hostile: "
                "nothing was run. Get the file from a source you trust."
            ) from None


def safe_unpickle(content: bytes) -> Any:
    """Unpickle numbers, strings, containers and numeric arrays, and nothing else.

    Memory and time stay in proportion to the length of the content.

    Raises:
        DatasetError: if the pickle names any other class or function; nothing of it is called.
        Exception: of many kinds, if the content is damaged or no pickle.
    """
    _check_opcodes(content)
    return _ArrayUnpickler(content).load()


def _check_opcodes(content: bytes) -> None:
    """Refuse what could take memory or time without end, before anything is built.

    ``genops`` finds every length that exceeds the content.
    """
    stored: set[int] = set()
    tuples_stored: set[int] = set()
    previous = ""
    for number, (opcode, argument, _) in enumerate(pickletools.genops(content)):
        name = opcode.name
        if name in _REFUSED_OPCODES:
            raise pickle.UnpicklingError(f"{name} is not allowed in it")
        if name in _STORES:
            place = len(stored) if name == "MEMOIZE" else argument
            stored.add(place)
            # The table of stored objects grows to the largest place, used or not.
            if not 0 <= place <= number:
                raise pickle.UnpicklingError(f"it stores an object at place {place}")
            if previous in _TUPLES:
                tuples_stored.add(place)
        # Tuples of one tuple again and again, fifty deep, are small, and to hash them takes years.
        if name in _FETCHES and argument in tuples_stored:
            raise pickle.UnpicklingError("it uses a tuple twice")
        previous = name
