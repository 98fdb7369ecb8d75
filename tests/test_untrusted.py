"""Hostile and damaged files, as a stranger might hand them round. See benchmarks/fuzz.py too."""

import gzip
import io
import pickle
import struct
import tarfile
import zipfile

from gan_helpers.data.sets import CIFAR10, MNIST
from gan_helpers.data.sources import read_complete
from gan_helpers.data.untrusted import LimitedStream, safe_unpickle
from gan_helpers.runtime import DatasetError, read_arrays

import numpy as np
import pytest
from PIL import Image


def npy(header, content=b""):
    text = header.encode().ljust(118) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text + content


def write_zip(path, **members):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(f"{name}.npy", content)
    return path


def test_arrays_come_back(tmp_path):
    arrays = {"a": np.arange(6.0).reshape(2, 3), "b": np.array([1, 2], np.uint8)}
    np.savez_compressed(tmp_path / "arrays.npz", **arrays, unread=np.array(["text"]))
    found = read_arrays(tmp_path / "arrays.npz", ["a", "b"])
    assert set(found) == {"a", "b"}
    assert all(np.array_equal(found[name], arrays[name]) for name in arrays)


LIKE_HUGE = "{'descr': '<f8', 'fortran_order': False, 'shape': (%d,)}"


@pytest.mark.parametrize(
    ("members", "words"),
    [
        ({"b": npy(LIKE_HUGE % 1, bytes(8))}, "a is missing"),
        ({"a": npy(LIKE_HUGE % 10**13)}, "cannot be read"),
        ({"a": npy(LIKE_HUGE % 10**20)}, "cannot be read"),
        ({"a": npy(LIKE_HUGE % 2)}, "cannot be read"),
        ({"a": npy("{'descr': '|O', 'fortran_order': False, 'shape': (1,)}")}, "pickle"),
        ({"a": npy("{'descr': '<U1', 'fortran_order': False, 'shape': (1,)}", b"1000")}, "<U1"),
        ({"a": npy("(" * 110)}, "cannot be read"),
        ({"a": pickle.dumps(1)}, "cannot be read"),
        ({"a": npy(LIKE_HUGE % 1000, bytes(8000))}, "more than the 5,000 bytes"),
    ],
)
def test_arrays_that_are_none_are_refused(members, words, tmp_path):
    path = write_zip(tmp_path / "a.npz", **members)
    with pytest.raises(ValueError, match=words) as caught:
        read_arrays(path, ["a"], most_bytes=5000)
    assert str(path) in str(caught.value)


def test_a_limited_stream_gives_no_more_than_allowed():
    assert LimitedStream(io.BytesIO(b"12345"), 5).read() == b"12345"
    stream = LimitedStream(io.BytesIO(b"12345"), 4)
    assert stream.read(3) == b"123"
    with pytest.raises(ValueError, match="far too large"):
        stream.read()


@pytest.mark.parametrize(
    "pickled",
    [
        b"\x80\x02K\x01r\xff\xff\xff\x7f.",  # stores a number at place 2,147,483,647
        b"\x80\x04\x96" + struct.pack("<Q", 1 << 40) + b".",  # an array of a terabyte
        b"\x80\x04\x8e" + struct.pack("<Q", 1 << 40) + b".",  # bytes, likewise
        b"\x80\x02K\x01\x85q\x00" + b"h\x00h\x00\x86q\x00" * 60 + b"}h\x00K\x01s.",  # hashes 2**60
        b"\x80\x02K\x012.",  # doubles the top
        b"\x80\x02cnumpy\nndarray\n\x8a\x06" + bytes(6) + b"\x85R.",  # an array without content
        b"\x80\x02cnumpy\ndtype\nU\x02u1\x85Rq\x00K\x01b.",  # a type with another state
    ],
)
def test_a_small_pickle_cannot_take_much(pickled):
    with pytest.raises((pickle.UnpicklingError, ValueError, TypeError)):
        safe_unpickle(pickled)


def test_a_pickle_cannot_copy_the_same_bytes_for_ever():
    start = b"\x80\x02c_codecs\nencode\nq\x00X" + struct.pack("<I", 1000) + b"a" * 1000 + b"q\x01"
    copies = b"h\x00h\x01X\x06\x00\x00\x00latin1\x86R" * 1000
    with pytest.raises(pickle.UnpicklingError, match="same bytes too often"):
        safe_unpickle(start + copies + b".")


@pytest.mark.parametrize("place", range(2, 8))
def test_a_pickled_type_cannot_be_given_flags_or_fields(place):
    """NumPy's own type would obey: flags say whether an array holds pointers."""
    state = [3, "<", None, None, None, -1, -1, 0]
    state[place] = ("a",) if place < 5 else 63

    class Forged:
        def __reduce__(self):
            return np.dtype, ("i8", False, True), tuple(state)

    class Array:
        def __reduce__(self):
            kind = np.zeros(0).__reduce__()[0]
            content = np.arange(3, dtype="<i8").tobytes()
            return kind, (np.ndarray, (0,), b"b"), (1, (3,), Forged(), False, content)

    pickled = pickle.dumps(Array(), protocol=2)
    if place < 5:
        with pytest.raises(pickle.UnpicklingError, match="records"):
            safe_unpickle(pickled)
    else:
        got = safe_unpickle(pickled)
        assert got.tolist() == [0, 1, 2]
        assert got.dtype.flags == np.dtype("i8").flags
        assert got.dtype.itemsize == 8


def archive_with(path, *members):
    with tarfile.open(path, "w:gz") as archive:
        for member, content in members:
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return path


def member(name, kind=tarfile.REGTYPE, linkname="", **headers):
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.pax_headers = kind, linkname, headers
    return info


BATCH = "cifar-10-batches-py/data_batch_1"
KINDS = (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE)


@pytest.mark.parametrize("kind", KINDS)
def test_only_plain_members_are_batches(kind, tmp_path):
    path = archive_with(tmp_path / "a.tar.gz", (member(BATCH, kind, "/etc/passwd"), b""))
    with pytest.raises(DatasetError, match="lacks data_batch_1"):
        read_complete(CIFAR10, path)
    assert list(tmp_path.iterdir()) == [path]


def test_a_sparse_member_is_no_batch(tmp_path):
    sparse = {"GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.realsize": "30000000"}
    info = member(BATCH, GNU="", **sparse)
    path = archive_with(tmp_path / "a.tar.gz", (info, b"1\n29999999\n1\n".ljust(512, b"\0") + b"x"))
    with pytest.raises(DatasetError, match="lacks data_batch_1"):
        read_complete(CIFAR10, path)


def test_an_archive_without_end_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("gan_helpers.data.sources._MOST_BYTES", 1_000_000)
    path = archive_with(tmp_path / "a.tar.gz", (member("zeros"), bytes(2_000_000)))
    with pytest.raises(DatasetError, match="far too large once unpacked"):
        read_complete(CIFAR10, path)


def test_an_archive_of_thousands_of_files_is_refused(tmp_path):
    members = [(member(f"file_{number}"), b"") for number in range(1001)]
    with pytest.raises(DatasetError, match="far too many files"):
        read_complete(CIFAR10, archive_with(tmp_path / "a.tar.gz", *members))


def test_a_batch_that_is_far_too_large_is_refused(tmp_path):
    path = archive_with(tmp_path / "a.tar.gz", (member(BATCH), bytes(40_000_001)))
    with pytest.raises(DatasetError, match=r"data_batch_1 in .* is far too large"):
        read_complete(CIFAR10, path)


def test_labels_without_end_are_refused(tmp_path):
    folder = tmp_path / "png"
    folder.mkdir()
    for name in (*(f"data_batch_{number}" for number in range(1, 6)), "test_batch"):
        Image.new("RGB", (1024, 1)).save(folder / f"{name}.png")
    (folder / "test_lables.json").write_text("[0]")
    for labels, words in (("[" + "0," * 600_000 + "0]", "far too large"), ("[" * 9000, "cannot")):
        (folder / "train_lables.json").write_text(labels)
        with pytest.raises(DatasetError, match=words):
            read_complete(CIFAR10, folder)


def test_no_other_kind_of_picture_is_opened(tmp_path):
    """Encapsulated PostScript is a program, which Pillow hands to an interpreter."""
    postscript = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 1024 1\n%%EndComments\nshowpage\n"
    (tmp_path / "data_batch_1.png").write_bytes(postscript)
    with pytest.raises(DatasetError, match="cannot identify"):
        read_complete(CIFAR10, tmp_path)


def test_more_than_the_set_is_refused_before_it_is_converted(tmp_path):
    path = tmp_path / "mnist.npz"
    labels, images = np.zeros(3, np.uint8), np.zeros((3, 28, 28), np.uint8)
    for extra in ({"y_train": np.zeros(60_001, np.uint8)}, {"y_test": np.zeros(3, np.float32)}):
        whole = {"x_train": images, "y_train": labels, "x_test": images, "y_test": labels}
        np.savez_compressed(path, **(whole | extra))
        with pytest.raises(DatasetError, match=r"holds more than|float32 labels"):
            read_complete(MNIST, path)


def test_a_list_of_itself_is_no_list_of_labels(tmp_path):
    folder = tmp_path / "batches"
    folder.mkdir()
    endless: list = []
    endless.append(endless)
    content = pickle.dumps({"data": np.zeros((1, 3072), np.uint8), "labels": endless})
    (folder / "data_batch_1").write_bytes(gzip.compress(content))
    for name in (*(f"data_batch_{number}" for number in range(2, 6)), "test_batch"):
        (folder / name).write_bytes(content)
    with pytest.raises(DatasetError, match="holds no list of labels"):
        read_complete(CIFAR10, folder)
