"""Attributes of an estimator: restored after an error, and kept by a warm start."""

import re

import numpy as np
import pytest
from sklearn.base import BaseEstimator

from sklearn_rnn._sklearn.estimator_state import (
    CHANGEABLE,
    check_continues,
    kept_parameters,
    restore_on_error,
)


class Net(BaseEstimator):
    def __init__(self, hidden_size=3, weights=None, alpha=0.0):
        self.hidden_size = hidden_size
        self.weights = weights
        self.alpha = alpha


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_an_error_restores_all_attributes(error):
    net = Net()
    before = dict(vars(net))

    def fail():
        with restore_on_error(net):
            net.coef_, net.hidden_size = 1.0, 5
            del net.alpha
            raise error

    with pytest.raises(error):
        fail()
    assert vars(net) == before


def test_without_an_error_changes_stay():
    net = Net()
    with restore_on_error(net):
        net.coef_ = 1.0
    assert net.coef_ == 1.0


def test_a_warm_start_may_change_only_what_is_changeable():
    net = Net(weights=np.ones(3))
    start = kept_parameters(net)
    assert start.keys() == {"hidden_size", "weights"}
    assert "alpha" in CHANGEABLE
    check_continues(net.set_params(alpha=1.0, weights=np.ones(3)), start)
    text = re.escape("hidden_size=4 cannot continue what hidden_size=3 began")
    with pytest.raises(ValueError, match=f"^{text}"):
        check_continues(net.set_params(hidden_size=4), start)
    with pytest.raises(ValueError, match=r"^weights="):
        check_continues(net.set_params(hidden_size=3, weights=np.zeros(3)), start)
