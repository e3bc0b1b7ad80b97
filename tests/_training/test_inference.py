"""How many sequences are predicted at once."""

import pytest
import torch

from sklearn_rnn._modules.mlp import Dense
from sklearn_rnn._training.inference import STEPS_PER_CHUNK, chunk_size, raw_outputs


@pytest.mark.parametrize("n_steps", [1025, 5000, 16_384])
def test_states_of_long_sequences_are_bounded(n_steps):
    size = chunk_size(torch.empty(1, n_steps, 1), shared=False, in_kernels=True)
    assert size % 16 == 0
    assert STEPS_PER_CHUNK / 2 < size * n_steps <= STEPS_PER_CHUNK


def test_a_chunk_of_the_kernels_is_predicted_however_long_the_sequences():
    assert chunk_size(torch.empty(1, 10**6, 1), shared=False, in_kernels=True) == 16


@pytest.mark.parametrize("part", ["", "dropout", "head.dropout"])
def test_no_part_of_a_network_predicts_in_training_mode(part):
    net = Dense(2, 3, 1, hidden_layer_sizes=[8], dropout=0.5).eval()
    x = torch.randn(5, 3, 2)
    expected = raw_outputs(net, x)
    net.get_submodule(part).train()
    assert torch.equal(raw_outputs(net, x), expected)
    assert not any(module.training for module in net.modules())


def test_rows_are_predicted_alike_in_one_chunk_and_in_several(monkeypatch):
    net, x = Dense(2, 3, 1, hidden_layer_sizes=[8]).double().eval(), torch.randn(50, 3, 2).double()
    expected = raw_outputs(net, x)
    monkeypatch.setattr("sklearn_rnn._training.inference.chunk_size", lambda *_, **__: 16)
    torch.testing.assert_close(raw_outputs(net, x), expected, rtol=1e-12, atol=1e-12)
