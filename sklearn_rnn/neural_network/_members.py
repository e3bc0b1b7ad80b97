"""Several networks in one estimator: the same data and parameters, each its own seed."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from copy import copy
from typing import Any, NamedTuple

import numpy as np
from sklearn.utils import check_random_state

from sklearn_rnn._modules.kernels.threads import run_side_by_side
from sklearn_rnn._sequences.training_data import Data
from sklearn_rnn._training.batches import Examples
from sklearn_rnn._training.config import TrainingConfig
from sklearn_rnn._training.linear_skip import epochs_with_linear
from sklearn_rnn._training.skorch_net import SequenceNet

MAX_SEED = np.iinfo(np.int32).max
"""One more than the largest seed of a network or a member."""

OF_FIRST = ("_reader", "_encoder", "channel_scale_", "missing_channels_", "net_")
"""Attributes that an estimator has from its first member."""


class Run(NamedTuple):
    """What a network is trained with."""

    net: SequenceNet
    train: Examples
    valid: Examples | None
    config: TrainingConfig


def fit_members(
    estimator: Any,
    data: Data,
    given: Data | None,
    *,
    parameters: dict[str, Any],
    continues: bool,
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
    """
    before = list(estimator.members_) if continues else []
    seeds = estimator.member_seeds_ if continues else _drawn_seeds(estimator)
    members = [_single(estimator, seed) for seed in seeds.tolist()]
    for member, old in zip(members, before, strict=False):
        member._reader, member.net_ = old._reader, old.net_.copied()
    alike = not estimator.callbacks and not (given is None and estimator._splits_at_random(data))
    runs: list[Run] = []
    for member in members:
        if runs and alike:
            runs.append(_like_first(member, members[0], runs[0], parameters, continues=continues))
        else:
            run = member._prepare(data, given, parameters=parameters, continues=continues)
            runs.append(Run(*run))
    _train(members, runs, continues=continues)
    for name in OF_FIRST:
        setattr(estimator, name, getattr(members[0], name))
    _summarize(estimator, members)
    estimator.members_, estimator.member_seeds_ = members, seeds


def _drawn_seeds(estimator: Any) -> Any:
    """Return a seed for each member; more members have the same first seeds."""
    rng = check_random_state(estimator.random_state)
    return rng.randint(MAX_SEED, size=estimator.n_members)


def _single(estimator: Any, seed: int) -> Any:
    """Return a copy of an estimator with one network."""
    member = copy(estimator)
    member.n_members, member.random_state = 1, seed
    member._begun_with = {**estimator._begun_with, "n_members": 1}
    return member


def _like_first(
    member: Any, first: Any, run: Run, parameters: dict[str, Any], *, continues: bool
) -> Run:
    """Return the run of a member that reads what the first one reads."""
    if continues:
        return run._replace(net=member.net_)
    for name in OF_FIRST[:-1]:
        setattr(member, name, getattr(first, name))
    seed = int(check_random_state(member.random_state).randint(MAX_SEED))
    return run._replace(net=member._new_net(parameters, run.config, seed))


def _train(members: Sequence[Any], runs: Sequence[Run], *, continues: bool) -> None:
    """Train the members, side by side where each would be trained by one thread of torch."""
    in_turn = bool(runs[0].config.callbacks or runs[0].config.verbose)
    if in_turn or not all(run.net.trains_on_one_thread(run.train, run.config) for run in runs):
        for member, run in zip(members, runs, strict=True):
            member._run(*run, continues=continues)
        return
    linear = members[0].linear_skip and not continues
    run_side_by_side([_epochs(*run, linear=linear) for run in runs])
    for member, run in zip(members, runs, strict=True):
        with run.net.threads(run.train, run.config):
            member._keep(run.net, run.train)


def _epochs(*run: Any, linear: bool) -> Generator[None]:
    """Return the epochs of a run, from a linear model on if there is one."""
    return epochs_with_linear(*run) if linear else SequenceNet.epochs(*run)


def _summarize(estimator: Any, members: Sequence[Any]) -> None:
    """Set the attributes that are about all members together."""
    estimator.n_parameters_ = sum(member.n_parameters_ for member in members)
    estimator.n_iter_ = max(member.n_iter_ for member in members)
    for name in ("loss_curve_", "validation_loss_curve_"):
        curves = [curve for member in members if (curve := getattr(member, name)) is not None]
        setattr(estimator, name, mean_curve(curves) if curves else None)
    if estimator.linear_skip:
        estimator.linear_share_ = float(np.mean([member.linear_share_ for member in members]))


def mean_curve(curves: Sequence[Sequence[float]]) -> list[float]:
    """Return the mean of curves at each epoch; after its end a curve keeps its last value."""
    n_epochs = max(map(len, curves))
    level = [[*curve, *[curve[-1]] * (n_epochs - len(curve))] for curve in curves]
    return [float(mean) for mean in np.mean(level, axis=0)]
