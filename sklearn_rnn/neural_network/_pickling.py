"""What a fitted estimator stores of its networks, and how it makes them again."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, TypeVar

from sklearn_rnn._sklearn.estimator import Estimator
from sklearn_rnn._training.config import TrainingConfig
from sklearn_rnn._training.skorch_net import SequenceNet
from sklearn_rnn._training.stored_net import (
    has_optimizer_state,
    restore_net,
    stored_config,
    stored_net,
)

EstimatorT = TypeVar("EstimatorT")
NOT_OF_MEMBERS = ("members_", "member_seeds_", "_versions")


def variant(estimator: EstimatorT, changed: Mapping[str, Any]) -> EstimatorT:
    """Return an estimator with the attributes of another one, some of which are changed."""
    other = object.__new__(type(estimator))
    vars(other).update({**vars(estimator), **changed})
    return other


class Pickled(Estimator):
    """Mixin that stores the weights of a network once, and builds the network anew from them.

    The state of the optimizer, for Adam twice their size, is stored where training is meant to go
    on: after `partial_fit`, and after `fit` with ``warm_start=True``. Of members is stored what
    differs from the estimator.
    """

    _begun_with: dict[str, Any]
    _goes_on: bool = False
    _new_net: Callable[[dict[str, Any], TrainingConfig, int], SequenceNet]

    def __getstate__(self) -> dict[str, Any]:
        """Return the attributes, networks as plain values."""
        state = dict(super().__getstate__())
        if "members_" in state:
            state["members_"] = [_differing(m.__getstate__(), state) for m in state["members_"]]
            del state["net_"]  # that of the first member
        elif "net_" in state:
            state["net_"] = stored_net(state["net_"], with_optimizer=self._goes_on)
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Take the attributes of a stored estimator, and build its networks."""
        state = dict(state)
        net, members = state.pop("net_", None), state.pop("members_", None)
        super().__setstate__(state)
        if net is not None:
            begun = variant(self, self._begun_with)
            config = stored_config(net)
            quiet = replace(config, callbacks=[], verbose=0)  # it has the callbacks already
            new = begun._new_net(self._begun_with, quiet, net["seed"])
            self.net_ = restore_net(new, net, config)
        if members is not None:
            shared = {name: value for name, value in state.items() if name not in NOT_OF_MEMBERS}
            self.members_ = [object.__new__(type(self)) for _ in members]
            for member, own in zip(self.members_, members, strict=True):
                member.__setstate__({**shared, **own})
            self.net_ = self.members_[0].net_

    def _warn_if_restarted(self) -> None:
        """Warn if training goes on without the state of the optimizer."""
        if not has_optimizer_state(self.net_):
            warnings.warn(
                f"{type(self).__name__} goes on from its weights, but the optimizer "
                f"({self.net_.config.optimizer}) begins anew: its moments were not stored. They "
                "are after partial_fit, and after fit with warm_start=True.",
                UserWarning,
                stacklevel=6,
            )


def _differing(state: Mapping[str, Any], shared: Mapping[str, Any]) -> dict[str, Any]:
    """Return what one state has that is not the same object in the other."""
    return {name: value for name, value in state.items() if value is not shared.get(name, shared)}
