"""Functions from raw outputs to positive parameters."""

import numpy as np
import torch
from numpy.testing import assert_allclose

from sklearn_rnn._training.links import positive


def test_it_is_softplus_with_a_chosen_value_at_zero():
    at_zero = torch.tensor([1e-6, 0.3, 1.0, 50.0, 2000.0], dtype=torch.float64)
    assert_allclose(positive(torch.zeros(5, dtype=torch.float64), at_zero), at_zero, rtol=1e-9)
    raw = torch.linspace(-5, 5, 11, dtype=torch.float64)
    shifted = raw.numpy() + np.log(np.expm1(0.3))
    assert_allclose(positive(raw, at_zero[1]), np.logaddexp(0, shifted), rtol=1e-9)


def test_it_is_positive_increasing_and_linear_far_outside():
    raw = torch.tensor([-700.0, -1.0, 0.0, 1e3, 1e6], dtype=torch.float64)
    values = positive(raw, torch.tensor(1.0))
    assert (values > 0).all()
    assert (values.diff() > 0).all()
    assert_allclose(values[-1], 1e6, rtol=1e-5)
