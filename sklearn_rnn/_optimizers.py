"""The optimizers of torch, by name, with the options that suit one vector of parameters."""

from __future__ import annotations

from typing import Any

import torch


class LBFGS(torch.optim.LBFGS):
    """L-BFGS that survives a pickle; torch's forgets its parameters there."""

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Find the parameters again."""
        super().__setstate__(state)
        self._params = self.param_groups[0]["params"]
        self._numel_cache = None


OPTIMIZERS: dict[str, tuple[type[torch.optim.Optimizer], dict[str, Any]]] = {
    "adam": (torch.optim.Adam, {"fused": True}),
    "adamw": (torch.optim.Adam, {"fused": True}),  # the loop decays the weights by itself
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
