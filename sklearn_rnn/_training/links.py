"""Functions from raw outputs of a network to parameters with a bound."""

from __future__ import annotations

import math

from torch import Tensor
from torch.nn import functional


def positive(raw: Tensor, offset: float | Tensor) -> Tensor:
    r"""Return :math:`\log(1 + e^{r + c})`, positive numbers that grow with the raw outputs r.

    The offset c is that of `offset_for`. Far outside the training data the result is linear in r,
    and not exponential.
    """
    return functional.softplus(raw + offset)


def offset_for(at_zero: float) -> float:
    """Return the offset with which `positive` is `at_zero`, above zero, at a raw output of zero."""
    return at_zero + math.log(-math.expm1(-at_zero))  # the inverse of softplus
