"""scikit-learn's own checks, and its validation of parameters, on every public estimator."""

import inspect
import re
import warnings
from contextlib import suppress
from numbers import Integral
from unittest import SkipTest

import pytest
import sklearn
from sklearn.base import BaseEstimator
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils._param_validation import (
    Interval,
    InvalidParameterError,
    generate_invalid_param_val,
    make_constraint,
)
from sklearn.utils.estimator_checks import parametrize_with_checks
from sklearn.utils.fixes import parse_version

import sklearn_rnn
from sklearn_rnn import CompleteRows, LagTransformer
from sklearn_rnn.model_selection import SuccessiveHalving

PUBLIC = [getattr(sklearn_rnn, name) for name in sklearn_rnn.__all__] + [SuccessiveHalving]
ESTIMATORS = [C for C in PUBLIC if inspect.isclass(C) and issubclass(C, BaseEstimator)]
# They are held to their own laws in the tests of their files.
OF_ANOTHER_KIND = {
    "CalendarFeatures": "it reads the index of a DataFrame",
    "TextSequencer": "it reads strings, for which scikit-learn has no checks",
    "HierarchicalAttentionClassifier": "it reads documents, lists of lists of tokens",
    "DifferencedRegressor": "its y is a column of X",
    "Forecaster": "its y is a column of X, whose index or column holds the times",
    "LocalForecaster": "its y is a column of X, whose index or column holds the times",
    "NaiveForecaster": "its y is a column of X, whose index or column holds the times",
    "RecursiveForecaster": "its predict takes a number of steps",
}


class Mean:
    """Forecasts the mean, in the form of the models of statsforecast."""

    def forecast(self, y, h):
        return {"mean": [sum(y) / len(y)] * h}


# As in scikit-learn's tests of its searches: an error of the estimator is not to be a score.
SEARCH = {"param_grid": {"alpha": [0.001, 0.01]}, "cv": 2, "error_score": "raise"}
SEARCH |= {"max_epochs": 60}
# Arguments without default, and ten penalties for a hundred, each of which is a fit of its own.
GIVEN = {
    "LagLogisticCV": {"alphas": 10},
    "LagPoissonCV": {"alphas": 10},
    "CompleteRows": {"estimator": make_pipeline(StandardScaler(), Ridge())},
    "IntervalRegressor": {"estimator": Ridge()},
    "LocalForecaster": {"model": Mean()},
    "DifferencedRegressor": {"regressor": make_pipeline(LagTransformer(2, flatten=True), Ridge())},
    "SuccessiveHalving": {"estimator": sklearn_rnn.DenseRegressor(learning_rate=0.02), **SEARCH},
}
CHECKED = [C for C in ESTIMATORS if C.__name__ not in OF_ANOTHER_KIND]
OF_CLASSES = SuccessiveHalving(sklearn_rnn.DenseClassifier(learning_rate=0.02), **SEARCH)
AROUND_LAGS = CompleteRows(make_pipeline(LagTransformer(2, delay=0, flatten=True), Ridge()))
QUICK = {"max_epochs": 20, "learning_rate": 0.05}
WITH_SEVERAL_OUTPUTS = [
    sklearn_rnn.DenseRegressor(loss="quantile", quantile=[0.1, 0.5, 0.9], **QUICK),
    sklearn_rnn.DenseRegressor(loss="student_t", **QUICK),
]
OF_ROW_ORDER = "a lag depends on the order of the rows by its nature"
OF_LAGS = {
    "check_methods_sample_order_invariance": OF_ROW_ORDER,
    "check_methods_subset_invariance": OF_ROW_ORDER,
}
EXPECTED_FAILED = {
    "LagTransformer": OF_LAGS,
    "ARRegressor": OF_LAGS
    | {
        "check_sample_weight_equivalence_on_dense_data": (
            "a row that is repeated, or left out, is a lag of others as well"
        )
    },
}
if parse_version(sklearn.__version__) < parse_version("1.7"):
    of_check = "the check takes the first label as one class, in two orders of the same samples"
    for name in ("LagLogistic", "LagLogisticCV"):
        EXPECTED_FAILED[name] = {"check_sample_weight_equivalence_on_dense_data": of_check}


def made(estimator_class):
    """Return an instance with default parameters, as far as there are."""
    return estimator_class(**GIVEN.get(estimator_class.__name__, {}))


def test_the_public_estimators_are_found():
    assert len(CHECKED) >= 16
    assert OF_ANOTHER_KIND.keys() <= {C.__name__ for C in ESTIMATORS}


def expected_failed_checks(estimator):
    """Return the checks that cannot hold, each with its reason: those of `EXPECTED_FAILED`."""
    inside = estimator[0] if isinstance(estimator, CompleteRows) else estimator
    return EXPECTED_FAILED.get(type(inside).__name__, {})


@parametrize_with_checks(
    [*map(made, CHECKED), AROUND_LAGS, OF_CLASSES, *WITH_SEVERAL_OUTPUTS],
    expected_failed_checks=expected_failed_checks,
)
def test_estimator_checks_at_default_parameters(estimator, check):
    with warnings.catch_warnings():
        # as in scikit-learn's own test_common: the checks are not about convergence, and some
        # of them set max_iter or fit twenty rows of noise; every other warning is an error
        warnings.simplefilter("ignore", ConvergenceWarning)
        try:
            check(estimator)
        except SkipTest as skipped:
            pytest.fail(f"no check may be skipped: {skipped}")


def refused_values(constraints):
    """Return a value of no type that is allowed, and one beyond every bound or option."""
    values = [object()]
    for constraint in map(make_constraint, constraints):
        if isinstance(constraint, Interval) and constraint.right is not None:
            values.append(constraint.right + (1 if constraint.type is Integral else 1.0))
        with suppress(NotImplementedError):  # a constraint of the type alone
            values.append(generate_invalid_param_val(constraint))
    return values


INVALID = [
    pytest.param(C, name, value, id=f"{C.__name__}-{name}-{i}")
    for C in ESTIMATORS
    for name, constraints in C._parameter_constraints.items()
    for i, value in enumerate(refused_values(constraints))
]


@pytest.mark.parametrize(("estimator_class", "name", "value"), INVALID)
def test_an_invalid_parameter_is_named_before_anything_else_happens(estimator_class, name, value):
    estimator = made(estimator_class).set_params(**{name: value})
    before = dict(vars(estimator))
    start = re.escape(f"The {name!r} parameter of {estimator_class.__name__} must be ")
    for method in {"fit", "partial_fit"} & set(dir(estimator)):
        with pytest.raises(InvalidParameterError, match=f"^{start}.* Got .* instead"):
            getattr(estimator, method)(None, None)  # not even X is looked at
    assert vars(estimator) == before
