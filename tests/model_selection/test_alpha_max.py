"""The largest penalty of a path: the least at which every weight on the input is zero."""

import numpy as np
import pytest

from sklearn_rnn import DenseClassifier, DenseRegressor
from sklearn_rnn.model_selection import penalty_path
from tests.nets import few_epochs

pytestmark = few_epochs

X = np.random.default_rng(0).normal(size=(200, 3, 4))
Y = X[:, -1, 0] - 0.7 * X[:, -2, 1] + 0.3 * np.random.default_rng(1).normal(size=200)


def linear(cls=DenseRegressor, **parameters):
    exact = {"optimizer": "lbfgs", "tol": 1e-10, "max_epochs": 1000, "dtype": "float64"}
    return cls(**{"hidden_layer_sizes": (), "l1_ratio": 1.0, **exact, **parameters})


@pytest.mark.parametrize("penalty", ["elasticnet", "group"])
def test_the_first_alpha_is_the_least_that_holds_everything_at_zero(penalty):
    labels = np.array(["a", "b", "c"])[(Y > 0) * 1 + (X[:, -1, 2] > 1)]
    model = linear(DenseClassifier, penalty=penalty)
    first = penalty_path(model, X, labels, n_alphas=2).alphas[0]
    model.set_params(early_stopping=False)
    assert not model.set_params(alpha=first).fit(X, labels).selected_channels_.any()
    assert model.set_params(alpha=0.999 * first).fit(X, labels).selected_channels_.any()


def test_the_first_alpha_knows_weights_and_other_losses():
    weight = np.random.default_rng(2).integers(0, 3, size=200).astype(float)
    for loss in ("squared_error", "huber", "poisson"):
        y = np.exp(Y) if loss == "poisson" else Y
        model = linear(loss=loss)
        first = penalty_path(model, X, y, sample_weight=weight, n_alphas=2).alphas[0]
        model.set_params(early_stopping=False)
        for factor, reads in ((1.0, False), (0.999, True)):
            model.set_params(alpha=factor * first).fit(X, y, weight)
            assert model.selected_channels_.any() == reads


def test_a_constant_target_has_no_path():
    for weight, n in ((None, 200), (np.repeat([1.0, 0.0], 100), 100)):
        y = np.where(np.arange(200) < n, 0.1, 7.0)
        text = f"^y is constant in all {n} samples, so every alpha gives the same model"
        with pytest.raises(ValueError, match=text):
            penalty_path(linear(), X, y, sample_weight=weight)
