"""What must hold on a GPU too; these tests run where torch finds one."""

import pickle

import numpy as np
import pytest
import torch

from sklearn_rnn import (
    CNNRegressor,
    DenseRegressor,
    GRUClassifier,
    LSTMRegressor,
    RNNRegressor,
    TCNRegressor,
)
from sklearn_rnn._training.batches import Examples
from sklearn_rnn._training.loop import Trainer
from sklearn_rnn._training.tensors import RaggedTensor
from tests.nets import few_epochs
from tests.neural_network.test_checkpoint import interrupt

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="torch finds no GPU")

STEPWISE = [CNNRegressor, GRUClassifier, LSTMRegressor, RNNRegressor, TCNRegressor]
MODELS = [DenseRegressor, *STEPWISE]


def data():
    X = np.random.default_rng(0).normal(size=(300, 8, 2))
    return X, X[:, -1, 0] > X[:, -2, 1]


@pytest.mark.parametrize("model", MODELS)
def test_training_on_the_gpu_gives_nearly_what_it_gives_on_the_cpu(model):
    X, y = data()
    common = {"lr_schedule": "cosine", "max_epochs": 5, "dtype": "float64", "random_state": 0}
    cpu, gpu = (model(device=d, **common).fit(X, y) for d in ("cpu", "cuda"))
    np.testing.assert_allclose(gpu.loss_curve_, cpu.loss_curve_, rtol=1e-5)


@pytest.mark.parametrize("model", MODELS)
def test_auto_takes_the_gpu_and_a_pickle_keeps_its_predictions(model):
    X, y = data()
    fitted = model(lr_schedule="cosine", max_epochs=3, dropout=0.2, random_state=0).fit(X, y)
    assert next(fitted.net_.module_.parameters()).is_cuda
    again = pickle.loads(pickle.dumps(fitted))
    np.testing.assert_array_equal(again.predict(X), fitted.predict(X))


@few_epochs
@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("optimizer", ["adam", "lbfgs"])
def test_exact_zeros_and_the_linear_part_are_the_same_on_the_gpu(model, optimizer):
    X, y = data()
    how = {"penalty": "group", "l1_ratio": 0.8, "alpha": 0.05, "linear_skip": True}
    common = {"max_epochs": 5, "dtype": "float64", "random_state": 0, "optimizer": optimizer}
    common |= {"early_stopping": False, "tol": 0.0}
    cpu, gpu = (model(device=d, **common, **how).fit(X, y) for d in ("cpu", "cuda"))
    np.testing.assert_allclose(gpu.loss_curve_, cpu.loss_curve_, rtol=1e-5)
    np.testing.assert_allclose(gpu.linear_share_, cpu.linear_share_, rtol=1e-4)
    np.testing.assert_array_equal(gpu.selected_channels_, cpu.selected_channels_)


@pytest.mark.parametrize("model", STEPWISE)
def test_sequences_of_different_length_are_read_alike(model):
    X, y = data()
    sequences = [x[: 2 + i % 7] for i, x in enumerate(X[:100])]
    common = {"lr_schedule": "cosine", "max_epochs": 5, "dtype": "float64", "random_state": 0}
    common |= {"pooling": "mean"}
    cpu, gpu = (model(device=d, **common).fit(sequences, y[:100]) for d in ("cpu", "cuda"))
    np.testing.assert_allclose(gpu.loss_curve_, cpu.loss_curve_, rtol=1e-5)
    one_by_one = np.concatenate([gpu.predict([x]) for x in sequences])
    if model is GRUClassifier:
        np.testing.assert_array_equal(one_by_one, gpu.predict(sequences))
    else:
        np.testing.assert_allclose(one_by_one, gpu.predict(sequences), rtol=1e-8)


@pytest.mark.parametrize("model", MODELS)
def test_products_in_bfloat16_train_nearly_as_in_single_precision(model):
    X, y = data()
    common = {"lr_schedule": "cosine", "max_epochs": 5, "random_state": 0}
    half, single = (model(dtype=d, **common).fit(X, y) for d in ("bfloat16", "float32"))
    np.testing.assert_allclose(half.loss_curve_, single.loss_curve_, rtol=0.05)


def test_windows_that_share_rows_are_convolved_once():
    rows = np.random.default_rng(0).normal(size=(300, 2))
    X = np.lib.stride_tricks.sliding_window_view(rows, 13, axis=0).transpose(0, 2, 1)
    common = {"lr_schedule": "cosine", "max_epochs": 5, "dtype": "float64", "random_state": 0}
    cpu, gpu = (TCNRegressor(device=d, **common).fit(X, X[:, -1, 0]) for d in ("cpu", "cuda"))
    np.testing.assert_allclose(gpu.loss_curve_, cpu.loss_curve_, rtol=1e-5)
    np.testing.assert_allclose(gpu.predict(X), cpu.predict(X), rtol=1e-4)


@pytest.mark.parametrize("model", STEPWISE)
def test_rows_that_do_not_fit_come_batch_by_batch(model, monkeypatch):
    X, y = data()
    common = {"lr_schedule": "cosine", "max_epochs": 5, "dtype": "float64", "random_state": 0}
    cpu = model(device="cpu", **common).fit(X, y)
    monkeypatch.setattr("sklearn_rnn._training.tensors.MAX_MEMORY_FRACTION", 0.0)
    gpu = model(device="cuda", **common).fit(X, y)
    np.testing.assert_allclose(gpu.loss_curve_, cpu.loss_curve_, rtol=1e-5)


def unawaited(monkeypatch, owner, name):
    """Let a method fail if it waits for the GPU; return a list that has an entry for each call."""
    method, calls = getattr(owner, name), []

    def watched(self, *args):
        calls.append(name)
        torch.cuda.set_sync_debug_mode("error")
        try:
            return method(self, *args)
        finally:
            torch.cuda.set_sync_debug_mode("default")

    monkeypatch.setattr(owner, name, watched)
    return calls


SHORT = {"lr_schedule": "cosine", "max_epochs": 2, "batch_size": 16, "random_state": 0}


def test_a_step_does_not_wait_for_the_gpu(monkeypatch):
    X, y = data()
    calls = unawaited(monkeypatch, Trainer, "_update")
    for model in MODELS:
        model(**SHORT).fit(X, y)
    assert calls


def test_gathering_does_not_wait_for_the_gpu(monkeypatch):
    X, y = data()
    calls = unawaited(monkeypatch, RaggedTensor, "gather")
    for model in STEPWISE:
        model(**SHORT).fit([x[: 2 + i % 7] for i, x in enumerate(X)], y)
    assert calls
    calls = unawaited(monkeypatch, Examples, "_gather_blocks")
    rows = np.random.default_rng(0).normal(size=(300, 2))
    windows = np.lib.stride_tricks.sliding_window_view(rows, 13, axis=0).transpose(0, 2, 1)
    TCNRegressor(**SHORT).fit(windows, windows[:, -1, 0], np.arange(len(windows)) % 4 > 0)
    assert calls


@few_epochs
@pytest.mark.parametrize("model", MODELS)
def test_an_interrupted_fit_goes_on_where_it_was(model, tmp_path):
    X, y = data()
    net = model(max_epochs=6, early_stopping=True, dropout=0.2, random_state=0)
    expected = net.fit(X, y).loss_curve_
    interrupt(net.set_params(checkpoint=tmp_path), X, y, after=1)
    np.testing.assert_allclose(net.fit(X, y).loss_curve_, expected, rtol=1e-5)
