"""Comparisons warn of folds out of the order of time, of scores, and of fits that are too short."""

import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import KFold, TimeSeriesSplit
from sklearn.pipeline import make_pipeline

from sklearn_rnn import DenseRegressor, LagTransformer, make_lagged
from sklearn_rnn.linear import LagRidge
from sklearn_rnn.model_selection import compare_models
from tests.model_selection.examples import FRAME, LINEAR, X, Y

ORDER = r"^In {} of 4 folds training rows are later than test rows"
LAGS = {"lags": make_pipeline(LagTransformer(3, flatten=True), LinearRegression())}


@pytest.mark.parametrize("rows", [X, FRAME])
def test_folds_out_of_order_give_a_warning_for_lags(rows):
    with pytest.warns(UserWarning, match=ORDER.format(3)):  # the last tests the end
        compare_models(LAGS, rows, Y, cv=KFold(4))
    compare_models(LAGS, rows, Y, cv=TimeSeriesSplit(4))
    compare_models(LINEAR, rows, Y, cv=KFold(4))  # without windows


def test_folds_out_of_order_give_a_warning_for_windows():
    windows, targets = make_lagged(FRAME, Y, 3)
    folds = KFold(4, shuffle=True, random_state=0)
    with pytest.warns(UserWarning, match=ORDER.format(4)):
        compare_models({"ridge": LagRidge()}, windows, targets, cv=folds)
    compare_models({"ridge": LagRidge()}, windows, targets, cv=TimeSeriesSplit(4))


def test_times_order_the_rows_of_a_panel():
    panel = pd.concat({"a": FRAME, "b": FRAME + 1}, names=["series", "day"])
    compare_models(LAGS, panel, np.r_[Y, Y], cv=4)
    halves = [(np.arange(120), np.arange(120, 240))] * 4
    with pytest.warns(UserWarning, match=ORDER.format(4)):
        compare_models(LAGS, panel, np.r_[Y, Y], cv=halves)


def test_an_r2_of_1_gives_a_warning():
    models = {"exact": LinearRegression(), **LINEAR}
    with pytest.warns(UserWarning, match=r"^R2 of \['exact', 'ols'\] is 1 in all folds: the"):
        compare_models(models, X, X @ np.arange(4.0), cv=4)
    compare_models(models, X, X @ np.arange(4.0), cv=4, scoring="neg_mean_squared_error")
    compare_models(models, X, X @ np.arange(4.0) + 0.01 * Y, cv=4)


class Unsteady(LinearRegression):
    """Does not converge on short data, and warns of something else."""

    def fit(self, X, y):
        warnings.warn("another", UserWarning, stacklevel=2)
        if len(X) < 70:
            warnings.warn("Unsteady is slow.", ConvergenceWarning, stacklevel=2)
        return super().fit(X, y)


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_fits_that_have_not_converged_are_counted_in_one_warning(n_jobs):
    net = DenseRegressor(max_epochs=4, early_stopping=False)
    models = {"net": net, **LINEAR, "unsteady": Unsteady()}
    with warnings.catch_warnings(record=True) as record:
        warnings.simplefilter("always")
        comparison = compare_models(
            models, X, Y, cv=TimeSeriesSplit(3), seeds=2, n_jobs=n_jobs, verbose=0
        )
    (found,) = [w for w in record if issubclass(w.category, ConvergenceWarning)]
    assert str(found.message).startswith(
        "Not converged: 6 of 6 fits of 'net', 2 of 3 fits of 'unsteady'. The first warned: "
        "DenseRegressor was still improving when max_epochs=4 ended the fit"
    )
    assert found.filename == __file__
    if n_jobs == 1:  # those of other processes are shown there
        assert [str(w.message) for w in record].count("another") == 3
    by_model = comparison.runs.groupby("model")["unconverged"].count()
    assert by_model.to_dict() == {**dict.fromkeys(LINEAR, 0), "net": 6, "unsteady": 2}
