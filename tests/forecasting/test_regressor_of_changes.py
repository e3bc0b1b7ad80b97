"""Regressors that cannot be fitted to changes are refused before anything is fitted."""

import re

import numpy as np
import pytest
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import FeatureUnion, make_pipeline

from sklearn_rnn import CompleteRows, LagTransformer
from sklearn_rnn.forecasting._regressor_of_changes import (
    SHARED,
    check_any_known,
    check_changes_can_be_fitted,
)

DEFAULT = {name: getattr(LagTransformer(), name) for name in SHARED}


def lags(**given):
    return LagTransformer(2, flatten=True, **given)


@pytest.mark.parametrize("around", [lambda p: p, CompleteRows, lambda p: make_pipeline(Ridge(), p)])
@pytest.mark.parametrize(
    ("steps", "delay"),
    [
        ([lags(delay=4)], 4),
        ([FeatureUnion([("far", lags(delay=7)), ("near", lags(delay=2))])], 2),
        ([lags(delay=2), lags(delay=1)], 3),
        ([lags(delay=0)], 0),
        ([], 0),
    ],
)
def test_the_least_lag_is_that_of_the_newest_value(around, steps, delay):
    pipeline = around(make_pipeline(*steps, Ridge()))
    for lag in range(1, 9):
        if lag >= delay:
            check_changes_can_be_fitted(pipeline, lag, DEFAULT)
            continue
        text = f"got lag={lag} and delay={delay}. Set lag={delay} or more, or a smaller delay in L"
        with pytest.raises(ValueError, match=f"^lag must be at least .*{re.escape(text)}"):
            check_changes_can_be_fitted(pipeline, lag, DEFAULT)


@pytest.mark.parametrize(
    ("name", "value"), [("max_gap", "2D"), ("lag_unit", "rows"), ("time", "t"), ("series", "s")]
)
def test_rows_are_counted_alike(name, value):
    pipeline = make_pipeline(lags(**{name: value}), Ridge())
    text = f"DifferencedRegressor has {name}={DEFAULT[name]!r}, but a LagTransformer of its "
    text += f"regressor has {name}={value!r}; set the same in both"
    with pytest.raises(ValueError, match=f"^{re.escape(text)}"):
        check_changes_can_be_fitted(pipeline, 1, DEFAULT)
    check_changes_can_be_fitted(pipeline, 1, {**DEFAULT, name: value})


@pytest.mark.parametrize("around", [lambda p: p, CompleteRows, lambda p: make_pipeline(Ridge(), p)])
def test_a_search_goes_around(around):
    search = GridSearchCV(make_pipeline(lags(), Ridge()), {})
    text = "but GridSearchCV contains one; put DifferencedRegressor inside of GridSearchCV, around"
    with pytest.raises(ValueError, match=re.escape(text)):
        check_changes_can_be_fitted(around(search), 1, DEFAULT)
    check_changes_can_be_fitted(around(GridSearchCV(Ridge(), {})), 1, DEFAULT)


def test_some_change_is_known():
    check_any_known(np.array([True, False]), 1)
    with pytest.raises(ValueError, match=r"^lag=2 is too long: X has n_samples=2, none of which"):
        check_any_known(np.array([True, True]), 2)
