"""How far a run is and about how long it will take, from what its fits cost in an earlier run."""

import csv
import sys
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from tqdm import tqdm

Costs = Mapping[tuple[str, str], float]
"""Processor seconds of one fit and its predictions, by task and model."""

START = 30.0  # seconds: how long the costs of the earlier run are trusted more than the clock


def costs_of(path: Path) -> Costs:
    """Return the mean seconds of the fits that a file of results has, none without the file."""
    if not path.exists():
        return {}
    seconds: dict[tuple[str, str], list[float]] = {}
    with path.open(encoding="utf-8", newline="") as file:
        for line in csv.DictReader(file):
            fit = float(line["fit_seconds"]) + float(line["predict_seconds"])
            seconds.setdefault((line["task"], line["model"]), []).append(fit)
    return {key: float(np.mean(values)) for key, values in seconds.items()}


class Progress:
    """A bar that advances by the expected seconds of the work, not by the number of fits.

    The time left is what the costs say, corrected by how much slower or faster than expected the
    work has been so far. Where costs are not `known`, every fit counts the same, `total` is the
    number of fits and the clock alone decides.
    """

    def __init__(self, total: float, n_jobs: int, *, known: bool) -> None:
        self.left, self.n_jobs, self.trust = total, n_jobs, START if known else 0.0
        self.done = 0.0
        often = 0.1 if sys.stderr.isatty() else 30.0
        form = "{percentage:3.0f}% |{bar:20}| {elapsed} gone{postfix}"
        self.bar = tqdm(total=total, mininterval=often, maxinterval=often, bar_format=form)

    def __enter__(self) -> "Progress":
        return self

    def __exit__(self, *_: object) -> None:
        self.bar.close()

    def advance(self, cost: float, what: str, *, cached: bool = False) -> None:
        """Count a piece of work; what comes from the cache says nothing about the speed."""
        self.left -= cost
        if not cached:
            self.done += cost
        elapsed = self.bar.format_dict["elapsed"]
        left = remaining(self.left, self.done, elapsed, self.n_jobs, self.trust)
        self.bar.set_postfix_str(f"about {duration(left)} left, {what}", refresh=False)
        self.bar.update(cost)


def remaining(left: float, done: float, elapsed: float, n_jobs: int, trust: float) -> float:
    """Return the seconds that the rest takes: as expected, times how late the work is so far."""
    if not done + trust:
        return 0.0
    lateness = (elapsed + trust) / (done / n_jobs + trust)
    return max(left, 0.0) / n_jobs * lateness


def duration(seconds: float) -> str:
    """Return a time in words."""
    if seconds < 90:
        tens = np.ceil(seconds / 10) if seconds < 10 else np.round(seconds / 10)
        return f"{10 * int(tens)} s"
    return f"{round(seconds / 60)} min"
