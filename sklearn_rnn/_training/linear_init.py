r"""Initial values of the linear model of a `LinearSkip`, and its share of the outputs.

With the squared error it starts at the ridge solution. With n samples, k outputs, and X and Y
centred at their weighted means, the objective of the linear model is minimised by

.. math:: W = Y^T X (X^T X + n k \alpha I)^{-1}

which is scikit-learn's ``Ridge`` with ``alpha`` equal to :math:`n k \alpha`. With any other loss
L-BFGS minimises the objective; for two classes this is scikit-learn's ``LogisticRegression`` with
:math:`C = 1 / (n \alpha)`. With an L1 penalty it is an MLP without a hidden layer, trained by
proximal L-BFGS, so that weights are exactly zero from the start. Windows are flattened batch by
batch, never all together.

After training with early stopping, the outputs :math:`f_0` of the initial linear model and
:math:`f_1` of the best epoch are combined to :math:`f_0 + c\,(f_1 - f_0)`, where c is half of the
value that is best on the validation data. Half, because the epoch was the best of many on the same
data, and because the mean of two forecasts of about the same error is better than both (Bates and
Granger, 1969). A loss that is not convex, such as that of a distribution, may be higher half-way
than at either end: c is then zero.

References
----------
Bates and Granger (1969). The combination of forecasts. Operational Research Quarterly 20.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from sklearn_rnn._modules.base import SequenceModule
from sklearn_rnn._modules.constant_outputs import (
    SIZES,
    ConstantOutputs,
    append_constants,
    with_constants,
)
from sklearn_rnn._modules.linear_skip import LinearSkip
from sklearn_rnn._modules.mlp import Dense
from sklearn_rnn._training.batches import Examples
from sklearn_rnn._training.losses import SquaredError
from sklearn_rnn._training.optimizers import LBFGS

VALUES_AT_ONCE = 2**20
"""Values of the windows in one batch."""

ITERATIONS = 500
"""The largest number of iterations of L-BFGS."""

ALONE: dict[str, Any] = {
    **{"optimizer": "lbfgs", "lr_schedule": "constant", "max_epochs": ITERATIONS},
    **{"early_stopping": False, "patience": 3, "tol": 1e-9, "max_grad_norm": None},
    **{"augmentation": None, "callbacks": [], "verbose": 0, "linear_skip": False},
}
"""Settings for training the linear model by itself; the batch is all examples."""

SHARES = 21
"""Number of values of c that are tried, from 0 to 1."""


Module = tuple[type[SequenceModule], dict[str, Any]]


class Start(NamedTuple):
    """Copies of the parameters that a module starts with: its linear model, and its constants."""

    weight: Tensor
    bias: Tensor
    constants: Tensor | None = None

    def outputs(self, x: Tensor) -> Tensor:
        """Return the outputs of the linear model for windows x (batch, n_steps, n_channels)."""
        linear = nn.functional.linear(x.flatten(1), self.weight, self.bias)
        return linear if self.constants is None else append_constants(linear, self.constants)


def beside(module: Module) -> Module:
    """Return the class and the arguments of a module plus a linear model."""
    inner, arguments = module
    architecture = {name: value for name, value in arguments.items() if name not in SIZES}
    outer = {name: arguments[name] for name in SIZES}
    return LinearSkip, {**outer, "inner": inner, "architecture": architecture}


def alone(module: Module) -> Module:
    """Return the class and the arguments of the linear model of a module by itself.

    The last outputs are constants if those of the module are.
    """
    sizes = {name: module[1][name] for name in SIZES}
    linear: Module = (Dense, {**sizes, "hidden_layer_sizes": ()})
    n_constants = module[1].get("n_constants")
    return with_constants(linear, n_constants) if n_constants else linear


def parts(module: nn.Module) -> tuple[LinearSkip, nn.Parameter | None]:
    """Return the network plus linear model of a module, and its constant outputs if there are."""
    inner, constants = module, None
    if isinstance(module, ConstantOutputs):
        inner, constants = module.net, module.constants
    assert isinstance(inner, LinearSkip), "linear_skip is set"
    return inner, constants


@torch.no_grad()
def start_at(module: nn.Module, trained: nn.Module) -> Start:
    """Copy a linear model that was trained by itself into the module; return its parameters."""
    inner, constants = parts(module)
    linear = trained
    if isinstance(trained, ConstantOutputs):
        linear = trained.net
    if constants is not None:
        constants.copy_(trained.get_parameter("constants"))
    inner.linear.load_state_dict(linear.get_submodule("head.linear").state_dict())
    weight, bias = inner.linear.weight.clone(), inner.linear.bias.clone()
    return Start(weight, bias, None if constants is None else constants.clone())


@torch.no_grad()
def start_linear(
    module: LinearSkip, examples: Examples, criterion: nn.Module, alpha: float
) -> Start:
    """Fit the linear model of a module without constant outputs to the examples.

    Parameters
    ----------
    module : LinearSkip
        The module, on the device of the examples.
    examples : Examples
        The training data.
    criterion : nn.Module
        The loss.
    alpha : float
        The L2 penalty on its weights.

    Returns
    -------
    Start
        Copies of its weight and its bias.
    """
    n_outputs, n_inputs = module.linear.weight.shape
    if isinstance(criterion, SquaredError):
        weight, bias = _ridge(examples, n_outputs * alpha)
    else:
        weight, bias = _by_lbfgs(examples, criterion, alpha, n_outputs, n_inputs)
    module.linear.weight.copy_(weight)
    module.linear.bias.copy_(bias)
    return Start(module.linear.weight.clone(), module.linear.bias.clone())


@torch.no_grad()
def combine_with_start(
    module: nn.Module, start: Start, valid: Examples, criterion: nn.Module
) -> None:
    """Combine the trained module with its initial linear model, as the head of this file says.

    Parameters
    ----------
    module : LinearSkip, or ConstantOutputs around one
        The trained module.
    start : Start
        The parameters of the initial linear model.
    valid : Examples
        The validation data.
    criterion : nn.Module
        The loss.
    """
    module.eval()
    inner, constants = parts(module)
    linear, head = inner.linear, inner.net.get_submodule("head.linear")
    batches = [
        (start.outputs(x), module(x), y, _column(w, x)[:, 0].to(x))
        for x, y, w, *_ in valid.batches(_batch(valid))
    ]
    first, last, y, weight = (torch.cat(batch) for batch in zip(*batches, strict=True))
    shares = torch.linspace(0, 1, SHARES).tolist()

    def loss(share: float) -> float:
        return float(criterion(torch.lerp(first, last, share), y, weight))

    losses = [loss(share) for share in shares]
    half = shares[int(np.argmin(losses))] / 2
    if loss(half) > losses[0]:
        half = 0.0
    for trained, initial in zip((linear.weight, linear.bias, constants), start, strict=True):
        if trained is not None and initial is not None:
            trained.copy_(torch.lerp(initial, trained, half))
    for parameter in head.parameters():
        parameter.mul_(half)


@torch.inference_mode()
def linear_share(module: nn.Module, examples: Examples) -> float:
    r"""Return the share of the linear model l in the variance of the outputs f = l + h.

    .. math:: \sum_k \mathrm{Cov}(l_k, f_k) / \sum_k \mathrm{Var}(f_k)

    over the (weighted) examples, summed over the outputs k. It and the share of the network h sum
    to one; it is one if h is constant, and below 0 or above 1 only if l and h are negatively
    correlated. Constant outputs have no variance.
    """
    inner, _ = parts(module.eval())
    batches = [
        (inner.linear_outputs(x).double(), inner(x).double(), _column(weight, x))
        for x, _, weight, *_ in examples.batches(_batch(examples))
    ]
    linear, output, weight = (torch.cat(batch) for batch in zip(*batches, strict=True))
    centred = weight * (output - (weight * output).mean(0))
    variance = (centred * output).sum()
    return float((centred * linear).sum() / variance) if variance > 0 else 1.0


def _batch(examples: Examples) -> int:
    """Return how many samples to flatten in one batch."""
    return max(1, VALUES_AT_ONCE // examples.values_per_sequence)


def _column(weight: Tensor | None, x: Tensor) -> Tensor:
    """Return the weights of a batch as a column, ones if there are none."""
    if weight is None:
        return torch.ones(len(x), 1, dtype=torch.float64, device=x.device)
    return weight.double().unsqueeze(1)


def _rows(examples: Examples) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
    """Yield batches of flattened windows, targets and weights in double precision."""
    for x, y, weight, *_ in examples.batches(_batch(examples)):
        yield x.flatten(1).double(), y.double(), _column(weight, x)


def _ridge(examples: Examples, strength: float) -> tuple[Tensor, Tensor]:
    """Solve the normal equations; without a penalty, take the solution of least norm."""
    n = len(examples)
    x_mean = torch.stack([(w * x).sum(0) for x, _, w in _rows(examples)]).sum(0) / n
    y_mean = torch.stack([(w * y).sum(0) for _, y, w in _rows(examples)]).sum(0) / n
    gram = x_mean.new_zeros(len(x_mean), len(x_mean))
    moment = x_mean.new_zeros(len(x_mean), len(y_mean))
    for x, y, w in _rows(examples):
        weighted = w * (x - x_mean)
        gram.addmm_((x - x_mean).T, weighted)
        moment.addmm_(weighted.T, y - y_mean)
    gram.diagonal().add_(n * strength)
    factor, failed = torch.linalg.cholesky_ex(gram)
    if strength and not failed:
        weight = torch.cholesky_solve(moment, factor).T
    else:
        weight = (torch.linalg.pinv(gram, hermitian=True) @ moment).T
    return weight, y_mean - weight @ x_mean


@torch.enable_grad()
def _by_lbfgs(
    examples: Examples, criterion: nn.Module, alpha: float, n_outputs: int, n_inputs: int
) -> tuple[Tensor, Tensor]:
    """Minimise the objective of the linear model with L-BFGS, starting at zero."""
    zeros = torch.zeros(n_outputs, n_inputs + 1, dtype=torch.float64, device=examples.x.device)
    weight = zeros[:, :-1].clone().requires_grad_()
    bias = zeros[:, -1].clone().requires_grad_()
    optimizer = LBFGS(
        [weight, bias],
        max_iter=ITERATIONS,
        tolerance_grad=1e-9,
        tolerance_change=1e-13,
        line_search_fn="strong_wolfe",
    )

    def closure() -> float:
        weight.grad = bias.grad = None
        objective = 0.5 * alpha * weight.square().sum()
        objective.backward()
        total = float(objective.detach())
        for x, y, w, *_ in examples.batches(_batch(examples)):
            output = nn.functional.linear(x.flatten(1).double(), weight, bias)
            target = y.double() if y.is_floating_point() else y
            loss = criterion(output, target, w) * (len(y) / len(examples))
            loss.backward()
            total += float(loss.detach())
        return total

    optimizer.step(closure)
    return weight.detach(), bias.detach()
