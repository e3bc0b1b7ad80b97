"""Allocations that would not fit are refused before they are made."""

import math
from pathlib import Path

import numpy as np
import pytest
import torch

from sklearn_rnn import (
    DenseRegressor,
    GRURegressor,
    LagElasticNetCV,
    LagLogistic,
    LagRidge,
    LagTransformer,
    LSTMRegressor,
    TCNRegressor,
)
from sklearn_rnn._modules import memory
from sklearn_rnn._modules.memory import CheckedParameters, available, check_memory
from tests.nets import needs_library

X, Y = np.random.default_rng(0).normal(size=(40, 50, 2)), np.arange(40.0)


def limit(monkeypatch, n_bytes):
    """Let so many bytes be available, and ask for each allocation."""
    monkeypatch.setattr(memory, "available", lambda: n_bytes)
    for name in ("_modules.memory", "_modules.kernels.training", "_training.config"):
        monkeypatch.setattr(f"sklearn_rnn.{name}.LARGE", 0)


@pytest.mark.skipif(not memory.MEMORY.exists(), reason="only Linux tells what is available")
def test_what_is_available_is_less_than_the_machine_has():
    total = int(memory.MEMORY.read_text().split()[1]) * 1024
    assert 0 < available() < total


def test_nothing_is_refused_where_it_is_not_known_what_is_available(monkeypatch, tmp_path):
    monkeypatch.setattr(memory, "MEMORY", tmp_path / "none")
    assert available() == math.inf
    check_memory(2**60, "anything")


@pytest.mark.parametrize(
    ("line", "folder", "names"),
    [
        ("0::/box/inner", ".", ("memory.max", "memory.current")),
        ("4:memory:/box/inner", "memory", ("memory.limit_in_bytes", "memory.usage_in_bytes")),
    ],
)
def test_the_least_of_all_control_groups_counts(line, folder, names, tmp_path, monkeypatch):
    known, root = tmp_path / "cgroup", tmp_path / "fs"
    known.write_text(f"9:name=systemd:/\n{line}\n")
    box = root / folder / "box"
    (box / "inner").mkdir(parents=True)
    for group, values in ((box, (900, 500)), (box / "inner", ("max", 100))):
        for name, value in zip(names, values, strict=True):
            (group / name).write_text(f"{value}\n")
        (group / "memory.stat").write_text("anon 400\ninactive_file 60\n")
    monkeypatch.setattr(memory, "GROUPS", (known, root))
    monkeypatch.setattr(memory, "MEMORY", tmp_path / "meminfo")
    Path(memory.MEMORY).write_text("MemTotal: 2000 kB\nMemAvailable: 1000 kB\n")
    assert available() == 900 - 500 + 60


def test_parameters_count_with_all_that_training_keeps_of_them(monkeypatch):
    limit(monkeypatch, 100 * 16)
    with CheckedParameters(16):
        torch.nn.Linear(9, 10)  # and 10 biases
    with CheckedParameters(16):
        torch.empty(50, 2)
        torch.empty(10, 10, device="meta")
        with pytest.raises(MemoryError, match=r"^cannot allocate 1616 bytes"):
            torch.empty((1,))


@pytest.mark.parametrize(
    "model", [GRURegressor(), LSTMRegressor(), TCNRegressor(), DenseRegressor()], ids=repr
)
def test_a_network_that_does_not_fit_is_not_made(model, monkeypatch):
    limit(monkeypatch, 1000)
    before = dict(vars(model))
    named = r"asks for \d+ bytes for weights, their gradients and the state of the optimizer, which"
    with pytest.raises(MemoryError, match=rf"^{type(model).__name__} {named} .* lower one of \w+="):
        model.fit(X, Y)
    assert vars(model) == before


def test_only_sizes_that_can_be_lowered_are_named(monkeypatch):
    limit(monkeypatch, 1000)
    with pytest.raises(MemoryError) as caught:
        GRURegressor().fit(X, Y)
    assert "lower one of hidden_size=32, batch_size='auto'." in str(caught.value)


def test_a_linear_model_of_too_many_columns_is_refused(monkeypatch):
    limit(monkeypatch, 1000)
    for model in (LagRidge(), LagElasticNetCV(cv=2), LagLogistic()):
        y = Y > 20 if isinstance(model, LagLogistic) else Y
        with pytest.raises(MemoryError, match=r"80000 bytes for the Gram matrix of 100 columns"):
            model.fit(X, y)


@needs_library
@pytest.mark.parametrize(
    ("model", "what"),
    [
        (LSTMRegressor(), r"gradients, and states of 50 steps in each thread"),
        (LSTMRegressor(pooling="max"), r"the states of 40 sequences at all steps"),
    ],
    ids=str,
)
def test_states_that_do_not_fit_are_refused_before_training(model, what, monkeypatch):
    limit(monkeypatch, 300_000)  # enough for the weights
    before = dict(vars(model))
    with pytest.raises(MemoryError, match=rf"asks for \d+ bytes for {what}, .* hidden_size=32, "):
        model.fit(X, Y)
    assert vars(model) == before


def test_windows_are_written_out_only_if_they_fit(monkeypatch):
    limit(monkeypatch, 1000)
    lags = LagTransformer(5, flatten=True)
    with pytest.raises(MemoryError, match=r"^flatten=True writes out n_lags=5 lags of 2 channels"):
        lags.fit_transform(X[0])
