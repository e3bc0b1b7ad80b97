"""Constant channels, whose products are rounding errors, get the coefficient zero everywhere."""

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression

from sklearn_rnn import (
    LagElasticNet,
    LagElasticNetCV,
    LagLogistic,
    LagPoisson,
    LagRidge,
    LagRidgeCV,
)

FREE = {"penalty_factor": [1.0, 0.0]}
MODELS = [
    LagRidge(0.0),
    LagRidge(**FREE),
    LagRidgeCV(alphas=[0.0], standardize=False),
    LagRidgeCV(**FREE),
    LagElasticNet(0.1, **FREE),
    LagElasticNet(0.1, groups="channel", **FREE),
    LagElasticNetCV(alphas=5, **FREE),
    LagLogistic(**FREE),
    LagPoisson(0.0),
    LagPoisson(**FREE),
]


def draw(constant):
    rng = np.random.default_rng(0)
    windows = rng.normal(size=(500, 3, 2))
    windows[:, :, 1] = constant
    return windows, windows[:, 0, 0] + rng.normal(size=500)


def weights():
    return [None, *(np.random.default_rng(seed).uniform(size=500) for seed in range(3))]


@pytest.mark.parametrize("constant", [0.1, 1 / 3, 123.456])
@pytest.mark.parametrize("model", MODELS, ids=repr)
def test_a_constant_channel_without_penalty_has_no_coefficients(model, constant):
    windows, y = draw(constant)
    if isinstance(model, LagLogistic):
        y = y > 0
    elif isinstance(model, LagPoisson):
        y = np.floor(np.exp(y))
    for weight in weights():
        model.fit(windows, y, weight)
        assert np.abs(model.lag_coef_[..., 1]).max() < 1e-14
        other = type(model)(**{**model.get_params(), "penalty_factor": None})
        if model.penalty_factor is not None:
            other.fit(windows[:, :, :1], y, weight)
            np.testing.assert_allclose(
                model.lag_coef_[..., 0], other.lag_coef_[..., 0], rtol=1e-6, atol=1e-8
            )


def test_a_small_channel_at_a_low_level_is_not_constant():
    windows, y = draw(0.1)
    windows[:, :, 1] += 1e-9 * np.random.default_rng(1).normal(size=(500, 3))
    model = LagRidge(0.0).fit(windows, y)
    expected = LinearRegression().fit(((windows - [0, 0.1]) * [1, 1e9]).reshape(500, -1), y)
    np.testing.assert_allclose(model.coef_ * ([1, 1e-9] * 3), expected.coef_, rtol=1e-6)
