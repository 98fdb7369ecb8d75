"""Medians of durations, taken in turns."""

import statistics
import time
from collections.abc import Callable

__all__ = ["median_seconds"]


def median_seconds(*runs: Callable[[], object], repeats: int = 5) -> list[float]:
    """Median duration of each; they take turns, so that a slow minute hits all of them."""
    for run in runs:
        run()  # builds graphs and fills caches
    durations: list[list[float]] = [[] for _ in runs]
    for _ in range(repeats):
        for run, seconds in zip(runs, durations, strict=True):
            start = time.perf_counter()
            run()
            seconds.append(time.perf_counter() - start)
    return [statistics.median(seconds) for seconds in durations]
