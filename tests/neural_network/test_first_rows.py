"""Scales that are learned over the first calls of `partial_fit`."""

import pickle

import numpy as np
import pytest
from skorch.callbacks import Callback

from sklearn_rnn import DenseRegressor, GRUClassifier, GRURegressor, LagTransformer
from sklearn_rnn.neural_network._first_rows import N_FIRST

RNG = np.random.default_rng(0)
X = RNG.normal(50, 10, size=(300, 4, 2))
Y = 100 + 3 * X[:, -1, 0] - 2 * X[:, -2, 1]
HOLES = np.where(RNG.random(X.shape) < 0.1, np.nan, X)
COUNTS = np.random.default_rng(0).poisson(np.exp(X[:, -1, 0] / 20))
COUNTS[:3] = 0
LISTS = [x[: 1 + i % 4] for i, x in enumerate(X)]
LAST = {"standardize": "last", "target_channel": 0}
every_net = pytest.mark.parametrize("cls", [DenseRegressor, GRURegressor], ids=lambda c: c.__name__)


def in_parts(net, X, y, sizes, **how):
    start = 0
    for size in sizes:
        net.partial_fit(X[start : start + size], y[start : start + size], **how)
        start += size
    return net


def assert_scales_of(net, X, y):
    """Assert that the scales are those of a fit to X and y."""
    short = {"max_epochs": 1, "lr_schedule": "cosine", "early_stopping": False}
    parameters = {**net.get_params(), **short}
    other = type(net)(**parameters).fit(X, y)
    for found, expected in zip(scales_of(net), scales_of(other), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-12)
    for member in getattr(net, "members_", ()):
        assert member._reader.scale is net.channel_scale_
        units = (getattr(m.net_.criterion_, "unit", None) for m in (member, net))
        assert next(units) == next(units)


def scales_of(net):
    """Return all that a net has learned of its data, apart from weights."""
    scales = [net.channel_scale_]
    if hasattr(net, "target_scale_"):
        scales.append(net.target_scale_)
    if net._reader.scaling is not None:
        scales += [net._reader.scaling.channels, net._reader.scaling.remainder]
    found = [getattr(scale, part) for scale in scales for part in ("mean", "scale")]
    unit = getattr(net._encoder, "unit", None)
    return [*found, getattr(net.net_.criterion_, "unit", 1.0), 1.0 if unit is None else unit]


@every_net
@pytest.mark.parametrize("sizes", [[1] * 3, [1] * N_FIRST, [1] * 150, [30, 80, 50], [1, 299]])
def test_the_scales_are_those_of_the_first_rows(cls, sizes):
    net = in_parts(cls(random_state=0), X, Y, sizes)
    ends = np.cumsum(sizes)
    n = next((end for end in ends if end >= N_FIRST), ends[-1])
    assert_scales_of(net, X[:n], Y[:n])


@pytest.mark.parametrize("data", [HOLES, LISTS, LagTransformer(3).fit_transform(X[:, 0])[3:]])
@pytest.mark.parametrize("parameters", [{}, {"n_members": 2}, {"standardize": False}], ids=str)
def test_any_sequences_have_the_scales_of_all(data, parameters):
    net = in_parts(GRURegressor(random_state=0, **parameters), data, Y, [8, 1, 5])
    assert_scales_of(net, data[:14], Y[:14])


def test_steps_and_classes():
    steps = in_parts(GRURegressor(return_sequences=True, random_state=0), X, X[:, :, 0], [3, 4])
    assert_scales_of(steps, X[:7], X[:7, :, 0])
    labels = Y > 150
    net = in_parts(GRUClassifier(random_state=0), X, labels, [1] * 9, classes=[False, True])
    assert_scales_of(net, X[:9], labels[:9])


@every_net
@pytest.mark.parametrize("sizes", [[1] * 5, [60, 50, 50], [1, 299]], ids=str)
@pytest.mark.parametrize(
    "parameters",
    [
        {"standardize": "window", "target_channel": 0},
        LAST,
        {"loss": "poisson"},
        {"loss": "poisson", "standardize": False},
        {"loss": "negative_binomial"},
        {"loss": "negative_binomial", "n_members": 2},
        {"loss": "huber", "standardize": "window", "target_channel": 0, "n_members": 2},
        {"loss": "normal"},
        {"loss": "quantile", "quantile": [0.1, 0.5, 0.9]},
    ],
    ids=str,
)
def test_scales_of_windows_and_of_any_loss_follow(cls, parameters, sizes):
    y = COUNTS if parameters.get("loss") in ("poisson", "negative_binomial") else Y
    net = in_parts(cls(random_state=0, **parameters), X, y, sizes)
    n = next((end for end in np.cumsum(sizes) if end >= N_FIRST), np.sum(sizes))
    assert_scales_of(net, X[:n], y[:n])
    assert np.isfinite(net.predict(X)).all()


@pytest.mark.parametrize("step", [1, 3])
@pytest.mark.parametrize("standardize", [True, "window", "last"])
def test_windows_are_kept_without_the_table_that_they_are_of(step, standardize):
    windows = LagTransformer(3, step=step).fit_transform(X.reshape(-1, 2))[9:]
    y = windows[:, -1, 0] + 1
    net = GRURegressor(standardize=standardize, target_channel=0, random_state=0)
    if standardize is True:
        net.set_params(target_channel=None)
    in_parts(net, windows, y, [1, 5, 3])
    assert_scales_of(net, windows[:9], y[:9])
    assert len(net._first_rows.sequences.rows) == 9 * 3
    in_parts(net, windows[9:], y[9:], [1000])
    assert_scales_of(net, windows[:1009], y[:1009])
    assert not hasattr(net, "_first_rows")


def test_padded_arrays_are_lists():
    padded = np.full((300, 5, 2), np.nan)
    for i, x in enumerate(LISTS):
        padded[i, : len(x)] = x
    for data in (padded, LISTS):
        for standardize in (True, "window"):
            channel = None if standardize is True else 1
            net = GRURegressor(standardize=standardize, target_channel=channel, random_state=0)
            assert_scales_of(in_parts(net, data, Y, [3, 1, 8]), data[:12], Y[:12])
    by_step = [x[:, 0] for x in LISTS]
    net = GRURegressor(return_sequences=True, random_state=0)
    assert_scales_of(in_parts(net, LISTS, by_step, [1, 1, 8]), LISTS[:10], by_step[:10])


def test_targets_of_tokens_follow():
    tokens = RNG.integers(2, 9, size=(300, 5))
    net = GRURegressor(vocabulary_size=9, random_state=0)
    in_parts(net, tokens, Y, [1, 1, 8])
    other = GRURegressor(vocabulary_size=9, max_epochs=1, lr_schedule="cosine")
    expected = other.fit(tokens[:10], Y[:10]).target_scale_
    np.testing.assert_allclose(net.target_scale_.mean, expected.mean)
    np.testing.assert_allclose(net.target_scale_.scale, expected.scale)


def test_counts_that_are_all_zero_have_no_unit_yet():
    net = GRURegressor(loss="poisson", random_state=0)
    in_parts(net, X, np.zeros(300), [1] * 3)
    assert net.target_scale_.scale == 1.0
    with pytest.raises(ValueError, match="needs y to have a positive mean"):
        net.fit(X, np.zeros(300))


def test_first_labels_may_be_of_one_class():
    labels = np.array(["a", "b"])[(Y > 150).astype(int)]
    for data in (X, LISTS):
        net = GRUClassifier(random_state=0, standardize="window" if data is X else True)
        in_parts(net, data, labels, [1] * 9, classes=["a", "b"])
        assert_scales_of(net, data[:9], labels[:9])


@every_net
def test_once_they_are_settled_only_training_changes_predictions(cls):
    net = in_parts(cls(random_state=0, learning_rate=1e-30), X, Y, [N_FIRST - 1])
    moving = net.predict(X)
    settled = net.partial_fit(X[-1:], Y[-1:]).predict(X)
    assert not np.allclose(moving, settled)
    np.testing.assert_array_equal(net.partial_fit(1e3 * X, Y - 1e3).predict(X), settled)


def test_what_fit_has_learned_is_settled():
    short = {"max_epochs": 2, "lr_schedule": "cosine"}
    net = GRURegressor(warm_start=True, **short).fit(X[:5], Y[:5]).partial_fit(X[5:], Y[5:])
    assert_scales_of(net, X[:5], Y[:5])
    net = GRURegressor(**short).partial_fit(X[:5], Y[:5])
    net.fit(X[:6], Y[:6]).partial_fit(X, Y)
    assert_scales_of(net, X[:6], Y[:6])


@pytest.mark.parametrize("n_members", [1, 2])
@pytest.mark.parametrize("parameters", [{}, LAST, {"loss": "negative_binomial"}], ids=str)
def test_a_pickle_goes_on_with_the_same_bits(n_members, parameters):
    y = COUNTS if "loss" in parameters else Y
    net = GRURegressor(random_state=0, n_members=n_members, **parameters)
    in_parts(net, X, y, [1] * 5)
    copied = in_parts(pickle.loads(pickle.dumps(net)), X[5:], y[5:], [1] * 5)
    np.testing.assert_array_equal(
        copied.predict(X), in_parts(net, X[5:], y[5:], [1] * 5).predict(X)
    )
    settled = GRURegressor(random_state=0).partial_fit(X, Y)
    assert not hasattr(settled, "_first_rows")


class Fails(Callback):
    def on_epoch_end(self, net, **_):
        raise RuntimeError("it fails")


@pytest.mark.parametrize("n_members", [1, 2])
@pytest.mark.parametrize("loss", ["squared_error", "negative_binomial"])
def test_an_error_leaves_the_scales_as_they_were(n_members, loss):
    y = Y if loss == "squared_error" else COUNTS + 1
    net = in_parts(GRURegressor(random_state=0, loss=loss, n_members=n_members), X, y, [2, 1])
    before, scales = net.predict(X), scales_of(net)
    with pytest.raises(RuntimeError, match="it fails"):
        net.set_params(callbacks=lambda: [Fails()]).partial_fit(X[9:], y[9:])
    np.testing.assert_array_equal(net.predict(X), before)
    for found, expected in zip(scales_of(net), scales, strict=True):
        np.testing.assert_array_equal(found, expected)
    net.set_params(callbacks=None).partial_fit(X[3:5], y[3:5])
    assert_scales_of(net, X[:5], y[:5])


def test_a_stream_of_single_rows_is_learned():
    net = in_parts(GRURegressor(random_state=0, learning_rate=0.01), X, Y, [1] * 250)
    assert net.score(X[250:], Y[250:]) > 0.8  # 0.3 with the scales of the first row


@pytest.mark.parametrize("parameters", [LAST, {"loss": "poisson"}], ids=str)
def test_a_stream_of_single_rows_is_learned_by_window_and_with_a_log_link(parameters):
    y = Y - Y.min() + 1
    net = GRURegressor(random_state=0, learning_rate=0.01, **parameters)
    in_parts(net, X, y, [1] * 250)
    assert net.score(X[250:], y[250:]) > 0.5
