"""The constraints of parameters that are stricter than scikit-learn's."""

import sys

import numpy as np
import pytest
from sklearn.linear_model import Ridge

from sklearn_rnn import DifferencedRegressor, GRURegressor, LagTransformer
from sklearn_rnn.model_selection import check_leakage

X = np.random.default_rng(0).normal(size=(20, 2))


@pytest.mark.parametrize("n_lags", [True, False, sys.maxsize + 1])
def test_a_whole_number_is_no_truth_value_and_fits_into_an_array(n_lags):
    with pytest.raises(ValueError, match=f"^The 'n_lags' parameter .* Got {n_lags} instead"):
        LagTransformer(n_lags).fit(X)


@pytest.mark.parametrize("n_lags", [2, np.int64(2)])
def test_whole_numbers_of_numpy_are_accepted(n_lags):
    assert LagTransformer(n_lags).fit_transform(X).shape == (20, 2, 2)


def test_a_real_number_may_be_a_truth_value_as_in_scikit_learn():
    GRURegressor(alpha=True, max_epochs=1).fit(X, X[:, 0])


def test_a_class_is_no_estimator():
    with pytest.raises(ValueError, match=r"^The 'regressor' parameter .* Got <class"):
        DifferencedRegressor(Ridge).fit(X, X[:, 0])
    with pytest.raises(ValueError, match=r"^The 'pipeline' parameter .* Got <class"):
        check_leakage(Ridge, X, X[:, 0])
