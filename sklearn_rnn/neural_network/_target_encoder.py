"""Scaling of regression targets, and predictions in the units of y."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from sklearn_rnn._sequences.scaling import IDENTITY, Scale
from sklearn_rnn._sequences.window_scaling import WindowScale
from sklearn_rnn._sklearn.validation import check_target
from sklearn_rnn._training.losses import Loss


@dataclass(frozen=True)
class RegressionEncoder:
    """Encoder of regression targets: standardises them, or with a log link divides by the mean.

    Attributes
    ----------
    name : str
        Class name of the estimator, for error messages.
    shape : tuple of int
        Shape of the target of one sample.
    log_link : bool
        Whether the network predicts the logarithm of the mean, as ``loss="poisson"`` does.
    standardize : bool, "window" or "last"
        Whether to standardise targets to mean zero and variance one; of windows that are normalised
        by their own values, what remains of the targets.
    degree : int or None
        The degree of the loss, see `Loss`.
    n_parameters : int
        Raw outputs for each target, in blocks of one column for each target. The first block is
        what `decode` returns in the units of y.
    channels : ndarray of int, of shape (n_outputs,), or None
        The channels that the outputs follow in such windows.
    scale : Scale
        Mean and scale of each output.
    unit : ndarray of shape (n_outputs,) or None
        The mean scale of windows in training, in which their loss is measured.
    windows : WindowScale or None
        Levels and scales of the windows of some targets, by output.
    """

    name: str
    shape: tuple[int, ...]
    log_link: bool = False
    standardize: bool | str = True
    degree: int | None = None
    n_parameters: int = 1
    channels: NDArray[np.intp] | None = None
    scale: Scale = IDENTITY
    unit: NDArray[np.float64] | None = None
    windows: WindowScale | None = None

    padding: ClassVar[float] = np.nan
    """The prediction at steps of padding."""

    @property
    def n_outputs(self) -> int:
        """Number of outputs of the network."""
        return len(self.scale.mean) * self.n_parameters

    @classmethod
    def of(
        cls,
        y: Any,
        name: str,
        *,
        log_link: bool,
        standardize: bool | str,
        loss: Loss,
    ) -> tuple[RegressionEncoder, NDArray[np.float64]]:
        """Return an encoder for targets of the shape of y and a loss, and the encoded y."""
        values = check_target(y)
        own = (log_link, standardize, loss.degree, loss.n_parameters)
        encoder = cls(name, values.shape[1:], *own)
        return encoder, encoder._table(values)

    def encode(self, y: Any) -> NDArray[np.float64]:
        """Return y as an array of shape (n_samples, n_outputs)."""
        return self._table(check_target(y))

    def _table(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        if values.shape[1:] != self.shape:
            raise ValueError(
                f"y has the shape {values.shape}, but {self.name} was fitted on targets "
                f"of the shape (n_samples{''.join(f', {k}' for k in self.shape)})."
            )
        if self.log_link and values.min() < 0:
            raise ValueError(
                f'loss="poisson" needs y to be non-negative; got a minimum of {values.min():g}.'
            )
        return values.reshape(len(values), -1)

    def at(self, windows: WindowScale | None, channels: Scale) -> RegressionEncoder:
        """Return the encoder of the targets of some windows, for their normalised channels."""
        if windows is None or self.channels is None:
            return self
        windows = windows.in_units_of(channels).columns(self.channels)
        return replace(self, windows=windows)

    def fit(self, target: NDArray[np.float64], weight: NDArray[np.float64]) -> RegressionEncoder:
        """Return an encoder with the weighted means and scales of the targets.

        In windows of different scale a target counts as much as its error counts in the loss.
        """
        if self.windows is not None:
            residual = (target - self.windows.level) / self.windows.scale
            largest, degree = self.windows.scale.max(axis=0), self.degree or 2
            size = (self.windows.scale / largest) ** degree
            scales = [
                Scale.of(residual[:, j : j + 1], weight * size[:, j]) for j in range(len(largest))
            ]
            means, deviations = (
                np.concatenate([getattr(s, name) for s in scales]) for name in ("mean", "scale")
            )
            unit = largest * (weight @ size / weight.sum()) ** (1 / degree)
            return replace(self, scale=Scale(means, deviations), unit=unit, windows=None)
        if not (self.log_link or self.standardize):
            return replace(self, scale=Scale.identity(target.shape[1]))
        scale = Scale.of(target, weight)
        if self.log_link:
            if not scale.mean.all():
                raise ValueError('loss="poisson" needs y to have a positive mean in each output.')
            scale = Scale(np.zeros_like(scale.mean), scale.mean)
        return replace(self, scale=scale)

    def to_network(self, target: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return encoded targets on the scale of the network, and behind them their factors."""
        if self.windows is not None:
            target = (target - self.windows.level) / self.windows.scale
        if self.has_factors:
            target = self.scale.standardize(target, out=np.empty(target.shape))
            return np.hstack([target, self._factors])
        return self.scale.standardize(target, out=np.empty(target.shape))

    @property
    def has_factors(self) -> bool:
        """Whether the loss needs a factor of each target, as no weight has the same effect.

        It does in windows of different scale if the loss has no degree, or outputs follow different
        channels.
        """
        if self.standardize != "window" or self.channels is None:
            return False
        return self.degree is None or bool((self.channels != self.channels[0]).any())

    @property
    def loss_factor(self) -> NDArray[np.float64] | None:
        """The factor of the loss of each target: loss is measured in units of all windows."""
        if self.standardize != "window" or self.degree is None or self.has_factors:
            return None
        return np.asarray(self._factors[:, 0] ** self.degree)

    @property
    def _factors(self) -> NDArray[np.float64]:
        """Scales of windows, relative to their mean in training."""
        assert self.windows is not None, "the encoder is that of some windows"
        assert self.unit is not None, "the encoder is fitted"
        return self.windows.scale / self.unit

    def averaged(self, raw_outputs: Tensor) -> Tensor:
        """Return the first block of raw outputs whose predictions are the means of all members.

        Parameters
        ----------
        raw_outputs : Tensor of shape (n_members, n_samples, n_outputs)
            The raw outputs of each member.
        """
        first = raw_outputs[..., : len(self.scale.mean)]
        if self.log_link:
            return first.logsumexp(0) - math.log(len(first))
        return first.mean(0)

    def decode(self, raw_output: Tensor) -> NDArray[np.float64]:
        """Return raw outputs (n_samples, n_outputs) as predictions in the shape and units of y."""
        output: NDArray[np.float64] = raw_output[:, : len(self.scale.mean)].numpy()
        values = np.exp(output) * self.scale.scale if self.log_link else self.in_units_of_y(output)
        return values.ravel() if self.shape == () else values

    def in_units_of_y(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return standardised values (..., n_samples, n_targets) in the units of y."""
        values = values * self.scale.scale + self.scale.mean
        if self.windows is not None:
            values = values * self.windows.scale + self.windows.level
        return values

    def last_axis(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return values (k, n_samples, n_targets) with k as the last axis behind the shape of y."""
        values = np.moveaxis(values, 0, -1)
        return values[:, 0] if self.shape == () else values
