"""Which channels and lags a trained net reads."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.validation import check_is_fitted

from sklearn_rnn._penalties import input_weights


class Selection:
    """What the weights on the input say, as learned attributes; they are read when asked for."""

    net_: Any
    n_channels_: int
    missing_channels_: NDArray[np.intp]

    _learned: ClassVar[dict[str, str]] = {
        "selected_channels_ : ndarray of bool, of shape (n_channels_,)": """
            Channels that the net reads: those on which, or on whose indicator of missing values,
            some weight is not zero. A TCN knows them with ``penalty="group"`` only.""",
        "selected_lags_ : ndarray of bool, of shape (n_steps_,)": """
            Steps that the net reads, the oldest first. Dense nets alone have it: the weights of
            the others are the same for all steps.""",
    }

    @property
    def selected_channels_(self) -> NDArray[np.bool_]:
        """Return which channels the net reads."""
        read = self._inputs_read()
        return np.asarray(read.reshape(-1, read.shape[-1]).any(axis=0))

    @property
    def selected_lags_(self) -> NDArray[np.bool_]:
        """Return which steps the net reads, oldest first."""
        read = self._inputs_read()
        if read.ndim == 1:
            raise AttributeError(
                f"{type(self).__name__} has no selected_lags_: each of its weights serves all lags."
            )
        return np.asarray(read.any(axis=1))

    def _inputs_read(self) -> NDArray[np.bool_]:
        """Return which channels, or which channels at which steps, have a weight that counts."""
        check_is_fitted(self)
        try:
            weights = input_weights(self.net_.module_)
        except ValueError as error:
            raise AttributeError(str(error)) from error
        read: NDArray[np.bool_] = (weights != 0).any(-1).numpy()
        own, indicators = np.split(read, [self.n_channels_], axis=-1)
        own[..., self.missing_channels_] |= indicators
        return own
