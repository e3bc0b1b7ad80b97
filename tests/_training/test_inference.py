"""How many sequences are predicted at once."""

import pytest
import torch

from sklearn_rnn._training.inference import STEPS_PER_CHUNK, chunk_size


@pytest.mark.parametrize("n_steps", [1025, 5000, 16_384])
def test_states_of_long_sequences_are_bounded(n_steps):
    size = chunk_size(torch.empty(1, n_steps, 1), shared=False, in_kernels=True)
    assert size % 16 == 0
    assert STEPS_PER_CHUNK / 2 < size * n_steps <= STEPS_PER_CHUNK


def test_a_chunk_of_the_kernels_is_predicted_however_long_the_sequences():
    assert chunk_size(torch.empty(1, 10**6, 1), shared=False, in_kernels=True) == 16
