"""Folds of `PanelTimeSeriesSplit`: times of all series at once, or counted from their ends."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit, cross_val_score

from sklearn_rnn import LagTransformer, NaiveForecaster, make_ar
from sklearn_rnn.model_selection import PanelTimeSeriesSplit, backtest

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


# Reading times in a drawn order warns, which the splits do not depend on.
@pytest.mark.filterwarnings("ignore::sklearn_rnn.exceptions.IncompleteWindowsWarning")
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("form", range(7))
def test_no_training_row_is_as_late_as_a_test_row(seed, form):
    X, time, groups = forms(seed)[form]
    dates = forms(seed)[0][0].index.get_level_values("date")
    for train, test in PanelTimeSeriesSplit(4, gap=1, time=time).split(X, groups=groups):
        assert (dates[test].min() - dates[train].max()).days >= 2
        assert not set(dates[test]) & set(np.delete(dates, test))


ENDS = {"x": 30, "y": 21, "z": 13}
UNEQUAL = pd.concat([PANEL.loc[[name]].head(n) for name, n in ENDS.items()])


# Reading times in a drawn order warns, which the splits do not depend on.
@pytest.mark.filterwarnings("ignore::sklearn_rnn.exceptions.IncompleteWindowsWarning")
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("options", [{"n_splits": 1}, {"n_splits": 3}, {"n_splits": 2, "gap": 2}])
def test_aligned_by_the_end_each_series_is_split_by_itself(seed, options):
    X = UNEQUAL.iloc[np.random.default_rng(seed).permutation(len(UNEQUAL))[:55]]
    long = X.reset_index()
    store = long["store"].to_numpy()
    later = np.array([(X.loc[name].index > date).sum() for name, date in X.index])
    cv = PanelTimeSeriesSplit(test_size=3, align="end", **options)
    named = PanelTimeSeriesSplit(test_size=3, align="end", time="date", series="store", **options)
    folds = list(cv.split(X))
    forms = [named.split(long), cv.split(X["a"]), cv.split(LagTransformer(2).fit_transform(X))]
    for other in forms:
        for fold, same in zip(folds, other, strict=True):
            assert [rows.tolist() for rows in fold] == [rows.tolist() for rows in same]
    assert len(folds) == options["n_splits"]
    for number, (train, test) in enumerate(reversed(folds)):
        first = 3 * number
        for name in ENDS:  # training rows, the gap, the test rows, rows of later folds
            own = later[test][store[test] == name]
            assert sorted(own) == [first, first + 1, first + 2]
            past = later[train][store[train] == name]
            assert past.min(initial=99) >= first + 3 + options.get("gap", 0)
            assert len(past) == (later[store == name] >= first + 3 + options.get("gap", 0)).sum()


def test_aligned_by_the_end_series_of_the_same_times_are_split_at_the_same_times():
    for options in ({}, {"test_size": 4, "gap": 2}):
        folds = PanelTimeSeriesSplit(3, align="end", **options).split(PANEL)
        for fold, same in zip(folds, PanelTimeSeriesSplit(3, **options).split(PANEL), strict=True):
            assert [rows.tolist() for rows in fold] == [rows.tolist() for rows in same]


def test_aligned_by_the_end_an_array_is_one_series():
    cv = PanelTimeSeriesSplit(1, test_size=2, align="end")
    ((train, test),) = cv.split(np.zeros((5, 1)), groups=[4, 0, 3, 1, 2])
    assert (train.tolist(), test.tolist()) == ([1, 3, 4], [0, 2])


def test_the_last_rows_of_each_series_are_scored():
    forecaster = NaiveForecaster(target="a", season=2)
    cv = PanelTimeSeriesSplit(2, test_size=3, align="end")
    scores = cross_val_score(forecaster, UNEQUAL, cv=cv, scoring=None)
    assert np.isfinite(scores).all()
    result = backtest(forecaster, UNEQUAL, cv=cv)
    last = UNEQUAL.groupby(level=0).tail(6)
    assert sorted(result.forecasts["actual"]) == sorted(last["a"])
    assert result.errors("series")["n"].tolist() == [6, 6, 6]
    assert result.forecasts["step"].max() == 3


def test_an_unknown_alignment_or_series_is_refused():
    with pytest.raises(ValueError, match=r"^align must be 'time' or 'end'; got 'start'\."):
        next(PanelTimeSeriesSplit(align="start").split(PANEL))
    with pytest.raises(ValueError, match="n_splits"):
        PanelTimeSeriesSplit(0)
    with pytest.raises(ValueError, match=r"^X has repeated times but no names of series"):
        next(PanelTimeSeriesSplit(align="end", time="date").split(PANEL.reset_index()))


def test_numbers_of_rows_are_no_times():
    with pytest.raises(ValueError, match=r"name the column of times, .*TimeSeriesSplit"):
        next(PanelTimeSeriesSplit(3).split(PANEL.reset_index()))


def test_it_is_a_splitter_for_scikit_learn():
    cv = clone(PanelTimeSeriesSplit(3, time="date"), safe=False)
    given = "align='time', gap=0, n_splits=3, series=None, test_size=None, time='date'"
    assert " ".join(repr(cv).split()) == f"PanelTimeSeriesSplit({given})"
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
        (pd.DataFrame(index=DAYS[:0]), "X has no rows to split"),
        (pl.LazyFrame({"a": [1.0]}), "X must hold its values; got a LazyFrame"),
        (pd.DataFrame(index=[0, 1, 2, np.nan]), "Times are missing in 1 of 4 rows"),
    ],
)
def test_rows_without_times_are_refused(X, text):
    with pytest.raises((TypeError, ValueError), match=f"^{text}"):
        next(PanelTimeSeriesSplit(2).split(X))


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({"gap": -1}, "gap must be a whole number of times, at least 0; got -1."),
        ({"gap": 1.5}, "gap must be a whole number of times, at least 0; got 1.5."),
        ({"gap": None}, "gap must be a whole number of times, at least 0; got None."),
        ({"test_size": 0}, "test_size must be a whole number of times, at least 1; got 0."),
    ],
)
def test_sizes_are_numbers_of_times(given, text):
    with pytest.raises(ValueError, match=f"^{text}$"):
        next(PanelTimeSeriesSplit(2, **given).split(PANEL))


def test_a_number_of_test_sets_that_is_none_is_refused():
    with pytest.raises(TypeError, match=r"^n_splits must be a whole number of test sets; got \[\]"):
        PanelTimeSeriesSplit([])
