"""The default folds of a comparison: the same times in each form of a panel, and in one series."""

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import KFold, TimeSeriesSplit
from sklearn.pipeline import make_pipeline

from sklearn_rnn import LagRidge, LagTransformer
from sklearn_rnn.model_selection import PanelTimeSeriesSplit, compare_models
from sklearn_rnn.model_selection._default_split import make_splitter, times_of

DAYS = pd.date_range("2026-01-01", periods=24)
PANEL = pd.DataFrame(
    {"sales": np.random.default_rng(0).normal(size=72)},
    index=pd.MultiIndex.from_product([["oslo", "rome", "bonn"], DAYS], names=["town", "day"]),
)
LONG = PANEL.reset_index()
Y = PANEL["sales"].to_numpy()
LAGS = LagTransformer(2, flatten=True)
NAMED = LagTransformer(2, flatten=True, time="day", series="town")


def folds_of(X, model=LAGS, y=Y, cv=None):
    """Return the folds that are used if none are given, or only their number."""
    models = [make_pipeline(model, LinearRegression())]
    times, is_panel = times_of(X, models)
    splitter = make_splitter(cv, X, y, times, is_panel=is_panel, is_classifier=False)
    return list(splitter.split(X, y)), is_panel


FORMS = {
    "series, time": (PANEL, LAGS),
    "time, series": (PANEL.swaplevel(), LAGS),
    "periods": (PANEL.set_index(PANEL.index.set_levels(DAYS.to_period(), level=1)), LAGS),
    "long": (LONG, NAMED),
    "long, of strings": (LONG.assign(day=LONG["day"].dt.strftime("%Y-%m-%d")), NAMED),
    "windows": (LagTransformer(2).fit_transform(PANEL), LAGS),
}


@pytest.mark.parametrize("form", FORMS)
def test_all_forms_of_a_panel_are_split_in_time(form):
    folds, is_panel = folds_of(*FORMS[form])
    assert is_panel
    number = folds_of(*FORMS[form], cv=3)[0]
    expected_folds = [*PanelTimeSeriesSplit(5).split(PANEL), *PanelTimeSeriesSplit(3).split(PANEL)]
    for found, expected in zip([*folds, *number], expected_folds, strict=True):
        for rows, expected_rows in zip(found, expected, strict=True):
            np.testing.assert_array_equal(rows, expected_rows)


@pytest.mark.parametrize(
    "X",
    [
        pd.DataFrame({"sales": Y}, index=pd.date_range("2026", periods=72)),
        pd.DataFrame({"sales": Y}, index=pd.period_range("2026", periods=72, freq="M")),
        LagTransformer(2).fit_transform(
            pd.DataFrame({"sales": Y}, index=pd.date_range("2026", periods=72))
        ),
    ],
    ids=["times", "periods", "windows"],
)
def test_one_series_is_split_as_a_time_series(X):
    folds, is_panel = folds_of(X)
    assert not is_panel
    folds += folds_of(X, cv=np.int64(2))[0]
    expected_folds = [*TimeSeriesSplit(5).split(X), *TimeSeriesSplit(2).split(X)]
    for found, expected in zip(folds, expected_folds, strict=True):
        for rows, expected_rows in zip(found, expected, strict=True):
            np.testing.assert_array_equal(rows, expected_rows)


@pytest.mark.parametrize(
    "X",
    [
        LONG[["sales"]],
        LONG,  # no model names its columns
        PANEL.set_index(pd.MultiIndex.from_arrays([range(72), range(72)])),
        LagTransformer(2).fit_transform(LONG[["sales"]].to_numpy()),
    ],
    ids=["numbered", "long", "numbers", "windows"],
)
def test_without_times_the_folds_are_those_of_scikit_learn(X):
    folds, is_panel = folds_of(X)
    assert not is_panel
    for found, expected in zip(folds, KFold(5).split(X), strict=True):
        np.testing.assert_array_equal(found[1], expected[1])


def test_a_comparison_of_a_long_table_averages_the_losses_of_a_time():
    model = make_pipeline(NAMED, LinearRegression())
    by_column = compare_models({"ar": model}, LONG, Y, verbose=0)
    by_index = compare_models({"ar": make_pipeline(LAGS, LinearRegression())}, PANEL, Y, verbose=0)
    assert not by_column.failures.any()
    pd.testing.assert_frame_equal(by_column.losses, by_index.losses, check_names=False)
    windows = LagTransformer(2).fit_transform(PANEL)
    of_windows = compare_models({"ar": LagRidge()}, windows, Y, verbose=0)
    assert of_windows.losses.index.equals(by_index.losses.index.rename(None))
