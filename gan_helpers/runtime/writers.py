"""Several processes that write in one folder: each has a name there and a lock, while it lives.

The lock is one on a file such as ``by_1a2b3c4d.lock``, and the system lets go of it when the
process ends, in whatever way. Some network disks know no locks. There nothing fails: each process
takes a new name, and every other one counts as ended, because to go on after a crash matters more.
"""

import os
import re
import secrets
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

__all__ = [
    "is_running",
    "own_name",
    "remove_leftovers",
    "remove_whole",
    "take_name",
    "unfinished",
    "without_owner",
]

# Not yet whole, or no longer; the group is the name of the process.
UNFINISHED = re.compile(r"being_(?:written|removed)(?:_by_([0-9a-f]*)_[0-9a-f]{8})?")

# Process and folder -> name and lock, None where locks are unknown. A forked process is another.
_OWN: dict[tuple[int, Path], tuple[str, FileLock | None]] = {}


def own_name(folder: Path) -> str | None:
    """The name that this process has in the folder; None if it has none yet."""
    return _OWN.get(_key(folder), (None, None))[0]


def take_name(folder: Path, wanted: Iterable[str] = ()) -> str:
    """The name that this process has in the folder, if need be a new one.

    Args:
        folder: must exist.
        wanted: names to take over, if no other process that is running has them; the first that
            can be had is taken. Nothing of this counts for a process that has a name already.
    """
    _forget_deleted()
    if (own := own_name(folder)) is not None:
        return own
    new = secrets.token_hex(4)
    for name in [*wanted, new]:
        lock = _acquire(folder, name)
        if lock is not None and lock.is_locked:
            _OWN[_key(folder)] = name, lock
            return name
    _OWN[_key(folder)] = new, None
    return new


def is_running(folder: Path, name: str) -> bool:
    """Whether another process has this name, and is running."""
    if name == own_name(folder) or not _lock_file(folder, name).exists():
        return False
    lock = _acquire(folder, name)
    if lock is not None:
        lock.release()
    return lock is None


@contextmanager
def without_owner(folder: Path, names: Iterable[str]) -> Iterator[list[str]]:
    """Those of the names that no other process has; none can take them before the block ends."""
    free, locks = [], []
    for name in names:
        if name != own_name(folder):
            lock = _acquire(folder, name)
            if lock is None:
                continue
            locks.append(lock)
        free.append(name)
    try:
        yield free
    finally:
        for lock in locks:
            with suppress(OSError):  # Windows removes it in the next line, and not before
                Path(lock.lock_file).unlink()
            lock.release()


def unfinished(folder: Path, name: str, kind: str) -> Path:
    """A new path for what this process has not yet "written", or not yet "removed"."""
    return folder / f"being_{kind}_by_{name}_{secrets.token_hex(4)}"


def remove_whole(path: Path, folder: Path, name: str) -> None:
    """Remove a folder so that another process finds it whole or not at all.

    Args:
        path: what to remove.
        folder: where ``remove_leftovers`` looks, if this process is killed meanwhile.
        name: of a process that has ended, or of this one.
    """
    removed = unfinished(folder, name, "removed")
    # Windows does not move what another program holds open: then it stays.
    with suppress(OSError):
        path.rename(removed)
    shutil.rmtree(removed, ignore_errors=True)


def remove_leftovers(folder: Path) -> None:
    """Remove what killed processes left unfinished, and nothing of another that is running.

    For a process that has a name there. Where locks are unknown, it could not tell.
    """
    if _OWN[_key(folder)][1] is not None:
        for path in folder.glob("being_*"):
            match = UNFINISHED.fullmatch(path.name)
            if match and not is_running(folder, match[1] or ""):
                shutil.rmtree(path, ignore_errors=True)


def _acquire(folder: Path, name: str) -> FileLock | None:
    """The lock; None if another process holds it. It is not locked where locks are unknown."""
    lock = FileLock(_lock_file(folder, name), thread_local=False)
    try:
        # Who only looks whether a process is running lets go much sooner than that.
        lock.acquire(timeout=0.01, poll_interval=0.002)
    except Timeout:
        return None
    except (OSError, NotImplementedError):
        pass
    return lock


def _forget_deleted() -> None:
    """Let go of the locks in folders that someone has deleted since."""
    for (process, folder), (name, lock) in list(_OWN.items()):
        if process == os.getpid() and lock and not _lock_file(folder, name).exists():
            lock.release()
            del _OWN[process, folder]


def _lock_file(folder: Path, name: str) -> Path:
    return folder / f"by_{name}.lock"


def _key(folder: Path) -> tuple[int, Path]:
    return os.getpid(), folder.resolve()
