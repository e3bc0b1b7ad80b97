"""The optimizers by name, with options for a single vector of parameters."""

from __future__ import annotations

from inspect import unwrap
from typing import Any

import torch

from sklearn_rnn._modules.kernels.arguments import BITS, STEPS
from sklearn_rnn._modules.kernels.loader import FUNCTIONS, LIBRARY
from sklearn_rnn._modules.kernels.training import next_steps


class Optimizer(torch.optim.Optimizer):
    """An optimizer of torch whose methods do not import ``torch._dynamo``.

    torch decorates them for its compiler, which takes longer to import than a small network to
    train; an interrupted import of it would also break all later fits of the process.
    """

    add_param_group = unwrap(torch.optim.Optimizer.add_param_group)
    state_dict = unwrap(torch.optim.Optimizer.state_dict)
    load_state_dict = unwrap(torch.optim.Optimizer.load_state_dict)
    zero_grad = unwrap(torch.optim.Optimizer.zero_grad)


def _step(optimizer: type[torch.optim.Optimizer]) -> Any:
    """Return the method `step` of an optimizer of torch, without its decorators."""
    step: Any = torch.no_grad()(unwrap(optimizer.step))
    step.hooked = True  # torch's mark; without it torch wraps `step` for its profiler
    return step


def has_step(optimizer: torch.optim.Optimizer) -> bool:
    """Return whether the kernels take the steps of an optimizer of one vector of parameters."""
    vector = optimizer.param_groups[0]["params"][0]
    supported = LIBRARY is not None and isinstance(optimizer, tuple(STEPS))
    return supported and vector.dtype in BITS and vector.is_cpu


def _native_step(optimizer: type[torch.optim.Optimizer]) -> Any:
    """Return a method `step` that is one call of the compiled kernels where possible.

    The overhead of torch's step takes longer than a batch of a small network.
    """
    of_torch = _step(optimizer)

    def take(self: torch.optim.Optimizer, closure: Any = None) -> Any:
        """Update the vector from its gradient."""
        if closure is not None or not has_step(self):
            return of_torch(self, closure)
        bits = BITS[self.param_groups[0]["params"][0].dtype]
        FUNCTIONS["step", bits](bytes(next_steps(self, 1)))
        return None

    step: Any = take
    step.hooked = True  # as in `_step`
    return step


class Adam(Optimizer, torch.optim.Adam):
    """Adam (Kingma and Ba, 2015)."""

    step = _native_step(torch.optim.Adam)


class RMSprop(Optimizer, torch.optim.RMSprop):
    """RMSprop (Tieleman and Hinton, 2012)."""

    step = _native_step(torch.optim.RMSprop)


class SGD(Optimizer, torch.optim.SGD):
    """Stochastic gradient descent."""

    step = _native_step(torch.optim.SGD)


class Adagrad(Optimizer, torch.optim.Adagrad):
    """Adagrad (Duchi, Hazan and Singer, 2011)."""

    step = _step(torch.optim.Adagrad)


class Adadelta(Optimizer, torch.optim.Adadelta):
    """Adadelta (Zeiler, 2012)."""

    step = _step(torch.optim.Adadelta)


class LBFGS(Optimizer, torch.optim.LBFGS):
    """L-BFGS that can be pickled; torch's loses its parameters."""

    step = _step(torch.optim.LBFGS)

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Restore the reference to the parameters."""
        super().__setstate__(state)
        self._params = self.param_groups[0]["params"]
        self._numel_cache = None


OPTIMIZERS: dict[str, tuple[type[torch.optim.Optimizer], dict[str, Any]]] = {
    "adam": (Adam, {"fused": True}),
    "adamw": (Adam, {"fused": True}),  # the loop decays the weights by itself
    "rmsprop": (RMSprop, {"foreach": False}),
    "sgd": (SGD, {"fused": True, "momentum": 0.9, "nesterov": True}),
    "adagrad": (Adagrad, {"foreach": False}),
    "adadelta": (Adadelta, {"foreach": False}),
    "lbfgs": (
        LBFGS,
        {
            "max_iter": 1,
            "max_eval": 25,
            "history_size": 20,
            "line_search_fn": "strong_wolfe",
            "tolerance_grad": 1e-10,
            "tolerance_change": 1e-14,
        },
    ),
}
