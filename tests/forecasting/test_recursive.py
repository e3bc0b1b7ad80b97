"""The former name of recursive forecasts, and what takes its place."""

import numpy as np
import pandas as pd
import pytest

from sklearn_rnn import Forecaster, RecursiveForecaster, make_ar

DAYS = pd.date_range("2026-01-01", periods=40)
X = pd.DataFrame({"a": np.random.default_rng(0).normal(size=40), "day": np.arange(40) % 7.0}, DAYS)


def test_the_former_name_warns_and_forecasts_the_same():
    model = make_ar(2, exogenous=["day"])
    former = RecursiveForecaster(model, target="a")
    with pytest.warns(FutureWarning, match=r"^RecursiveForecaster will be removed in version 1\.0"):
        former.fit(X[:30])
    now = Forecaster(model, strategy="recursive", target="a", known_ahead=["day"]).fit(X[:30])
    pd.testing.assert_series_equal(former.predict(5, exog=X[30:]), now.predict(X[30:35]))
    again = former.predict(5, exog=X[20:], last_window=X[10:20])
    pd.testing.assert_series_equal(again, now.predict(X[20:25], past=X[10:20]))
    assert former.window_size_ == 2
    assert former.estimator_ is former.forecaster_.models_[0]
    with pytest.raises(ValueError, match=r"^exog must have at least steps=11 rows; got 10\."):
        former.predict(11, exog=X[30:])


def test_a_single_column_is_the_target():
    with pytest.warns(FutureWarning):
        former = RecursiveForecaster(make_ar(2)).fit(X[["a"]])
    expected = Forecaster(make_ar(2), strategy="recursive").fit(X["a"]).predict(3)
    pd.testing.assert_series_equal(former.predict(3), expected)


@pytest.mark.filterwarnings("ignore::FutureWarning")  # of the former name, tested above
def test_other_tables_than_those_of_pandas_are_named():
    with pytest.raises(TypeError, match=r"^X must be a DataFrame or Series of pandas"):
        RecursiveForecaster(target="a").fit(X.to_numpy())
    forecaster = RecursiveForecaster(make_ar(2)).fit(X["a"])  # a Series is one
    assert len(forecaster.predict(2)) == 2
