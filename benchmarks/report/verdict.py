"""Which model to take: the smallest of those that the data cannot tell from the best."""

from typing import NamedTuple

from benchmarks.report.effects import Effect
from benchmarks.report.study import CV, Study

LEAST = 2  # standard errors that a gain must have for more parameters to be worth it


class Verdict(NamedTuple):
    """The model to take, the best net and the best simple model, and what one gains on the other.

    Best is meant of their scores in cross-validation, the gain of those on the test part.
    `verdict.md` tells it.
    """

    task: str
    take: str
    net: str
    simple: str
    gain: Effect


def best_simple(study: Study, task: str) -> str:
    """Return the simple model that does best in cross-validation."""
    return study.best(task, study.simple(task), CV)


def judge(study: Study, task: str) -> Verdict:
    """Compare the best net with the best simple model.

    They are the best in cross-validation on the training part, and compared on the test part: the
    best of several there would owe a part of its gain to luck.
    """
    net, simple = study.taken(task), best_simple(study, task)
    gain = study.gain(task, net, simple)
    smallest_first = sorted(study.simple(task), key=lambda m: study.size(task, m))
    as_good = [
        m for m in smallest_first if m == simple or not is_worth_it(study.gain(task, simple, m))
    ]
    return Verdict(task, net if is_worth_it(gain) else as_good[0], net, simple, gain)


def is_worth_it(gain: Effect) -> bool:
    """Return whether a gain is large enough to be told from luck."""
    return gain.value > 0 and gain.value >= LEAST * gain.error
