"""The displays of attributions: what they hold and draw."""

import re

import numpy as np
import pytest
from sklearn.pipeline import make_pipeline

from sklearn_rnn import DenseRegressor, GRUClassifier, GRURegressor, LagTransformer, TextSequencer
from sklearn_rnn.inspection import attributions
from sklearn_rnn.plotting import AttributionsDisplay, WordAttributionsDisplay
from tests.displays import QUICK, X, Y, labels
from tests.nets import few_epochs

pytestmark = [pytest.mark.usefixtures("close_figures"), few_epochs]

TEXTS = ["a good <b>film</b>", "bad plot", "good & bad", "dull long film"] * 8


def test_one_prediction_is_drawn_by_step_and_channel():
    net = make_pipeline(LagTransformer(3), DenseRegressor(**QUICK)).fit(X, Y)
    display = AttributionsDisplay.from_estimator(net, X, sample=5)
    values = attributions(net, X).attributions[5]
    np.testing.assert_allclose(display.image_.get_array(), values.T)
    assert labels(display.ax_.get_yticklabels()) == ["a", "b"]
    low, high = display.image_.get_clim()
    assert -low == high == np.abs(values).max()


@pytest.mark.parametrize("n_classes", [2, 4])
def test_words_are_escaped_and_coloured_by_sign(n_classes):
    net = GRUClassifier(embedding_dim=2, **QUICK)
    pipe = make_pipeline(TextSequencer(token_pattern=r"\S+"), net)
    pipe.fit(TEXTS, np.arange(32) % n_classes)
    display = WordAttributionsDisplay.from_estimator(pipe, TEXTS[:4])
    html = display._repr_html_()
    assert "&lt;b&gt;film&lt;/b&gt;</span>" in html
    assert "&amp;</span>" in html
    assert html.count("<p>") == 4
    assert html.count("<span") == 3 + 2 + 3 + 3
    assert html.count("rgba(214") == sum((v > 0).sum() for v in display.values)
    if n_classes == 4:
        of_class = WordAttributionsDisplay.from_estimator(pipe, TEXTS[:4], output=1).values
        found = attributions(pipe, TEXTS[:4]).attributions
        np.testing.assert_allclose(of_class[0], found[0, :3, 1])


def test_words_need_a_text_sequencer():
    text = "needs a fitted pipeline of a TextSequencer and a network; got GRUClassifier."
    with pytest.raises(ValueError, match=re.escape(text)):
        WordAttributionsDisplay.from_estimator(GRUClassifier(), TEXTS)


@pytest.mark.parametrize("given", [{"sample": 40}, {"sample": 0.5}, {"output": 9}, {"output": -1}])
def test_samples_and_outputs_that_there_are_not_are_named(given):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(40, 3, 2))
    net = GRURegressor(max_epochs=1, random_state=0).fit(X, X[:, -1])
    with pytest.raises(ValueError, match=next(iter(given))):
        AttributionsDisplay.from_estimator(net, X, n_points=2, **given)
