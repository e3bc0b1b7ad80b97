"""Scaling of regression targets, and predictions in the units of y."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import reduce
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from sklearn_rnn._sequences.scaling import IDENTITY, Moments, Scale
from sklearn_rnn._sequences.window_scaling import WindowScale
from sklearn_rnn._sklearn.validation import check_target
from sklearn_rnn._training.losses import Loss


@dataclass(frozen=True)
class WindowMoments:
    """Moments of targets that are normalised with their windows, which may come in pieces.

    Attributes
    ----------
    outputs : tuple of Moments
        Those of each output; a target counts as much as its error counts in the loss.
    largest : ndarray of shape (n_outputs,)
        The largest scale of a window, in whose units the weights are.
    size, total : ndarray of shape (n_outputs,), float
        Sum of these weights, and of the sample weights.
    degree : float
        The power of the scale by which the loss grows.
    """

    outputs: tuple[Moments, ...]
    largest: NDArray[np.float64]
    size: NDArray[np.float64]
    total: float
    degree: float

    @classmethod
    def of(
        cls,
        target: NDArray[np.float64],
        weight: NDArray[np.float64],
        windows: WindowScale,
        degree: float,
    ) -> WindowMoments:
        """Return the moments of targets (n_samples, n_outputs) of some windows."""
        residual = (target - windows.level) / windows.scale
        largest = windows.scale.max(axis=0)
        size = (windows.scale / largest) ** degree
        outputs = tuple(
            Moments.of(residual[:, j : j + 1], weight * size[:, j]) for j in range(len(largest))
        )
        return cls(outputs, largest, weight @ size, float(weight.sum()), degree)

    def merged(self, other: WindowMoments) -> WindowMoments:
        """Return the moments of both, in units of the larger scale."""
        largest = np.maximum(self.largest, other.largest)
        shares = [(each.largest / largest) ** self.degree for each in (self, other)]
        first, last = (
            [replace(m, total=m.total * s) for m, s in zip(each.outputs, share, strict=True)]
            for each, share in zip((self, other), shares, strict=True)
        )
        outputs = tuple(map(Moments.merged, first, last))
        size = self.size * shares[0] + other.size * shares[1]
        return WindowMoments(outputs, largest, size, self.total + other.total, self.degree)

    @property
    def scale(self) -> Scale:
        """Mean and scale of each output."""
        means, scales = zip(*((m.scale.mean, m.scale.scale) for m in self.outputs), strict=True)
        return Scale(np.concatenate(means), np.concatenate(scales))

    @property
    def unit(self) -> NDArray[np.float64]:
        """The mean scale of the windows, in which their loss is measured."""
        if not self.degree:
            return self.largest
        return np.asarray(self.largest * (self.size / self.total) ** (1 / self.degree))


@dataclass(frozen=True)
class RegressionEncoder:
    """Encoder of regression targets: standardises them, or with a log link divides by the mean.

    Attributes
    ----------
    name : str
        Class name of the estimator, for error messages.
    shape : tuple of int
        Shape of the target of one sample.
    loss : Loss
        The loss of the network, which says what its outputs are: blocks of one column for each
        target, of which `decode` returns the first in the units of y.
    loss_name : str
        Its name, for error messages.
    n_constants : int
        Outputs, the last ones, that are the same for all samples.
    standardize : bool, "window" or "last"
        Whether to standardise targets to mean zero and variance one; of windows that are normalised
        by their own values, what remains of the targets.
    is_whole : bool
        Whether all targets of training and validation are whole numbers.
    is_first : bool
        Whether more targets will follow, so that a mean of zero may not be that of all.
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
    loss: Loss
    loss_name: str
    n_constants: int = 0
    standardize: bool | str = True
    is_whole: bool = True
    is_first: bool = False
    channels: NDArray[np.intp] | None = None
    scale: Scale = IDENTITY
    unit: NDArray[np.float64] | None = None
    windows: WindowScale | None = None

    padding: ClassVar[float] = np.nan
    """The prediction at steps of padding."""

    @property
    def n_outputs(self) -> int:
        """Number of outputs of the network."""
        return len(self.scale.mean) * self.loss.n_parameters

    @classmethod
    def of(
        cls,
        y: Any,
        name: str,
        *,
        loss: Loss,
        loss_name: str,
        standardize: bool | str,
    ) -> tuple[RegressionEncoder, NDArray[np.float64]]:
        """Return an encoder for targets of the shape of y and a loss, and the encoded y."""
        values = check_target(y)
        n_constants = loss.n_constants * math.prod(values.shape[1:])
        encoder = cls(name, values.shape[1:], loss, loss_name, n_constants, standardize)
        return encoder, encoder._table(values)

    def encode(self, y: Any, *, counts: bool = False) -> NDArray[np.float64]:
        """Return y as an array of shape (n_samples, n_targets), of whole numbers with `counts`."""
        return self._table(check_target(y), counts=counts)

    def _table(self, values: NDArray[np.float64], *, counts: bool = False) -> NDArray[np.float64]:
        if values.shape[1:] != self.shape:
            raise ValueError(
                f"y has the shape {values.shape}, but {self.name} was fitted on targets "
                f"of the shape (n_samples{''.join(f', {k}' for k in self.shape)})."
            )
        if self.loss.log_link and values.min() < 0:
            raise ValueError(
                f'loss="{self.loss_name}" needs y to be non-negative; got a minimum of '
                f"{values.min():g}."
            )
        counts = counts or self.loss.counts
        if counts and (fractional := values[values % 1 != 0]).size:
            raise ValueError(
                f'loss="{self.loss_name}" needs y to be counts, whole numbers; got '
                f'{fractional[0]:g}. For the mean of other non-negative targets set loss="poisson".'
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
            return self.fit_pieces([self.summary(target, weight)])
        return self.fit_pieces(map(Moments.of, [target], [weight]))

    def summary(
        self, target: NDArray[np.float64], weight: NDArray[np.float64]
    ) -> Moments | WindowMoments:
        """Return what `fit_pieces` needs of a piece of the targets."""
        if self.windows is None:
            return Moments.of(target, weight)
        return WindowMoments.of(target, weight, self.windows, self._degree)

    def fit_pieces(self, summaries: Iterable[Any]) -> RegressionEncoder:
        """Return an encoder with the means and scales of targets that come in pieces."""
        merged = reduce(lambda first, last: first.merged(last), summaries)
        if isinstance(merged, WindowMoments):
            return replace(self, scale=merged.scale, unit=merged.unit, windows=None)
        scale = merged.scale
        if not (self.loss.log_link or self.standardize):
            return replace(self, scale=Scale.identity(len(scale.mean)))
        if self.loss.log_link:
            if not (scale.mean.all() or self.is_first):
                raise ValueError(
                    f'loss="{self.loss_name}" needs y to have a positive mean in each output.'
                )
            scale = Scale(np.zeros_like(scale.mean), np.where(scale.mean > 0, scale.mean, 1.0))
        return replace(self, scale=scale)

    @property
    def _degree(self) -> float:
        """The power of the scale of a window by which the loss of its target grows."""
        return 2 if self.loss.degree is None else self.loss.degree

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
        channels; not if the degree is zero.
        """
        if self.standardize != "window" or self.channels is None or self.loss.degree == 0:
            return False
        return self.loss.degree is None or bool((self.channels != self.channels[0]).any())

    @property
    def loss_factor(self) -> NDArray[np.float64] | None:
        """The factor of the loss of each target: loss is measured in units of all windows."""
        if self.standardize != "window" or not self.loss.degree or self.has_factors:
            return None
        return np.asarray(self._factors[:, 0] ** self.loss.degree)

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
        if self.loss.log_link:
            return first.logsumexp(0) - math.log(len(first))
        return first.mean(0)

    def decode(self, raw_output: Tensor) -> NDArray[np.float64]:
        """Return raw outputs (n_samples, n_outputs) as predictions in the shape and units of y."""
        output: NDArray[np.float64] = raw_output.numpy()[:, : len(self.scale.mean)]
        is_log = self.loss.log_link
        values = np.exp(output) * self.scale.scale if is_log else self.in_units_of_y(output)
        return values.ravel() if self.shape == () else values

    def in_units_of_y(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return standardised values (..., n_samples, n_targets) in the units of y."""
        values = values * self.scale.scale + self.scale.mean
        if self.windows is not None:
            values = values * self.windows.scale + self.windows.level
        return values

    def size_in_units_of_y(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return sizes of standardised values, such as their scale, in the units of y."""
        values = values * self.scale.scale
        return values if self.windows is None else values * self.windows.scale

    def last_axis(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return values (k, n_samples, n_targets) with k as the last axis behind the shape of y."""
        values = np.moveaxis(values, 0, -1)
        return values[:, 0] if self.shape == () else values
