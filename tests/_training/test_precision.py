"""Products in bfloat16, weights in single precision."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_array_equal

from sklearn_rnn import (
    DenseRegressor,
    HierarchicalAttentionClassifier,
    LagTransformer,
    LSTMRegressor,
    TCNRegressor,
)
from tests.nets import NETS

FIT = {"lr_schedule": "cosine", "max_epochs": 3, "random_state": 0}


def data():
    X = np.random.default_rng(0).normal(size=(200, 13, 2))
    return X, X[:, -1, 0] + X[:, -2, 1]


@pytest.mark.parametrize("net", NETS)
def test_every_net_trains_and_predicts_nearly_as_in_single_precision(net):
    X, y = data()
    y = y > 0 if net.__name__.endswith("Classifier") else y
    half, single = (net(dtype=dtype, **FIT).fit(X, y) for dtype in ("bfloat16", "float32"))
    assert {p.dtype for p in half.net_.module_.parameters()} == {torch.float32}
    np.testing.assert_allclose(half.loss_curve_, single.loss_curve_, rtol=0.02)
    what = "predict_proba" if hasattr(net, "predict_proba") else "predict"
    raw_output, expected = getattr(half, what)(X), getattr(single, what)(X)
    assert raw_output.dtype == expected.dtype
    np.testing.assert_allclose(raw_output, expected, atol=0.1)


@pytest.mark.parametrize("net", [DenseRegressor, TCNRegressor, LSTMRegressor])
def test_windows_that_share_rows_are_predicted_nearly_as_copies_of_them(net):
    rows = np.random.default_rng(0).normal(size=(200, 2))
    windows, y = LagTransformer(13).fit_transform(rows)[13:], rows[13:, 0]
    half = net(dtype="bfloat16", **FIT).fit(windows, y)
    np.testing.assert_allclose(half.predict(windows), half.predict(np.array(windows)), atol=0.05)


@pytest.mark.parametrize("net", [DenseRegressor, TCNRegressor])
def test_products_are_in_bfloat16(net):
    X, y = data()
    model = net(dtype="bfloat16", **FIT).fit(X, y)
    seen = set()
    parts = dict(model.net_.module_.named_modules())
    inner = "blocks.0.conv1" if net is TCNRegressor else next(n for n in parts if "." in n)
    for name in (inner, "head.linear"):
        parts[name].register_forward_hook(lambda m, x, out, name=name: seen.add((name, out.dtype)))
    model.predict(X)
    model.set_params(warm_start=True).fit(X, y)
    assert seen == {(inner, torch.bfloat16), ("head.linear", torch.float32)}


def test_documents_in_bfloat16():
    documents, labels = [[[1, 2, 3], [4, 5]], [[2, 3], [1]]] * 20, [0, 1] * 20
    net = HierarchicalAttentionClassifier(dtype="bfloat16", **FIT).fit(documents, labels)
    assert net.predict_proba(documents).shape == (40, 2)
    assert len(net.word_attention_weights(documents)) == 40


def test_sequences_of_different_length_and_targets_of_steps():
    X, _ = data()
    sequences = [x[: 3 + i % 9] for i, x in enumerate(X)]
    targets = [x[:, 0] for x in sequences]
    model = LSTMRegressor(dtype="bfloat16", return_sequences=True, **FIT).fit(sequences, targets)
    assert [len(p) for p in model.predict(sequences)] == [len(x) for x in sequences]


def test_a_warm_start_keeps_the_precision():
    X, y = data()
    model = DenseRegressor(dtype="bfloat16", warm_start=True, **FIT).fit(X, y)
    model.fit(X, y)
    assert model.net_.config.mixed
    with pytest.raises(ValueError, match="dtype"):
        model.set_params(dtype="float32").fit(X, y)


def test_the_same_seed_gives_the_same_bits():
    X, y = data()
    curves = [TCNRegressor(dtype="bfloat16", **FIT).fit(X, y).loss_curve_ for _ in range(2)]
    assert_array_equal(*curves)
