"""The state of a training run: when it stops, and that a run goes on from a copy of it."""

import io
from dataclasses import fields

import numpy as np
import pytest
import torch

from sklearn_rnn._modules.mlp import Dense
from sklearn_rnn._modules.recurrent import Recurrent
from sklearn_rnn._training.batches import Examples
from sklearn_rnn._training.config import TrainingConfig
from sklearn_rnn._training.flat_parameters import new_vector, parameters_as_views
from sklearn_rnn._training.loop import Trainer
from sklearn_rnn._training.losses import SquaredError
from sklearn_rnn._training.optimizers import OPTIMIZERS
from sklearn_rnn._training.state import TrainingState, still_improving

X = torch.randn(60, 5, 2, generator=torch.Generator().manual_seed(0))
Y = X[:, -1, :1] * X[:, -2, 1:] + X[:, 0, :1]


def configuration(**changes):
    names = dict.fromkeys(field.name for field in fields(TrainingConfig))
    options = {"optimizer": "adam", "learning_rate": 0.01, "lr_schedule": "constant"}
    options |= {"max_epochs": 8, "batch_size": 16, "alpha": 0.01, "l1_ratio": 0.0, "tol": 0.0}
    options |= {"penalty": "elasticnet", "early_stopping": False, "patience": 3, "shuffle": True}
    options |= {"mixed": False, "n_channels": 2, "n_outputs": 1, "n_members": 1, "callbacks": []}
    return TrainingConfig(**{**names, **options, **changes})


def begun(config, *, recurrent=False, seed=0):
    """Return a new module and the state in which its training begins."""
    kind, sizes = Dense, {"hidden_layer_sizes": (4,)}
    if recurrent:
        kind, sizes = Recurrent, {"cell": "lstm", "hidden_size": 4}
    module = kind(2, 5, 1, dropout=0.2, generator=torch.Generator().manual_seed(seed), **sizes)
    optimizer, options = OPTIMIZERS[config.optimizer]
    vector = new_vector(module)
    return module, TrainingState.begin(optimizer([vector], **options), config, seed)


def examples(rows):
    return Examples.of(X, Y, np.ones(len(X)), rows)


TRAIN, VALID = examples(np.arange(40)), examples(np.arange(40, 60))


def run(module, state, config, *, saved=None, n_epochs=8):
    """Train from a saved state, if any, up to an epoch; return losses and the state then."""
    losses = []
    with parameters_as_views(state.vector, module):
        trainer = Trainer(module, SquaredError(), config, state)
        if saved is None:
            trainer.start(TRAIN, VALID)
        else:
            state.load_state_dict(saved)
        while state.epoch < n_epochs:
            losses.append(trainer.step(TRAIN, VALID))
        return losses, state.state_dict()


def through_a_file(saved):
    file = io.BytesIO()
    torch.save(saved, file)
    file.seek(0)
    return torch.load(file, weights_only=True)


def assert_equal_states(one, other):
    assert type(one) is type(other)
    if isinstance(one, torch.Tensor):
        assert torch.equal(one, other)
    elif isinstance(one, dict):
        assert one.keys() == other.keys()
        for key, value in one.items():
            assert_equal_states(value, other[key])
    elif isinstance(one, list | tuple):
        assert len(one) == len(other)
        for pair in zip(one, other, strict=True):
            assert_equal_states(*pair)
    else:
        assert one == other


@pytest.mark.parametrize("recurrent", [False, True])
@pytest.mark.parametrize(
    "changes",
    [
        *({"optimizer": name} for name in OPTIMIZERS),
        {"optimizer": "lbfgs", "l1_ratio": 0.5, "batch_size": 40},
        {"l1_ratio": 0.5},
        {"early_stopping": True},
        {"lr_schedule": "onecycle"},
        {"lr_schedule": "plateau", "patience": 2, "tol": 0.5},
        {"augmentation": {"jitter": 0.1}},
    ],
    ids=str,
)
def test_a_run_goes_on_from_a_saved_state_as_if_it_had_not_stopped(changes, recurrent):
    config = configuration(**changes)
    losses, end = run(*begun(config, recurrent=recurrent), config)
    first, saved = run(*begun(config, recurrent=recurrent), config, n_epochs=3)
    other = begun(config, recurrent=recurrent, seed=1)  # of other weights and other draws
    rest, resumed_end = run(*other, config, saved=through_a_file(saved))
    assert first + rest == losses
    assert_equal_states(resumed_end, end)


def test_training_waits_three_times_as_long_while_nothing_is_learned():
    config = configuration(early_stopping=True, patience=2, tol=0.1)
    worse = {"train_loss": 0.5, "valid_loss": 0.5}

    def epochs(flat):
        """Return how many epochs a run takes that begins with so many flat ones."""
        _, state = begun(config)
        state.record(worse, config, is_flat=True)
        while not state.stopped:
            state.epoch += 1
            state.record(worse, config, is_flat=state.epoch <= flat)
        return state.epoch

    assert [epochs(flat) for flat in (0, 1, 3, 9)] == [2, 3, 5, 6]


def test_an_epoch_whose_zeros_have_not_settled_is_never_the_best():
    config = configuration(early_stopping=True, patience=2, tol=0.0)
    _, state = begun(config)
    lucky = {"train_loss": 9.0, "valid_loss": 0.1}
    for epoch in range(4):  # longer than `patience`, as the training loss falls
        state.record({**lucky, "train_loss": 9.0 - epoch}, config, is_settled=False)
        assert (state.stopped, state.best, state.improved["valid_loss"]) == (False, None, False)
    state.record({"train_loss": 0.4, "valid_loss": 0.5}, config)
    best = state.best
    assert best is not None
    assert (state.improved["valid_loss"], state.n_misses) == (True, 0)
    state.record(lucky, config, is_settled=False)
    assert state.best is best
    assert state.lowest["valid_loss"] == 0.5


@pytest.mark.parametrize("l1_ratio", [0.0, 0.5])
@pytest.mark.parametrize("early_stopping", [False, True])
def test_only_a_net_that_could_learn_and_has_not_is_waited_for(early_stopping, l1_ratio):
    """A penalty that makes weights zero may rightly ask for a constant."""
    flat = {"learning_rate": 1e-9, "alpha": 1e-6, "early_stopping": early_stopping, "tol": 9.0}
    config = configuration(**flat, l1_ratio=l1_ratio)
    module, state = begun(config)
    with parameters_as_views(state.vector, module):
        trainer = Trainer(module, SquaredError(), config, state)
        for _ in range(3):
            trainer.step(TRAIN, VALID)
    waited = early_stopping and not l1_ratio
    assert (state.n_flat > 0, state.n_misses > 0) == (waited, not waited)


def test_the_step_size_of_proximal_lbfgs_goes_on_after_it_was_halved():
    config = configuration(optimizer="lbfgs", l1_ratio=0.5, batch_size=40)
    sizes = []
    for seed, saved in ((0, None), (1, {})):
        module, state = begun(config, seed=seed)
        with parameters_as_views(state.vector, module):
            trainer = Trainer(module, SquaredError(), config, state)
            if saved is None:
                trainer.step(TRAIN)
                state.proximal.size /= 2  # as a step does that finds no descent
                halved = through_a_file(state.state_dict())
            else:
                state.load_state_dict(halved)
        sizes.append(state.proximal.size)
    assert sizes[0] == sizes[1]


@pytest.mark.parametrize(
    ("losses", "patience", "epoch"),
    [
        ([3, 2, 1, 0], 2, None),
        ([3, 2, 2, 2, 2], 2, 3),
        ([3, 2, 2, 1, 1, 1], 2, 5),
        ([3, 2, 2.5, 2.4, 1], 3, None),  # what counts is the lowest so far
        ([3, 2, 2.5, 2.4, 2.3], 3, 4),
        ([3, 2.95, 2.9, 2.85], 3, 3),  # less than tol is no improvement, three times or not
        ([3, 3], 1, 1),
        ([float("nan")] * 3, 2, 1),
    ],
)
def test_a_run_stops_after_patience_epochs_without_an_improvement_by_tol(losses, patience, epoch):
    config = configuration(patience=patience, tol=0.1)
    state, stopped = begun(config)[1], []
    for loss in losses:
        state.record({"train_loss": loss}, config)
        stopped.append(state.stopped)
    assert (stopped.index(True) if True in stopped else None) == epoch


@pytest.mark.parametrize(
    ("losses", "expected"),
    [
        ([9.0, 8.0, 7.0], True),  # too short to tell
        ([9.0, 8.0, 7.0, 6.0, 5.0], True),
        ([9.0, 9.0, 9.0, 9.0, 9.0], False),
        ([9.0, 8.9, 8.8, 8.75, 8.72], False),  # 0.18 in three epochs at a tol of 0.1
        ([9.0, 8.9, 8.8, 8.7, 8.5], True),
        ([5.0, 4.0, 9.0, 9.0, 9.0], False),  # it got worse
    ],
)
def test_a_fit_still_improves_if_it_gained_tol_an_epoch_of_late(losses, expected):
    assert still_improving(losses, patience=3, tol=0.1) is expected
