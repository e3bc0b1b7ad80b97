"""Words in the colours of their attributions, as HTML."""

import re

import numpy as np
import pytest
from sklearn.pipeline import make_pipeline

from sklearn_rnn import GRUClassifier, TextSequencer
from sklearn_rnn.inspection import attributions
from sklearn_rnn.plotting import WordAttributionsDisplay
from tests.nets import few_epochs

pytestmark = few_epochs

QUICK = {"max_epochs": 4, "lr_schedule": "cosine", "random_state": 0}
TEXTS = ["a good <b>film</b>", "bad plot", "good & bad", "dull long film"] * 8


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
    assert "1.00)" in html  # the strongest colour
    if n_classes == 4:
        of_class = WordAttributionsDisplay.from_estimator(pipe, TEXTS[:4], output=1).values
        found = attributions(pipe, TEXTS[:4]).attributions
        np.testing.assert_allclose(of_class[0], found[0, :3, 1])
        (largest,) = np.flatnonzero(pipe.classes_ == pipe.predict(TEXTS[:1]))
        np.testing.assert_allclose(display.values[0], found[0, :3, largest])


def test_words_need_a_text_sequencer():
    text = (
        "estimator must be a fitted pipeline of a TextSequencer and a network; got GRUClassifier."
    )
    with pytest.raises(ValueError, match=re.escape(text)):
        WordAttributionsDisplay.from_estimator(GRUClassifier(), TEXTS)
