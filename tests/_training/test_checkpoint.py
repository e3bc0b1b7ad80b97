"""The files of a fit: their states, and how much of the time of a fit goes into them."""

import numpy as np
import pytest
import torch

from sklearn_rnn._training import checkpoint
from sklearn_rnn._training.checkpoint import SHARE_OF_TIME, Checkpoint
from tests._training.test_state import assert_equal_states, begun, configuration, run


def trained(n_epochs):
    config = configuration(early_stopping=True)
    module, state = begun(config)
    run(module, state, config, n_epochs=n_epochs)
    return state


def test_a_state_is_found_again_with_its_epochs_and_by_its_seed_alone(tmp_path):
    files, state = Checkpoint(tmp_path / "fit"), trained(3)
    history = [{"epoch": i, "train_loss": 1 / (i + 1), "batches": []} for i in range(5)]
    files.save(7, history, state)
    other, before = begun(configuration(early_stopping=True), seed=1)[1], history[:2]
    assert not Checkpoint(tmp_path / "fit").resume(8, before, other)
    assert not Checkpoint(tmp_path / "other").resume(7, before, other)
    assert Checkpoint(tmp_path / "fit").resume(7, before, other)
    assert_equal_states(other.state_dict(), state.state_dict())
    assert before == history  # three epochs of this run, after two of an earlier one
    files.remove()
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_holds_more_than_values_is_not_loaded(tmp_path):
    files, state = Checkpoint(tmp_path / "fit"), trained(1)
    files.save(0, [{"of": print}], state)
    with pytest.raises(Exception, match=r"weights_only|Weights only"):
        files.resume(0, [], state)


@pytest.mark.parametrize(("epoch", "writing"), [(1.0, 0.01), (0.1, 1.0), (1.0, 1.0)])
def test_at_most_a_twentieth_of_the_time_goes_into_files(tmp_path, monkeypatch, epoch, writing):
    clock, n_written, n_epochs = [0.0], 0, 500

    def write(path, content):
        nonlocal n_written
        clock[0] += writing
        n_written += 1

    monkeypatch.setattr(checkpoint, "write", write)
    monkeypatch.setattr(checkpoint.time, "perf_counter", lambda: clock[0])
    files, state = Checkpoint(tmp_path / "fit"), trained(1)
    for _ in range(n_epochs):
        clock[0] += epoch
        files.save(0, [{}], state)
    assert (n_written - 1) * writing <= SHARE_OF_TIME * clock[0]
    due = writing / SHARE_OF_TIME  # and the epoch that has begun then, and the writing itself
    assert n_written >= clock[0] / (max(due, epoch) + epoch + writing)


def test_networks_are_saved_each_at_its_own_times(tmp_path):
    files, state = Checkpoint(tmp_path / "fit"), trained(1)
    for seed in range(3):
        files.save(seed, [{}], state)
    assert len(list(tmp_path.iterdir())) == 3


def test_saving_draws_nothing_and_changes_nothing(tmp_path):
    state = trained(2)
    before, noise = state.state_dict(), torch.get_rng_state()
    Checkpoint(tmp_path / "fit").save(0, [{}, {}], state)
    assert_equal_states(state.state_dict(), before)
    assert np.array_equal(torch.get_rng_state(), noise)
