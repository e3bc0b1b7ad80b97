"""y with the labels of X in another order is refused wherever rows of a table become windows."""

import numpy as np
import pandas as pd
import pytest
from sklearn.pipeline import make_pipeline

from sklearn_rnn import (
    ARRegressor,
    CompleteRows,
    DenseRegressor,
    GRURegressor,
    LagRidge,
    LagTransformer,
    PersistenceRegressor,
    make_ar,
    make_lagged,
)
from sklearn_rnn.model_selection import compare_models
from tests.nets import few_epochs

DAYS = pd.date_range("2024-01-01", periods=40)
X = pd.DataFrame({"a": np.random.default_rng(0).normal(size=40)}, index=DAYS)
Y = X["a"]
WINDOWS = LagTransformer(3).fit_transform(X)

FITS = {
    "windows": lambda y: LagTransformer(3).fit(X, y),
    "autoregression": lambda y: ARRegressor(2).fit(X, y),
    "make_ar": lambda y: make_ar(2).fit(X, y),
    "pipeline": lambda y: make_pipeline(LagTransformer(3), LagRidge()).fit(X, y),
    "complete rows": lambda y: CompleteRows(make_pipeline(LagTransformer(3), LagRidge())).fit(X, y),
    "make_lagged": lambda y: make_lagged(X, y, 3),
    "compare_models": lambda y: compare_models({"ar": make_ar(2)}, X, y, verbose=0),
    "net on windows": lambda y: GRURegressor(max_epochs=1).fit(WINDOWS, y),
    "MLP on windows": lambda y: DenseRegressor(max_epochs=1).fit(WINDOWS, y),
    "linear model on windows": lambda y: LagRidge().fit(WINDOWS, y),
    "persistence on windows": lambda y: PersistenceRegressor().fit(WINDOWS, y),
}


@pytest.mark.parametrize("fit", FITS.values(), ids=FITS)
@few_epochs
def test_targets_in_another_order_are_refused(fit):
    with pytest.raises(ValueError, match=r"another order.*y\.loc\[X\.index\]"):
        fit(Y[::-1])
    fit(Y)  # the same labels
    fit(Y.to_numpy())  # none


@pytest.mark.parametrize("fit", FITS.values(), ids=FITS)
@few_epochs
def test_other_labels_give_a_warning(fit):
    with pytest.warns(UserWarning, match="indexes of X and y differ"):
        fit(Y.shift(1, freq="D"))
