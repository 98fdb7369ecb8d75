"""The fuzzer: a few damaged files of every kind, and that it sees what a reader does wrong."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "benchmarks"))
import fuzz


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    # Reading puts its own folder in its place.
    monkeypatch.setenv("GAN_DATA_HOME", str(tmp_path))
    (tmp_path / "case").mkdir()
    return tmp_path / "case"


@pytest.mark.parametrize("kind", fuzz.TARGETS)
def test_whole_files_are_accepted(kind, folder):
    target = fuzz.TARGETS[kind]
    target.read(target.make(folder))


@pytest.mark.filterwarnings("ignore")  # damaged files may well cause some
@pytest.mark.parametrize("kind", fuzz.TARGETS)
def test_damaged_files_are_accepted_or_refused(kind, tmp_path, monkeypatch):
    monkeypatch.setenv("GAN_DATA_HOME", str(tmp_path))
    targets = {kind: fuzz.TARGETS[kind]}
    for number in range(5):
        folder = tmp_path / str(number) / "case"
        folder.mkdir(parents=True)
        _, verdict = fuzz.run_case(1, number, folder, targets)
        assert verdict in ("accepted", "refused"), f"case {number}: {verdict}"


def write_beside(path):
    (path.parent.parent / "beside").write_text("written by the reader")


def fail(error):
    def read(path):
        raise error

    return read


@pytest.mark.parametrize(
    ("read", "words"),
    [
        (write_beside, "changed files"),
        (fail(KeyError("a.npz")), "KeyError: 'a.npz'"),
        (fail(ValueError("")), "ValueError without a message"),
        (fail(ValueError("It is damaged.")), "refused"),
        (lambda path: None, "accepted"),
    ],
)
def test_what_a_reader_does_wrong_is_said(read, words, folder):
    target = fuzz.Target(fuzz.make_progress, read, (ValueError,))
    assert fuzz.run_case(0, 0, folder, {"a kind": target}) == ("a kind", words)


def test_the_same_number_is_the_same_damage(tmp_path):
    contents = []
    for name in "ab":
        folder = tmp_path / name / "case"
        folder.mkdir(parents=True)
        target = fuzz.Target(fuzz.make_installed, lambda path: None, ())
        fuzz.run_case(3, 8, folder, {"a kind": target})
        contents.append({path.name: path.read_bytes() for path in folder.rglob("*.npy")})
    assert contents[0] == contents[1]


@pytest.mark.parametrize("damage", fuzz.DAMAGES, ids=lambda damage: damage.__name__)
def test_damage_changes_a_file(damage):
    content = bytes(range(256)) * 20 + b" 123 "
    assert any(damage(content, fuzz.RANDOM) != content for _ in range(20))
