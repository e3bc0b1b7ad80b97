"""Which model to take: the smallest of those that the data cannot tell from the best.

More parameters are worth it if they gain at least two standard errors on the test part. The net
and the simple model that are compared there are the best in cross-validation on the training part:
the best of several on the test part would owe a part of its gain to luck.
"""

from __future__ import annotations

from dataclasses import dataclass

from benchmarks.report.effects import Effect
from benchmarks.report.study import CV, Study

LEAST = 2  # standard errors that a gain must have


def best_simple(study: Study, task: str) -> str:
    """Return the simple model that does best in cross-validation."""
    return study.best(task, study.simple(task), CV)


@dataclass(frozen=True)
class Verdict:
    """The model to take, and what the net gains on the simple model, both the best of their kind.

    Best is meant of their scores in cross-validation.
    """

    study: Study
    task: str
    take: str
    net: str
    simple: str

    @property
    def gain(self) -> Effect:
        """What the net gains on the simple model on the test part."""
        return self.study.gain(self.task, self.net, self.simple)

    def __str__(self) -> str:
        """Say which model to take, and why."""
        net, simple, gain = self._told(self.net), self._told(self.simple), with_error(self.gain)
        if self.take == self.net:
            return (
                f"take {net}: the best net in cross-validation, it gains {gain} on {simple}, "
                f"the best simple model there, at least {LEAST} standard errors"
            )
        why = (
            "the best simple model in cross-validation"
            if self.take == self.simple
            else f"the smallest model on which {simple}, the best simple one in cross-validation, "
            f"gains less than {LEAST} standard errors"
        )
        return (
            f"take {self._told(self.take)}, {why}: {net}, the best net there, gains {gain} on "
            f"{self.simple}, less than {LEAST} standard errors"
        )

    def _told(self, model: str) -> str:
        size = self.study.of(self.task, model)[0].n_parameters
        return f"{model} (R2 {self.study.mean(self.task, model):.3f}, {size} parameters)"


def judge(study: Study, task: str) -> Verdict:
    """Compare the best net with the best simple model."""
    net, simple = study.best(task, study.nets(task), CV), best_simple(study, task)
    if is_worth_it(study.gain(task, net, simple)):
        return Verdict(study, task, net, net, simple)
    smallest_first = sorted(study.simple(task), key=lambda m: study.of(task, m)[0].n_parameters)
    take = next(
        m for m in smallest_first if m == simple or not is_worth_it(study.gain(task, simple, m))
    )
    return Verdict(study, task, take, net, simple)


def is_worth_it(gain: Effect) -> bool:
    """Return whether a gain is large enough to be told from luck."""
    return gain.value > 0 and gain.value >= LEAST * gain.error


def with_error(gain: Effect) -> str:
    """Return a gain and its standard error."""
    return f"{gain.value:.3f} ± {gain.error:.3f}"
