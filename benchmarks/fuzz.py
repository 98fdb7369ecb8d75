"""Damage valid files of every kind that the package reads, and hold each reader to its promise.

A reader accepts a file or raises its documented exception with a message, within limits of time and
memory, and writes nothing. Case number N of a seed is always the same damage:

    python benchmarks/run.py fuzz --seconds 600 --seed 0
    python benchmarks/fuzz.py SEED NUMBER           one case again, with its traceback
"""

import dataclasses
import gzip
import io
import json
import os
import pickle
import re
import struct
import subprocess
import sys
import tarfile
import tempfile
import time
import traceback
import warnings
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from gan_helpers import animation, models, runtime, weights
from gan_helpers.checkpoints import (
    Checkpoint,
    CheckpointError,
    find_checkpoints,
    load_checkpoint,
    save_checkpoint,
)
from gan_helpers.data import images as image_files
from gan_helpers.data import sets
from gan_helpers.data.sets import CIFAR10, MNIST
from gan_helpers.data.sources import read_complete
from gan_helpers.exercises import progress
from gan_helpers.runtime import DatasetError
from gan_helpers.training import GAN

import keras
import numpy as np
from PIL import Image

MOST_SECONDS = 20.0  # of the processor, a case
MOST_MEMORY = 1_000_000_000  # bytes that a case may add
LONGEST_SILENCE = 180  # seconds until a case counts as hung
RANDOM = np.random.default_rng(0)
SMALL_MNIST = dataclasses.replace(MNIST, class_counts={"train": (1,) * 10, "test": (1,) * 10})
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


def in_gzip(content: bytes, damage: Damage, random: np.random.Generator) -> bytes:
    return gzip.compress(damage(gzip.decompress(content), random), compresslevel=1)


def in_zip(content: bytes, damage: Damage, random: np.random.Generator) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(packed, "w") as new:
        names = old.namelist()
        chosen = names[random.integers(len(names))]
        for name in names:
            member = old.read(name)
            new.writestr(name, damage(member, random) if name == chosen else member)
    return packed.getvalue()


def in_png(content: bytes, damage: Damage, random: np.random.Generator) -> bytes:
    """Damage one chunk and give it the right checksum again."""
    chunks, place = [], 8
    while place < len(content):
        (length,) = struct.unpack_from(">I", content, place)
        chunks.append(content[place + 4 : place + 8 + length])
        place += 12 + length
    chosen = random.integers(len(chunks))
    chunks[chosen] = damage(chunks[chosen], random)
    packed = b"".join(
        struct.pack(">I", max(0, len(chunk) - 4)) + chunk + struct.pack(">I", zlib.crc32(chunk))
        for chunk in chunks
    )
    return content[:8] + packed


# Valid files


def images(count: int, *shape: int) -> np.ndarray:
    return RANDOM.integers(0, 256, (count, *shape), dtype=np.uint8)


def make_batches(folder: Path) -> Path:
    for name in (*(f"data_batch_{number}" for number in range(1, 6)), "test_batch"):
        batch = {"data": images(3, 3072), "labels": [1, 2, 3], "filenames": ["a", "b", "c"]}
        (folder / name).write_bytes(pickle.dumps(batch, protocol=int(RANDOM.integers(6))))
    return folder


def make_archive(folder: Path) -> Path:
    with tempfile.TemporaryDirectory() as batches:
        make_batches(Path(batches))
        with tarfile.open(folder / "cifar-10-python.tar.gz", "w:gz") as archive:
            for path in sorted(Path(batches).iterdir()):
                archive.add(path, f"cifar-10-batches-py/{path.name}")
    return folder / "cifar-10-python.tar.gz"


def make_png_batches(folder: Path) -> Path:
    for name in (*(f"data_batch_{number}" for number in range(1, 6)), "test_batch"):
        Image.fromarray(images(3, 1024, 3)).save(folder / f"{name}.png")
    (folder / "train_lables.json").write_text(json.dumps([1, 2, 3] * 5))
    (folder / "test_lables.json").write_text("[1, 2, 3]")
    return folder


def make_mnist_npz(folder: Path) -> Path:
    labels = np.array([1, 2, 3], np.uint8)
    parts = {"x_train": images(3, 28, 28), "y_train": labels}
    parts |= {"x_test": images(3, 28, 28), "y_test": labels}
    np.savez_compressed(folder / "mnist.npz", **parts)
    return folder / "mnist.npz"


def make_mnist_pickle(folder: Path) -> Path:
    parts = [(images(3, 784).astype("f4") / 256, np.array([1, 2, 3])) for _ in range(3)]
    content = pickle.dumps(tuple(parts), protocol=int(RANDOM.integers(6)))
    (folder / "mnist.pkl.gz").write_bytes(gzip.compress(content))
    return folder / "mnist.pkl.gz"


def make_idx(folder: Path) -> Path:
    for name in ("train", "t10k"):
        pixels = struct.pack(">IIII", 0x803, 3, 28, 28) + images(3, 28, 28).tobytes()
        (folder / f"{name}-images-idx3-ubyte").write_bytes(pixels)
        (folder / f"{name}-labels-idx1-ubyte").write_bytes(struct.pack(">II", 0x801, 3) + b"\1\2\3")
    return folder


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
        return load_checkpoint(tiny_gan(), folder)
    finally:
        (saved / runtime.SUMS_NAME).write_bytes(content)
        os.utime(saved / runtime.SUMS_NAME, ns=(status.st_atime_ns, status.st_mtime_ns))


TARGETS = {
    "CIFAR-10 archive": Target(
        make_archive, lambda path: read_complete(CIFAR10, path), (DatasetError,), in_gzip
    ),
    "CIFAR-10 batches": Target(
        make_batches, lambda path: read_complete(CIFAR10, path), (DatasetError,)
    ),
    "CIFAR-10 pictures": Target(
        make_png_batches, lambda path: read_complete(CIFAR10, path), (DatasetError,), in_png
    ),
    "MNIST npz": Target(
        make_mnist_npz, lambda path: read_complete(MNIST, path), (DatasetError,), in_zip
    ),
    "MNIST pickle": Target(
        make_mnist_pickle, lambda path: read_complete(MNIST, path), (DatasetError,), in_gzip
    ),
    "MNIST IDX": Target(make_idx, lambda path: read_complete(MNIST, path), (DatasetError,)),
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
    files = sorted(path for path in folder.rglob("*") if path.is_file())
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
    packed = target.wrap and path.suffix in (".gz", ".npz", ".png") and random.integers(2)
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
