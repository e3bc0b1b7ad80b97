"""What training may change when it is continued."""

import re

import numpy as np
import pytest

from sklearn_rnn import DenseRegressor
from sklearn_rnn.neural_network._training_parameters import CHANGEABLE, check_continues

BEFORE = {"hidden_size": 3, "weights": [1.0, 1.0], "alpha": 0.0}


def test_what_may_change_is_a_parameter_or_one_of_classifiers():
    assert CHANGEABLE - {"class_weight"} <= DenseRegressor().get_params().keys()


def test_what_is_the_same_may_continue():
    check_continues({**BEFORE, "weights": np.ones(2), "alpha": 1.0}, BEFORE)


def test_what_has_changed_is_named():
    text = re.escape("hidden_size cannot change from 3 to 4 when training is continued")
    with pytest.raises(ValueError, match=f"^{text}"):
        check_continues({**BEFORE, "hidden_size": 4}, BEFORE)
    with pytest.raises(ValueError, match=r"^weights cannot change"):
        check_continues({**BEFORE, "weights": [0.0, 0.0]}, BEFORE)
