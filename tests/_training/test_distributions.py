"""The likelihoods: against SciPy, their limits, and that they stay finite."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from scipy import stats

from sklearn_rnn._training.distributions import NegativeBinomial, Normal, StudentT

RNG = np.random.default_rng(0)
RAW = RNG.normal(size=(7, 6))
TARGET, COUNTS = RNG.normal(size=(7, 2)), RNG.poisson(3.0, size=(7, 2))
UNIT = (2.0, 5.0)
DISPERSIONS = ["constant", "varying"]
FAMILIES = {"normal": Normal, "student_t": StudentT, "negative_binomial": NegativeBinomial}
each_family = pytest.mark.parametrize("name", FAMILIES)


def made(name, dispersion="varying"):
    return FAMILIES[name](dispersion, **({"unit": UNIT} if name == "negative_binomial" else {}))


def raw_for(loss, rows=RAW):
    return torch.tensor(rows[:, : 2 * loss.n_parameters])


def softplus(raw, at_zero):
    return np.logaddexp(0, raw + np.log(np.expm1(at_zero)))


def densities(name):
    """Return the log densities by SciPy, from the raw outputs by numpy."""
    location, scale = RAW[:, :2], 1e-4 + softplus(RAW[:, 2:4], 1 - 1e-4)
    if name == "normal":
        return stats.norm(location, scale).logpdf(TARGET)
    if name == "student_t":
        return stats.t(2 + 8 * np.exp(RAW[:, 4:]), location, scale).logpdf(TARGET)
    mean, dispersion = np.exp(location) * UNIT, 1e-6 + softplus(RAW[:, 2:4], 1.0)
    return stats.nbinom(1 / dispersion, 1 / (1 + dispersion * mean)).logpmf(COUNTS)


def target_of(name):
    return torch.tensor(COUNTS / UNIT if name == "negative_binomial" else TARGET)


@each_family
def test_the_loss_is_the_negative_log_density_of_scipy(name):
    loss = made(name)
    assert_allclose(loss.pointwise(raw_for(loss), target_of(name)), -densities(name), rtol=1e-9)


@each_family
def test_the_gradient_is_that_of_the_loss(name):
    loss, target = made(name), target_of(name)
    raw = raw_for(loss).requires_grad_()
    assert torch.autograd.gradcheck(lambda r: loss(r, target), raw)


@each_family
def test_a_target_has_no_effect_on_the_others(name):
    loss = made(name)
    first = raw_for(loss).unflatten(1, (-1, 2))[..., 0]
    alone = FAMILIES[name]("varying", **({"unit": UNIT[:1]} if name == "negative_binomial" else {}))
    both = loss.pointwise(raw_for(loss), target_of(name))
    assert_allclose(alone.pointwise(first, target_of(name)[:, :1]), both[:, :1], rtol=1e-12)


@each_family
def test_the_minimum_for_a_constant_is_the_maximum_of_the_likelihood(name):
    """The gradient in the mean is zero at the mean of the target."""
    loss = FAMILIES[name]("constant")
    target = torch.tensor(RNG.poisson(3.0, size=(400, 1)), dtype=torch.float64)
    mean = target.mean().log() if name == "negative_binomial" else target.mean()
    raw = torch.tensor([[float(mean), 0.3, 20.0]]).double()[:, : loss.n_parameters]
    raw.requires_grad_()
    loss(raw.expand(400, -1), target).backward()
    assert abs(float(raw.grad[0, 0])) < 1e-4


@each_family
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_losses_and_gradients_stay_finite(name, dtype):
    loss, n = made(name), made(name).n_parameters
    raw = 80 * torch.randn(500, 2 * n, generator=torch.manual_seed(0))
    raw = raw.to(dtype).requires_grad_()
    target = torch.randint(0, 1000, (500, 2), generator=torch.manual_seed(1)).to(dtype)
    value = loss(raw, target)
    value.backward()
    assert value.isfinite()
    assert raw.grad.isfinite().all()


def test_students_t_with_many_degrees_of_freedom_is_normal():
    raw = raw_for(made("student_t"))
    raw[:, 4:] = 30.0
    values = made("student_t").pointwise(raw, target_of("student_t"))
    assert_allclose(values, made("normal").pointwise(raw[:, :4], target_of("normal")), rtol=1e-4)


def test_negative_binomial_without_dispersion_is_poisson():
    raw = raw_for(made("negative_binomial"))
    raw[:, 2:] = -50.0
    values = made("negative_binomial").pointwise(raw, target_of("negative_binomial"))
    expected = stats.poisson(np.exp(RAW[:, :2]) * UNIT).logpmf(COUNTS)
    assert_allclose(values, -expected, atol=1e-4)


@pytest.mark.parametrize("dispersion", DISPERSIONS)
def test_the_degrees_of_freedom_are_always_a_constant(dispersion):
    n_constants = [made(name, dispersion).n_constants for name in FAMILIES]
    assert n_constants == ([1, 2, 1] if dispersion == "constant" else [0, 1, 0])
