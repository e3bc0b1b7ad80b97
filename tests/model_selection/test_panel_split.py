"""Folds of `PanelTimeSeriesSplit`: times, all series at once."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit, cross_val_score

from sklearn_rnn import LagTransformer, make_ar
from sklearn_rnn.model_selection import PanelTimeSeriesSplit

DAYS = pd.date_range("2020", periods=30)
PANEL = pd.DataFrame(
    {"a": np.random.default_rng(0).normal(size=90)},
    index=pd.MultiIndex.from_product([["x", "y", "z"], DAYS], names=["store", "date"]),
)


@pytest.mark.parametrize("options", [{}, {"test_size": 3}, {"test_size": 4, "gap": 2}])
def test_one_series_is_split_as_by_scikit_learn(options):
    X = PANEL.loc["x"]
    folds = PanelTimeSeriesSplit(3, **options).split(X)
    for (train, test), (left, right) in zip(
        folds, TimeSeriesSplit(3, **options).split(X), strict=True
    ):
        np.testing.assert_array_equal(train, left)
        np.testing.assert_array_equal(test, right)


def forms(seed):
    X = PANEL.iloc[np.random.default_rng(seed).permutation(90)[:80]]
    long = X.reset_index()
    return [
        (X, None, None),
        (X.swaplevel(), None, None),
        (X.reset_index("store"), None, None),
        (long, "date", None),
        (long.astype({"date": str}), "date", None),
        (X.to_numpy(), None, X.index.get_level_values("date")),
        (LagTransformer(2).fit_transform(X), None, None),
    ]


@pytest.mark.filterwarnings("ignore::sklearn_rnn.exceptions.IncompleteWindowsWarning")
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("form", range(7))
def test_no_training_row_is_as_late_as_a_test_row(seed, form):
    X, time, groups = forms(seed)[form]
    dates = forms(seed)[0][0].index.get_level_values("date")
    for train, test in PanelTimeSeriesSplit(4, gap=1, time=time).split(X, groups=groups):
        assert (dates[test].min() - dates[train].max()).days >= 2
        assert not set(dates[test]) & set(np.delete(dates, test))


def test_numbers_of_rows_are_no_times():
    with pytest.raises(ValueError, match=r"name the column of times, .*TimeSeriesSplit"):
        next(PanelTimeSeriesSplit(3).split(PANEL.reset_index()))


@pytest.mark.filterwarnings("ignore::sklearn_rnn.exceptions.IncompleteWindowsWarning")
def test_it_is_a_splitter_for_scikit_learn():
    cv = clone(PanelTimeSeriesSplit(3, time="date"), safe=False)
    assert repr(cv) == "PanelTimeSeriesSplit(gap=0, n_splits=3, test_size=None, time='date')"
    assert cv.get_n_splits() == 3
    scores = cross_val_score(make_ar(2), PANEL, PANEL["a"], cv=cv)
    assert np.isfinite(scores).all()
    grid = {"lagtransformer__n_lags": [1, 2]}
    assert GridSearchCV(make_ar(), grid, cv=cv).fit(PANEL, PANEL["a"]).n_splits_ == 3


def test_test_rows_of_every_series_see_their_training_rows():
    whole = LagTransformer(2, delay=2).fit_transform(PANEL)
    for train, test in PanelTimeSeriesSplit(3).split(PANEL):
        lags = LagTransformer(2, delay=2).fit(PANEL.iloc[train])
        np.testing.assert_array_equal(lags.transform(PANEL.iloc[test]), whole[test])


@pytest.mark.parametrize(
    ("X", "text"),
    [
        (np.zeros((9, 1)), "X has no times; give a DataFrame whose index or column `time`"),
        (pd.DataFrame(index=list("abcdef")), "X has no times; give a DataFrame"),
        (pd.DataFrame(index=[0, 1, 2, np.nan]), "1 rows of X have no time"),
    ],
)
def test_rows_without_times_are_refused(X, text):
    with pytest.raises(ValueError, match=f"^{text}"):
        next(PanelTimeSeriesSplit(2).split(X))
