"""The samples that a linear model on windows is fitted to."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sklearn_rnn.linear._design import Design, FloatArray
from sklearn_rnn.linear._last_value import LastValue
from sklearn_rnn.linear._moments import Moments, channel_means


@dataclass(frozen=True, eq=False)
class TrainingSet:
    """The samples that take part in a fit.

    Attributes
    ----------
    design : Design
        Windows.
    y : ndarray of shape (n_windows, n_outputs)
        Targets.
    weight : ndarray of shape (n_windows,)
        Positive weights.
    samples : ndarray of int, of shape (n_windows,)
        Positions of the samples in the X that was given.
    y_given : ndarray of shape (n_given, n_outputs)
        Targets of all samples of this X.
    last_value : LastValue or None
        What is subtracted from windows and targets; None is nothing.
    """

    design: Design
    y: FloatArray
    weight: FloatArray
    samples: NDArray[np.intp]
    y_given: FloatArray
    last_value: LastValue | None = None

    @property
    def n_given(self) -> int:
        """Number of samples of the X that was given."""
        return len(self.y_given)

    def take(self, index: Any) -> TrainingSet:
        """Return some of the samples."""
        return replace(
            self,
            design=self.design.take(index),
            y=self.y[index],
            weight=self.weight[index],
            samples=self.samples[index],
        )

    def moments(self, center: FloatArray | None = None) -> Moments:
        """Return the moments of the samples, as `Moments.of`, or of their steps."""
        if self.last_value is None:
            return Moments.of(self.design, self.y, self.weight, center)
        origin = channel_means(self.design, self.weight) if center is None else center
        steps = self.steps(origin)
        moments = Moments.of(steps.design, steps.y, self.weight, self.last_value.steps_of(origin))
        return replace(moments, origin=origin)

    def steps(self, origin: FloatArray) -> TrainingSet:
        """Return the samples whose moments are taken, with `origin` for missing values."""
        if self.last_value is None:
            return self
        design, last = self.last_value.steps(self.design, origin)
        return replace(self, design=design, y=self.y - last, last_value=None)
