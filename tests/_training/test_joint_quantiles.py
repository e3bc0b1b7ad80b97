"""The loss of several quantiles: against numpy, its limits, and that no two quantiles cross."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from scipy.stats import norm

from sklearn_rnn._training.joint_quantiles import JointQuantiles
from sklearn_rnn._training.losses import Quantile, Rescaled

LEVELS = (0.05, 0.3, 0.5, 0.8, 0.9, 0.99)
RNG = np.random.default_rng(0)
RAW = RNG.normal(size=(7, 3 * len(LEVELS)))
TARGET = RNG.normal(size=(7, 3))
LOSS = JointQuantiles(LEVELS)


def quantiles(raw, levels=LEVELS):
    """Return quantiles (n_levels, n, n_targets): a walk from the median up, and one down."""
    n, middle = len(levels), levels.index(0.5)
    blocks = np.split(raw, n, axis=1)
    z = norm.ppf(levels)
    found = {middle: blocks[0]}
    for j in range(middle + 1, n):
        offset = np.log(np.expm1(z[j] - z[j - 1]))
        found[j] = found[j - 1] + np.logaddexp(0, blocks[j - middle] + offset)
    for i, j in enumerate(range(middle - 1, -1, -1)):
        offset = np.log(np.expm1(z[j + 1] - z[j]))
        found[j] = found[j + 1] - np.logaddexp(0, blocks[n - middle + i] + offset)
    return np.stack([found[j] for j in range(n)])


def test_the_quantiles_are_the_median_and_the_gaps_from_it():
    assert_allclose(LOSS.quantiles(torch.tensor(RAW)), quantiles(RAW), rtol=1e-9)


def test_the_loss_is_the_mean_pinball_loss():
    error = TARGET - quantiles(RAW)
    level = np.array(LEVELS)[:, None, None]
    expected = np.where(error > 0, level * error, (level - 1) * error).mean(axis=0)
    assert_allclose(LOSS.pointwise(torch.tensor(RAW), torch.tensor(TARGET)), expected, rtol=1e-9)


def test_the_gradient_is_that_of_the_loss():
    raw = torch.tensor(RAW, requires_grad=True)
    assert torch.autograd.gradcheck(lambda r: LOSS(r, torch.tensor(TARGET)), raw)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("size", [1.0, 1e2, 1e4, 1e30])
def test_quantiles_never_cross(dtype, size):
    raw = size * torch.randn(200, len(LEVELS), generator=torch.manual_seed(0)).to(dtype)
    assert (LOSS.quantiles(raw).diff(dim=0) >= 0).all()


def test_outputs_of_zero_are_the_quantiles_of_the_normal_distribution():
    assert_allclose(
        LOSS.quantiles(torch.zeros(1, len(LEVELS))).flatten(), norm.ppf(LEVELS), atol=1e-6
    )


def test_the_median_alone_is_the_quantile_loss():
    raw, target = torch.tensor(RAW[:, :3]), torch.tensor(TARGET)
    assert_allclose(
        JointQuantiles([0.5]).pointwise(raw, target), Quantile(0.5).pointwise(raw, target)
    )


def test_a_target_has_no_effect_on_the_others():
    blocks = torch.tensor(RAW).unflatten(1, (-1, 3))
    chosen = [2, 0]
    some = LOSS.pointwise(blocks[..., chosen].flatten(1), torch.tensor(TARGET[:, chosen]))
    assert_allclose(some, LOSS.pointwise(torch.tensor(RAW), torch.tensor(TARGET))[:, chosen])


def test_a_factor_multiplies_quantiles_and_targets():
    factor = RNG.uniform(0.5, 2.0, size=(7, 3))
    both = torch.tensor(np.hstack([TARGET, factor]))
    error = factor * (TARGET - quantiles(RAW))
    level = np.array(LEVELS)[:, None, None]
    expected = np.where(error > 0, level * error, (level - 1) * error).mean(axis=0)
    assert_allclose(Rescaled(LOSS).pointwise(torch.tensor(RAW), both), expected, rtol=1e-9)
