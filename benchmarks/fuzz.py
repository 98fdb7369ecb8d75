"""Damage valid files of the kinds that the package reads, and hold each reader to its promise.

The files of the data sets are not among them: none is opened unless its SHA-256 is the published.

A reader accepts a file or raises its documented exception with a message, within limits of time and
memory, and writes nothing. Case number N of a seed is always the same damage:

    python benchmarks/run.py fuzz --seconds 600 --seed 0
    python benchmarks/fuzz.py SEED NUMBER           one case again, with its traceback
"""

import dataclasses
import io
import json
import os
import re
import subprocess
import sys
import tempfile
import time
import traceback
import warnings
import zipfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from gan_helpers import animation, models, runtime, weights
from gan_helpers.checkpoints import (
    Checkpoint,
    CheckpointError,
    find_checkpoints,
    read_checkpoint,
    save_checkpoint,
)
from gan_helpers.data import images as image_files
from gan_helpers.data import sets
from gan_helpers.exercises import progress
from gan_helpers.runtime import DatasetError
from gan_helpers.training import GAN

import keras
import numpy as np

MOST_SECONDS = 20.0  # of the processor, a case
MOST_MEMORY = 1_000_000_000  # bytes that a case may add
LONGEST_SILENCE = 180  # seconds until a case counts as hung
RANDOM = np.random.default_rng(0)
SMALL_MNIST = dataclasses.replace(sets.MNIST, counts={"train": 10, "test": 10})
INTERESTING = (0, 1, -1, 127, 128, 255, 256, 32767, 65535, 2**31 - 1, 2**31, 2**32 - 1, 2**63 - 1)

Damage = Callable[[bytes, np.random.Generator], bytes]


@dataclasses.dataclass(frozen=True)
class Target:
    """One kind of file.

    Attributes:
        make: writes valid files into a folder and returns what the reader is given.
        read: the reader.
        refusals: the exceptions that its docstring names.
        wrap: damages what is packed inside a file, if there is something.
    """

    make: Callable[[Path], Path]
    read: Callable[[Path], object]
    refusals: tuple[type[Exception], ...]
    wrap: Callable[[bytes, Damage, np.random.Generator], bytes] | None = None


# Damage


def flip_bits(content: bytes, random: np.random.Generator) -> bytes:
    changed = bytearray(content)
    for place in random.integers(0, len(changed), random.integers(1, 20)):
        changed[place] ^= 1 << random.integers(8)
    return bytes(changed)


def truncate(content: bytes, random: np.random.Generator) -> bytes:
    return content[: random.integers(0, len(content))]


def splice(content: bytes, random: np.random.Generator) -> bytes:
    """Copy a part to another place, over what is there or between."""
    start, end = sorted(random.integers(0, len(content), 2))
    place = random.integers(0, len(content))
    part = content[start : min(end, start + 5000)]
    over = random.integers(2) * len(part)
    return content[:place] + part + content[place + over :]


def cut_out(content: bytes, random: np.random.Generator) -> bytes:
    start = random.integers(0, len(content))
    return content[:start] + content[start + random.integers(1, 100) :]


def change_size(content: bytes, random: np.random.Generator) -> bytes:
    """Overwrite 1, 2, 4 or 8 bytes with a number that a size field would not expect."""
    length = int(2 ** random.integers(4))
    number = int(random.choice(INTERESTING)) % 256**length
    # Size fields stand near the beginning, or near the end as in zip.
    near = min(len(content), int(2 ** random.integers(3, 20)))
    place = random.integers(0, near) if random.integers(2) else len(content) - random.integers(near)
    order = "little" if random.integers(2) else "big"
    return content[:place] + number.to_bytes(length, order) + content[place + length :]


def change_number(content: bytes, random: np.random.Generator) -> bytes:
    """Replace a number that is written in digits."""
    numbers = list(re.finditer(rb"\d+", content[:20_000]))
    if not numbers:
        return change_size(content, random)
    match = numbers[random.integers(len(numbers))]
    number = str(random.choice(INTERESTING)).encode() * int(random.choice((1, 1, 3)))
    return content[: match.start()] + number + content[match.end() :]


DAMAGES: tuple[Damage, ...] = (
    flip_bits,
    truncate,
    splice,
    cut_out,
    change_size,
    change_size,
    change_number,
)


def in_zip(content: bytes, damage: Damage, random: np.random.Generator) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(packed, "w") as new:
        names = old.namelist()
        chosen = names[random.integers(len(names))]
        for name in names:
            member = old.read(name)
            new.writestr(name, damage(member, random) if name == chosen else member)
    return packed.getvalue()


# Valid files


def images(count: int, *shape: int) -> np.ndarray:
    return RANDOM.integers(0, 256, (count, *shape), dtype=np.uint8)


def make_weights(folder: Path) -> Path:
    return weights.save_weights(tiny_generator(), folder / "weights.npz")


def make_checkpoint(folder: Path) -> Path:
    stored = Checkpoint(1, {"generator_loss": [0.5]}, [images(8, 8)], ["epoch 1"])
    save_checkpoint(tiny_gan(), folder, stored)
    return folder


def make_sums(folder: Path) -> Path:
    (folder / "a.npz").write_bytes(b"a")
    runtime.write_sums(folder, ["a.npz"])
    return folder


def make_installed(folder: Path) -> Path:
    (folder / "mnist").mkdir()
    for split in sets.SPLITS:
        np.save(folder / "mnist" / f"{split}_images.npy", images(10, 28, 28, 1))
        np.save(folder / "mnist" / f"{split}_labels.npy", np.arange(10))
    return folder


def make_gif(folder: Path) -> Path:
    return animation.save_gif(images(3, 12, 12, 3), folder / "a.gif")


def make_webp(folder: Path) -> Path:
    return animation.save_webp(images(3, 12, 12, 3), folder / "a.webp")


def make_progress(folder: Path) -> Path:
    line = {"lesson": 1, "exercise": 2, "outcome": "correct", "time": "2026-01-01T00:00:00"}
    (folder / "exercise_progress.jsonl").write_text(3 * f"{json.dumps(line)}\n")
    return folder / "exercise_progress.jsonl"


# Readers


def tiny_generator() -> keras.Model:
    return models.build_dense_generator(latent_dim=2, image_shape=(4, 4, 1), width=2)


def tiny_gan() -> GAN:
    gan = GAN(tiny_generator(), models.build_dense_discriminator((4, 4, 1), width=2))
    gan.compile(keras.optimizers.Adam(), keras.optimizers.Adam())
    return gan


def read_installed(folder: Path) -> object:
    """As ``load_mnist`` does, with a list of hashes that fits: a stranger may have made it."""
    names = sorted(path.name for path in (folder / "mnist").glob("*.npy"))
    runtime.write_sums(folder / "mnist", names)
    os.environ["GAN_DATA_HOME"] = str(folder)
    try:
        return image_files._read_complete(SMALL_MNIST, "test"), image_files._read_complete(
            SMALL_MNIST, "train"
        )
    finally:
        (folder / "mnist" / runtime.SUMS_NAME).unlink()


def read_own_checkpoint(folder: Path) -> object:
    """With a list of hashes that fits, as in ``read_installed``, or nothing else would be tried."""
    saved = find_checkpoints(folder)[0]
    names = [path.name for path in saved.iterdir() if path.suffix in (".npz", ".json")]
    content = (saved / runtime.SUMS_NAME).read_bytes()
    status = (saved / runtime.SUMS_NAME).stat()
    runtime.write_sums(saved, names)
    try:
        state, checkpoint = read_checkpoint(folder)
        tiny_gan().set_state(state)
        return checkpoint
    finally:
        (saved / runtime.SUMS_NAME).write_bytes(content)
        os.utime(saved / runtime.SUMS_NAME, ns=(status.st_atime_ns, status.st_mtime_ns))


TARGETS = {
    "weights": Target(
        make_weights,
        lambda path: weights.load_weights(tiny_generator(), path),
        (ValueError,),
        in_zip,
    ),
    "checkpoint": Target(
        make_checkpoint,
        read_own_checkpoint,
        (CheckpointError, ValueError),
        in_zip,
    ),
    "list of sums": Target(
        make_sums, lambda path: runtime.read_sums(path, "Get it again."), (DatasetError,)
    ),
    "installed set": Target(make_installed, read_installed, (DatasetError,)),
    "GIF": Target(make_gif, lambda path: animation.show_animation(path, "A test."), (ValueError,)),
    "WebP": Target(
        make_webp, lambda path: animation.show_animation(path, "A test."), (ValueError,)
    ),
    "progress": Target(make_progress, lambda path: progress._outcomes(path.read_bytes()), ()),
}


# Cases


def run_case(
    seed: int, number: int, folder: Path, targets: dict[str, Target] = TARGETS
) -> tuple[str, str]:
    """Damage one file in ``folder``, which must be empty, and read it.

    Returns:
        The kind of file, and "accepted", "refused", or what the reader did wrong.
    """
    RANDOM.bit_generator.state = np.random.default_rng([seed, number]).bit_generator.state
    keras.utils.set_random_seed(number)
    kind = list(targets)[number % len(targets)]
    target = targets[kind]
    place = target.make(folder)
    # Nobody reads what is in a lock.
    files = sorted(p for p in folder.rglob("*") if p.is_file() and p.suffix != ".lock")
    path = files[RANDOM.integers(len(files))]
    damage_file(path, target, RANDOM)
    before = listing(folder)
    start = time.process_time()
    try:
        target.read(place)
        verdict = "accepted"
    except target.refusals as error:
        verdict = "refused" if str(error).strip() else f"{type(error).__name__} without a message"
    except Exception as error:
        verdict = f"{type(error).__name__}: {error}"
    seconds = time.process_time() - start
    if seconds > MOST_SECONDS:
        verdict = f"took {seconds:.0f} s of the processor"
    if listing(folder) != before:
        verdict = "changed files"
    return kind, verdict


def damage_file(path: Path, target: Target, random: np.random.Generator) -> None:
    content = path.read_bytes()
    damage = DAMAGES[random.integers(len(DAMAGES))]
    packed = target.wrap and path.suffix == ".npz" and random.integers(2)
    path.write_bytes(target.wrap(content, damage, random) if packed else damage(content, random))


def listing(folder: Path) -> dict[Path, tuple[int, int]]:
    """Every file in a folder and beside it, with its size and the time of its last change."""
    found = {path: path.lstat() for path in folder.parent.rglob("*") if not path.is_dir()}
    return {path: (status.st_size, status.st_mtime_ns) for path, status in found.items()}


def measure(seconds: float, seed: int) -> None:
    """Run cases for so many seconds and print what became of them.

    Raises:
        RuntimeError: if a reader broke its promise; the cases are printed.
    """
    deadline = time.monotonic() + seconds
    outcomes: Counter[tuple[str, str]] = Counter()
    broken: list[str] = []
    number = 0
    # In a process of its own: a case may end it, and its memory is limited.
    while (left := deadline - time.monotonic()) > 0:
        number = run_process(seed, number, left, outcomes, broken)
    print(f"{'damaged files':24} {'accepted':>9} {'refused':>9}")
    for kind in TARGETS:
        print(f"{kind:24} {outcomes[kind, 'accepted']:9,} {outcomes[kind, 'refused']:9,}")
    print("\n".join(broken))
    if broken:
        raise RuntimeError(f"{len(broken)} files were neither accepted nor refused as promised.")


def run_process(
    seed: int, number: int, seconds: float, outcomes: Counter, broken: list[str]
) -> int:
    """Run cases from ``number`` on until the time is over or the process dies; the next number."""
    command = [sys.executable, __file__, str(seed), str(number), str(seconds)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        for line in process.stdout:
            number, kind, verdict = json.loads(line)
            if verdict in ("accepted", "refused"):
                outcomes[kind, verdict] += 1
            elif verdict != "begun":
                broken.append(f"case {number} of seed {seed}, {kind}: {verdict}")
    finally:
        process.kill()
    if process.wait() not in (0, -9):
        broken.append(f"case {number} of seed {seed} ended the process ({process.returncode})")
    return number + 1


def run_cases(seed: int, number: int, seconds: float) -> None:
    """The loop of the process: one line of JSON before and after each case."""
    deadline = time.monotonic() + seconds
    warnings.simplefilter("ignore")
    peak = limit_memory()
    while time.monotonic() < deadline:
        kind = list(TARGETS)[number % len(TARGETS)]
        print(json.dumps([number, kind, "begun"]), flush=True)
        set_alarm(LONGEST_SILENCE)
        with tempfile.TemporaryDirectory() as scratch:
            folder = Path(scratch) / "case"
            folder.mkdir()
            os.chdir(scratch)  # whatever is written without a folder shows here
            kind, verdict = run_case(seed, number, folder)
            os.chdir("/")
        grown, peak = peak_memory() - peak, peak_memory()
        if grown > MOST_MEMORY:
            verdict = f"took {grown / 1e6:,.0f} MB"
        print(json.dumps([number, kind, verdict]), flush=True)
        number += 1


def limit_memory() -> int:
    """Let an allocation of many gigabytes fail, where the system can; return the peak until now."""
    if sys.platform == "linux":
        import resource

        import psutil

        most = psutil.Process().memory_info().vms + 4 * MOST_MEMORY
        resource.setrlimit(resource.RLIMIT_AS, (most, most))
    return peak_memory()


def peak_memory() -> int:
    """The most memory the process has had, in bytes; 0 where the system does not tell."""
    if sys.platform != "linux":
        return 0
    import resource

    return 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def set_alarm(seconds: int) -> None:
    """End the process if a case never ends; the parent then names the case."""
    if sys.platform != "win32":
        import signal

        signal.alarm(seconds)


def main() -> None:
    seed, number, *seconds = sys.argv[1:]
    if seconds:
        run_cases(int(seed), int(number), float(seconds[0]))
        return
    for target in TARGETS.values():  # show where it comes from
        object.__setattr__(target, "read", showing(target.read))
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "case"
        folder.mkdir()
        print(*run_case(int(seed), int(number), folder), sep=": ")


def showing(read: Callable[[Path], object]) -> Callable[[Path], object]:
    def read_and_show(path: Path) -> object:
        try:
            return read(path)
        except Exception:
            traceback.print_exc()
            raise

    return read_and_show


if __name__ == "__main__":
    main()
