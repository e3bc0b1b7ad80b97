"""mlflow keeps a fitted pipeline; aeon has the channels before the steps."""

import numpy as np
import pytest
from aeon.datasets import load_unit_test
from mlflow import sklearn as mlflow_sklearn
from sklearn.pipeline import make_pipeline

from sklearn_rnn import GRUClassifier, LagTransformer
from tests.interop.series import SERIES, network
from tests.nets import few_epochs

pytestmark = [few_epochs, pytest.mark.filterwarnings("default")]  # of other packages

TRUSTED = [
    "sklearn_rnn.neural_network._recurrent.LSTMRegressor",
    "sklearn_rnn.preprocessing._lag_transformer.LagTransformer",
]


@pytest.mark.parametrize("form", ["skops", "cloudpickle"])
def test_mlflow_keeps_a_pipeline(tmp_path, form):
    X = SERIES.to_frame()
    model = make_pipeline(LagTransformer(3), network()).fit(X, SERIES)
    path = str(tmp_path / "model")
    trusted = {"skops_trusted_types": TRUSTED} if form == "skops" else {}
    mlflow_sklearn.save_model(model, path, serialization_format=form, **trusted)
    assert np.array_equal(mlflow_sklearn.load_model(path).predict(X), model.predict(X))


def test_arrays_of_aeon_are_a_warning_with_the_call_to_make():
    X, y = load_unit_test(split="train")
    assert X.shape == (20, 1, 24)
    net = GRUClassifier(max_epochs=2, early_stopping=False, random_state=0)
    with pytest.warns(UserWarning, match=r"varies smoothly .*; give X\.swapaxes\(1, 2\)"):
        net.fit(X, y)
    assert net.fit(X.swapaxes(1, 2), y).predict(X.swapaxes(1, 2)).shape == y.shape
