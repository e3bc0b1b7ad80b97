"""Functions from raw outputs to positive parameters."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose

from sklearn_rnn._training.links import offset_for, positive


@pytest.mark.parametrize("at_zero", [1e-6, 0.3, 1.0, 50.0, 2000.0])
def test_it_has_a_chosen_value_at_zero(at_zero):
    zero = torch.zeros((), dtype=torch.float64)
    assert float(positive(zero, offset_for(at_zero))) == pytest.approx(at_zero, rel=1e-9)


def test_it_is_softplus():
    raw = torch.linspace(-5, 5, 11, dtype=torch.float64)
    expected = np.logaddexp(0, raw.numpy() + np.log(np.expm1(0.3)))
    assert_allclose(positive(raw, offset_for(0.3)), expected, rtol=1e-9)


def test_it_is_positive_increasing_and_linear_far_outside():
    raw = torch.tensor([-700.0, -1.0, 0.0, 1e3, 1e6], dtype=torch.float64)
    values = positive(raw, offset_for(1.0))
    assert (values > 0).all()
    assert (values.diff() > 0).all()
    assert_allclose(values[-1], 1e6, rtol=1e-5)
