"""What readers of a blind test answered, source by source: the ``score`` of blind_test.py.

It follows HYPE (Zhou et al. 2019), but where HYPE counts wrong judgments, this reports the share of
tiles that readers name rightly, the share that they score above 50 as photographs, and the mean
score. The tile is the unit: its readers are averaged, so an interval of 95 % says what other tiles
of a source would get from the same readers, not what other readers would say.

Intervals of shares are Wilson's: they stay sensible where every tile is alike. Tiles on which
readers disagree vary less than tossed coins, so they count as the larger number of tiles that would
have the variance seen (at most one for each answer); with one reader that is their own number.
Intervals of mean scores are percentiles of a bootstrap over tiles. If all tiles have one score,
which a bootstrap takes for certainty, they are Wilson's for the score as a part of 100.
"""

import argparse
import csv
import itertools
import json
import math
from collections.abc import Callable
from pathlib import Path

from gan_helpers.data import CIFAR10_CLASSES
from gan_helpers.runtime import replacing

import numpy as np
from scipy import stats

TABLES = ("names", "photographs")
ANSWERS = (*CIFAR10_CLASSES, "none")
ANY = "any"  # the class of a tile for which none was meant
PHOTOGRAPH = 50  # scores above it take a tile for a photograph


def score_answers(arguments: argparse.Namespace) -> None:
    """Read the key and the readers' tables, print the results, and write them if asked to."""
    tiles = read_key(arguments.key)
    if not (arguments.names or arguments.photographs):
        raise ValueError("There is nothing to score: give --names, --photographs or both.")
    results: dict[str, dict] = {}
    if arguments.names:
        results["names"] = score_names(tiles, arguments.names)
    if arguments.photographs:
        results["photographs"] = score_photographs(tiles, arguments.photographs)
    print_results(results)
    if arguments.json:
        write_json(arguments.json, results)


def read_key(path: Path) -> dict[int, dict[str, str]]:
    """Number -> source and class of each tile."""
    try:
        tiles = json.loads(path.read_text(encoding="utf-8"))["tiles"]
        key = {
            int(number): {name: tile[name] for name in ("source", "class")}
            for number, tile in tiles.items()
        }
    except (ValueError, KeyError, TypeError, AttributeError):
        key = {}
    if not key:
        raise ValueError(f"{path} is no key that blind_test.py make has written.")
    return key


def score_names(tiles: dict[int, dict[str, str]], paths: list[Path]) -> dict:
    answers = np.array([read_answers(path, tiles, to_name) for path in paths])
    meant = np.array([tile["class"] for tile in tiles.values()])
    right = np.where(meant == ANY, answers != "none", answers == meant)
    sources = {source: measure(right[:, own]) for source, own in of_source(tiles).items()}
    return describe(paths, sources, share_of_equals, answers)


def score_photographs(tiles: dict[int, dict[str, str]], paths: list[Path]) -> dict:
    scores = np.array([read_answers(path, tiles, to_score) for path in paths])
    sources = {}
    for source, own in of_source(tiles).items():
        sources[source] = measure(scores[:, own] > PHOTOGRAPH)
        by_tile = scores[:, own].mean(axis=0)
        sources[source]["mean_score"] = float(by_tile.mean())
        sources[source]["mean_score_interval"] = mean_interval(by_tile)
    return describe(paths, sources, correlation, scores)


def of_source(tiles: dict[int, dict[str, str]]) -> dict[str, np.ndarray]:
    """Source -> which tiles are its own. The photographs come first, to compare with."""
    names = np.array([tile["source"] for tile in tiles.values()])
    order = sorted(set(names.tolist()), key=lambda name: (name != "photographs", name))
    return {name: names == name for name in order}


def read_answers(path: Path, numbers: dict[int, dict], convert: Callable) -> list:
    """One reader's answers, in the order of the numbers."""
    answers: dict[int, str | float] = {}
    # A broken character is refused below, as part of its answer.
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as stream:
        rows = csv.reader(stream)
        for row in rows:
            cells = [cell.strip().lower() for cell in row]
            if not any(cells) or cells == ["number", "answer"]:
                continue
            place = f"{path}, line {rows.line_num}"
            if len(cells) != 2:
                raise ValueError(f"{place}: there must be a number, a comma and an answer.")
            number, answer = cells
            if not number.isdecimal() or int(number) not in numbers:
                raise ValueError(f"{place}: there is no tile {number!r}.")
            if not answer:
                raise ValueError(f"{place}: tile {number} has no answer.")
            if int(number) in answers:
                raise ValueError(f"{place}: tile {number} has two answers.")
            answers[int(number)] = convert(answer, place)
    if missing := [str(number) for number in numbers if number not in answers]:
        raise ValueError(f"{path} has no answer for {', '.join(missing[:10])}: answer every tile.")
    return [answers[number] for number in numbers]


def to_name(answer: str, place: str) -> str:
    if answer not in ANSWERS:
        raise ValueError(f"{place}: {answer!r} is none of {', '.join(ANSWERS)}.")
    return answer


def to_score(answer: str, place: str) -> float:
    try:
        score = float(answer)
    except ValueError:
        score = math.nan
    if not 0 <= score <= 100:  # NaN is refused too
        raise ValueError(f"{place}: {answer!r} is no number from 0 to 100.")
    return score


def measure(judged: np.ndarray) -> dict:
    """Shares of a source's tiles, from booleans (readers, tiles)."""
    return {
        "tiles": judged.shape[1],
        "readers": judged.mean(axis=1).tolist(),
        "share": float(judged.mean()),
        "interval": share_interval(judged),
    }


def share_interval(judged: np.ndarray) -> list[float]:
    """Wilson's interval of the share of booleans (readers, tiles); see the top."""
    readers, tiles = judged.shape
    share, variance = float(judged.mean()), judged.mean(axis=0).var()
    of_coins = share * (1 - share)
    alike = of_coins / max(variance, of_coins / readers) if of_coins else 1
    return wilson(share, tiles * alike)


def wilson(share: float, count: float) -> list[float]:
    # Like scipy's binomtest, which takes no fractions.
    z = stats.norm.ppf(0.975)
    middle = (share + z**2 / (2 * count)) / (1 + z**2 / count)
    half = z * math.sqrt(share * (1 - share) / count + (z / (2 * count)) ** 2) / (1 + z**2 / count)
    # At 0 and 1 rounding must not push the share out of its own interval.
    return [min(share, max(0.0, float(middle - half))), max(share, min(1.0, float(middle + half)))]


def mean_interval(scores: np.ndarray) -> list[float]:
    if np.ptp(scores) == 0:
        return [100 * end for end in wilson(float(scores[0]) / 100, len(scores))]
    found = stats.bootstrap((scores,), np.mean, method="percentile", rng=0).confidence_interval
    return [float(found.low), float(found.high)]


def describe(
    paths: list[Path], sources: dict[str, dict], compare: Callable, answers: np.ndarray
) -> dict:
    """The results of one question; readers agree as the mean of their pairs does."""
    pairs = [compare(*pair) for pair in itertools.combinations(answers, 2)]
    pairs = [value for value in pairs if value is not None]
    agreement = float(np.mean(pairs)) if pairs else None
    return {"files": list(map(str, paths)), "sources": sources, "agreement": agreement}


def share_of_equals(first: np.ndarray, second: np.ndarray) -> float:
    return float((first == second).mean())


def correlation(first: np.ndarray, second: np.ndarray) -> float | None:
    """Pearson's; ``None`` where a reader gave every tile one score."""
    return float(stats.pearsonr(first, second)[0]) if np.ptp(first) and np.ptp(second) else None


def print_results(results: dict[str, dict]) -> None:
    """Print one table, a row for each source, and how far readers agree."""
    names = list(next(iter(results.values()))["sources"])
    blocks = [block("", [["source"], *([name] for name in names)])]
    if "names" in results:
        rows = list(results["names"]["sources"].values())
        blocks.append(share_block("named rightly, by reader", rows))
    if "photographs" in results:
        rows = list(results["photographs"]["sources"].values())
        blocks.append(share_block("taken for a photograph, by reader", rows))
        means = [
            [f"{row['mean_score']:5.1f}", interval(row["mean_score_interval"], "5.1f")]
            for row in rows
        ]
        blocks.append(block("mean score", [["mean", "95 %"], *means]))
    tiles = [row["tiles"] for row in next(iter(results.values()))["sources"].values()]
    blocks.append(block("", [["tiles"], *([str(count)] for count in tiles)]))
    print(*(" | ".join(parts).rstrip() for parts in zip(*blocks, strict=True)), sep="\n")
    for table, found in results.items():
        files = (f"{number} = {file}" for number, file in enumerate(found["files"], 1))
        print(f"\nReaders of {table}: {', '.join(files)}")
        if found["agreement"] is not None:
            what = "equal names" if table == "names" else "correlation of scores"
            print(f"Two of them agree: {what} {found['agreement']:.2f}")
    if "photographs" in names:
        print("\nThe row of the photographs is the upper limit: read the others against it.")


def share_block(title: str, rows: list[dict]) -> list[str]:
    readers = [str(number) for number in range(1, len(rows[0]["readers"]) + 1)]
    cells = [
        [f"{share:.2f}" for share in (*row["readers"], row["share"])]
        + [interval(row["interval"], ".2f")]
        for row in rows
    ]
    return block(title, [[*readers, "all", "95 %"], *cells])


def block(title: str, rows: list[list[str]]) -> list[str]:
    """Lines of equal width: the title, then the rows with their columns aligned."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["  ".join(map(str.ljust, row, widths)) for row in rows]
    width = max(map(len, (title, *lines)))
    return [line.ljust(width) for line in (title, *lines)]


def interval(ends: list[float], form: str) -> str:
    return " to ".join(format(end, form) for end in ends)


def write_json(path: Path, content: dict) -> None:
    with replacing(path) as unfinished:
        unfinished.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8", newline="\n")
