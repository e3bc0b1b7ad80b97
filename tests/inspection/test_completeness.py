"""The check that attributions add up."""

import warnings

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning

from sklearn_rnn.inspection._completeness import warn_if_inexact

CHANGES = np.array([[2.0, 1.0], [-3.0, 0.5]])


@pytest.mark.parametrize("unit", [1e-9, 1.0, 1e9])
def test_the_unit_of_one_output_does_not_hide_what_another_misses(unit):
    changes = CHANGES * [unit, 1.0]
    with pytest.warns(ConvergenceWarning, match=r"2 of 2 samples.* by up to 1, where it is 1\."):
        warn_if_inexact("f", changes * [1.0, 0.0], changes, 32, level=2)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warn_if_inexact("f", changes * (1 + 1e-7), changes, 32, level=2)


@pytest.mark.parametrize("of", ["sums", "changes"])
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_values_that_are_not_finite_do_not_pass(of, value):
    given = {"sums": CHANGES.copy(), "changes": CHANGES.copy()}
    given[of][1, 1] = value
    with pytest.warns(ConvergenceWarning, match=r"of 2 samples.*is not finite"):
        warn_if_inexact("f", **given, n_points=32, level=2)
