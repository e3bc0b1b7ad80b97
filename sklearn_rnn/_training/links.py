"""Functions from raw outputs of a network to parameters with a bound."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional


def positive(raw: Tensor, at_zero: Tensor) -> Tensor:
    r"""Return :math:`\log(1 + e^{r + c})`, positive numbers that grow with the raw outputs r.

    The constants c are those for which the result is `at_zero`, which is positive, at r = 0. Far
    outside the training data the result is linear in r, and not exponential.
    """
    offset = at_zero + torch.log(-torch.expm1(-at_zero))  # the inverse of softplus
    return functional.softplus(raw + offset.to(raw))
