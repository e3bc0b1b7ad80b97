"""The heat map of attributions: what it holds and draws."""

import numpy as np
import pytest
from sklearn.pipeline import make_pipeline

from sklearn_rnn import DenseRegressor, GRUClassifier, GRURegressor, LagTransformer
from sklearn_rnn.inspection import attributions
from sklearn_rnn.plotting import AttributionsDisplay
from tests.displays import QUICK, X, Y, labels
from tests.nets import few_epochs

pytestmark = [pytest.mark.usefixtures("close_figures"), few_epochs]


@pytest.mark.parametrize("sample", [5, -1])
def test_one_prediction_is_drawn_by_step_and_channel(sample):
    net = make_pipeline(LagTransformer(3), DenseRegressor(**QUICK)).fit(X, Y)
    display = AttributionsDisplay.from_estimator(net, X, sample=sample)
    values = attributions(net, X).attributions[sample]
    np.testing.assert_allclose(display.image_.get_array(), values.T)
    assert labels(display.ax_.get_yticklabels()) == ["a", "b"]
    low, high = display.image_.get_clim()
    assert -low == high == np.abs(values).max()


@pytest.mark.parametrize("n_classes", [2, 3])
def test_the_class_is_named(n_classes):
    X = np.random.default_rng(0).normal(size=(40, 3, 2))
    y = np.array(["climb", "run", "walk"])[np.arange(40) % n_classes]
    net = GRUClassifier(max_epochs=1, random_state=0).fit(X, y)
    display = AttributionsDisplay.from_estimator(net, X)
    name = net.predict(X[:1])[0] if n_classes > 2 else "run"
    assert display.output == name
    assert display.colorbar_.ax.get_ylabel() == f"attribution to {name}"
    if n_classes > 2:
        assert AttributionsDisplay.from_estimator(net, X, output=1).output == "run"


def test_one_of_several_targets_is_numbered():
    X = np.random.default_rng(0).normal(size=(40, 3, 2))
    net = GRURegressor(max_epochs=1, random_state=0)
    assert (
        AttributionsDisplay.from_estimator(net.fit(X, X[:, -1]), X, output=1).output == "output 1"
    )
    assert AttributionsDisplay.from_estimator(net.fit(X, X[:, -1, 0]), X).output is None
    labels = GRUClassifier(max_epochs=1, random_state=0).fit(X, (X[:, -1] > 0).astype(int))
    assert AttributionsDisplay.from_estimator(labels, X, output=1).output == "1"


@pytest.mark.parametrize("given", [{"sample": 40}, {"sample": 0.5}, {"output": 9}, {"output": -1}])
def test_samples_and_outputs_that_there_are_not_are_named(given):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(40, 3, 2))
    net = GRURegressor(max_epochs=1, random_state=0).fit(X, X[:, -1])
    for fitted in (net, GRURegressor(max_epochs=1, random_state=0).fit(X, X[:, -1, 0])):
        with pytest.raises(ValueError, match=next(iter(given))):
            AttributionsDisplay.from_estimator(fitted, X, n_points=2, **given)
