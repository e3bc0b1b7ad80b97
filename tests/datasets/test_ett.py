"""Temperatures of electricity transformers."""

import numpy as np
import pandas as pd
import pytest

from sklearn_rnn import datasets
from tests.datasets.files import real


def test_a_wrong_name_is_refused_by_scikit_learn():
    with pytest.raises(ValueError, match="The 'name' parameter of fetch_ett must be a str among"):
        datasets.fetch_ett("ETTm1")


@pytest.mark.parametrize("name", ["ETTh1", "ETTh2"])
def test_real_ett(name):
    ett = real("fetch_ett", name, as_frame=True)
    assert ett.frame.shape == (17420, 8)
    assert not ett.frame.isna().any(axis=None)
    hours = pd.date_range("2016-07-01 00:00", "2018-06-26 19:00", freq="h")
    assert (ett.data.index == hours).all()
    assert ett.target.equals(ett.data["OT"])
    sizes = ett.part.value_counts().to_dict()
    assert sizes == {"train": 8640, "validation": 2880, "test": 2880, "rest": 3020}
    X, y = real("fetch_ett", name, return_X_y=True)
    np.testing.assert_array_equal(X, ett.data)
    np.testing.assert_array_equal(y, ett.target)
