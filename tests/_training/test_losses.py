"""Losses: against numpy formulas, their minimisers, their weighted means."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from scipy.optimize import minimize_scalar
from scipy.special import log_expit, log_softmax

from sklearn_rnn._training.losses import (
    AbsoluteError,
    BinaryCrossEntropy,
    CrossEntropy,
    Huber,
    Poisson,
    Quantile,
    SquaredError,
)

RNG = np.random.default_rng(0)
OUTPUT = RNG.normal(size=(7, 3))
TARGET = RNG.normal(size=(7, 3))
BINARY = RNG.integers(0, 2, size=(7, 3)).astype(float)
CODES = np.array([0, 1, 2, 2, 1, 0, 2])
WEIGHT = np.array([0.0, 1.0, 2.0, 0.5, 1.5, 1.0, 1.0])  # with mean one


def huber(o, t, d):
    e = np.abs(o - t)
    return np.where(e <= d, e**2 / 2, d * (e - d / 2))


def binary(o, t, s):
    t = t * (1 - s) + s / 2
    return -t * log_expit(o) - (1 - t) * log_expit(-o)


def classes(o, t, s):
    smooth = (1 - s) * np.eye(3)[t] + s / 3
    return -(smooth * log_softmax(o, axis=1)).sum(axis=1, keepdims=True)


CASES = {
    "squared": (SquaredError(), TARGET, lambda o, t: (o - t) ** 2 / 2),
    "absolute": (AbsoluteError(), TARGET, lambda o, t: np.abs(o - t)),
    "huber": (Huber(0.8), TARGET, lambda o, t: huber(o, t, 0.8)),
    "quantile": (
        Quantile(0.2),
        TARGET,
        lambda o, t: np.where(t > o, 0.2 * (t - o), 0.8 * (o - t)),
    ),
    "poisson": (Poisson(), np.exp(TARGET), lambda o, t: np.exp(o) - t * o),
    "binary": (BinaryCrossEntropy(), BINARY, lambda o, t: binary(o, t, 0.0)),
    "binary, smoothed": (BinaryCrossEntropy(0.3), BINARY, lambda o, t: binary(o, t, 0.3)),
    "classes": (CrossEntropy(), CODES, lambda o, t: classes(o, t, 0.0)),
    "classes, smoothed": (CrossEntropy(0.3), CODES, lambda o, t: classes(o, t, 0.3)),
}
each_loss = pytest.mark.parametrize(("loss", "target", "formula"), CASES.values(), ids=CASES)


@each_loss
def test_a_loss_is_its_formula_at_each_point(loss, target, formula):
    values = loss.pointwise(torch.tensor(OUTPUT), torch.tensor(target))
    assert_allclose(values, formula(OUTPUT, target), rtol=1e-12)


@each_loss
def test_the_loss_is_the_mean_over_outputs_and_the_weighted_mean_over_samples(
    loss, target, formula
):
    output, target_ = torch.tensor(OUTPUT), torch.tensor(target)
    by_sample = formula(OUTPUT, target).mean(axis=1)
    assert_allclose(loss(output, target_), by_sample.mean())
    weighted = loss(output, target_, torch.tensor(WEIGHT))
    assert_allclose(weighted, np.average(by_sample, weights=WEIGHT))


@each_loss
def test_the_gradient_is_that_of_the_formula(loss, target, formula):
    output = torch.tensor(OUTPUT, requires_grad=True)
    loss(output, torch.tensor(target)).backward()
    step = 1e-6 * np.eye(OUTPUT.size).reshape(-1, *OUTPUT.shape)
    slopes = [
        (formula(OUTPUT + s, target).mean() - formula(OUTPUT - s, target).mean()) / 2e-6
        for s in step
    ]
    assert_allclose(output.grad.ravel(), slopes, atol=1e-8)


SAMPLE = np.random.default_rng(1).gamma(2.0, size=1001)


@pytest.mark.parametrize(
    ("loss", "minimiser"),
    [
        (SquaredError(), SAMPLE.mean()),
        (AbsoluteError(), np.median(SAMPLE)),
        (Quantile(0.9), np.quantile(SAMPLE, 0.9)),
        (Quantile(0.5), np.median(SAMPLE)),
        (Poisson(), np.log(SAMPLE.mean())),
        (Huber(1e-6), np.median(SAMPLE)),
        (Huber(1e6), SAMPLE.mean()),
        (BinaryCrossEntropy(), np.log(0.7 / 0.3)),
        (BinaryCrossEntropy(0.2), np.log(0.66 / 0.34)),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, torch.nn.Module) else None,
)
def test_a_constant_minimises_the_loss_where_theory_says(loss, minimiser):
    target = SAMPLE
    if isinstance(loss, BinaryCrossEntropy):
        target = np.arange(1000) < 700
    target = torch.tensor(target, dtype=torch.float64)[:, None]
    found = minimize_scalar(
        lambda c: float(loss(torch.full_like(target, c), target)),
        bounds=(-5.0, 10.0),
        method="bounded",
        options={"xatol": 1e-8},
    )
    assert_allclose(found.x, minimiser, atol=1e-3)


def test_the_huber_loss_lies_between_the_mean_and_the_median():
    target = torch.tensor(SAMPLE)[:, None]
    risks = {
        c: float(Huber(1.0)(torch.full_like(target, c), target))
        for c in np.linspace(np.median(SAMPLE), SAMPLE.mean(), 21)
    }
    best = min(risks, key=risks.get)
    assert np.median(SAMPLE) < best < SAMPLE.mean()


def test_two_classes_by_one_logit_or_by_two_are_the_same_loss():
    logit = torch.tensor(OUTPUT[:, :1])
    code = torch.tensor(BINARY[:, 0])
    for smoothing in (0.0, 0.3):
        by_one = BinaryCrossEntropy(smoothing)(logit, code[:, None])
        by_two = CrossEntropy(smoothing)(torch.cat([0 * logit, logit], 1), code.long())
        assert_allclose(by_one, by_two, rtol=1e-12)


def test_extreme_logits_give_a_finite_loss():
    logit = torch.tensor([[800.0], [-800.0]])
    assert_allclose(BinaryCrossEntropy()(logit, torch.tensor([[0.0], [1.0]])), 800.0)
