"""L-BFGS for an objective with a penalty that sets weights exactly to zero."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from sklearn_rnn._training.proximal_steps import Penalty

HISTORY_SIZE = 20
"""Pairs of steps and changes of the residual that are kept, as many as in torch's L-BFGS."""

MAX_EVALUATIONS = 25
"""The largest number of evaluations in one step, as in torch's L-BFGS."""

MAX_GROWTH = 10.0
"""The largest factor by which s grows from one step to the next."""

SUFFICIENT_DECREASE = 1e-4
"""The part of the expected decrease that is sufficient to accept a point (Armijo, 1966)."""


class ProximalLBFGS:
    r"""Minimise f + R over a vector, with f smooth and the proximal step of R known.

    With :math:`T(x)` the proximal step from :math:`x - s \nabla f(x)`, the residual

    .. math:: r(x) = (x - T(x)) / s

    is zero exactly where x is stationary, and takes the place of the gradient: L-BFGS (Nocedal,
    1980) computes a direction from it and from the last pairs of :math:`\Delta x` and
    :math:`\Delta r`. Weights that the proximal step sets to zero stay zero in the trial point, and
    with the lasso no weight changes its sign, as in OWL-QN (Andrew and Gao, 2007): as a function of
    the other weights the objective is smooth. If the trial point does not decrease the objective,
    it is moved towards T(x); if that fails too, s is halved. All points are sparse, and the
    objective never increases.

    Quasi-Newton directions for this residual are those of PANOC (Stella et al., 2017), which works
    for every penalty with a proximal step, while OWL-QN is for the lasso.

    Parameters
    ----------
    vector : Tensor
        The point x, changed in place; its ``grad`` is where `closure` writes.
    n_weights : int
        How many of its first entries are penalised.
    penalty : Penalty
        R, with the methods `prox_` and `confined`.
    state : dict
        State in which the pairs and s are kept, as ``"proximal_pairs"`` and ``"proximal_size"``.
        They approximate the Hessian of f, so they remain useful with another R.

    References
    ----------
    Andrew and Gao (2007). Scalable training of L1-regularized log-linear models. ICML.
    Nocedal (1980). Updating quasi-Newton matrices with limited storage. Math. of Computation 35.
    Stella, Themelis, Sopasakis and Patrinos (2017). A simple and efficient algorithm for nonlinear
    model predictive control. IEEE CDC.
    """

    def __init__(
        self, vector: Tensor, n_weights: int, penalty: Penalty, state: dict[str, Any]
    ) -> None:
        self.vector, self.n_weights, self.penalty = vector, n_weights, penalty
        self.state = state
        self.pairs: list[list[Tensor]] = state.get("proximal_pairs", [])
        self.size: float = state.get("proximal_size", 1.0)
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
        self._store(x, residual)
        trial = self._confined(x - self._inverse(residual), target)
        share = 1.0 if self.pairs else 0.0
        for _ in range(MAX_EVALUATIONS):
            point = torch.lerp(target, trial, share)
            expected = torch.dot(x - point, x - point) / self.size
            if self._accepts(closure, point, before, expected):
                return before
            if share:
                share = share / 2 if share > 0.2 else 0.0
            else:
                self.size /= 2
                target = self._proximal(x, gradient)
        self.vector.data.copy_(x)
        return before

    def _accepts(
        self, closure: Callable[[], Tensor], point: Tensor, before: Tensor, expected: Tensor
    ) -> bool:
        """Move to the point, and return whether the objective has decreased sufficiently."""
        self.vector.data.copy_(point)
        rounding = 4 * torch.finfo(before.dtype).eps * before.abs()
        return bool(closure() <= before - SUFFICIENT_DECREASE * expected + rounding)

    def _proximal(self, x: Tensor, gradient: Tensor) -> Tensor:
        """Return T(x)."""
        target = x - self.size * gradient
        self.penalty.prox_(target[: self.n_weights], self.size)
        return target

    def _store(self, x: Tensor, residual: Tensor) -> None:
        """Store the step to x and the change of the residual, if their curvature is positive."""
        if self.last is not None:
            dx, dr = x - self.last[0], residual - self.last[1]
            if torch.dot(dx, dr) > 1e-10 * dx.norm() * dr.norm():
                self.pairs = [*self.pairs[1 - HISTORY_SIZE :], [dx, dr]]
                size = float(torch.dot(dx, dr) / torch.dot(dr, dr))
                self.size = min(size, MAX_GROWTH * self.size)
                self.state.update(proximal_pairs=self.pairs, proximal_size=self.size)
        self.last = x, residual

    def _inverse(self, residual: Tensor) -> Tensor:
        """Multiply by the inverse Hessian that the stored pairs define: the two-loop recursion."""
        direction = residual.clone()
        factors = []
        for dx, dr in reversed(self.pairs):
            factor = torch.dot(dx, direction) / torch.dot(dx, dr)
            direction -= factor * dr
            factors.append(factor)
        direction *= self.size
        for (dx, dr), factor in zip(self.pairs, reversed(factors), strict=True):
            back = torch.dot(dr, direction) / torch.dot(dx, dr)
            direction += (factor - back) * dx
        return direction

    def _confined(self, trial: Tensor, target: Tensor) -> Tensor:
        """Keep the zeros of the target and, with the lasso, its signs."""
        trial[: self.n_weights] = self.penalty.confined(
            trial[: self.n_weights], target[: self.n_weights]
        )
        return trial
