"""What a fitted estimator stores of its networks, and how it makes them again; and its clones."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, TypeVar

from sklearn_rnn._sklearn.estimator import Estimator
from sklearn_rnn._training.callbacks import copied
from sklearn_rnn._training.checkpoint import Pause
from sklearn_rnn._training.config import TrainingConfig
from sklearn_rnn._training.skorch_net import SequenceNet
from sklearn_rnn._training.stored_net import (
    has_optimizer_state,
    restore_net,
    stored_config,
    stored_net,
)

EstimatorT = TypeVar("EstimatorT")


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
    _encoder: Any
    _goes_on: bool = False
    _pause: Pause | None = None
    callbacks: Any
    _new_net: Callable[[dict[str, Any], TrainingConfig, int], SequenceNet]

    def __sklearn_clone__(self) -> Any:
        """Return an unfitted copy; if callbacks cannot be copied, the error has the fix."""
        if isinstance(self.callbacks, list):
            copied(self.callbacks)
        other = super().__sklearn_clone__()
        if self._pause is not None:  # the fit to be paused is that of a clone, as in a pipeline
            other._pause = self._pause
        return other

    def __getstate__(self) -> dict[str, Any]:
        """Return the attributes as plain values."""
        state = super().__getstate__()
        if "members_" in state:
            state["members_"] = [self._differing(member) for member in state["members_"]]
            del state["net_"]  # that of the first member
        elif "net_" in state:
            state["net_"] = stored_net(state["net_"], with_optimizer=self._goes_on)
        if "loss" in state.get("_encoder", {}).get("fields", {}):  # a torch module
            state["_encoder"]["fields"]["loss"] = None
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Take the attributes of a stored estimator, and build its networks."""
        net, members = state.get("net_"), state.get("members_")
        super().__setstate__({k: v for k, v in state.items() if k not in ("net_", "members_")})
        if hasattr(self, "_encoder"):
            self._encoder = variant(self, self._begun_with)._restored_encoder()
        if net is not None:
            config = stored_config(net)
            quiet = replace(config, callbacks=[], verbose=0)  # it has the callbacks already
            new = variant(self, self._begun_with)._new_net(self._begun_with, quiet, net["seed"])
            self.net_ = restore_net(new, net, config)
        if members is not None:
            shared = {name: v for name, v in vars(self).items() if name != "member_seeds_"}
            self.members_ = [object.__new__(type(self)) for _ in members]
            for member, own in zip(self.members_, members, strict=True):
                super(Pickled, member).__setstate__(shared)
                member.__setstate__(own)
            self.net_ = self.members_[0].net_

    def _differing(self, member: Any) -> dict[str, Any]:
        """Return what is to be stored of a member: attributes that are others, and its network."""
        mine, stored = vars(self), member.__getstate__()
        names = [name for name, value in vars(member).items() if mine.get(name, mine) is not value]
        return {name: stored[name] for name in {**dict.fromkeys(names), "net_": None}}

    def _restored_encoder(self) -> Any:
        """Return the encoder of targets with what is not stored of it: nothing, of labels."""
        return self._encoder

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
