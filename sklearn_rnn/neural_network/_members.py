"""Several networks in one estimator: the same data and parameters, each its own seed."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import check_random_state

from sklearn_rnn._modules.kernels.layer import is_mostly_native
from sklearn_rnn._modules.kernels.threads import (
    OPERATIONS_WORTH_THREADS,
    one_thread,
    run_side_by_side,
)
from sklearn_rnn._sequences.training_data import Data
from sklearn_rnn._training.batches import Examples
from sklearn_rnn._training.config import TrainingConfig
from sklearn_rnn._training.linear_skip import epochs_with_linear
from sklearn_rnn._training.skorch_net import SequenceNet
from sklearn_rnn.neural_network._fit_tasks import FitTasks
from sklearn_rnn.neural_network._pickling import variant

MAX_SEED = np.iinfo(np.int32).max
"""One more than the largest seed of a network or a member."""

OF_FIRST = ("_reader", "_encoder", "channel_scale_", "missing_channels_", "net_")
"""Attributes that an estimator has from its first member."""

OF_FIT = (
    *("_skl_callbacks", "_skl_callbacks_to_teardown"),
    *("_callback_fit_ctx", "_parent_callback_ctx"),
)
"""Attributes by which scikit-learn's callbacks follow a fit: the members are parts of one."""


class Run(NamedTuple):
    """What a network is trained with, and whether it is built yet."""

    net: SequenceNet
    train: Examples
    valid: Examples | None
    config: TrainingConfig
    is_built: bool = True


def fit_members(
    estimator: Any,
    data: Data,
    given: Data | None,
    *,
    parameters: dict[str, Any],
    continues: bool,
    tasks: FitTasks | None = None,
) -> None:
    """Train all members of an estimator, and set its learned attributes.

    Each is a copy of the estimator with one network and a seed of its own. They share what they
    read of the data, unless they hold out other samples or callbacks may change it.

    Parameters
    ----------
    estimator : estimator
        The estimator, which has read `data`.
    data, given : Data
        The data, and data for validation or None.
    parameters : dict of str to object
        The parameters of the training run.
    continues : bool
        Whether the members are trained further.
    tasks : FitTasks, optional
        The fit as scikit-learn's callbacks see it.
    """
    before = list(estimator.members_) if continues else []
    seeds = estimator.member_seeds_ if continues else _drawn_seeds(estimator)
    members = [_single(estimator, seed) for seed in seeds.tolist()]
    for member, old in zip(members, before, strict=False):
        member._reader, member.net_ = old._reader, old.net_.copied()
    alike = not estimator.callbacks and not (given is None and estimator._splits_at_random(data))
    runs: list[Run] = []
    for member, seed in zip(members, _net_seeds(seeds), strict=True):
        if runs and alike:
            runs.append(_like_first(member, members[0], runs[0], None if continues else seed))
        else:
            run = member._prepare(data, given, parameters=parameters, continues=continues)
            runs.append(Run(*run))
    _train(members, runs, continues=continues, tasks=tasks)
    for name in OF_FIRST:
        setattr(estimator, name, getattr(members[0], name))
    _summarize(estimator, members)
    estimator.members_, estimator.member_seeds_ = members, seeds


def _drawn_seeds(estimator: Any) -> NDArray[np.int64]:
    """Return a seed for each member; more members have the same first seeds."""
    rng = check_random_state(estimator.random_state)
    return np.asarray(rng.randint(MAX_SEED, size=estimator.n_members), dtype=np.int64)


def _single(estimator: Any, seed: int) -> Any:
    """Return a copy of an estimator with one network."""
    begun = {**estimator._begun_with, "n_members": 1}
    member = variant(estimator, {"n_members": 1, "random_state": seed, "_begun_with": begun})
    for name in OF_FIT:
        vars(member).pop(name, None)
    return member


def _net_seeds(seeds: NDArray[np.int64]) -> list[int]:
    """Return the seeds of the networks, which `_prepare` draws first from those of the members."""
    return [int(check_random_state(seed).randint(MAX_SEED)) for seed in seeds.tolist()]


def _like_first(member: Any, first: Any, run: Run, seed: int | None) -> Run:
    """Return the run of a member that reads what the first one reads, of a net yet to be built.

    Without a seed it is that of the member's net.
    """
    if seed is None:
        member.net_.checkpoint_ = run.net.checkpoint_
        return run._replace(net=member.net_)
    for name in OF_FIRST[:-1]:
        setattr(member, name, getattr(first, name))
    return run._replace(net=run.net.sibling(seed), is_built=False)


def _train(
    members: Sequence[Any], runs: Sequence[Run], *, continues: bool, tasks: FitTasks | None
) -> None:
    """Train the members, side by side where each would be trained by one thread of torch."""
    config = runs[0].config
    different = {id(run.train): run for run in runs}.values()
    observed = tasks is not None or config.callbacks or config.verbose
    if observed or not all(map(_needs_one_thread, different)):
        for member, run in zip(members, runs, strict=True):
            net = run.net if run.is_built else run.net.build()
            member._run(net, *run[1:4], continues=continues, tasks=tasks)
        return
    linear = members[0].linear_skip and not continues
    run_side_by_side([_epochs(run, linear=linear) for run in runs])
    with one_thread():
        for member, run in zip(members, runs, strict=True):
            member._keep(run.net, run.train)


def _needs_one_thread(run: Run) -> bool:
    """Return whether torch has one thread in a single fit; kernels may have more.

    The results of kernels do not depend on their number of threads, those of torch do.
    """
    small = run.net.operations(run.train, run.config) < OPERATIONS_WORTH_THREADS
    return run.config.device == "cpu" and (small or is_mostly_native(run.net.module_))


def _epochs(run: Run, *, linear: bool) -> Generator[None]:
    """Train a network, an epoch at each step, from a linear model on if there is one."""
    net = run.net if run.is_built else run.net.build()
    train = epochs_with_linear if linear else SequenceNet.epochs
    yield from train(net, run.train, run.valid, run.config)


def _summarize(estimator: Any, members: Sequence[Any]) -> None:
    """Set the attributes that are about all members together."""
    estimator.n_parameters_ = sum(member.n_parameters_ for member in members)
    estimator.n_iter_ = max(member.n_iter_ for member in members)
    for name in ("loss_curve_", "penalty_curve_", "validation_loss_curve_"):
        curves = [curve for member in members if (curve := getattr(member, name)) is not None]
        setattr(estimator, name, mean_curve(curves) if curves else None)
    if estimator.linear_skip:
        estimator.linear_share_ = float(np.mean([member.linear_share_ for member in members]))


def mean_curve(curves: Sequence[Sequence[float]]) -> list[float]:
    """Return the mean of curves at each epoch; after its end a curve keeps its last value."""
    n_epochs = max(map(len, curves))
    level = [[*curve, *[curve[-1]] * (n_epochs - len(curve))] for curve in curves]
    return [float(mean) for mean in np.mean(level, axis=0)]
