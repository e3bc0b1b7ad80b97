"""Streams against `predict` on the same rows: of windows, and of whole histories as sequences."""

import copy
import gc
import pickle
import re
import tracemalloc
from functools import lru_cache

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.sparse import csr_array
from sklearn.compose import TransformedTargetRegressor
from sklearn.ensemble import RandomForestRegressor
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_rnn import (
    ARRegressor,
    CNNClassifier,
    CNNLSTMRegressor,
    CNNRegressor,
    CompleteRows,
    DenseRegressor,
    DifferencedRegressor,
    GRUClassifier,
    GRURegressor,
    HierarchicalAttentionClassifier,
    IntervalRegressor,
    LagLogistic,
    LagPoisson,
    LagRidge,
    LagTransformer,
    LSTMClassifier,
    LSTMRegressor,
    PersistenceRegressor,
    RNNRegressor,
    TCNRegressor,
    make_ar,
    make_lagged,
    make_linear,
    stream,
)
from tests.nets import few_epochs

RNG = np.random.default_rng(0)
N_ROWS, N_CHANNELS = 80, 3
X = 5.0 + RNG.normal(size=(N_ROWS, N_CHANNELS))
Y = X[:, 0] + 0.5 * np.roll(X[:, 1], 1)
COUNTS = np.arange(N_ROWS) % 4
LABELS = np.where(Y > 7.5, "up", "down")
FRAME = pd.DataFrame(X, columns=list("abc"))
WINDOWS, TARGETS = make_lagged(X, Y, 4)
SERIES = 5.0 + RNG.normal(size=(3, 15, N_CHANNELS))
FIT = {"max_epochs": 2, "lr_schedule": "cosine", "random_state": 0}
BY_WINDOW = {"standardize": "window", "target_channel": 0, **FIT}
CLOSE = {"rtol": 1e-5, "atol": 1e-5}

pytestmark = few_epochs


def lagged(last, n_lags=4, **given):
    return make_pipeline(LagTransformer(n_lags, **given), last)


def flat(last, n_lags=4, **given):
    return lagged(last, n_lags, flatten=True, **given)


def run(streamed, series=SERIES):
    """Return the predictions of all rows of some series: (n_series, n_rows, ...)."""
    return np.stack([streamed.predict(rows) for rows in np.moveaxis(series, 1, 0)], axis=1)


def two(y):
    return np.column_stack([y, -y])


# ---------------------------------------------------------------- windows

PIPELINES = {
    "AR": (make_ar(5), X, Y),
    "AR, two outputs": (make_ar(2, delay=2), X, two(Y)),
    "AR, known ahead": (make_ar(3, delay=2, step=2, known_ahead=[1, 2]), X, Y),
    "AR, seasonal and exogenous": (make_ar(2, seasonal_lags=[5], exogenous=[2]), X, Y),
    "AR, table": (make_ar(2, exogenous=["c"]), FRAME, Y),
    "ARRegressor": (ARRegressor(3), X, Y),
    "ARRegressor, two outputs": (ARRegressor("bic", max_lags=3), X, two(Y)),
    "ARRegressor, ARDL": (ARRegressor({"a": [1, 4], "c": 2}, known_ahead=["c"]), FRAME, Y),
    "ARRegressor, NaN before": (ARRegressor(2, delay=0, fill_value="nan"), X, np.roll(Y, 3)),
    "ridge": (flat(Ridge(), delay=0), X, np.roll(Y, 3)),
    "ridge on windows": (lagged(LagRidge(), step=2), X, Y),
    "ridge on flat windows": (flat(LagRidge()), X, two(Y)),
    "Poisson": (lagged(LagPoisson()), X, COUNTS),
    "logistic": (lagged(LagLogistic()), X, LABELS),
    "NLinear": (make_linear(3), X[:, :1], X[:, 0]),
    "forest": (flat(RandomForestRegressor(5, random_state=0), fill_value=0), X, Y),
    "scalers": (make_pipeline(StandardScaler(), *flat(StandardScaler()), Ridge()), X, Y),
    "scaler, table": (make_pipeline(StandardScaler(), LagTransformer(3), LagRidge()), FRAME, Y),
    "flat, named": (flat(Ridge()).set_output(transform="pandas"), FRAME, Y),
    "search": (GridSearchCV(make_ar(2), {"linearregression__fit_intercept": [True]}, cv=2), X, Y),
    "target": (TransformedTargetRegressor(make_ar(2)), X, Y),
    "differences": (DifferencedRegressor(make_ar(2), lag=2), FRAME, FRAME["a"]),
    "persistence": (lagged(PersistenceRegressor(channel=1)), X, X[:, 1]),
    "intervals": (IntervalRegressor(make_ar(2)), FRAME, Y),
    "MLP": (lagged(DenseRegressor(**FIT)), X, Y),
    "GRU": (CompleteRows(lagged(GRURegressor(bidirectional=True, **FIT))), X, Y),
    "CNN": (lagged(CNNRegressor(**FIT), delay=3, known_ahead=[0]), X, Y),
    "LSTM": (lagged(LSTMClassifier(pooling="attention", **FIT), fill_value="nan"), X, LABELS),
    "windows normalised": (
        lagged(GRURegressor(standardize="window", target_channel=0, **FIT)),
        X,
        Y,
    ),
}


@lru_cache
def fitted(name):
    model, given, y = PIPELINES[name]
    return model.fit(given, y)


def as_fitted(name, rows):
    """Return rows as the model was fitted on, in a table without times."""
    given = PIPELINES[name][1]
    index = ["row"] * len(rows)
    return rows if given is not FRAME else pd.DataFrame(rows, index, FRAME.columns)


def same(found, wanted):
    assert found.shape == wanted.shape
    if wanted.dtype.kind == "f":
        assert_allclose(found, wanted, **CLOSE)
    else:
        assert_array_equal(found, wanted)


@pytest.mark.parametrize("name", PIPELINES)
@pytest.mark.parametrize("n_series", [1, 3])
# The series have another index than the rows of fit, which they do not continue.
@pytest.mark.filterwarnings("ignore::sklearn_rnn.exceptions.IncompleteWindowsWarning")
def test_window_equals_predict_on_the_series(name, n_series):
    model, series = fitted(name), SERIES[:n_series, :, : PIPELINES[name][1].shape[1]]
    wanted = np.stack([model.predict(as_fitted(name, rows)) for rows in series])
    same(run(stream(model), series), wanted)


@pytest.mark.parametrize(
    "name", [n for n in PIPELINES if n not in {"GRU", "CNN", "LSTM", "windows normalised"}]
)
def test_models_of_a_fixed_number_of_lags_carry_no_state(name):
    series = SERIES[..., : PIPELINES[name][1].shape[1]]
    same(run(stream(fitted(name), "carry"), series), run(stream(fitted(name)), series))


@pytest.mark.parametrize("name", ["AR, known ahead", "scalers", "MLP"])
def test_predictions_depend_on_past_rows(name):
    """Against a stream that forgets."""
    whole = run(stream(fitted(name)))
    assert not np.allclose(run(stream(fitted(name)), SERIES[:, 8:]), whole[:, 8:])


WINDOW_MODELS = {
    "ridge": (LagRidge(), TARGETS),
    "two outputs": (LagRidge(), two(TARGETS)),
    "logistic": (LagLogistic(), TARGETS > 7.5),
    "MLP": (DenseRegressor(**FIT), TARGETS),
    "GRU": (GRURegressor(**FIT), TARGETS),
    "CNN": (CNNRegressor(**FIT), two(TARGETS)),
}


@pytest.mark.parametrize("name", WINDOW_MODELS)
@pytest.mark.parametrize("form", ["array", "windows"])
def test_models_of_windows_read_the_last_one(name, form):
    model, y = WINDOW_MODELS[name]
    model = model.fit(np.asarray(WINDOWS) if form == "array" else WINDOWS, y)
    found = run(stream(model))
    before = np.full((3, 3, N_CHANNELS), np.nan)
    padded = np.concatenate([before, SERIES], axis=1)
    wanted = [model.predict(padded[:, i : i + 4]) for i in range(SERIES.shape[1])]
    same(found, np.stack(wanted, axis=1))


# ---------------------------------------------------------------- carried states

NETS = {
    "GRU": (GRURegressor(**FIT), Y),
    "GRU, float32": (GRURegressor(dtype="float32", num_layers=2, **FIT), Y),
    "RNN, mean": (RNNRegressor(pooling="mean", standardize=False, **FIT), two(Y)),
    "RNN, relu": (RNNRegressor(nonlinearity="relu", dropout=0.2, **FIT), Y),
    "LSTM, coupled": (LSTMRegressor(coupled_gates=True, pooling="max", **FIT), Y),
    "LSTM, Poisson": (LSTMRegressor(loss="poisson", **FIT), COUNTS),
    "LSTM, distribution": (LSTMRegressor(loss="normal", **FIT), two(Y)),
    "GRU, quantiles": (GRURegressor(loss="quantile", quantile=[0.1, 0.5, 0.9], **FIT), Y),
    "GRU, members": (GRURegressor(n_members=2, **FIT), Y),
    "GRU, classes": (GRUClassifier(n_members=2, **FIT), LABELS),
    "LSTM, several classes": (LSTMClassifier(**FIT), COUNTS),
    "TCN": (TCNRegressor(**FIT), Y),
    "CNN": (CNNRegressor(**FIT), Y),
    "CNN, branches": (CNNClassifier(kernel_size=(2, 5), pooling="mean", **FIT), LABELS),
    "TCN, mean": (TCNRegressor(pooling="mean", num_levels=3, **FIT), two(Y)),
}
LAGS = {
    "today": {"delay": 0},
    "delay": {"delay": 2},
    "known ahead": {"delay": 3, "known_ahead": [2, 0]},
}


def whole_history(net, series, delay=1, known_ahead=()):
    """Predict each row from all rows before it as one sequence, by definition."""
    rows = series.copy()
    if delay:
        rows[:, :-delay, known_ahead] = series[:, delay:, known_ahead]
    parts = [net.predict(rows[:, : i + 1]) for i in range(series.shape[1] - delay)]
    return np.stack(parts, axis=1)


@pytest.mark.parametrize("name", NETS)
@pytest.mark.parametrize("lags", LAGS)
def test_carry_equals_predict_on_the_whole_history(name, lags):
    net, y = NETS[name]
    model, delay = lagged(net, **LAGS[lags]).fit(X, y), LAGS[lags]["delay"]
    found = run(stream(model, "carry"))
    same(found[:, delay:], whole_history(model[-1], SERIES, **LAGS[lags]))
    if delay:  # sequences without steps do not depend on the rows
        same(found[:, :1], run(stream(model, "carry"), SERIES[:, ::-1])[:, :1])


def test_carry_is_not_the_last_window():
    model = lagged(GRURegressor(**FIT), 3).fit(X, Y)
    assert not np.allclose(run(stream(model, "carry"))[:, 8:], run(stream(model))[:, 8:], **CLOSE)


def test_missing_values_are_those_of_predict():
    rows, series = X.copy(), SERIES.copy()
    rows[::7, 1] = series[:, ::3, 1] = series[1, 4] = np.nan
    for net in (GRURegressor(**FIT), TCNRegressor(missing_indicator=False, **FIT)):
        model = lagged(net).fit(rows, Y)
        assert_allclose(
            run(stream(model, "carry"), series)[:, 1:], whole_history(model[-1], series), **CLOSE
        )


def test_extreme_values_are_clipped_as_in_predict():
    model, series = lagged(GRURegressor(dtype="float32", **FIT)).fit(X, Y), SERIES.copy()
    series[0, 3], series[1, 5] = 1e300, -1e12
    found = run(stream(model, "carry"), series)
    assert_allclose(found[:, 1:], whole_history(model[-1], series), **CLOSE)


def test_networks_of_windows_carry_the_rows_themselves():
    net = GRURegressor(**FIT).fit(WINDOWS, TARGETS)
    found = run(stream(net, "carry"))
    assert_allclose(found, whole_history(net, SERIES, delay=0), **CLOSE)


def test_sequences_of_targets_are_predicted_step_by_step():
    y = np.cumsum(WINDOWS[..., 0], axis=1)
    net = LSTMRegressor(return_sequences=True, **FIT).fit(np.asarray(WINDOWS), y)
    assert_allclose(run(stream(net, "carry")), net.predict(SERIES), **CLOSE)
    with pytest.raises(ValueError, match=r'return_sequences=True.*mode="carry"'):
        stream(net)


def test_steps_before_the_lags_are_applied():
    model = make_pipeline(StandardScaler(), LagTransformer(3), GRURegressor(**FIT)).fit(FRAME, Y)
    rows = [model[0].transform(pd.DataFrame(s, columns=FRAME.columns)) for s in SERIES]
    found = run(stream(CompleteRows(model).fit(FRAME, Y), "carry"))
    assert_allclose(found[:, 1:], whole_history(model[-1], np.stack(rows)), **CLOSE)


# ---------------------------------------------------------------- the stream itself


def models():
    yield "window", fitted("AR, known ahead")
    yield "window", fitted("AR, seasonal and exogenous")
    yield "carry", lagged(GRURegressor(**FIT), delay=2).fit(X, Y)
    yield "carry", lagged(TCNRegressor(**FIT)).fit(X, Y)
    yield "carry", lagged(CNNRegressor(kernel_size=3, **FIT)).fit(X, Y)


@pytest.mark.parametrize("again", [copy.deepcopy, lambda s: pickle.loads(pickle.dumps(s))])
def test_a_copy_in_the_middle_goes_on(again):
    for mode, model in models():
        wanted, first = run(stream(model, mode)), stream(model, mode)
        run(first, SERIES[:, :8])
        second = again(first)
        assert_array_equal(run(first, SERIES[:, 8:]), wanted[:, 8:])
        assert_array_equal(run(second, SERIES[:, 8:]), wanted[:, 8:])


def test_rows_ahead_are_predicted_without_being_kept():
    for mode, model in models():
        one, other = stream(model, mode), stream(model, mode)
        for rows in np.moveaxis(SERIES, 1, 0):
            ahead = other.predict(rows, keep=False)
            assert_array_equal(other.predict(rows, keep=False), ahead)
            assert_array_equal(other.predict(rows), ahead)
            assert_array_equal(one.predict(rows), ahead)


def test_with_a_delay_unknown_values_of_rows_ahead_are_not_read():
    for name in ("AR", "MLP", "AR, known ahead"):
        model = fitted(name)
        streamed, rows = stream(model), SERIES[:, 9].copy()
        run(streamed, SERIES[:, :9])
        rows[:, [0, 1, 2] if name != "AR, known ahead" else [0]] = np.nan
        ahead = streamed.predict(rows, keep=False)
        assert_allclose(ahead, streamed.predict(SERIES[:, 9]), **CLOSE)


def test_a_stream_keeps_no_view_of_the_rows():
    for mode, model in models():
        streamed, rows, found = stream(model, mode), np.empty((3, N_CHANNELS)), []
        for given in np.moveaxis(SERIES, 1, 0):
            rows[:] = given
            found.append(streamed.predict(rows))
        assert_array_equal(np.stack(found, axis=1), run(stream(model, mode)))


def test_series_do_not_depend_on_each_other():
    for mode, model in models():
        alone = [run(stream(model, mode), series[np.newaxis])[0] for series in SERIES]
        assert_allclose(run(stream(model, mode)), np.stack(alone), rtol=1e-9)


def test_memory_does_not_grow_with_the_rows():
    for mode, model in models():
        streamed, rows, sizes = stream(model, mode), SERIES[:, 0], []
        for _ in range(20):
            streamed.predict(rows)
        size = len(pickle.dumps(streamed))
        for n_rows in [10] if "FeatureUnion" in str(model) else [50, 300]:
            tracemalloc.start()
            for _ in range(n_rows):
                streamed.predict(rows)
            gc.collect()  # of cycles in scikit-learn's pipelines
            sizes.append(tracemalloc.get_traced_memory()[0])
            tracemalloc.stop()
        assert len(pickle.dumps(streamed)) == size
        assert sizes[-1] < 10_000  # bytes; rows that are kept take more


def test_a_table_has_the_columns_of_fit():
    streamed = stream(fitted("ARRegressor, ARDL"))
    rows = pd.DataFrame(SERIES[:, 0], columns=list("abc"))
    streamed.predict(rows)
    with pytest.raises(ValueError, match=r"columns of X in fit, \['a', 'b', 'c'\]; got"):
        streamed.predict(rows[["b", "a", "c"]])


@pytest.mark.parametrize("mode", ["window", "carry"])
def test_wrong_rows_are_refused_and_not_kept(mode):
    model = lagged(GRURegressor(**FIT)).fit(X, Y)
    streamed = stream(model, mode)
    with pytest.raises(ValueError, match=r"shape \(n_series, 3\).*got \(3, 2\)"):
        streamed.predict(SERIES[:, 0, :2])
    for wrong in (np.empty((0, 3)), 1.0):
        with pytest.raises(ValueError, match=r"shape \(n_series, 3\)"):
            streamed.predict(wrong)
    with pytest.raises(TypeError, match=r"^rows must be dense; .*: give rows\.toarray\(\)"):
        streamed.predict(csr_array(SERIES[:, 0]))
    first = streamed.predict(SERIES[:, 0])
    for wrong, message in [
        (SERIES[:2, 0], r"shape \(3, 3\).*got \(2, 3\)"),
        (SERIES[0, 0], r"got \(3,\)"),
        (np.full((3, 3), np.inf), "rows contain infinity"),
    ]:
        with pytest.raises(ValueError, match=message):
            streamed.predict(wrong)
    wanted = run(stream(model, mode))
    assert_array_equal(first, wanted[:, 0])
    assert_array_equal(run(streamed, SERIES[:, 1:]), wanted[:, 1:])


def test_linear_models_refuse_missing_values_that_they_read():
    streamed, rows = stream(flat(LinearRegression()).fit(X, Y)), SERIES[:, 0].copy()
    rows[0, 0] = np.nan
    streamed.predict(rows)
    with pytest.raises(ValueError, match=r"rows contain NaN.*LagRidge"):
        streamed.predict(SERIES[:, 1])


# ---------------------------------------------------------------- what is refused

TOKENS = np.random.default_rng(1).integers(1, 5, size=(20, 4))
REFUSED = {
    "bidirectional": (lagged(GRURegressor(bidirectional=True, **FIT)), "bidirectional=True"),
    "attention": (lagged(LSTMRegressor(pooling="attention", **FIT)), 'pooling="attention"'),
    "TCN attention": (lagged(TCNRegressor(pooling="attention", **FIT)), 'pooling="attention"'),
    "window": (
        lagged(GRURegressor(standardize="window", target_channel=0, **FIT)),
        'standardize="window"',
    ),
    "last": (
        lagged(GRURegressor(standardize="last", target_channel=0, **FIT)),
        'standardize="last"',
    ),
    "linear": (lagged(GRURegressor(linear_skip=True, **FIT)), "linear_skip=True"),
    "bfloat16": (lagged(GRURegressor(dtype="bfloat16", **FIT)), 'dtype="bfloat16"'),
    "CNN attention": (lagged(CNNRegressor(pooling="attention", **FIT)), 'pooling="attention"'),
    "CNNLSTM": (lagged(CNNLSTMRegressor(**FIT)), "CNNLSTMRegressor cannot: its network reads"),
    "step": (lagged(GRURegressor(**FIT), step=2), "step=1 of LagTransformer; got step=2"),
    "flat": (flat(GRURegressor(n_channels=3, **FIT)), "flatten=False"),
    "differences": (DifferencedRegressor(lagged(GRURegressor(**FIT))), "DifferencedRegressor"),
    "target": (TransformedTargetRegressor(lagged(GRURegressor(**FIT))), "TransformedTarget"),
    "inner target": (lagged(TransformedTargetRegressor(GRURegressor(**FIT))), "directly behind"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_carry_cannot_do_is_refused_by_name(name):
    model, why = REFUSED[name]
    model = model.fit(FRAME, FRAME["a"])
    with pytest.raises(ValueError, match=re.escape(why)) as error:
        stream(model, "carry")
    assert 'mode="carry"' in str(error.value)
    run(stream(model), SERIES[:1, :2])  # which 'window' can


def test_a_row_without_values_is_refused_where_it_would_be_padding():
    net = GRURegressor(all_missing="absent", **FIT).fit(WINDOWS, TARGETS)
    streamed = stream(net, "carry")
    streamed.predict(SERIES[:, 0])
    with pytest.raises(ValueError, match='all_missing="value"'):
        streamed.predict(np.full((3, N_CHANNELS), np.nan))


@pytest.mark.parametrize("mode", ["window", "carry"])
def test_what_no_stream_can_do_is_refused_by_name(mode):
    tokens = GRUClassifier(embedding_dim=3, **FIT).fit(TOKENS, TOKENS[:, 0] > 2)
    documents = HierarchicalAttentionClassifier(**FIT)
    documents.fit(TOKENS.reshape(20, 2, 2), TOKENS[:, 0] > 2)
    for model in (tokens, documents):
        with pytest.raises(ValueError, match="tokens are none"):
            stream(model, mode)
    with pytest.raises(ValueError, match="LogisticRegression has no LagTransformer inside"):
        stream(LogisticRegression().fit(X, LABELS), mode)
    panel = FRAME.assign(shop="s")
    with pytest.raises(ValueError, match="got time=None and series='shop'"):
        stream(make_ar(2, series="shop").fit(panel, Y), mode)
    labelled = FRAME.assign(sky=np.where(FRAME["a"] > 0, "dry", "ice"))
    with pytest.raises(ValueError, match=r"columns \[\d\] of X are categories"):
        stream(lagged(GRURegressor(**FIT)).fit(labelled, FRAME["a"]), mode)
    with pytest.raises(NotFittedError):
        stream(make_ar(2), mode)
    with pytest.raises(ValueError, match="The 'mode' parameter of stream must be "):
        stream(fitted("AR"), "state")
