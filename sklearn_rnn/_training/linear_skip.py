"""Training of a network with a linear model beside it: from the linear model on, and back to it."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace

from sklearn_rnn._modules.linear_skip import LinearSkip
from sklearn_rnn._training.batches import Examples
from sklearn_rnn._training.config import TrainingConfig
from sklearn_rnn._training.linear_init import (
    ALONE,
    Start,
    alone,
    combine_with_start,
    start_at,
    start_linear,
)
from sklearn_rnn._training.skorch_net import SequenceNet, build_net


def epochs_with_linear(
    net: SequenceNet, train: Examples, valid: Examples | None, config: TrainingConfig
) -> Generator[None]:
    """Train a new network from the linear model on; with early stopping, combine both at the end.

    Each step of the generator is an epoch, see `SequenceNet.epochs`.

    Parameters
    ----------
    net : SequenceNet
        The network, whose module is a `LinearSkip`, or has one inside.
    train, valid : Examples
        Data for training and for validation, or None.
    config : TrainingConfig
        The configuration of the run.
    """
    start = _fit_linear(net, train, config)
    yield from net.epochs(train, valid, config)
    if config.early_stopping and valid is not None:
        combine_with_start(net.module_, start, valid, net.criterion_)


def _fit_linear(net: SequenceNet, train: Examples, config: TrainingConfig) -> Start:
    """Set the linear part to the linear model, which has zeros if the penalty asks for them.

    It is trained as a network by itself if it has zeros, or constant outputs.
    """
    if not (config.l1_ratio and config.alpha) and isinstance(net.module_, LinearSkip):
        return start_linear(net.module_, train, net.criterion_, config.alpha)
    by_itself = replace(config, **{**ALONE, "batch_size": len(train)})
    module = alone((net.module, net.get_params_for("module")))
    criterion = (net.criterion, net.get_params_for("criterion"))
    linear = build_net(module, criterion, by_itself, net.seed)
    linear.fit_examples(train, None, by_itself)
    return start_at(net.module_, linear.module_)
