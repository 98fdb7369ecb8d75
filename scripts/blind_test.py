"""Blind tests: what do people see in generated images, and do they take them for photographs?

    python scripts/blind_test.py make FOLDER --source photographs=a.npz --source dcgan=b.npz
    python scripts/blind_test.py score FOLDER/key.json --names r1.csv r2.csv --photographs r3.csv

``make`` mixes tiles of several sources on numbered sheets. Each source is a file with ``images``
(count, height, width, 3) in uint8 and ``labels``, the classes of CIFAR-10 that were meant, or -1
where none was: any name then counts. Readers get FOLDER/for_readers and fill in its tables;
FOLDER/key.json stays with whoever scores.

``score`` counts the filled tables; blind_scores.py says what it measures. Needs
``pip install -e .[test]``.
"""

import argparse
import math
import sys
from collections.abc import Sequence
from pathlib import Path

from gan_helpers.data import CIFAR10_CLASSES
from gan_helpers.runtime import file_sha256, print_any_character, read_arrays

import blind_scores
import numpy as np
from PIL import Image, ImageDraw, ImageFont

COLUMNS, ROWS = 10, 6
TILE, NUMBER, GAP = 128, 26, 14  # pixels: a tile's least side, the line above it, the gap around
RECOMMENDED = 60
QUESTIONS = f"""\
The sheets show small pictures, enlarged and numbered. Any number of them may be photographs.
Answer for every picture, and guess where you are not sure.

answers_names.csv: What is it? Write one of these words beside each number:
{", ".join(CIFAR10_CLASSES)};
or none, if it shows none of them.

answers_photographs.csv: Is it a photograph? Write a number from 0 to 100 beside each number:
0 = certainly made by a program, 50 = I cannot tell, 100 = certainly a photograph.
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line. Returns the exit status."""
    print_any_character()
    arguments = make_parser().parse_args(argv)
    try:
        arguments.run(arguments)
    except (OSError, ValueError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(required=True)
    make = commands.add_parser("make", help="draw the sheets")
    make.set_defaults(run=make_sheets)
    make.add_argument("folder", type=Path, metavar="FOLDER")
    make.add_argument("--source", action="append", required=True, metavar="NAME=FILE.npz")
    make.add_argument("--tiles", type=int, default=RECOMMENDED, help="from each source")
    make.add_argument("--seed", type=int, default=0)
    score = commands.add_parser("score", help="count the answers")
    score.set_defaults(run=blind_scores.score_answers)
    score.add_argument("key", type=Path, metavar="FOLDER/key.json")
    for table in blind_scores.TABLES:
        score.add_argument(f"--{table}", type=Path, nargs="+", default=[], metavar="READER.csv")
    score.add_argument("--json", type=Path, metavar="PATH", help="where to write the numbers")
    return parser


def make_sheets(arguments: argparse.Namespace) -> None:
    folder, paths = arguments.folder, split_sources(arguments.source)
    if folder.exists() and not (folder.is_dir() and not any(folder.iterdir())):
        raise ValueError(f"{folder} is not an empty folder. Name a new one.")
    if arguments.tiles < 1 or arguments.seed < 0:
        raise ValueError("--tiles must be at least 1 and --seed at least 0.")
    if arguments.tiles < RECOMMENDED:
        print(f"Note: with fewer than {RECOMMENDED} tiles of each source, intervals are wide.")
    sources = {name: read_source(path, arguments.tiles) for name, path in paths.items()}
    if len({images.shape[1:] for images, _ in sources.values()}) > 1:
        sizes = ", ".join(f"{name} {i.shape[1]} x {i.shape[2]}" for name, (i, _) in sources.items())
        raise ValueError(f"All images must have one size, or it tells the sources apart: {sizes}.")
    generator = np.random.default_rng(arguments.seed)
    drawn = [
        (name, int(index))
        for name, (_, labels) in sources.items()
        for index in draw(labels, arguments.tiles, generator)
    ]
    tiles = [drawn[position] for position in generator.permutation(len(drawn))]
    write_for_readers(folder / "for_readers", [sources[name][0][index] for name, index in tiles])
    key = {
        "seed": arguments.seed,
        "sources": {name: {"sha256": file_sha256(path)} for name, path in paths.items()},
        "tiles": {
            number: {
                "source": name,
                "class": (*CIFAR10_CLASSES, blind_scores.ANY)[sources[name][1][index]],
                "index": index,
            }
            for number, (name, index) in enumerate(tiles, 1)
        },
    }
    blind_scores.write_json(folder / "key.json", key)
    print(f"{len(tiles)} tiles. Give readers {folder / 'for_readers'}, and nothing else.")


def split_sources(texts: list[str]) -> dict[str, Path]:
    """Name -> path, from texts ``NAME=FILE.npz``."""
    paths: dict[str, Path] = {}
    for text in texts:
        name, _, path = text.partition("=")
        if not name or not path:
            raise ValueError(f"--source {text} must be NAME=FILE.npz.")
        if name in paths:
            raise ValueError(f"Two sources are named {name}. Give each a name of its own.")
        if not Path(path).is_file():
            raise ValueError(f"There is no file {path} for the source {name}.")
        paths[name] = Path(path)
    return paths


def read_source(path: Path, tiles: int) -> tuple[np.ndarray, np.ndarray]:
    """The images and labels of one source, checked."""
    images, labels = read_arrays(path, ("images", "labels")).values()
    if images.dtype != np.uint8 or images.ndim != 4 or images.shape[3] != 3:
        raise ValueError(f"images in {path} must be uint8 of shape (count, height, width, 3).")
    if labels.dtype.kind not in "iu" or labels.shape != images.shape[:1]:
        raise ValueError(f"labels in {path} must be one whole number for each image.")
    if len(images) < tiles:
        raise ValueError(f"{path} holds {len(images)} images, but {tiles} tiles are to be drawn.")
    if not -1 <= labels.min() <= labels.max() < len(CIFAR10_CLASSES):
        raise ValueError(f"labels in {path} must lie between -1 and {len(CIFAR10_CLASSES) - 1}.")
    return images, labels


def draw(labels: np.ndarray, count: int, generator: np.random.Generator) -> np.ndarray:
    """Draw the indices of ``count`` images, from each class as many while they last."""
    order = generator.permutation(len(labels))
    turns = np.empty(len(labels), int)
    for label in np.unique(labels):
        own = labels[order] == label
        turns[own] = np.arange(own.sum())
    return order[np.argsort(turns, kind="stable")[:count]]


def write_for_readers(folder: Path, images: list[np.ndarray]) -> None:
    """Write sheets, empty tables and the questions: nothing in them tells a tile's source."""
    folder.mkdir(parents=True)
    for sheet, start in enumerate(range(0, len(images), COLUMNS * ROWS), 1):
        part = images[start : start + COLUMNS * ROWS]
        draw_sheet(part, start + 1).save(folder / f"sheet_{sheet:02d}.png")
    lines = "".join(f"{number},\n" for number in range(1, len(images) + 1))
    files = {f"answers_{table}.csv": f"number,answer\n{lines}" for table in blind_scores.TABLES}
    for name, text in {**files, "questions.txt": QUESTIONS}.items():
        (folder / name).write_text(text, encoding="utf-8", newline="\n")


def draw_sheet(images: list[np.ndarray], first: int) -> Image.Image:
    """Rows of enlarged tiles on white, each below its number."""
    height, width = images[0].shape[:2]
    factor = math.ceil(TILE / min(height, width))
    across, down = width * factor + GAP, height * factor + NUMBER + GAP
    rows = math.ceil(len(images) / COLUMNS)
    sheet = Image.new("RGB", (COLUMNS * across + GAP, rows * down + GAP), "white")
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(20)
    for position, image in enumerate(images):
        row, column = divmod(position, COLUMNS)
        left, top = GAP + column * across, GAP + row * down + NUMBER
        tile = Image.fromarray(image).resize(
            (width * factor, height * factor), Image.Resampling.BICUBIC
        )
        sheet.paste(tile, (left, top))
        middle = left + tile.width // 2
        pen.text((middle, top - 6), str(first + position), "black", font, anchor="ms")
    return sheet


if __name__ == "__main__":
    sys.exit(main())
