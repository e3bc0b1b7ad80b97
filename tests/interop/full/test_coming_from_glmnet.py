"""The rows of docs/coming_from.md on glmnet, whose Fortran code python-glmnet runs."""

import glmnet
import numpy as np
import pytest
from numpy.testing import assert_allclose

from sklearn_rnn import DenseRegressor, LagElasticNet, LagElasticNetCV, LagLogistic
from tests.interop.full.series import FLAT, VOLUMES, WINDOWS

pytestmark = pytest.mark.interop_full

LAMBDAS = [0.2, 0.05, 0.01]
TIGHT = {"tol": 1e-14, "max_iter": 10**6}


def theirs(share=1.0, **fit):
    return glmnet.ElasticNet(alpha=share, n_splits=0, lambda_path=LAMBDAS, **TIGHT).fit(
        FLAT, VOLUMES, **fit
    )


def ours(alpha, l1_ratio=1.0, standardize=True, **parameters):
    given = {"l1_ratio": l1_ratio, "standardize": standardize, **TIGHT, **parameters}
    return LagElasticNet(alpha, **given).fit(WINDOWS, VOLUMES)


def test_the_penalty():
    """Rows: `lambda` of the lasso; `standardize=TRUE`."""
    found = theirs()
    assert found.standardize
    assert LagElasticNetCV().standardize
    for place, penalty in enumerate(LAMBDAS):
        assert_allclose(ours(penalty).coef_, found.coef_path_[:, place], atol=1e-6)
        assert_allclose(ours(penalty).intercept_, found.intercept_path_[place], atol=1e-6)
    plain = ours(LAMBDAS[1], standardize=False).coef_
    assert np.abs(plain - found.coef_path_[:, 1]).max() > 0.001
    above = np.median(VOLUMES) < VOLUMES
    logistic = glmnet.LogitNet(alpha=1, n_splits=0, lambda_path=LAMBDAS, **TIGHT).fit(FLAT, above)
    model = LagLogistic(LAMBDAS[1], standardize=True, tol=1e-15).fit(WINDOWS, above)
    assert_allclose(model.coef_.ravel(), logistic.coef_path_[0, :, 1], atol=1e-5)


def test_the_share_of_l1():
    """Rows: `alpha`, the share of L1."""
    found, share, deviation = theirs(0.3), 0.3, VOLUMES.std()
    for place, penalty in enumerate(LAMBDAS):
        l1, l2 = penalty * share, penalty * (1 - share) / deviation
        same = ours(l1 + l2, l1 / (l1 + l2))
        assert_allclose(same.coef_, found.coef_path_[:, place], atol=1e-5)
        assert same.l1_ratio == pytest.approx(share / (share + (1 - share) / deviation))
        assert same.alpha * same.l1_ratio / share == pytest.approx(penalty)


def test_the_path():
    """Rows: `nlambda=100`, `lambda.min.ratio=1e-4`."""
    found = glmnet.ElasticNet(n_splits=0).fit(FLAT, VOLUMES)
    assert (found.n_lambda, found.min_lambda_ratio) == (100, 1e-4)
    assert len(found.lambda_path_) < 100
    model = LagElasticNetCV().fit(WINDOWS, VOLUMES)
    assert_allclose(model.alphas_[0], found.lambda_path_[0])
    assert_allclose(model.alphas_[-1] / model.alphas_[0], 1e-3)
    assert len(model.alphas_) == 100


def test_factors():
    """Rows: `penalty.factor`."""
    factors = np.repeat([3.0, 1.0, 1.0, 1.0, 1.0], 3)
    found = theirs(relative_penalties=factors).coef_path_[:, 1]
    rescaled = ours(LAMBDAS[1], penalty_factor=(factors / factors.mean()).reshape(5, 3))
    assert_allclose(rescaled.coef_, found, atol=1e-6)


def test_a_penalty_of_the_path_is_chosen():
    """Rows: `lambda.min`, `lambda.1se`; `x` of lags in columns.

    That errors, standard errors and choices are those of cv.glmnet on the same folds is tested with
    results of R in tests/linear/test_glmnet.py.
    """
    least, largest = (LagElasticNetCV(rule=rule).fit(WINDOWS, VOLUMES) for rule in ("min", "1se"))
    place = least.mse_mean_.argmin()
    assert least.alpha_ == least.alphas_[place]
    bound = least.mse_mean_[place] + least.mse_error_[place]
    assert largest.alpha_ == least.alphas_[least.mse_mean_ <= bound].max()
    flat = LagElasticNetCV(n_channels=3).fit(FLAT, VOLUMES)
    assert_allclose(flat.coef_, least.coef_)


def test_a_network_without_hidden_layer():
    y = VOLUMES / VOLUMES.std()
    net = DenseRegressor(
        hidden_layer_sizes=(),
        alpha=0.1,
        l1_ratio=0.5,
        optimizer="lbfgs",
        max_epochs=2000,
        tol=1e-12,
        early_stopping=False,
        random_state=0,
    ).fit(WINDOWS, y)
    model = LagElasticNet(0.1, l1_ratio=0.5, standardize=True, **TIGHT).fit(WINDOWS, y)
    assert_allclose(net.predict(WINDOWS), model.predict(WINDOWS), atol=0.01)
