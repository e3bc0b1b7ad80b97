"""The representation of a fitted network in a notebook."""

import re
from xml.etree import ElementTree

import numpy as np
import pytest
from sklearn import config_context

from sklearn_rnn import DenseRegressor

X, Y = np.random.default_rng(0).normal(size=(2, 30, 3))
SHORT = {"max_epochs": 4, "lr_schedule": "cosine", "random_state": 0}


def html_of(estimator):
    """Return what a notebook shows, by both protocols."""
    shown = estimator._repr_mimebundle_()["text/html"]
    numbered = re.compile(r"sk-(container|estimator)-id-\d+")
    assert numbered.sub("", shown) == numbered.sub("", estimator._repr_html_())
    return shown


def curves_in(html):
    """Return the points of the curves of a picture."""
    picture = ElementTree.fromstring(re.search(r"<figure.*</figure>", html).group())
    lines = [line.get("points").split() for line in picture.iter("polyline")]
    return [np.array([point.split(",") for point in line], dtype=float) for line in lines]


@pytest.mark.parametrize("validated", [False, True])
@pytest.mark.parametrize("n_members", [1, 2])
def test_the_loss_curves_stand_below_the_parameters(validated, n_members):
    net = DenseRegressor(n_members=n_members, **SHORT)
    assert "<figure" not in html_of(net)
    given = {"X_val": X, "y_val": Y[:, 0]} if validated else {}
    html = html_of(net.fit(X, Y[:, 0], **given))
    loss = np.subtract(net.loss_curve_, net.penalty_curve_)
    curves = [loss, net.validation_loss_curve_][: 1 + validated]
    drawn = curves_in(html)
    assert len(drawn) == len(curves)
    values = np.concatenate(curves)
    heights = np.concatenate([points[:, 1] for points in drawn])
    np.testing.assert_allclose(np.corrcoef(values, heights)[0, 1], -1, atol=1e-3)
    for points, curve in zip(drawn, curves, strict=True):
        assert (np.diff(points[:, 0]) > 0).all()
        assert f" {curve[-1]:.4g}</span>" in html


def test_a_single_epoch_and_a_flat_curve_are_drawn():
    net = DenseRegressor(**{**SHORT, "max_epochs": 1}).fit(X, Y[:, 0])
    (points,) = curves_in(html_of(net))
    assert np.isfinite(points).all()


def test_text_is_shown_if_it_is_asked_for():
    net = DenseRegressor(**SHORT).fit(X, Y[:, 0])
    with config_context(display="text"):
        assert net._repr_mimebundle_() == {"text/plain": repr(net)}
        assert not hasattr(net, "_repr_html_")
