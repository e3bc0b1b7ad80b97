"""The net that an estimator holds: what it leaves to the estimator, and fits in several threads."""

import warnings
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, get_ident

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning

from sklearn_rnn import DenseRegressor, GRUClassifier, LSTMRegressor
from sklearn_rnn._training.skorch_net import SequenceNet
from sklearn_rnn.model_selection import penalty_path
from tests.nets import few_epochs

RNG = np.random.default_rng(0)
X = RNG.normal(size=(40, 4, 2))
Y = X[:, -1, 0]
SHORT = {"max_epochs": 2, "random_state": 0, "device": "cpu"}
pytestmark = few_epochs


@pytest.mark.parametrize("method", ["fit", "partial_fit", "predict", "predict_proba"])
def test_what_needs_the_scales_of_the_estimator_names_its_method(method):
    model = GRUClassifier(**SHORT).fit(X, Y > 0)
    before = model.predict_proba(X)
    arguments = (X, Y > 0) if "fit" in method else (X,)
    with pytest.raises(NotImplementedError, match=rf"^net_\.{method} .* {method} of the estimator"):
        getattr(model.net_, method)(*arguments)
    np.testing.assert_array_equal(model.predict_proba(X), before)
    assert len(model.net_.history) == 2


def test_weights_are_saved_and_loaded_by_the_net(tmp_path):
    model, other = (LSTMRegressor(**{**SHORT, "random_state": seed}).fit(X, Y) for seed in (0, 1))
    model.net_.save_params(f_params=tmp_path / "weights.pt")
    other.net_.load_params(f_params=tmp_path / "weights.pt")
    np.testing.assert_array_equal(other.predict(X), model.predict(X))


def test_no_fit_changes_the_warning_filters_of_other_threads(monkeypatch):
    n_threads, seen, begun = 3, [], set()
    together, train = Barrier(n_threads, timeout=60), SequenceNet.fit_examples

    def watched(self, *arguments):
        if get_ident() not in begun:  # the first fits of all threads overlap
            begun.add(get_ident())
            together.wait()
        seen.append(list(warnings.filters))
        return train(self, *arguments)

    monkeypatch.setattr(SequenceNet, "fit_examples", watched)
    before = list(warnings.filters)
    lasso = DenseRegressor(hidden_layer_sizes=(), l1_ratio=1.0, optimizer="lbfgs", **SHORT)
    with ThreadPoolExecutor(n_threads) as pool:
        paths = [pool.submit(penalty_path, lasso, X, Y, n_alphas=3) for _ in range(n_threads)]
        results = [path.result() for path in paths]
    assert len(seen) >= 4 * n_threads
    assert all(filters == before for filters in [*seen, list(warnings.filters)])
    for path in results[1:]:
        np.testing.assert_array_equal(path.coefficients, results[0].coefficients)


def test_the_search_for_the_first_alpha_does_not_warn():
    lasso = DenseRegressor(hidden_layer_sizes=(), l1_ratio=1.0, optimizer="lbfgs", max_epochs=500)
    with warnings.catch_warnings():
        warnings.simplefilter("error", ConvergenceWarning)
        penalty_path(lasso.set_params(tol=1e-3), X, Y, n_alphas=2, eps=0.5)
