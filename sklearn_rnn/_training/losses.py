"""Losses: torch modules that map outputs and targets to a scalar.

The outputs are those of the network: standardised targets in regression, logits in
classification. Each loss is a mean over samples (weighted, if weights with mean one are
given) and over targets.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.optimize import minimize
from torch import Tensor, nn
from torch.nn import functional

N_OF_CONSTANT = 2000
"""The largest number of samples by which the best constant is searched for."""


class Loss(nn.Module):
    """A pointwise loss and its mean.

    Subclasses define `pointwise`, with values of shape (batch, n_targets). The compiled kernels
    identify them by `kernel`, the number in ``enum loss`` of fused_training.h or None, and
    `option`. The loss of c times an error is ``c ** degree`` times that of the error; other losses
    have no `degree`. The outputs are blocks of one column for each target, `n_parameters` of them;
    the first block alone is what the estimator predicts, up to scale and link. A loss of quantiles
    has their `levels`. One of a distribution has parameters (`parameters_of`), of which the last
    `n_constants` do not depend on the input. With `log_link` the first output is the logarithm of
    the mean, and targets are divided by their mean; with `counts` they must be whole numbers.
    """

    kernel: int | None
    option = 0.0
    degree: int | None = None
    n_parameters = 1
    n_constants = 0
    log_link = False
    counts = False
    levels: tuple[float, ...] = ()

    def pointwise(self, output: Tensor, target: Tensor) -> Tensor:
        """Return the loss of each sample and target, of shape (batch, n_targets)."""
        raise NotImplementedError

    def rescaled(self, output: Tensor, target: Tensor, factor: Tensor) -> Tensor:
        """Return the pointwise loss of outputs and targets that are multiplied by factors."""
        return self.pointwise(factor * output, factor * target)

    def quantiles(self, raw: Tensor) -> Tensor:
        """Return the quantiles (n_levels, ..., n_targets) of raw outputs (..., n_outputs)."""
        raise NotImplementedError(f"{type(self).__name__} has no quantiles.")

    def parameters_of(self, raw: Tensor) -> tuple[Tensor, ...]:
        """Return the parameters of the distribution, each of shape (..., n_targets)."""
        raise NotImplementedError(f"{type(self).__name__} has no distribution.")

    def constant(self, target: Tensor, weight: Tensor | None, n_outputs: int) -> Tensor:
        """Return the outputs, the same for all samples, of the least mean loss.

        They are those of every k-th sample if there are more than `N_OF_CONSTANT`.
        """
        every = slice(None, None, -(-len(target) // N_OF_CONSTANT))
        weight = None if weight is None else weight[every].double()
        target = target[every].double()

        def loss_at(values: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
            output = torch.as_tensor(values, device=target.device).expand(len(target), -1)
            loss, gradient = self.gradient(output, target, weight)
            return float(loss), gradient.sum(0).cpu().double().numpy()

        found = minimize(loss_at, np.zeros(n_outputs), jac=True, method="L-BFGS-B")
        return torch.as_tensor(found.x, device=target.device)

    def forward(self, output: Tensor, target: Tensor, weight: Tensor | None = None) -> Tensor:
        """Return the mean loss; `weight` of shape (batch,) has mean one over the data."""
        values = self.pointwise(output, target)
        if weight is None:
            return values.mean()
        return (values.mean(1) * weight).mean()

    def gradient(
        self, output: Tensor, target: Tensor, weight: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """Return the mean loss and its gradient with respect to `output`."""
        leaf = output.detach().requires_grad_()
        with torch.enable_grad():
            loss: Tensor = self(leaf, target, weight)
        return loss.detach(), torch.autograd.grad(loss, leaf)[0]


def weighted_mean(values: Tensor, weight: Tensor | None) -> Tensor:
    """Return the mean of each column; `weight` of shape (n,) has mean one."""
    return values.mean(0) if weight is None else (values * weight[:, None]).mean(0)


class SquaredError(Loss):
    """Half the squared error, so that a linear model with a penalty is an elastic net."""

    kernel = 0
    degree = 2

    def constant(self, target: Tensor, weight: Tensor | None, n_outputs: int) -> Tensor:
        """Return the mean of each target."""
        return weighted_mean(target, weight)

    def pointwise(self, output: Tensor, target: Tensor) -> Tensor:
        """Return ``(output - target)**2 / 2``."""
        return (output - target).square() * 0.5

    def gradient(
        self, output: Tensor, target: Tensor, weight: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """Return the mean loss and its gradient, the error over the number of errors."""
        if weight is not None:
            return super().gradient(output, target, weight)
        error = output - target
        gradient = error / error.numel()
        return torch.vdot(error.view(-1), gradient.view(-1)) * 0.5, gradient


class AbsoluteError(Loss):
    """The absolute error, minimised by the median."""

    kernel = 1
    degree = 1

    def pointwise(self, output: Tensor, target: Tensor) -> Tensor:
        """Return ``|output - target|``."""
        return (output - target).abs()


class Huber(Loss):
    """Half the squared error up to `delta`, linear beyond (Huber, 1964)."""

    kernel = 2

    def __init__(self, delta: float) -> None:
        super().__init__()
        self.delta = self.option = delta

    def pointwise(self, output: Tensor, target: Tensor) -> Tensor:
        """Return the Huber loss of ``output - target``."""
        return functional.huber_loss(output, target, reduction="none", delta=self.delta)


class Quantile(Loss):
    """The pinball loss, minimised by the `quantile` of the target (Koenker, Bassett, 1978)."""

    kernel = 3
    degree = 1

    def __init__(self, quantile: float) -> None:
        super().__init__()
        self.quantile = self.option = quantile
        self.levels = (quantile,)

    def quantiles(self, raw: Tensor) -> Tensor:
        """Return the outputs, along a first axis of one level."""
        return raw[None]

    def pointwise(self, output: Tensor, target: Tensor) -> Tensor:
        """Return ``max(q * e, (q - 1) * e)`` with ``e = target - output``."""
        return pinball(target - output, self.quantile)


def pinball(error: Tensor, level: float | Tensor) -> Tensor:
    """Return ``max(q * e, (q - 1) * e)`` of errors e = target - output and quantile levels q."""
    return torch.maximum(level * error, (level - 1) * error)


class Poisson(Loss):
    """Poisson deviance up to a constant; the output is the logarithm of the mean."""

    kernel = 4
    log_link = True

    def constant(self, target: Tensor, weight: Tensor | None, n_outputs: int) -> Tensor:
        """Return the logarithm of the mean of each target."""
        return weighted_mean(target, weight).log()

    def parameters_of(self, raw: Tensor) -> tuple[Tensor, ...]:
        """Return the mean."""
        return (raw.exp(),)

    def pointwise(self, output: Tensor, target: Tensor) -> Tensor:
        """Return ``exp(output) - target * output``."""
        return output.exp() - target * output


class Rescaled(Loss):
    """Another loss of outputs and targets that are both multiplied by factors.

    The factors, one for each target, are the second half of the columns of the target.
    """

    kernel = None

    def __init__(self, loss: Loss) -> None:
        super().__init__()
        self.loss = loss

    def pointwise(self, output: Tensor, target: Tensor) -> Tensor:
        """Return the loss of the rescaled output and target, see `Loss.rescaled`."""
        target, factor = target.chunk(2, dim=1)
        return self.loss.rescaled(output, target, factor)


class CrossEntropy(Loss):
    """Cross-entropy of one of several classes; targets are class indices of shape (batch,)."""

    kernel = 6

    def __init__(self, label_smoothing: float = 0.0) -> None:
        super().__init__()
        self.label_smoothing = self.option = label_smoothing

    def constant(self, target: Tensor, weight: Tensor | None, n_outputs: int) -> Tensor:
        """Return the logarithms of the shares of the classes."""
        shares = weighted_mean(functional.one_hot(target, n_outputs).double(), weight)
        return torch.lerp(shares, torch.full_like(shares, 1 / n_outputs), self.option).log()

    def pointwise(self, output: Tensor, target: Tensor) -> Tensor:
        """Return the negative log-probability of the class, of shape (batch, 1)."""
        return functional.cross_entropy(
            output, target, reduction="none", label_smoothing=self.label_smoothing
        ).unsqueeze(1)


class BinaryCrossEntropy(Loss):
    """Cross-entropy of independent binary outputs; targets are zeros and ones."""

    kernel = 5

    def __init__(self, label_smoothing: float = 0.0) -> None:
        super().__init__()
        self.label_smoothing = self.option = label_smoothing

    def constant(self, target: Tensor, weight: Tensor | None, n_outputs: int) -> Tensor:
        """Return the log-odds of the share of each label."""
        share = weighted_mean(target.double(), weight)
        return (share * (1 - self.label_smoothing) + 0.5 * self.label_smoothing).logit()

    def pointwise(self, output: Tensor, target: Tensor) -> Tensor:
        """Return the negative log-probability of the label of each output."""
        smooth = target * (1 - self.label_smoothing) + 0.5 * self.label_smoothing
        return functional.binary_cross_entropy_with_logits(output, smooth, reduction="none")
