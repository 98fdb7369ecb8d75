"""Files that appear whole or not at all."""

import threading

from gan_helpers.runtime import replacing

import pytest


def test_a_file_appears_when_it_is_complete(tmp_path):
    path = tmp_path / "new" / "folder" / "a.npz"
    for content in (b"first", b"second"):
        before = path.read_bytes() if path.exists() else None
        with replacing(path) as unfinished:
            unfinished.write_bytes(content)
            assert unfinished.suffix == ".npz"
            assert (path.read_bytes() if path.exists() else None) == before
        assert path.read_bytes() == content
        assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("old", [b"old", None])
def test_a_failure_leaves_what_was_there(tmp_path, old):
    path = tmp_path / "a.npz"
    if old:
        path.write_bytes(old)
    before = list(tmp_path.iterdir())
    with pytest.raises(OSError, match="disk full"), replacing(path) as unfinished:
        unfinished.write_bytes(b"half")
        raise OSError("disk full")
    assert list(tmp_path.iterdir()) == before
    assert not old or path.read_bytes() == old


def test_a_failure_before_the_first_byte_shows_itself(tmp_path):
    with pytest.raises(OSError, match="no such disk"), replacing(tmp_path / "a.npz"):
        raise OSError("no such disk")
    assert list(tmp_path.iterdir()) == []


def test_two_threads_that_write_one_file_do_not_mix(tmp_path):
    path, both = tmp_path / "a.txt", threading.Barrier(2)
    failed = []

    def write(text):
        try:
            with replacing(path) as unfinished:
                unfinished.write_text(text[:5])
                both.wait(timeout=5)
                unfinished.write_text(text)
        except OSError as error:
            failed.append(error)

    threads = [threading.Thread(target=write, args=(letter * 10,)) for letter in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed
    assert path.read_text() in ("a" * 10, "b" * 10)
    assert list(tmp_path.iterdir()) == [path]
