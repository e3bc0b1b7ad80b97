"""The series of a table in a back-test, and in which folds they can be tested: `SeriesOfRows`."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sklearn_rnn._sklearn.compat import num_samples
from sklearn_rnn.preprocessing._incomplete_rows import find_lags
from sklearn_rnn.preprocessing._timeline import split_index

Fold = tuple[NDArray[np.intp], NDArray[np.intp]]


@dataclass(frozen=True)
class SeriesOfRows:
    """The series of each row.

    Attributes
    ----------
    codes : ndarray of int, of shape (n_rows,)
        Number of the series of each row.
    labels : list
        Names of the series; 0 for one without a name.
    """

    codes: NDArray[np.intp]
    labels: list[Hashable]

    @classmethod
    def read(cls, models: Mapping[str, Any], X: Any) -> SeriesOfRows:
        """Read the series of a table from the columns that the forecasters name."""
        X = X.to_frame() if isinstance(X, pd.Series) else X
        owners = [part for model in models.values() for part in (model, *find_lags(model))]
        time, series = (
            next((n for owner in owners if (n := getattr(owner, name, None)) is not None), None)
            for name in ("time", "series")
        )
        _, codes, labels = split_index(X, num_samples(X), time, series)
        return cls(codes, [0] if labels == [None] else labels)

    def check_weights(self, weights: Any) -> None:
        """Check that weights are those of series of the table."""
        known = set(self.labels)
        given = [] if weights is None else [name for name, _ in weights.items()]
        unknown = [name for name in given if name not in known]
        if unknown:
            raise ValueError(
                f"series_weight must name series of X; {unknown} are none of its "
                f"{len(self.labels)} series, such as {self.labels[:3]}. Leave them out, or correct "
                "the names."
            )

    def leave_new_out(
        self, folds: Iterable[Fold]
    ) -> tuple[list[Fold], dict[int, list[Hashable]], list[Hashable]]:
        """Leave series without a training row out of the test rows of each fold.

        Returns
        -------
        folds : list of tuple of ndarray
            Training and test rows.
        new : dict of int to list
            By fold, the names of the series left out.
        untested : list
            The names of the series that no fold tests.

        Raises
        ------
        ValueError
            If no test row of a fold has training rows in its series.
        """
        kept, new = [], {}
        untested, rows = np.ones(len(self.labels), dtype=bool), np.arange(len(self.codes))
        for fold, (train, test) in enumerate(folds):
            codes = self.codes[test]
            is_known = np.isin(codes, self.codes[train])
            if not is_known.any():
                raise ValueError(
                    f"cv must test rows of series that have training rows; in fold {fold} there "
                    "are none. Split in the order of time, by PanelTimeSeriesSplit, with fewer "
                    "folds."
                )
            if not is_known.all():
                new[fold] = [self.labels[code] for code in np.unique(codes[~is_known])]
            untested[codes[is_known]] = False
            kept.append((rows[train], rows[test][is_known]))
        return kept, new, [self.labels[code] for code in np.flatnonzero(untested)]
