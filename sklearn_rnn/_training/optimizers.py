"""The optimizers by name, with options for a single vector of parameters."""

from __future__ import annotations

from typing import Any

import torch

from sklearn_rnn._kernels.loader import ADAM, LIBRARY, entry
from sklearn_rnn._modules.kernels.layer import BITS, addresses


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
        if not self.has_kernel:
            return self._step_of_torch(closure)
        entry("adam", BITS[self._vector.dtype])(ADAM.pack(*self.arguments()))
        self.advance(1)
        return None

    @property
    def has_kernel(self) -> bool:
        """Whether there is a compiled kernel for the vector."""
        return LIBRARY is not None and self._vector.dtype in BITS and self._vector.is_cpu

    def arguments(self) -> tuple[Any, ...]:
        """Return the arguments of the kernel for the next step, as in ``struct adam``."""
        group, vector = self.param_groups[0], self._vector
        state = self.state[vector]
        if not state:
            state["step"] = torch.zeros((), dtype=torch.float32)
            state["exp_avg"], state["exp_avg_sq"] = (torch.zeros_like(vector) for _ in range(2))
        tensors = vector, vector.grad, state["exp_avg"], state["exp_avg_sq"]
        settings = float(group["lr"]), *group["betas"], group["eps"]
        return vector.numel(), int(state["step"]) + 1, *addresses(*tensors), *settings

    def advance(self, n_steps: int) -> None:
        """Add steps that the kernel has taken to the state."""
        self.state[self._vector]["step"] += n_steps

    @property
    def _vector(self) -> torch.Tensor:
        vector: torch.Tensor = self.param_groups[0]["params"][0]
        return vector

    step.hooked = True  # type: ignore[attr-defined]  # else torch wraps it for its profiler
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
