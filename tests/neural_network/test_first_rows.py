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
LISTS = [x[: 1 + i % 4] for i, x in enumerate(X)]
every_net = pytest.mark.parametrize("cls", [DenseRegressor, GRURegressor], ids=lambda c: c.__name__)


def in_parts(net, X, y, sizes, **how):
    start = 0
    for size in sizes:
        net.partial_fit(X[start : start + size], y[start : start + size], **how)
        start += size
    return net


def assert_scales_of(net, X, y):
    """Assert that the scales are those of a fit to X and y."""
    parameters = {**net.get_params(), "max_epochs": 1, "lr_schedule": "cosine"}
    other = type(net)(**parameters).fit(X, y)
    for name in ("channel_scale_", "target_scale_")[: 1 + hasattr(net, "target_scale_")]:
        for part in ("mean", "scale"):
            found, expected = (getattr(getattr(n, name), part) for n in (net, other))
            np.testing.assert_array_equal(found, expected)
    for member in getattr(net, "members_", ()):
        assert member._reader.scale is net.channel_scale_


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
def test_a_pickle_goes_on_with_the_same_bits(n_members):
    net = in_parts(GRURegressor(random_state=0, n_members=n_members), X, Y, [1] * 5)
    copied = in_parts(pickle.loads(pickle.dumps(net)), X[5:], Y[5:], [1] * 5)
    np.testing.assert_array_equal(
        copied.predict(X), in_parts(net, X[5:], Y[5:], [1] * 5).predict(X)
    )
    settled = GRURegressor(random_state=0).partial_fit(X, Y)
    assert not hasattr(settled, "_first_rows")


class Fails(Callback):
    def on_epoch_end(self, net, **_):
        raise RuntimeError("it fails")


@pytest.mark.parametrize("n_members", [1, 2])
def test_an_error_leaves_the_scales_as_they_were(n_members):
    net = in_parts(GRURegressor(random_state=0, n_members=n_members), X, Y, [2, 1])
    before = net.predict(X)
    with pytest.raises(RuntimeError, match="it fails"):
        net.set_params(callbacks=lambda: [Fails()]).partial_fit(X[9:], Y[9:])
    np.testing.assert_array_equal(net.predict(X), before)
    net.set_params(callbacks=None).partial_fit(X[3:5], Y[3:5])
    assert_scales_of(net, X[:5], Y[:5])


def test_a_stream_of_single_rows_is_learned():
    net = in_parts(GRURegressor(random_state=0, learning_rate=0.01), X, Y, [1] * 250)
    assert net.score(X[250:], Y[250:]) > 0.8  # 0.3 with the scales of the first row
