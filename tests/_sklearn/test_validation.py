"""Checks of arguments: labels of rows, and columns that are no numbers, refused by name.

An error restores the object.
"""

import datetime
import warnings

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_array, validate_data

from sklearn_rnn import (
    ARRegressor,
    DenseRegressor,
    GRURegressor,
    LagRidge,
    LagTransformer,
    LSTMRegressor,
    PersistenceRegressor,
    TCNRegressor,
    make_ar,
    make_lagged,
)
from sklearn_rnn._sklearn.validation import (
    check_labels,
    check_numbers,
    check_target,
    check_targets,
    restore_on_error,
    validate_features,
)

N = 30
RNG = np.random.default_rng(0)
INDEXES = {
    "days": pd.date_range("2024-01-01", periods=N),
    "periods": pd.period_range("2024-01", periods=N, freq="M"),
    "integers": pd.Index(np.arange(100, 100 + N)),
    "numbers from 0": pd.RangeIndex(N),
    "names": pd.Index([f"row {i}" for i in range(N)]),
    "panel": pd.MultiIndex.from_product([["a", "b"], range(N // 2)]),
    "repeated": pd.Index(np.repeat(np.arange(N // 2), 2)),
}
each_index = pytest.mark.parametrize("index", INDEXES.values(), ids=INDEXES)


def pair(rows, targets):
    """Return a table and targets with these labels."""
    return pd.DataFrame({"a": np.arange(N)}, rows), pd.Series(np.arange(N), targets)


@each_index
@pytest.mark.parametrize("wide", [False, True])
def test_the_labels_of_y_are_those_of_x_in_the_same_order(index, wide):
    X, y = pair(index, index)
    y = y.to_frame() if wide else y
    check_labels(y, X)
    for unlabelled in (y.to_numpy(), y.to_numpy().tolist()):
        check_labels(unlabelled, X)
        check_labels(y, unlabelled)
    with pytest.raises(ValueError, match=r"^y has the index labels of X in another order"):
        check_labels(y[::-1], X)
    shuffled = y.iloc[RNG.permutation(N)]
    with pytest.raises(ValueError, match=r"give y.loc\[X.index\]"):
        check_targets(shuffled, X)
    if index.is_unique:
        check_targets(shuffled.loc[X.index], X)


@each_index
def test_other_labels_are_warned_of_by_the_first(index):
    X, y = pair(index, index)
    with pytest.warns(UserWarning, match=r"^The indexes of X and y differ: row [01] .*y.to_numpy"):
        check_labels(y[1:], X[:-1])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_labels(y[1:].to_numpy(), X[:-1])


@pytest.mark.parametrize("name", ["days", "periods", "names", "panel"])
def test_numbers_of_rows_are_no_labels_beside_those_of_another_kind(name):
    X, y = pair(INDEXES[name], pd.RangeIndex(N))
    check_labels(y, X)
    check_labels(X["a"], y.to_frame())


def test_integers_are_labels_beside_numbers_of_rows():
    with pytest.warns(UserWarning, match="row 0 is 1 in X and 0 in y"):
        check_labels(*reversed(pair(pd.RangeIndex(1, N + 1), pd.RangeIndex(N))))


@pytest.mark.parametrize("estimator", [DenseRegressor(max_epochs=1), GRURegressor(max_epochs=1)])
def test_fit_refuses_targets_in_another_order(estimator):
    X, y = pair(INDEXES["days"], INDEXES["days"])
    with pytest.raises(ValueError, match=r"^y has the index labels of X in another order"):
        estimator.fit(X, y[::-1])


DATES = [datetime.datetime(2024, 1, 1) + datetime.timedelta(days=i) for i in range(N)]
TEMPORAL = {
    "datetime": DATES,
    "date": [date.date() for date in DATES],
    "time": [date.time() for date in DATES],
    "duration": [date - DATES[0] for date in DATES],
}


@pytest.mark.parametrize("values", TEMPORAL.values(), ids=TEMPORAL)
def test_dates_of_polars_are_refused_by_the_name_of_the_column(values):
    polars = pytest.importorskip("polars")
    a = RNG.normal(size=N)
    X = polars.DataFrame({"a": a, "when": values})
    for fit in (
        GRURegressor(max_epochs=1).fit,
        make_ar(2).fit,
        LagTransformer(2).fit,
        DenseRegressor(max_epochs=1).fit,
    ):
        with pytest.raises(TypeError, match=r"X must hold numbers, but its column 'when' is of"):
            fit(X, a)
    check_numbers(X.select("a"))


def test_numbers_of_polars_are_read_and_other_columns_are_refused():
    polars = pytest.importorskip("polars")
    numbers = {
        "i": [1, None],
        "f": [0.5, 1],
        "b": [True, False],
        "s": ["1", "2.5"],
        "n": [None] * 2,
    }
    check_numbers(polars.DataFrame(numbers))
    with pytest.raises(ValueError, match=r"column 's' of X must hold numbers.*could not convert"):
        check_numbers(polars.DataFrame({"s": ["1", "two"]}))
    for values in ([1j, 2.0], np.array([1j, 2.0])):
        with pytest.raises(ValueError, match="Complex data not supported: column 'c' of X"):
            check_numbers(polars.DataFrame({"c": values}))


class Net(BaseEstimator):
    def __init__(self, hidden_size=3, alpha=0.0):
        self.hidden_size = hidden_size
        self.alpha = alpha


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_an_error_restores_all_attributes(error):
    net = Net()
    before = dict(vars(net))

    def fail():
        with restore_on_error(net):
            net.coef_, net.hidden_size = 1.0, 5
            del net.alpha
            raise error

    with pytest.raises(error):
        fail()
    assert vars(net) == before


@pytest.mark.parametrize(
    ("model", "named"),
    [
        (
            GRURegressor(hidden_size=10**7),
            r"\d{16} bytes for .* of hidden_size=10000000, ",
        ),
        (DenseRegressor(hidden_layer_sizes=(10**7, 10**7)), r".* bytes .* of hidden_layer_sizes="),
        (TCNRegressor(num_channels=10**7), r".* bytes .* of num_channels=10000000, "),
        (
            LSTMRegressor(hidden_size=10**12),
            r".* bytes .* of hidden_size=1000000000000, ",
        ),
    ],
)
def test_memory_that_is_missing_is_asked_for_by_the_parameters(model, named):
    before = dict(vars(model))
    with pytest.raises(MemoryError, match=f"^{type(model).__name__} asks for {named}"):
        model.fit(WINDOWS, np.zeros(N))
    assert vars(model) == before


def test_an_embedding_without_memory_names_its_sizes():
    model = GRURegressor(vocabulary_size=10**8, embedding_dim=10**7)
    with pytest.raises(MemoryError, match=r"vocabulary_size=100000000, embedding_dim=10000000"):
        model.fit(np.ones((N, 4), dtype=int), np.arange(N))


@pytest.mark.usefixtures("two_threads")
def test_an_error_restores_the_modes_of_torch():
    def interrupt():
        with restore_on_error(GRURegressor()):
            torch.set_grad_enabled(False)  # as after a Ctrl-C within the `__enter__` of `no_grad`
            torch.set_num_threads(1)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupt()
    assert torch.is_grad_enabled()
    assert torch.get_num_threads() == 2


@pytest.mark.parametrize("size", [32, np.array([3, 4])])
def test_other_errors_of_torch_stay(size):
    with pytest.raises(RuntimeError, match="a hook"), restore_on_error(Net(size)):
        raise RuntimeError("a hook")


def test_without_an_error_changes_stay():
    net = Net()
    with restore_on_error(net):
        net.coef_ = 1.0
    assert net.coef_ == 1.0


WINDOWS = np.random.default_rng(1).normal(size=(N, 4, 2))


@pytest.mark.parametrize(
    ("model", "X"),
    [
        (GRURegressor(), WINDOWS),
        (GRURegressor(), list(WINDOWS)),
        (GRURegressor(), make_lagged(np.arange(N + 2.0)[:, np.newaxis], np.zeros(N + 2), 2)[0]),
        (LagRidge(), WINDOWS),
        (PersistenceRegressor(), WINDOWS),
        (ARRegressor(2), WINDOWS[:, 0]),
        (make_ar(2), WINDOWS[:, 0]),
    ],
)
def test_rows_without_a_target_are_named_with_the_usual_cause(model, X):
    y = pd.Series(np.sin(np.arange(N)))
    for shift, rows in ((-1, "1 lack a target, at the positions 29"), (-4, "4 .* 26, 27, 28, ...")):
        text = (
            rf"^Input y contains NaN\. Of 30 rows {rows} \(y\.shift\(-1\) leaves .* out of X and y"
        )
        with pytest.raises(ValueError, match=text):
            model.fit(X, y.shift(shift))


def test_a_sequence_that_lacks_one_of_the_targets_of_a_step_is_named():
    y = np.repeat(WINDOWS[:, :, :1], 2, axis=2)
    y[7, 2, 0] = np.nan
    for targets in (y, list(y)):
        with pytest.raises(
            ValueError, match=r"^Input y contains NaN\. y\[7\] lacks one of several"
        ):
            GRURegressor(return_sequences=True).fit(WINDOWS, targets)


@pytest.mark.parametrize("names", [None, ["a", "b", "c"]])
@pytest.mark.parametrize("ensure_2d", [False, True])
@pytest.mark.parametrize("shape", [(4, 3), (4, 2), (1, 3), (2, 4, 3)])
@pytest.mark.parametrize("kind", [np.asarray, pd.DataFrame, np.ndarray.tolist])
def test_features_are_those_that_scikit_learn_validates(names, ensure_2d, shape, kind):
    fitted = BaseEstimator()
    fitted.n_features_in_ = 3
    if names is not None:
        fitted.feature_names_in_ = np.array(names, dtype=object)
    X = RNG.normal(size=shape)
    X = X if len(shape) == 3 else kind(X)
    how = {"reset": False, "skip_check_array": True, "ensure_2d": ensure_2d}

    def outcome(function):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            try:
                result = function(fitted, X, **how)
            except (TypeError, ValueError) as error:
                return str(error)
        assert result is X
        return [str(warning.message) for warning in caught]

    assert outcome(validate_features) == outcome(validate_data)


def test_a_plain_array_is_checked_against_the_columns_of_fit():
    X = pd.DataFrame(RNG.normal(size=(N, 3)), columns=list("abc"))
    net = DenseRegressor(max_epochs=1, tol=1.0, device="cpu").fit(X, X["a"])
    with pytest.warns(UserWarning, match="does not have valid feature names"):
        net.predict(X.to_numpy()[:1])
    net.fit(X.to_numpy(), X["a"].to_numpy())
    with pytest.raises(ValueError, match="X has 2 features, but DenseRegressor is expecting 3"):
        net.predict(X.to_numpy()[:1, :2])
    with pytest.raises(ValueError, match="infinity"):
        net.predict(np.array([[1.0, np.inf, 2.0]]))


@pytest.mark.parametrize("dtype", ["f2", "f4", "f8", "i1", "i4", "i8", "u8", "?", "O", "g"])
@pytest.mark.parametrize("shape", [(5,), (5, 2), (5, 2, 3), (1,), (0,)])
@pytest.mark.parametrize("value", [1, np.inf, np.nan])
def test_targets_are_those_that_scikit_learn_checks(dtype, shape, value):
    y = RNG.normal(size=shape).astype(dtype)
    if y.size and np.dtype(dtype).kind in "fO":
        y.flat[0] = value

    def outcome(check):
        try:
            array = check()
        except ValueError:
            return "refused"
        assert array.dtype == np.float64
        return array.tolist(), np.shares_memory(array, y)

    how = {"ensure_2d": False, "allow_nd": True, "dtype": np.float64}
    assert outcome(lambda: check_target(y)) == outcome(lambda: check_array(y, **how))
