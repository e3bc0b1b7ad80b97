"""The display of importances: what it holds and draws."""

import numpy as np
import pytest
from sklearn.pipeline import make_pipeline

from sklearn_rnn import DenseRegressor, LagTransformer, make_ar
from sklearn_rnn.inspection import lag_importance
from sklearn_rnn.plotting import (
    LagImportanceDisplay,
)
from tests.displays import QUICK, RNG, X, Y, labels

pytestmark = pytest.mark.usefixtures("close_figures")


@pytest.fixture(scope="module")
def net():
    return make_pipeline(LagTransformer(3), DenseRegressor(**QUICK)).fit(X, Y)


def test_lag_importance_is_drawn_with_the_newest_lag_on_top(net):
    display = LagImportanceDisplay.from_estimator(net, X, Y, random_state=0)
    expected = lag_importance(net, X, Y, random_state=0).importances_mean
    np.testing.assert_allclose(display.image_.get_array(), expected[::-1])
    assert labels(display.ax_.get_yticklabels()) == ["1", "2", "3"]
    assert labels(display.ax_.get_xticklabels()) == ["a", "b"]
    assert display.colorbar_.ax.get_ylabel() == "decrease of score when permuted"


def test_several_models_share_axes_and_colours(net):
    models = {"ar": make_ar(3).fit(X, Y), "net": net}
    options = {"method": "integrated_gradients", "signed": True}
    display = LagImportanceDisplay.from_estimator(models, X, **options)
    drawn = display.image_.get_array()
    assert drawn.shape == (3, 5)
    effects = {name: lag_importance(m, X, method=options["method"]) for name, m in models.items()}
    np.testing.assert_allclose(drawn[:, :2], effects["ar"].effects[::-1])
    np.testing.assert_allclose(drawn[:, 3:], effects["net"].effects[::-1])
    assert drawn.mask[:, 2].all()
    assert labels(display.ax_.texts) == ["ar", "net"]
    assert labels(display.ax_.get_xticklabels()) == ["a", "b", "a", "b"]
    assert display.colorbar_.ax.get_ylabel() == "effect of one standard deviation"


def test_colours_are_centred_at_zero_if_signs_matter():
    values = {"": np.array([[1.0, -2.0]])}
    display = LagImportanceDisplay(values=values, lags=np.array([1]), channels=["a", "b"]).plot()
    assert display.image_.get_clim() == (-2.0, 2.0)
    assert display.image_.get_cmap().name == "RdBu_r"
    values = {"": np.array([[1.0, 3.0]])}
    display = LagImportanceDisplay(values=values, lags=np.array([1]), channels=["a", "b"]).plot()
    assert display.image_.get_clim() == (0.0, 3.0)


def test_many_lags_have_few_labels():
    values = {"": RNG.random((200, 1))}
    display = LagImportanceDisplay(values=values, lags=np.arange(200, 0, -1), channels=["a"])
    shown = labels(display.plot().ax_.get_yticklabels())
    assert len(shown) == 15
    assert shown[0] == "1"
    assert shown[-1] == "200"
