"""The constraints of parameters that are stricter than scikit-learn's."""

import sys

import numpy as np
import pytest
from sklearn.linear_model import Ridge

from sklearn_rnn import DifferencedRegressor, LagRidge, LagTransformer, TCNRegressor
from sklearn_rnn.model_selection import check_leakage

X = np.random.default_rng(0).normal(size=(20, 2))


def test_a_whole_number_fits_into_an_array():
    rule = rf"^The 'n_lags' parameter .* in the range \[1, inf\)\. Got {sys.maxsize + 1} instead"
    with pytest.raises(ValueError, match=rule):
        LagTransformer(sys.maxsize + 1).fit(X)


@pytest.mark.parametrize("n_lags", [2, np.int64(2)])
def test_whole_numbers_of_numpy_are_accepted(n_lags):
    assert LagTransformer(n_lags).fit_transform(X).shape == (20, 2, 2)


def test_a_class_is_no_estimator():
    with pytest.raises(ValueError, match=r"^The 'regressor' parameter .* Got <class"):
        DifferencedRegressor(Ridge).fit(X, X[:, 0])
    with pytest.raises(ValueError, match=r"^The 'pipeline' parameter .* Got <class"):
        check_leakage(Ridge, X, X[:, 0])


def test_true_is_the_number_one_where_a_parameter_takes_no_truth_values():
    given = {"max_epochs": 1, "random_state": 0}
    one, true = (TCNRegressor(num_channels=n, **given).fit(X, X[:, 0]) for n in (1, True))
    np.testing.assert_array_equal(one.predict(X), true.predict(X))
    LagRidge(n_channels=True).fit(X, X[:, 0])
