"""L-BFGS for an objective with a penalty that makes weights exactly zero."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from sklearn_rnn._training.proximal_steps import Penalty

MEMORY = 20
"""Pairs of steps and changes that are remembered, as many as by torch's L-BFGS."""

TRIALS = 25
"""Evaluations in one step, as many as by torch's L-BFGS."""

MAX_GROWTH = 10.0
"""The factor by which s grows at most from one step to the next."""

LEAST_DECREASE = 1e-4
"""The share of the expected decrease that makes a point acceptable (Armijo, 1966)."""


class ProximalLBFGS:
    r"""Minimise f + R over a vector, with f smooth and the proximal step of R known.

    With :math:`T(x)` the proximal step from :math:`x - s \nabla f(x)`, the residual

    .. math:: r(x) = (x - T(x)) / s

    is zero exactly where x is stationary, and plays the part of the gradient: L-BFGS (Nocedal,
    1980) makes a direction of it from remembered pairs of :math:`\Delta x` and :math:`\Delta r`.
    What the proximal step sets to zero stays zero in the trial, and for the lasso no weight changes
    its sign there, as in OWL-QN (Andrew and Gao, 2007): among the weights that are left the
    objective is smooth. If the trial does not lower the objective it is moved towards T(x); if
    that fails too, s is halved. Every point visited is sparse, and the objective never rises.

    Quasi-Newton directions on this residual are those of PANOC (Stella et al., 2017), which works
    for every penalty with a proximal step, OWL-QN for the lasso alone.

    Parameters
    ----------
    vector : Tensor
        The point x, changed in place; its ``grad`` is where `closure` writes.
    n_weights : int
        How many entries at its head are penalised.
    penalty : Penalty
        R, with the methods `prox_` and `confined`.
    memory : dict
        Where the pairs and s are kept, under the names ``"proximal_pairs"`` and
        ``"proximal_size"``. They say how f bends, and serve another R as well.

    References
    ----------
    Andrew and Gao (2007). Scalable training of L1-regularized log-linear models. ICML.
    Nocedal (1980). Updating quasi-Newton matrices with limited storage. Math. of Computation 35.
    Stella, Themelis, Sopasakis and Patrinos (2017). A simple and efficient algorithm for nonlinear
    model predictive control. IEEE CDC.
    """

    def __init__(
        self, vector: Tensor, n_weights: int, penalty: Penalty, memory: dict[str, Any]
    ) -> None:
        self.vector, self.n_weights, self.penalty = vector, n_weights, penalty
        self.memory = memory
        self.pairs: list[list[Tensor]] = memory.get("proximal_pairs", [])
        self.size: float = memory.get("proximal_size", 1.0)
        self.last: tuple[Tensor, Tensor] | None = None

    def step(self, closure: Callable[[], Tensor]) -> Tensor:
        """Move the vector by one step.

        Parameters
        ----------
        closure : callable
            Writes the gradient of f at the vector and returns f + R there.

        Returns
        -------
        Tensor
            f + R before the step.
        """
        before = closure()
        assert self.vector.grad is not None, "the closure writes it"
        x, gradient = self.vector.data.clone(), self.vector.grad.clone()
        target = self._proximal(x, gradient)
        residual = (x - target) / self.size
        self._remember(x, residual)
        trial = self._confined(x - self._inverse(residual), target)
        share = 1.0 if self.pairs else 0.0
        for _ in range(TRIALS):
            point = torch.lerp(target, trial, share)
            expected = torch.dot(x - point, x - point) / self.size
            if self._lowers(closure, point, before, expected):
                return before
            if share:
                share = share / 2 if share > 0.2 else 0.0
            else:
                self.size /= 2
                target = self._proximal(x, gradient)
        self.vector.data.copy_(x)
        return before

    def _lowers(
        self, closure: Callable[[], Tensor], point: Tensor, before: Tensor, expected: Tensor
    ) -> bool:
        """Go to the point and say whether the objective is low enough there."""
        self.vector.data.copy_(point)
        rounding = 4 * torch.finfo(before.dtype).eps * before.abs()
        return bool(closure() <= before - LEAST_DECREASE * expected + rounding)

    def _proximal(self, x: Tensor, gradient: Tensor) -> Tensor:
        """Return T(x)."""
        target = x - self.size * gradient
        self.penalty.prox_(target[: self.n_weights], self.size)
        return target

    def _remember(self, x: Tensor, residual: Tensor) -> None:
        """Take in the step to x, if the residual has risen along it."""
        if self.last is not None:
            change, rise = x - self.last[0], residual - self.last[1]
            if torch.dot(change, rise) > 1e-10 * change.norm() * rise.norm():
                self.pairs = [*self.pairs[1 - MEMORY :], [change, rise]]
                size = float(torch.dot(change, rise) / torch.dot(rise, rise))
                self.size = min(size, MAX_GROWTH * self.size)
                self.memory.update(proximal_pairs=self.pairs, proximal_size=self.size)
        self.last = x, residual

    def _inverse(self, residual: Tensor) -> Tensor:
        """Multiply by the inverse Hessian of the remembered pairs, in two loops."""
        direction = residual.clone()
        factors = []
        for change, rise in reversed(self.pairs):
            factor = torch.dot(change, direction) / torch.dot(change, rise)
            direction -= factor * rise
            factors.append(factor)
        direction *= self.size
        for (change, rise), factor in zip(self.pairs, reversed(factors), strict=True):
            back = torch.dot(rise, direction) / torch.dot(change, rise)
            direction += (factor - back) * change
        return direction

    def _confined(self, trial: Tensor, target: Tensor) -> Tensor:
        """Keep the zeros of the target and, if the penalty has a kink there, its signs."""
        trial[: self.n_weights] = self.penalty.confined(
            trial[: self.n_weights], target[: self.n_weights]
        )
        return trial
