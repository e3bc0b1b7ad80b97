"""Integrals of gradients along paths, over parts that are halved until they add up."""

from __future__ import annotations

from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

HALVINGS = 20
"""How often a part of a path is halved at most."""

HALVED_AT_ONCE = 4
"""How many parts of a path are halved each time at most: those that miss the most."""

TOLERANCE = 2e-3
"""What a part may miss, as a share of the range of the outputs along the path."""

ROUNDING = 100
"""What a part may miss, in roundings of the outputs."""


class Paths(Protocol):
    """Paths of sequences from the share 0 of them, the baseline, to the share 1, the input."""

    def outputs(self, rows: Tensor, shares: Tensor) -> Tensor:
        """Return the outputs (m, n_outputs) at one share of each of m sequences."""

    def derivatives(self, rows: Tensor, shares: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return outputs, derivatives by the share, and the integrand (m, ..., n_outputs)."""


def nodes_and_weights(n_points: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the nodes and weights of Gauss-Legendre quadrature from 0 to 1."""
    nodes, weights = np.polynomial.legendre.leggauss(n_points)
    return (nodes + 1) / 2, weights / 2


def integrate(paths: Paths, n: int, n_points: int) -> Tensor:
    """Integrate along n paths by Gauss-Legendre quadrature.

    The integral of the derivative over a part of a path is the difference of the outputs at its
    ends. Where it misses this, as at a jump of a network with several stable states, the part is
    halved.

    Parameters
    ----------
    paths : Paths
        The paths.
    n : int
        Number of sequences.
    n_points : int
        Number of nodes of each part.

    Returns
    -------
    Tensor of shape (n, ..., n_outputs)
        Integrals of the integrand.
    """
    rows, ends = torch.arange(n), torch.tensor([0.0, 1.0], dtype=torch.float64).repeat(n, 1)
    values = torch.stack([paths.outputs(rows, ends[:, k]) for k in range(2)], 1)
    at_nodes, derivative, total = _quadrature(paths, rows, ends, n_points, n)
    along = torch.cat([values, at_nodes], 1)
    rounding = ROUNDING * torch.finfo(along.dtype).eps * along.abs().amax(1)
    tolerance = TOLERANCE * (along.amax(1) - along.amin(1)) + rounding
    part = total.clone()
    size = max(n, 2 * HALVED_AT_ONCE)
    for _ in range(HALVINGS):
        excess = (values[:, 1] - values[:, 0] - derivative).abs() - tolerance[_like(rows, total)]
        halved = _worst(rows, excess.amax(1).cpu())
        if not len(halved):
            break
        on_device = _like(halved, total)
        total.index_add_(0, _like(rows[halved], total), part[on_device], alpha=-1)
        rows, ends, middle = rows[halved], ends[halved], ends[halved].mean(1)
        inside = paths.outputs(rows, middle)
        values = torch.cat(
            [
                torch.stack([values[on_device, 0], inside], 1),
                torch.stack([inside, values[on_device, 1]], 1),
            ]
        )
        ends = torch.cat(
            [torch.stack([ends[:, 0], middle], 1), torch.stack([middle, ends[:, 1]], 1)]
        )
        rows = rows.repeat(2)
        _, derivative, part = _quadrature(paths, rows, ends, n_points, size)
        total.index_add_(0, _like(rows, total), part)
    return total


def _quadrature(
    paths: Paths, rows: Tensor, ends: Tensor, n_points: int, size: int
) -> tuple[Tensor, Tensor, Tensor]:
    """Return outputs at the nodes, and the integrals of the derivative and of the integrand.

    Parts of paths are computed at most `size` at once.
    """
    found: list[tuple[Tensor, Tensor, Tensor]] = []
    for of, between in zip(rows.split(size), ends.split(size), strict=True):
        begin, width = between[:, 0], between[:, 1] - between[:, 0]
        values, slope, integral = [], torch.zeros(()), torch.zeros(())
        for node, weight in zip(*nodes_and_weights(n_points), strict=True):
            value, derivative, integrand = paths.derivatives(of, begin + float(node) * width)
            share = (float(weight) * width).to(value)
            values.append(value)
            slope = slope.to(value) + share[:, None] * derivative
            as_integrand = share.view(-1, *[1] * (integrand.dim() - 1))
            integral = integral.to(value) + as_integrand * integrand
        found.append((torch.stack(values, 1), slope, integral))
    at_nodes, slopes, integrals = (torch.cat(each) for each in zip(*found, strict=True))
    return at_nodes, slopes, integrals


def _worst(rows: Tensor, excess: Tensor) -> Tensor:
    """Return which parts exceed 0, of each row of the paths the `HALVED_AT_ONCE` that do most."""
    order = torch.argsort(excess, descending=True, stable=True)
    order = order[torch.argsort(rows[order], stable=True)]
    by_row = rows[order]
    rank = torch.arange(len(order)) - torch.searchsorted(by_row, by_row)
    return order[(rank < HALVED_AT_ONCE) & (excess[order] > 0)]


def _like(index: Tensor, values: Tensor) -> Tensor:
    """Return an index on the device of values."""
    return index.to(values.device)
