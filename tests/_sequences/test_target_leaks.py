"""A target that is a column of the inputs at lag 0 is warned of, and no other."""

import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.dummy import DummyRegressor
from sklearn.linear_model import LinearRegression, Ridge
from sklearn.pipeline import make_pipeline

from sklearn_rnn import (
    CompleteRows,
    DenseRegressor,
    LagRidge,
    LagTransformer,
    LSTMClassifier,
    LSTMRegressor,
    PersistenceRegressor,
    make_ar,
    make_lagged,
)
from sklearn_rnn.exceptions import TargetLeakWarning

RNG = np.random.default_rng(0)
X = pd.DataFrame(RNG.normal(size=(60, 2)), columns=["sales", "price"])
Y = X["sales"]
QUICK = {"max_epochs": 1, "lr_schedule": "cosine", "random_state": 0}
MODELS = [
    LSTMRegressor(**QUICK),
    DenseRegressor(**QUICK),
    LagRidge(),
    PersistenceRegressor(),
    Ridge(),
]


def pipeline(model, *, names=False, **lags):
    flat = names or isinstance(model, Ridge)
    transformer = LagTransformer(3, flatten=flat, **lags)
    if names:
        transformer.set_output(transform="pandas")
    return make_pipeline(transformer, model)


@pytest.mark.parametrize("lags", [{"delay": 0}, {"known_ahead": ["price", "sales"]}])
@pytest.mark.parametrize("names", [False, True])
@pytest.mark.parametrize("model", MODELS, ids=lambda model: type(model).__name__)
@pytest.mark.parametrize("y", [Y, Y.to_numpy(), np.column_stack([X["price"] + 1, Y])])
def test_the_target_among_the_inputs_is_warned_of(model, names, lags, y):
    with pytest.warns(TargetLeakWarning, match=r"^y equals the column 'sales' of X at lag 0: the"):
        pipeline(model, names=names, **lags).fit(X, y)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: type(model).__name__)
@pytest.mark.parametrize(
    ("lags", "y"),
    [
        ({}, Y),
        ({"known_ahead": ["price"]}, Y),
        ({"delay": 0}, Y.where(Y.index < 59, 0.0)),  # the last row differs
        ({"delay": 0}, Y + 1e-9),
        ({"delay": 0}, Y.shift(1, fill_value=0.0)),
        ({"delay": 2}, Y.shift(2, fill_value=0.0)),
    ],
)
@pytest.mark.parametrize("names", [False, True])
def test_other_targets_are_not(model, names, lags, y):
    pipeline(model, names=names, **lags).fit(X, y)  # warnings are errors


def test_windows_and_tables_outside_of_a_pipeline_tell_too():
    windows, y = make_lagged(X, Y, 3, delay=0)
    with pytest.warns(TargetLeakWarning, match="'sales'"):
        LagRidge().fit(windows, y)
    LagRidge().fit(np.asarray(windows), y)  # an array does not tell its lags
    table = pd.DataFrame({"sales_lag1": Y.shift(1, fill_value=0), "sales_lag0": Y})
    with pytest.warns(TargetLeakWarning, match="'sales'"):
        LagRidge().fit(table, Y)
    LagRidge().fit(table.set_axis(["sales_lag2", "sales_lag1"], axis=1), Y)


def test_single_precision_and_columns_of_an_array_have_their_position():
    rows = X.to_numpy(dtype=np.float32)
    with pytest.warns(TargetLeakWarning, match="the column at position 1 of X"):
        pipeline(LagRidge(), delay=0).fit(rows, X["price"].to_numpy())
    with pytest.warns(TargetLeakWarning, match="the column at position 1 of X"):
        pipeline(Ridge(), delay=0).fit(rows, rows[:, 1])


def test_a_constant_or_what_is_no_number_leaks_nothing():
    constant = X.assign(sales=1.0)
    pipeline(LagRidge(), delay=0).fit(constant, constant["sales"])
    transformer = LagTransformer(2, delay=0, flatten=True)
    for y in (np.where(Y > 0, "up", "down"), Y[:5], "no targets", [[1], [2, 3]]):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            transformer.fit(X, y)


@pytest.mark.parametrize(
    ("labels", "dtype"),
    [(["wet", "dry"], object), (["wet", "dry"], "category"), ([3, 8], "category")],
)
def test_labels_that_are_a_column_of_categories_are_warned_of(labels, dtype):
    sky = pd.Series(RNG.choice(labels, 60), name="sky").astype(dtype)
    table = X.assign(sky=sky)
    for y in (sky, np.asarray(sky)):
        with pytest.warns(TargetLeakWarning, match=r"^y equals the column 'sky' of X at lag 0"):
            pipeline(LSTMClassifier(**QUICK), known_ahead=["sky"]).fit(table, y)
    pipeline(LSTMClassifier(**QUICK)).fit(table, sky)
    other = sky.where(sky.index < 59, labels[0] if sky[59] == labels[1] else labels[1])
    pipeline(LSTMClassifier(**QUICK), delay=0).fit(table, other)


@pytest.mark.parametrize("as_array", [False, True])
def test_a_target_that_is_not_lagged_is_warned_of(as_array):
    table = X.to_numpy() if as_array else X
    names, text = ([0], "at position 0") if as_array else (["sales"], "'sales'")
    with pytest.warns(TargetLeakWarning, match=f"y equals the column {text} of X at lag 0"):
        make_ar(2, exogenous=names).fit(table, Y)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        make_ar(2, exogenous=[1] if as_array else ["price"]).fit(table, Y)


@pytest.mark.parametrize("as_array", [False, True])
def test_a_target_is_found_however_a_column_transformer_passes_it_on(as_array):
    table = X.to_numpy() if as_array else X
    forms = [slice(0, 1), [True, False], np.array([0]), [-2], lambda X: [0], slice(-2, None, 2)]
    if not as_array:
        forms += [slice(None, "sales"), lambda X: ["sales"]]
    lags = [("lags", LagTransformer(2, flatten=True), [0, 1])]
    given = [ColumnTransformer([*lags, ("as_is", "passthrough", form)]) for form in forms]
    rest = ColumnTransformer([("lags", lags[0][1], [1])], remainder="passthrough")
    text = "at position 0" if as_array else "'sales'"
    for columns in (*given, rest):
        model = CompleteRows(make_pipeline(columns, LinearRegression()))
        with pytest.warns(TargetLeakWarning, match=f"y equals the column {text} of X at lag 0"):
            model.fit(table, Y)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            model.fit(table, Y + 1)


def test_columns_that_are_not_numbers_neither_warn_nor_fail():
    odd = X.assign(
        code=pd.array([*range(len(X) - 1), None], dtype="Int64"),
        day=pd.date_range("2024-01-01", periods=len(X)),
        word="a",
        whole=np.trunc(Y).astype(int),
    )
    columns = ColumnTransformer([("lags", LagTransformer(2, flatten=True), ["sales"])])
    columns.set_params(remainder="passthrough").set_output(transform="pandas")
    model = CompleteRows(make_pipeline(columns, DummyRegressor()))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model.fit(odd, Y)
    table = odd[["price", "word", "sales"]].to_numpy()  # of objects
    columns.set_output(transform="default")
    model.set_params(
        columntransformer__transformers=[("lags", LagTransformer(2, flatten=True), [0])]
    )
    with pytest.warns(TargetLeakWarning, match="position 2"):
        model.fit(table, Y)


def test_a_list_is_compared_as_an_array_is():
    with pytest.warns(TargetLeakWarning, match="'sales'"):
        LagTransformer(2, delay=0, flatten=True).fit(X, Y.tolist())
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        LagTransformer(2, delay=0, flatten=True).fit(X, [[1.0], [1.0, 2.0]] * 30)
