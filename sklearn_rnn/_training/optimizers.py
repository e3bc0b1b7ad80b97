"""The optimizers by name, with options for a single vector of parameters."""

from __future__ import annotations

from typing import Any

import torch

from sklearn_rnn._modules.kernels.layer import BITS
from sklearn_rnn._modules.kernels.loader import LIBRARY
from sklearn_rnn._modules.kernels.training import step_of_adam


class LBFGS(torch.optim.LBFGS):
    """L-BFGS that can be pickled; torch's loses its parameters."""

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Restore the reference to the parameters."""
        super().__setstate__(state)
        self._params = self.param_groups[0]["params"]
        self._numel_cache = None


class Adam(torch.optim.Adam):
    """Adam on one vector of parameters, in one call of the compiled kernels where possible.

    The overhead of torch's step takes longer than a batch of a small network.
    """

    def step(self, closure: Any = None) -> Any:
        """Update the vector from its gradient."""
        vector = self.param_groups[0]["params"][0]
        if LIBRARY is None or vector.dtype not in BITS or not vector.is_cpu:
            return self._step_of_torch(closure)
        step_of_adam(self)
        return None

    step.hooked = True  # type: ignore[attr-defined]  # torch's mark; without it torch wraps `step`
    _step_of_torch = torch.optim.Adam.step


OPTIMIZERS: dict[str, tuple[type[torch.optim.Optimizer], dict[str, Any]]] = {
    "adam": (Adam, {"fused": True}),
    "adamw": (Adam, {"fused": True}),  # the loop decays the weights by itself
    "rmsprop": (torch.optim.RMSprop, {"foreach": False}),
    "sgd": (torch.optim.SGD, {"fused": True, "momentum": 0.9, "nesterov": True}),
    "adagrad": (torch.optim.Adagrad, {"foreach": False}),
    "adadelta": (torch.optim.Adadelta, {"foreach": False}),
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
