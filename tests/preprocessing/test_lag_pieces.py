"""A transformer that is fitted to pieces is the one that is fitted to the whole panel."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from sklearn_rnn import LagTransformer
from sklearn_rnn.preprocessing._lag_pieces import LagPieces

RNG = np.random.default_rng(0)


def panel(days, n_series=5):
    index = pd.MultiIndex.from_product([list("abcde")[:n_series], days], names=["series", "day"])
    frame = pd.DataFrame(RNG.normal(size=(len(index), 2)), index, ["x", "known"])
    frame.iloc[RNG.random(len(frame)) < 0.1, 0] = np.nan
    return frame


def fitted(lags, X, groups):
    pieces = LagPieces(lags)
    windows = [pieces.add(X.loc[list(group)], None) for group in groups]
    return pieces.joined, windows


@pytest.mark.filterwarnings(
    "ignore::sklearn_rnn.exceptions.IncompleteWindowsWarning"  # two rows are missing
)
@pytest.mark.parametrize(
    "days",
    [
        pd.date_range("2026-01-01", periods=30),
        pd.bdate_range("2026-01-01", periods=30),
        pd.date_range("2026-01-01", periods=30, freq="ME"),
        pd.period_range("2026-01", periods=30, freq="M"),
        pd.to_datetime("2026-01-01") + pd.to_timedelta(np.cumsum(np.arange(1, 31)), "D"),
        np.arange(30),
    ],
    ids=["days", "business", "months", "periods", "irregular", "numbers"],
)
@pytest.mark.parametrize("parameters", [{}, {"known_ahead": ["known"], "delay": 2}, {"step": 3}])
@pytest.mark.parametrize("fill_value", ["mean", 7.0])
def test_pieces_are_the_panel(days, parameters, fill_value):
    X = panel(days)
    is_early = X.index.get_level_values("day") < days[20]
    early, late = X[is_early], X[~is_early]
    early = early.drop(early.index[[3, 30]])
    lags = LagTransformer(3, fill_value=fill_value, **parameters)
    found, windows = fitted(lags, early, ["ab", "c", "de"])
    expected = LagTransformer(3, fill_value=fill_value, **parameters)
    whole = expected.fit_transform(early)
    assert_array_equal(np.concatenate([w.is_complete for w in windows]), whole.is_complete)
    inside = whole.is_complete
    assert_array_equal(np.concatenate(windows)[inside], np.asarray(whole)[inside])
    assert_allclose(found.fill_values_, expected.fill_values_)
    assert_array_equal(found.incomplete_rows_, expected.incomplete_rows_)
    assert found.max_gap_ == expected.max_gap_
    assert_allclose(found.transform(late), expected.transform(late))
    assert_array_equal(found.transform(late).is_complete, expected.transform(late).is_complete)


def test_rows_without_times_have_no_history():
    pieces = LagPieces(LagTransformer(2))
    X = RNG.normal(size=(20, 2))
    for part in (X[:5], X[5:]):
        pieces.add(part, None)
    assert_allclose(pieces.joined.fill_values_, X.mean(axis=0))
    assert_array_equal(pieces.joined.incomplete_rows_, [0, 1, 5, 6])
    assert pieces.joined.transform(X).is_complete.sum() == 18


def test_a_transformer_without_history_keeps_no_rows():
    days = pd.date_range("2026-01-01", periods=30)
    found, _ = fitted(LagTransformer(3, history="never"), panel(days), ["ab", "cde"])
    assert found._history.rows is None


def test_parameters_are_validated():
    with pytest.raises(ValueError, match="n_lags"):
        LagPieces(LagTransformer(0)).add(np.zeros((9, 1)), None)
