"""Windows of the steps from a lag to the next, computed where they are read."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from typing_extensions import Self

from sklearn_rnn.linear._design import Design, FloatArray


@dataclass(frozen=True, eq=False)
class StepDesign(Design):
    """Windows of steps: of the values in `rows` less those one lag before.

    Steps to the oldest lags, which no model needs, are missing where no window has them later.

    Attributes
    ----------
    is_changed : ndarray of bool, of shape (n_channels,)
        The channels whose steps are taken; others keep their values.
    origin : ndarray of shape (n_channels,)
        Stands for missing values.
    is_used : ndarray of bool, of shape (n_rows,)
        The rows that are a lag of a window, but not its oldest.
    """

    is_changed: NDArray[np.bool_]
    origin: FloatArray
    is_used: NDArray[np.bool_]

    @classmethod
    def of_values(
        cls, design: Design, is_changed: NDArray[np.bool_], origin: FloatArray
    ) -> StepDesign:
        """Return the windows of steps of windows of values."""
        newer = replace(design, first=design.first + design.step, n_lags=design.n_lags - 1)
        is_used = newer.coverage(np.ones(len(newer))) > 0
        return cls(
            design.rows, design.first, design.step, design.n_lags, is_changed, origin, is_used
        )

    def cut(self) -> Self:
        """Return the same windows over no other rows than theirs."""
        begin = int(self.first.min())
        inside = super().cut()
        return replace(inside, is_used=self.is_used[begin : begin + len(inside.rows)])

    def read(self, part: slice) -> FloatArray:
        """Return the steps to some rows, in double precision."""
        begin, end, _ = part.indices(len(self.rows))
        before = max(0, begin - self.step)
        values = self._filled(self.rows[before:end])
        steps = np.full((end - begin, self.n_channels), np.nan)
        n_known = min(len(steps), max(0, len(values) - self.step))
        if n_known:
            steps[-n_known:] = values[self.step :] - values[: -self.step]
        steps[~self.is_used[begin:end]] = np.nan
        steps[:, ~self.is_changed] = values[begin - before :, ~self.is_changed]
        return steps

    def windows(self, first: NDArray[np.intp]) -> FloatArray:
        """Return the windows with these first rows, whose oldest lags have no step."""
        values = self._filled(super().windows(first))
        steps = np.full_like(values, np.nan)
        steps[:, 1:] = values[:, 1:] - values[:, :-1]
        steps[:, :, ~self.is_changed] = values[:, :, ~self.is_changed]
        return steps

    def _filled(self, values: NDArray[Any]) -> FloatArray:
        """Return values with the origin in place of missing ones."""
        return np.where(np.isnan(values), self.origin, values)
