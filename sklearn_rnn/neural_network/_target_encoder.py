"""Scaling of regression targets, and predictions in the units of y."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from sklearn_rnn._sequences.scaling import IDENTITY, Scale
from sklearn_rnn._sklearn.validation import check_target


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
    standardize : bool
        Whether to standardise targets to mean zero and variance one.
    scale : Scale
        Mean and scale of each output.
    """

    name: str
    shape: tuple[int, ...]
    log_link: bool = False
    standardize: bool = True
    scale: Scale = IDENTITY

    padding: ClassVar[float] = np.nan
    """The prediction at steps of padding."""

    @property
    def n_outputs(self) -> int:
        """Number of outputs of the network."""
        return len(self.scale.mean)

    @classmethod
    def of(
        cls, y: Any, name: str, *, log_link: bool, standardize: bool
    ) -> tuple[RegressionEncoder, NDArray[np.float64]]:
        """Return an encoder for targets of the shape of y, and the encoded y."""
        values = check_target(y)
        encoder = cls(name, values.shape[1:], log_link, standardize)
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

    def fit(self, target: NDArray[np.float64], weight: NDArray[np.float64]) -> RegressionEncoder:
        """Return an encoder with the weighted means and scales of the targets."""
        if not (self.log_link or self.standardize):
            return replace(self, scale=Scale.identity(target.shape[1]))
        scale = Scale.of(target, weight)
        if self.log_link:
            if not scale.mean.all():
                raise ValueError('loss="poisson" needs y to have a positive mean in each output.')
            scale = Scale(np.zeros_like(scale.mean), scale.mean)
        return replace(self, scale=scale)

    def to_network(self, target: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return encoded targets on the scale of the network."""
        return self.scale.standardize(target, out=np.empty(target.shape))

    def decode(self, raw_output: Tensor) -> NDArray[np.float64]:
        """Return raw outputs (n_samples, n_outputs) as predictions in the shape and units of y."""
        output: NDArray[np.float64] = raw_output.numpy()
        if self.log_link:
            values = np.exp(output) * self.scale.scale
        else:
            values = output * self.scale.scale + self.scale.mean
        return values.ravel() if self.shape == () else values
