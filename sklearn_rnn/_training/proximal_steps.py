r"""Penalties that set weights exactly to zero: their values and their proximal steps.

A proximal step minimises, after a step of the optimizer to z,

.. math:: \sum_i \frac{(w_i - z_i)^2}{2 s_i} + R(w)

over w, with R the penalty and :math:`s_i` the step size of the optimizer for weight i. So the fixed
points are the stationary points of the penalised objective. A single step size does that for plain
gradient descent only; an optimizer that scales each weight separately needs its own step sizes here
too, or it converges to other points (ProxGen, Yun et al., 2021).

References
----------
Parikh and Boyd (2014). Proximal algorithms. Foundations and Trends in Optimization 1.
Yun, Lozano and Yang (2021). Adaptive proximal gradient methods for structured neural networks.
NeurIPS.
"""

from __future__ import annotations

import math
from typing import Protocol

import torch
from torch import Tensor

NEWTON_STEPS = 5
"""Steps of Newton's method in the proximal step of a group."""


class Penalty(Protocol):
    """A penalty on the weights, which come first in the vector of all parameters."""

    def value(self, weights: Tensor) -> Tensor:
        """Return the penalty of the weights."""

    def prox_(self, weights: Tensor, step: float | Tensor) -> None:
        """Take the proximal step from `weights`, in place."""

    def confined(self, weights: Tensor, target: Tensor) -> Tensor:
        """Return the weights, zero where the penalty has a kink between them and `target`."""

    def null_strength(self, gradient: Tensor) -> float:
        """Return the smallest strength that keeps zero weights at zero, given their gradient."""


class Lasso:
    r"""The lasso :math:`\lambda \sum_i |w_i|` (Tibshirani, 1996).

    Parameters
    ----------
    strength : float
        The factor :math:`\lambda`.

    Examples
    --------
    >>> import torch
    >>> weights = torch.tensor([2.0, -0.5, -3.0])
    >>> Lasso(2.0).prox_(weights, 0.5)
    >>> weights
    tensor([ 1.,  0., -2.])
    """

    def __init__(self, strength: float) -> None:
        self.strength = strength

    def value(self, weights: Tensor) -> Tensor:
        """Return the penalty of the weights."""
        return self.strength * weights.abs().sum()

    def prox_(self, weights: Tensor, step: float | Tensor) -> None:
        """Soft-threshold each weight by ``strength * step``, in place."""
        threshold = torch.as_tensor(
            self.strength * step, dtype=weights.dtype, device=weights.device
        )
        weights.sub_(torch.clamp(weights, -threshold, threshold))

    def confined(self, weights: Tensor, target: Tensor) -> Tensor:
        """Return the weights, zero where their sign is not that of `target`."""
        return torch.where(weights.sign() == target.sign(), weights, 0.0)

    def null_strength(self, gradient: Tensor) -> float:
        """Return the smallest strength that keeps zero weights at zero, given their gradient."""
        return float(gradient.abs().max())


class GroupLasso:
    r"""The group lasso :math:`\lambda \sum_g \sqrt{p} \lVert w_g \rVert_2` (Yuan and Lin, 2006).

    A group of p weights becomes zero as a whole or not at all. Weights outside of all groups are
    not penalised.

    Parameters
    ----------
    strength : float
        The factor :math:`\lambda`.
    positions : Tensor of shape (n_groups, p)
        Indices of the weights of each group in the vector, int64.

    Examples
    --------
    >>> import torch
    >>> weights = torch.tensor([3.0, 4.0, 0.3, 0.4, 7.0])
    >>> groups = GroupLasso(1.0, torch.tensor([[0, 1], [2, 3]]))
    >>> groups.prox_(weights, 1 / 2**0.5)
    >>> weights
    tensor([2.4000, 3.2000, 0.0000, 0.0000, 7.0000])

    References
    ----------
    Yuan and Lin (2006). Model selection and estimation in regression with grouped variables. JRSS
    B 68.
    """

    def __init__(self, strength: float, positions: Tensor) -> None:
        self.positions = positions
        self.strength = strength * math.sqrt(positions.shape[1])

    def value(self, weights: Tensor) -> Tensor:
        """Return the penalty of the weights."""
        return self.strength * weights[self.positions].norm(dim=1).sum()

    def prox_(self, weights: Tensor, step: float | Tensor) -> None:
        r"""Take the proximal step from `weights`, in place.

        With :math:`c_i = 1 / s_i` and :math:`\mu = \lambda \sqrt p` it leads to zero if
        :math:`\lVert c z \rVert \le \mu`, and otherwise to :math:`w_i = z_i c_i t / (c_i t + \mu)`
        where t is the norm of w, the root of :math:`1 / \lVert c z / (c t + \mu) \rVert - 1`. This
        function of t is concave, and linear if all :math:`s_i` are equal, so that Newton's method
        increases monotonically to the root after its first step.
        """
        z = weights[self.positions]  # (n_groups, p)
        c = 1.0 / step if isinstance(step, float) else 1.0 / step[self.positions]
        cz, mu = c * z, self.strength
        t = z.norm(dim=1, keepdim=True)
        for _ in range(NEWTON_STEPS):
            below = c * t + mu
            u = cz / below
            square = u.square().sum(1, keepdim=True)
            slope = (u.square() * (c / below)).sum(1, keepdim=True)
            t = (t + (square.sqrt() - 1.0) * square / slope).clamp(min=0.0)
        kept = cz.norm(dim=1, keepdim=True) > mu
        weights[self.positions] = torch.where(kept, z * (c * t / (c * t + mu)), 0.0)

    def confined(self, weights: Tensor, target: Tensor) -> Tensor:
        """Return the weights, zero in the groups that are zero in `target`."""
        off = (target[self.positions] == 0).all(1, keepdim=True)
        confined = weights.clone()
        confined[self.positions] = torch.where(off, 0.0, weights[self.positions])
        return confined

    def null_strength(self, gradient: Tensor) -> float:
        """Return the smallest strength that keeps zero weights at zero, given their gradient."""
        return float(gradient[self.positions].norm(dim=1).max()) / math.sqrt(
            self.positions.shape[1]
        )


def step_sizes(optimizer: torch.optim.Optimizer, n_weights: int) -> float | Tensor:
    """Return the effective step size of each weight: its move per unit of a constant gradient.

    Call it after the step. The gradient is taken as constant, since at a stationary point it
    balances the penalty: momentum m has then summed it up to ``1 / (1 - m)`` times its value.

    Parameters
    ----------
    optimizer : torch.optim.Optimizer
        One of Adam, RMSprop, SGD, Adagrad and Adadelta, over one vector, after a step.
    n_weights : int
        How many of the first entries of the vector to return.
    """
    group = optimizer.param_groups[0]
    vector = group["params"][0]
    state = {
        name: value[:n_weights] if isinstance(value, Tensor) and value.ndim else value
        for name, value in optimizer.state[vector].items()
    }
    rate: float = group["lr"]
    if isinstance(optimizer, torch.optim.Adam):
        square = state["exp_avg_sq"] / (1.0 - group["betas"][1] ** state["step"].double())
        return rate / (square.sqrt() + group["eps"])
    if isinstance(optimizer, torch.optim.RMSprop):
        return rate / (state["square_avg"].sqrt() + group["eps"])
    if isinstance(optimizer, torch.optim.Adagrad):
        return rate / (state["sum"].sqrt() + group["eps"])
    if isinstance(optimizer, torch.optim.Adadelta):
        # the step was sized by `acc_delta` before that very step was averaged into it
        rho, eps = group["rho"], group["eps"]
        square = state["square_avg"] + eps
        share = (1.0 - rho) * vector.grad[:n_weights].square() / square
        before = (state["acc_delta"] - eps * share) / (rho + share)
        return rate * ((before.clamp(min=0.0) + eps) / square).sqrt()
    return rate / (1.0 - group["momentum"])
