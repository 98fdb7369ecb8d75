"""Files that appear whole or not at all."""

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
