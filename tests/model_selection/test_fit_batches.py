"""Fits to data in pieces: one piece is `fit`, many learn the scales of all, one is in memory."""

import os
import subprocess
import sys
import weakref
from functools import partial

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.decomposition import PCA
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from sklearn_rnn import (
    CalendarFeatures,
    CompleteRows,
    DenseRegressor,
    Forecaster,
    GRUClassifier,
    GRURegressor,
    LagRidge,
    LagTransformer,
    LSTMRegressor,
    TCNRegressor,
)
from sklearn_rnn.exceptions import IncompleteWindowsWarning
from sklearn_rnn.model_selection import fit_batches
from tests.nets import CLASSIFIERS, REGRESSORS, few_epochs

pytestmark = few_epochs

QUICK = {"max_epochs": 3, "early_stopping": False, "random_state": 0}
RNG = np.random.default_rng(0)
X = RNG.normal([0, 50, 1e5], [1, 3, 10], size=(120, 6, 3))
Y = X[:, -1, 0] + 0.1 * RNG.normal(size=120)
SEVERAL = [slice(0, 10), slice(10, 70), slice(70, 120)]


def cut(*arrays):
    return [tuple(a[part] for a in arrays) for part in SEVERAL]


def panel(n_series=6, n_times=40, seed=0, start="2026-01-01"):
    """Return a panel whose target depends on its past, in the order of series and days."""
    days = pd.date_range(start, periods=n_times)
    index = pd.MultiIndex.from_product([range(n_series), days], names=["shop", "day"])
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({"sales": rng.normal(5, 2, len(index)), "price": 1.0}, index)
    frame["price"] += rng.random(len(index))
    return frame, frame["sales"].shift(fill_value=0) + 0.1 * frame["price"]


def by_series(X, y, *groups):
    return [(X.loc[list(g)], y.loc[list(g)]) for g in groups]


def weights_of(model):
    net = model[-1] if hasattr(model, "steps") else model
    return np.concatenate([p.detach().ravel() for p in net.net_.module_.parameters()])


@pytest.mark.parametrize("cls", REGRESSORS)
def test_one_piece_is_the_fit_of_fit_bit_for_bit(cls):
    weight = RNG.choice([0, 1, 2.5], size=len(X))
    net = cls(**QUICK, batch_size=32)
    expected = clone(net).fit(X, Y, weight)
    found = fit_batches(clone(net), [(X, Y, weight)])
    assert_array_equal(weights_of(found), weights_of(expected))
    assert found.loss_curve_ == expected.loss_curve_
    assert_array_equal(found.predict(X), expected.predict(X))


@pytest.mark.parametrize("cls", CLASSIFIERS)
def test_one_piece_is_the_fit_of_a_classifier_bit_for_bit(cls):
    y = np.array(["a", "b", "c"])[np.digitize(Y, [-0.5, 0.5])]
    net = cls(**QUICK, class_weight={"a": 2.0, "b": 1.0, "c": 1.0})
    found, expected = fit_batches(clone(net), [(X, y)]), clone(net).fit(X, y)
    assert_array_equal(found.predict_proba(X), expected.predict_proba(X))
    assert_array_equal(found.classes_, expected.classes_)


def test_one_piece_with_validation_data_stops_where_fit_stops():
    net = GRURegressor(max_epochs=30, patience=2, learning_rate=0.05, random_state=0)
    expected = clone(net).fit(X[:90], Y[:90], X_val=X[90:], y_val=Y[90:])
    found = fit_batches(clone(net), [(X[:90], Y[:90])], validation_data=(X[90:], Y[90:]))
    assert found.validation_loss_curve_ == expected.validation_loss_curve_
    assert found.n_iter_ < 30
    assert_array_equal(found.predict(X), expected.predict(X))


def test_validation_data_may_be_pieces_too():
    net = GRURegressor(max_epochs=5, random_state=0)
    whole = fit_batches(clone(net), [(X, Y)], validation_data=(X, Y))
    parts = fit_batches(clone(net), [(X, Y)], validation_data=cut(X, Y))
    assert_allclose(parts.validation_loss_curve_, whole.validation_loss_curve_, rtol=1e-12)


def test_one_piece_of_sequences_with_a_target_for_each_step():
    sequences = [x[:n] for x, n in zip(X, RNG.integers(2, 7, size=len(X)), strict=True)]
    y = [x[:, 0] for x in sequences]
    net = LSTMRegressor(return_sequences=True, **QUICK)
    found, expected = fit_batches(clone(net), [(sequences, y)]), clone(net).fit(sequences, y)
    assert_array_equal(weights_of(found), weights_of(expected))
    parts = fit_batches(clone(net), [(sequences[part], y[part]) for part in SEVERAL])
    assert parts.n_steps_ == expected.n_steps_
    assert_allclose(parts.channel_scale_.scale, expected.channel_scale_.scale)


def test_one_piece_of_tokens():
    tokens = RNG.integers(1, 30, size=(60, 5))
    net = GRURegressor(embedding_dim=4, **QUICK)
    y = tokens[:, 0] / 30.0
    expected = clone(net).fit(tokens, y)
    assert_array_equal(weights_of(fit_batches(clone(net), [(tokens, y)])), weights_of(expected))
    parts = fit_batches(clone(net), [(tokens[:20] // 3 + 1, y[:20]), (tokens[20:], y[20:])])
    known = set(np.unique(tokens[20:])) | set(np.unique(tokens[:20] // 3 + 1)) | {0, 1}
    assert set(np.flatnonzero(parts._reader.known_tokens)) == known


@pytest.mark.parametrize("kind", ["last", "window"])
@pytest.mark.parametrize("loss", ["squared_error", "absolute_error", "huber", "quantile"])
def test_windows_are_normalised_as_by_fit(kind, loss):
    X, y = panel(12, 40)
    X["sales"] *= 1.0 + X.index.get_level_values("shop") ** 2  # of very different scale
    y = X["sales"].groupby("shop").shift(-1).fillna(0.0)
    net = GRURegressor(standardize=kind, loss=loss, target_channel="sales", **QUICK)
    model = make_pipeline(LagTransformer(5, delay=0), net)
    whole = clone(model).fit(X, y)
    one = fit_batches(clone(model), [(X, y)])
    assert_array_equal(weights_of(one), weights_of(whole))
    assert_array_equal(one[-1].loss_curve_, whole[-1].loss_curve_)
    found = fit_batches(clone(model), by_series(X, y, [0, 1], [2, 3, 4, 5, 6], range(7, 12)))
    encoders, readers = zip(*((m[-1]._encoder, m[-1]._reader) for m in (found, whole)), strict=True)
    for name in ("mean", "scale"):
        assert_allclose(*(getattr(e.scale, name) for e in encoders), rtol=1e-9)
        assert_allclose(
            *(getattr(r.scaling.remainder, name) for r in readers), rtol=1e-9, atol=1e-12
        )
    if kind == "window":
        assert_allclose(*(e.unit for e in encoders), rtol=1e-12)
    assert_array_equal(*(e.channels for e in encoders))


@pytest.mark.parametrize("weighted", [False, True])
def test_scales_are_those_of_all_rows_together(weighted):
    given = X.copy()
    given[3, 2, 1] = given[100, 0, 0] = np.nan
    weight = np.linspace(0, 3, len(X)) if weighted else np.ones(len(X))
    net = GRURegressor(**QUICK)
    expected = clone(net).fit(given, Y, weight)
    found = fit_batches(clone(net), cut(given, Y, weight))
    for name in ("channel_scale_", "target_scale_"):
        for part in ("mean", "scale"):
            values = (getattr(getattr(net, name), part) for net in (found, expected))
            assert_allclose(*values, rtol=1e-12)
    assert_array_equal(found.missing_channels_, [0, 1])
    assert found.net_.config.batch_size == expected.net_.config.batch_size
    assert found.net_.config.dtype == expected.net_.config.dtype


def test_weights_count_the_same_in_all_pieces():
    """An epoch of full batches is a step for each piece: its loss is that of the whole."""
    weight = np.repeat([1.0, 7.0, 2.0], [10, 60, 50])
    net = TCNRegressor(max_epochs=1, early_stopping=False, learning_rate=1e-12, random_state=0)
    net.set_params(batch_size=200, alpha=0.0)
    expected = clone(net).fit(X, Y, weight)
    found = fit_batches(clone(net), cut(X, Y, weight))
    assert_allclose(found.loss_curve_, expected.loss_curve_, rtol=1e-9)


def test_pieces_come_in_a_new_order_in_each_epoch_and_the_same_seed_gives_the_same_bits():
    orders = []

    def read(number):
        orders.append(number)
        return X[SEVERAL[number]], Y[SEVERAL[number]]

    net = GRURegressor(max_epochs=8, early_stopping=False, tol=1.0, patience=20, random_state=0)
    models = [fit_batches(clone(net), [partial(read, i) for i in range(3)]) for _ in range(2)]
    assert_array_equal(weights_of(models[0]), weights_of(models[1]))
    first, epochs = orders[:3], np.reshape(orders[4 : len(orders) // 2], (8, 3))
    assert first == [0, 1, 2]
    assert (np.sort(epochs) == [0, 1, 2]).all()
    assert len({tuple(epoch) for epoch in epochs.tolist()}) > 1
    unshuffled = fit_batches(clone(net).set_params(shuffle=False), cut(X, Y))
    stream = fit_batches(clone(net).set_params(shuffle=False), lambda: iter(cut(X, Y)))
    assert_array_equal(weights_of(unshuffled), weights_of(stream))


@pytest.mark.parametrize("as_stream", [False, True])
def test_one_piece_is_in_memory_and_at_most_one_more(as_stream):
    tables, most = [], []

    def read(number):
        most.append(sum(table() is not None for table in tables))
        table = np.random.default_rng(number).normal(size=(200, 4, 2))
        tables.append(weakref.ref(table))
        return table, table[:, -1, 0]

    functions = [partial(read, i) for i in range(9)]
    pieces = (lambda: (f() for f in functions)) if as_stream else functions
    fit_batches(GRURegressor(max_epochs=3, validation_fraction=0.3, random_state=0), pieces)
    assert max(most) <= 1
    assert len(most) > 30


PEAK = """
import resource, sys
from functools import partial
import numpy as np
import pandas as pd
from sklearn.pipeline import make_pipeline
from sklearn_rnn import GRURegressor, LagTransformer
from sklearn_rnn.model_selection import fit_batches


def read(number, n_series=50, n_times=1000):
    hours = pd.date_range("2026-01-01", periods=n_times, freq="h")
    series = range(n_series * number, n_series * number + n_series)
    index = pd.MultiIndex.from_product([series, hours])
    rows = np.random.default_rng(number).normal(size=(len(index), 8))
    return pd.DataFrame(rows, index, list("abcdefgh")), rows[:, 0].copy()


def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


net = GRURegressor(hidden_size=4, max_epochs=1, lr_schedule="cosine", random_state=0)
model = make_pipeline(LagTransformer(24), net)
fit_batches(model, [partial(read, 0), partial(read, 1)])
before, n_pieces = peak(), int(sys.argv[1])
fit_batches(model, [partial(read, number) for number in range(n_pieces)])
print((peak() - before) / (n_pieces * 50 * 1000 * 8 * 8))
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="Linux measures it in kB")
def test_a_fit_needs_a_small_part_of_the_memory_of_the_rows():
    command = [sys.executable, "-c", PEAK, "20"]
    alone = {**os.environ, "OMP_NUM_THREADS": "1"}
    run = subprocess.run(command, capture_output=True, text=True, env=alone, check=True)
    assert float(run.stdout) < 0.33  # beside two pieces; it keeps the last rows of each series


@pytest.mark.parametrize("as_stream", [False, True])
def test_the_last_pieces_are_held_out(as_stream):
    X, y = panel(10, 60)
    parts = by_series(X, y, *([i] for i in range(10)))
    held = parts[8:]
    parts[8:] = [(1000 + X, y) for X, y in held]
    net = GRURegressor(max_epochs=4, validation_fraction=0.15, early_stopping=True, random_state=0)
    model = make_pipeline(LagTransformer(3), net)

    def given_as(parts):
        return (lambda: iter(parts)) if as_stream else parts

    found = fit_batches(clone(model), given_as(parts))
    given = fit_batches(clone(model), given_as(parts[:8]), validation_data=given_as(parts[8:]))
    assert_array_equal(weights_of(found), weights_of(given))
    assert found[-1].validation_loss_curve_ == given[-1].validation_loss_curve_
    assert found[-1].channel_scale_.mean[0] < 100


def test_early_stopping_is_decided_by_all_samples():
    many = RNG.normal(size=(300, 4, 1))
    net = GRURegressor(max_epochs=2, random_state=0)
    y = many[:, -1, 0]
    found = fit_batches(clone(net), [(many, y), (many + 1, y)])
    assert found.validation_loss_curve_ is not None
    assert fit_batches(clone(net), [(many[:9], y[:9])] * 2).validation_loss_curve_ is None


def test_a_panel_in_pieces_is_the_panel():
    X, y = panel()
    model = make_pipeline(LagTransformer(5), GRURegressor(**QUICK))
    whole = clone(model).fit(X, y)
    found = fit_batches(clone(model), by_series(X, y, [0, 1], [2], [3, 4, 5]))
    one = fit_batches(clone(model), [(X, y)])
    assert_array_equal(weights_of(one), weights_of(whole))
    assert_allclose(found[0].fill_values_, whole[0].fill_values_)
    assert_array_equal(found[0].incomplete_rows_, whole[0].incomplete_rows_)
    assert found[0].max_gap_ == whole[0].max_gap_
    assert found[-1].n_rows_omitted_ == whole[-1].n_rows_omitted_ == 30
    assert_allclose(found[-1].channel_scale_.scale, whole[-1].channel_scale_.scale)
    later, _ = panel(n_times=3, seed=1, start="2026-02-10")
    assert_array_equal(found[0].transform(later), whole[0].transform(later))  # of their past
    assert found[0].transform(later).is_complete.all()


def test_a_pipeline_of_several_steps():
    X, y = panel()
    calendar = CalendarFeatures(parts=["day_of_week"])
    lags = LagTransformer(5, known_ahead=calendar.names())
    double = FunctionTransformer(lambda X: 2 * X)
    scaler = StandardScaler().set_output(transform="pandas")
    model = make_pipeline(calendar, double, scaler, "passthrough", lags, DenseRegressor(**QUICK))
    parts = by_series(X, y, [0, 1, 2], [3], [4, 5])
    found, whole = fit_batches(clone(model), parts), clone(model).fit(X, y)
    assert_allclose(found[2].var_, whole[2].var_)
    assert_allclose(found[-1].channel_scale_.mean, whole[-1].channel_scale_.mean, atol=1e-9)
    assert found.predict(X).shape == (240,)
    frozen = make_pipeline(FrozenEstimator(scaler.fit(X)), LagTransformer(5), GRURegressor(**QUICK))
    assert fit_batches(frozen, parts) is frozen
    inner = make_pipeline(scaler, make_pipeline(LagTransformer(5), GRURegressor(**QUICK)))
    assert fit_batches(inner, parts).predict(X).shape == (240,)


def test_categories_of_all_pieces_are_learned():
    X, y = panel()
    X["kind"] = np.array(list("bbacda"))[X.index.get_level_values("shop")]
    y = y + X["kind"].map({"a": 0, "b": 5, "c": 10, "d": -5})
    how = {"max_epochs": 30, "learning_rate": 0.01, "early_stopping": False, "random_state": 0}
    model = make_pipeline(LagTransformer(2), GRURegressor(**how))
    parts = by_series(X, y, [0, 1], [2, 3], [4], [5])
    found, whole = fit_batches(clone(model), parts), clone(model).fit(X, y)
    assert found[-1]._reader.dims == whole[-1]._reader.dims
    assert sorted(found[0]._categories[2]) == list("abcd")
    assert found.score(X, y) > 0.9
    one = fit_batches(clone(model).set_params(gruregressor__max_epochs=2), parts[:1])
    fitted = clone(model).set_params(gruregressor__max_epochs=2).fit(*parts[0])
    assert_array_equal(weights_of(one), weights_of(fitted))


def test_validation_windows_reach_back_into_the_pieces():
    X, y = panel(n_times=60)
    days = X.index.get_level_values("day")
    early, late = days < "2026-02-20", days >= "2026-02-20"
    model = make_pipeline(LagTransformer(5), GRURegressor(max_epochs=3, random_state=0))
    parts = by_series(X[early], y[early], [0, 1, 2], [3, 4, 5])
    found = fit_batches(clone(model), parts, validation_data=(X[late], y[late]))
    lags = LagTransformer(5).fit(X[early])
    assert lags.transform(X[late]).is_complete.all()
    net = found[-1]
    net.set_params(warm_start=True, max_epochs=1, learning_rate=1e-12)
    again = net.fit(
        lags.transform(X[early]), y[early], X_val=lags.transform(X[late]), y_val=y[late]
    )
    assert_allclose(again.validation_loss_curve_[-1], min(found[-1].validation_loss_curve_))


def test_the_fit_is_as_good_as_one_of_all_data():
    X, y = panel(30, 50)
    how = {"learning_rate": 0.01, "max_epochs": 60, "random_state": 0}
    model = make_pipeline(LagTransformer(3), GRURegressor(**how))
    found = fit_batches(clone(model), by_series(X, y, *np.split(np.arange(30), 10)))
    new, target = panel(5, 50, seed=3)
    kept = LagTransformer(3).fit_transform(new).is_complete
    assert found[-1].score(found[:-1].transform(new)[kept], target[kept]) > 0.9


def generator():
    yield X, Y


@pytest.mark.parametrize(
    ("pieces", "error", "text"),
    [
        (generator(), TypeError, r"pieces must be readable more than once.*got generator; give a "),
        (5, TypeError, "pieces must be an iterable of pieces; got int"),
        ([], ValueError, "pieces is empty"),
        ([(X, Y), X], TypeError, r"pieces\[1\]: it must be \(X, y\) or .*; got ndarray"),
        ([(X, Y), (X[..., :2], Y)], ValueError, r"pieces\[1\]: X has 2 .*3"),
        ([(X, Y), (X, Y[:-1])], ValueError, r"pieces\[1\]: y has 119 samples, but X"),
        (
            [(X, Y), (X, np.where(Y > 2, np.nan, Y))],
            ValueError,
            r"pieces\[1\]: Input y contains NaN",
        ),
        ([(X, Y), (X, Y, np.zeros(120))], ValueError, r"pieces\[1\]: .*(non-zero|weight zero)"),
        (
            [(X, Y), (X, Y, np.full(120, 1e9))],
            ValueError,
            r"pieces\[1\]: sample_weight must be bel",
        ),
        (pd.DataFrame({"a": [1.0]}), TypeError, r"pieces\[0\]: it must be"),
    ],
)
def test_errors_name_the_piece_and_leave_the_estimator_as_it_was(pieces, error, text):
    net = GRURegressor(**QUICK).fit(X, Y)
    before, read = weights_of(net), []
    net.callbacks = lambda: read.append(0) or []
    with pytest.raises(error, match=text):
        fit_batches(net, pieces)
    assert_array_equal(weights_of(net), before)
    assert not read, "the first pass finds it"


def test_errors_of_validation_data_name_it():
    with pytest.raises(ValueError, match=r"validation_data\[0\]: X has 2"):
        fit_batches(GRURegressor(**QUICK), [(X, Y)], validation_data=(X[..., :2], Y))


def test_labels_that_the_first_piece_lacks_need_classes():
    y = np.repeat(["a", "b", "c"], 40)
    with pytest.raises(ValueError, match=r"pieces\[1\]: y has the labels \['b'\].*classes="):
        fit_batches(GRUClassifier(**QUICK), [(X[:40], y[:40]), (X[40:], y[40:80].repeat(2))])
    net = fit_batches(GRUClassifier(**QUICK), cut(X, y), classes=["a", "b", "c", "d"])
    assert net.predict_proba(X).shape == (120, 4)
    with pytest.raises(ValueError, match=r"at least two classes"):
        fit_batches(GRUClassifier(**QUICK), [(X[:40], y[:40])] * 2)


def test_classes_are_for_classifiers():
    with pytest.raises(ValueError, match="classes is for classifiers, but GRURegressor"):
        fit_batches(GRURegressor(**QUICK), [(X, Y)], classes=[0, 1])


def test_errors_of_a_panel_name_the_piece():
    X, y = panel()
    model = make_pipeline(LagTransformer(5), GRURegressor(**QUICK))
    parts = by_series(X, y, [0, 1], [2, 3])
    with pytest.raises(ValueError, match=r"pieces\[2\]: The series 1 of X has rows in an earlier"):
        fit_batches(clone(model), [*parts, *by_series(X, y, [1, 4])])
    with pytest.raises(ValueError, match=r"pieces\[1\]: X has the columns \['price', 'sales'\]"):
        fit_batches(clone(model), [parts[0], (parts[1][0][["price", "sales"]], parts[1][1])])
    numbers = parts[1][0].reset_index("day", drop=True).set_index(np.arange(80), append=True)
    with pytest.raises(ValueError, match=r"pieces\[1\]: The index of X holds numbers, .* times"):
        fit_batches(clone(model), [parts[0], (numbers, parts[1][1].to_numpy())])
    mixed = parts[1][0].assign(price=list("ab") * 40)
    with pytest.raises(ValueError, match=r"pieces\[1\]: X has .*categories"):
        fit_batches(clone(model), [parts[0], (mixed, parts[1][1])])
    assert not hasattr(model[0], "fill_values_")


def test_pieces_that_change_between_epochs_are_refused():
    calls = []

    def read():
        calls.append(0)
        return X[: 120 - len(calls)], Y[: 120 - len(calls)]

    with pytest.raises(ValueError, match=r"pieces\[0\]: X has 118 samples, but had 119"):
        fit_batches(GRURegressor(**QUICK), [read])


@pytest.mark.parametrize(
    "changed",
    [
        {"optimizer": "lbfgs"},
        {"linear_skip": True},
        {"warm_start": True},
        {"n_members": 2},
        {"checkpoint": "folder"},
    ],
)
def test_parameters_that_need_all_data_are_refused_by_name(changed):
    (name,) = changed
    with pytest.raises(ValueError, match=f"fit_batches does not take GRURegressor with {name}="):
        fit_batches(GRURegressor(**{**QUICK, **changed}), [(X, Y)])


def test_balanced_class_weights_are_refused():
    with pytest.raises(ValueError, match="class_weight='balanced'"):
        fit_batches(GRUClassifier(class_weight="balanced"), [(X, Y > 0)])


@pytest.mark.parametrize(
    "model",
    [
        LagRidge(),
        Forecaster(make_pipeline(LagTransformer(2, flatten=True), Ridge())),
        CompleteRows(make_pipeline(LagTransformer(2), GRURegressor())),
        make_pipeline(LagTransformer(2, flatten=True), Ridge()),
    ],
)
def test_other_models_are_refused_by_name(model):
    last = model[-1] if hasattr(model, "steps") and hasattr(model, "named_steps") else model
    name = "CompleteRows" if isinstance(model, CompleteRows) else type(last).__name__
    with pytest.raises(TypeError, match=f"estimator must be a network.*got {name}"):
        fit_batches(model, [(X, Y)])


def test_a_transformer_that_needs_all_rows_is_refused_by_name():
    with pytest.raises(TypeError, match=r"cannot fit PCA to pieces.*FrozenEstimator"):
        fit_batches(make_pipeline(PCA(), GRURegressor(**QUICK)), [(X[:, 0], Y)])


def test_errors_of_earlier_steps_name_the_piece():
    model = make_pipeline(StandardScaler(), GRURegressor(**QUICK))
    with pytest.raises(ValueError, match=r"pieces\[1\]: X has 2 features"):
        fit_batches(model, [(X[:, 0], Y), (X[:, 0, :2], Y)])
    model = make_pipeline(CalendarFeatures(parts=["month"]), LagTransformer(2), GRURegressor())
    with pytest.raises(TypeError, match=r"pieces\[0\]: X must be a pandas DataFrame"):
        fit_batches(model, [(X[:, 0], Y)])
    for nothing in ([], lambda: iter([])):
        with pytest.raises(ValueError, match="pieces is empty"):
            fit_batches(model, nothing)


def test_too_few_pieces_to_hold_one_out():
    with pytest.raises(ValueError, match=r"early_stopping=True holds out the last pieces.*1 of 1"):
        fit_batches(GRURegressor(early_stopping=True), [(X, Y)])


def test_windows_are_warned_of_once():
    X, y = panel(2, 60)
    gaps = X.groupby("shop").sample(frac=0.5, random_state=0).sort_index()
    model = make_pipeline(LagTransformer(5, lag_unit="time"), GRURegressor(**QUICK))
    with pytest.warns(IncompleteWindowsWarning) as caught:
        fit_batches(model, by_series(gaps, y.loc[gaps.index], [0], [1]))
    assert [w.category for w in caught].count(IncompleteWindowsWarning) == 2


def test_pieces_that_are_gone_when_they_are_read_again_are_missed():
    read_once = iter([(X, Y)])
    net = GRURegressor(max_epochs=2, early_stopping=False)
    with pytest.raises(ValueError, match=r"^pieces is empty, or cannot be read again; .*a new"):
        fit_batches(net, lambda: read_once)
    read_once = iter([(X, Y)])
    with pytest.raises(ValueError, match=r"^validation_data is empty, or cannot"):
        fit_batches(
            net.set_params(early_stopping=True), [(X, Y)], validation_data=lambda: read_once
        )
    pieces = [(X, Y), (X, Y)]

    def shrinking():
        yield from pieces.copy()
        del pieces[1:]

    with pytest.raises(ValueError, match=r"^pieces ended after 1 pieces, but had more before"):
        fit_batches(net.set_params(early_stopping=False), shrinking)
    assert not hasattr(net, "net_")
