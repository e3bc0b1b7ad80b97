"""The versions in a pickle."""

import copy
import inspect
import pickle

import numpy as np
import pytest

import sklearn_rnn
from sklearn_rnn import LagRidge, LagTransformer, LSTMRegressor
from sklearn_rnn._sklearn.estimator import Estimator, stored_versions
from sklearn_rnn.exceptions import StoredVersionWarning
from tests.nets import few_epochs

X = np.random.default_rng(0).normal(size=(20, 3, 1))
Y = X[:, -1, 0]
ESTIMATORS = [
    LagRidge(),
    LSTMRegressor(max_epochs=2),
    LSTMRegressor(max_epochs=2, n_members=2),
    LagTransformer(2),
]


def fitted(estimator):
    data = (X[:, 0],) if isinstance(estimator, LagTransformer) else (X, Y)
    return copy.deepcopy(estimator).fit(*data)


def test_every_estimator_stores_versions():
    public = [getattr(sklearn_rnn, name) for name in sklearn_rnn.__all__]
    classes = [c for c in public if inspect.isclass(c) and hasattr(c, "fit")]
    assert len(classes) > 30
    assert all(issubclass(c, Estimator) for c in classes)


@few_epochs
@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_other_versions_warn_once_and_are_named(estimator, monkeypatch):
    estimator = fitted(estimator)
    now = stored_versions()
    assert now.keys() == {"sklearn-rnn", "torch", "numpy"}
    stored = pickle.dumps(estimator)
    assert vars(pickle.loads(stored)).keys() == vars(estimator).keys()  # without a warning
    later = {**now, "torch": "99.0"}
    monkeypatch.setattr("sklearn_rnn._sklearn.estimator.stored_versions", lambda: later)
    text = (
        rf"^{type(estimator).__name__} was stored by torch {now['torch']} and is loaded by torch "
        "99.0: it may fail, or predict something else. "
    )
    with pytest.warns(StoredVersionWarning, match=text) as caught:
        pickle.loads(stored)
    assert len(caught) == 1


def test_builds_of_a_version_do_not_differ():
    assert "+" not in "".join(stored_versions().values())
