"""Containers are read, or refused with the call to make; those of the extra are in interop/."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
import sklearn
import torch
from sklearn import config_context
from sklearn.base import is_classifier
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.fixes import parse_version

from sklearn_rnn import (
    ARRegressor,
    CompleteRows,
    DifferencedRegressor,
    Forecaster,
    GRURegressor,
    IntervalRegressor,
    LagTransformer,
    PersistenceRegressor,
    TextSequencer,
    make_ar,
    make_lasso,
    sequences_from_frame,
)
from sklearn_rnn._sklearn.containers import as_numpy, check_is_read
from sklearn_rnn.model_selection import check_leakage, compare_models
from tests.nets import NETS, few_epochs

RNG = np.random.default_rng(0)
ROWS = RNG.normal(size=(40, 2))
SEQUENCES = RNG.normal(size=(30, 4, 2))
Y = SEQUENCES[:, -1, 0]
BRIEF = {"max_epochs": 2, "early_stopping": False, "random_state": 0}

ON_ROWS = {
    "compare_models": lambda X, y: compare_models({"a": make_ar(1), "b": make_ar(2)}, X, y, cv=2),
    "check_leakage": lambda X, y: check_leakage(make_ar(1), X, y, cv=2),
    "CompleteRows": lambda X, y: make_ar(1).fit(X, y),
    "DifferencedRegressor": lambda X, y: DifferencedRegressor(make_ar(1)).fit(X, y),
    "IntervalRegressor": lambda X, y: IntervalRegressor(make_ar(1)).fit(X, y),
    "ARRegressor": lambda X, y: ARRegressor(1).fit(X, y),
    "PersistenceRegressor": lambda X, y: PersistenceRegressor().fit(X, y),
    "make_lasso": lambda X, y: make_lasso(1).fit(X, y),
    "GRURegressor": lambda X, y: GRURegressor(**BRIEF).fit(X, y),
}
ON_X = {
    "Forecaster": lambda X: Forecaster(make_ar(1)).fit(X),
    "TextSequencer": lambda X: TextSequencer().fit(X),
    "sequences_from_frame": lambda X: sequences_from_frame(X, by="a"),
}


@pytest.mark.parametrize("name", ON_ROWS)
def test_a_lazy_table_is_refused_by_its_name_with_the_call_that_reads_it(name):
    lazy = pl.DataFrame(ROWS, schema=["a", "b"]).lazy()
    for argument, X, y in (("X", lazy, ROWS[:, 0]), ("y", ROWS, lazy)):
        text = (
            rf"^{argument} must hold its values; got a LazyFrame: give {argument}\.collect\(\)\.$"
        )
        with pytest.raises(TypeError, match=text):
            ON_ROWS[name](X, y)


@pytest.mark.parametrize("name", ON_X)
def test_a_lazy_table_is_refused_where_there_is_no_target(name):
    with pytest.raises(TypeError, match=r"^(X|frame) must hold .* give (X|frame)\.collect\(\)\.$"):
        ON_X[name](pl.DataFrame(ROWS, schema=["a", "b"]).lazy())


@pytest.mark.parametrize(
    ("kind", "call"),
    [
        ({"toPandas": None, "collect": None}, "toPandas()"),  # a DataFrame of Spark has both
        ({"column_names": [], "to_pandas": None}, "to_pandas()"),
        ({"data_vars": {}, "dims": ("time",)}, "to_dataframe()"),
    ],
    ids=lambda value: str(value),
)
def test_other_tables_are_refused_with_the_call_that_makes_a_table_of_pandas(kind, call):
    with pytest.raises(TypeError, match=rf"give rows\.{call[:-2]}\(\)\.$"):
        check_is_read(type("Table", (), kind)(), "rows")


# Older versions dispatch with another package, and do not score tensors.
SCORES_TENSORS = parse_version(sklearn.__version__) >= parse_version("1.7")
DISPATCH = pytest.param(
    True, marks=pytest.mark.skipif(not SCORES_TENSORS, reason="scikit-learn is older than 1.7")
)


@pytest.mark.parametrize("dispatch", [False, DISPATCH])
@pytest.mark.parametrize("values", [ROWS, ROWS.tolist(), None, "text", pd.DataFrame(ROWS), 3])
def test_what_is_read_passes_as_it_is(values, dispatch):
    check_is_read(values)
    with config_context(array_api_dispatch=dispatch):
        assert as_numpy(values) is values


def test_a_tensor_with_a_gradient_is_refused_with_the_call_that_leaves_it():
    X = torch.tensor(SEQUENCES, requires_grad=True)
    for fit in (lambda: GRURegressor(**BRIEF).fit(X, Y), lambda: LagTransformer(1).fit(X[:, 0])):
        with pytest.raises(TypeError, match=r"^X .* got a torch Tensor: give X\.detach\(\)\.$"):
            fit()


@few_epochs
@pytest.mark.parametrize("dispatch", [False, DISPATCH])
@pytest.mark.parametrize("cls", NETS, ids=lambda cls: cls.__name__)
def test_tensors_give_the_network_that_arrays_give(cls, dispatch):
    y = (Y > 0).astype(int) if is_classifier(cls()) else Y
    expected = cls(**BRIEF).fit(SEQUENCES, y)
    X, target = torch.tensor(SEQUENCES), torch.tensor(y)
    with config_context(array_api_dispatch=dispatch):
        net = cls(**BRIEF).fit(X, target)
        assert np.array_equal(net.predict(X), expected.predict(SEQUENCES))
        assert net.score(X, target if SCORES_TENSORS else y) == pytest.approx(
            expected.score(SEQUENCES, y)
        )


@few_epochs
@pytest.mark.parametrize("dispatch", [False, DISPATCH])
@pytest.mark.parametrize(
    "model",
    [
        make_pipeline(StandardScaler(), LagTransformer(2), GRURegressor(**BRIEF)),
        CompleteRows(make_pipeline(StandardScaler(), LagTransformer(2, flatten=True), Ridge())),
        *(make_ar(2), make_lasso(2), ARRegressor(2), PersistenceRegressor()),
        *(DifferencedRegressor(make_ar(1)), IntervalRegressor(make_ar(1))),
    ],
    ids=lambda model: type(model).__name__,
)
def test_tensors_of_a_series_give_the_model_that_arrays_give(model, dispatch):
    expected, y = model.fit(ROWS, ROWS[:, 0]).predict(ROWS), torch.tensor(ROWS[:, 0])
    score = model.score(ROWS, ROWS[:, 0])
    with config_context(array_api_dispatch=dispatch):
        predicted = model.fit(torch.tensor(ROWS), y).predict(torch.tensor(ROWS))
        y = y if SCORES_TENSORS else ROWS[:, 0]
        assert model.score(torch.tensor(ROWS), y) == pytest.approx(score)
    assert np.allclose(predicted, expected, equal_nan=True)
