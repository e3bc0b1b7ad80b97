"""What the network of a fitted estimator is: its layers, and the inputs that it uses."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.utils.validation import check_is_fitted

from sklearn_rnn._modules.summary import summarize
from sklearn_rnn._training.penalties import input_weights
from sklearn_rnn._training.skorch_net import SequenceNet
from sklearn_rnn.neural_network._input_reader import InputReader


class Described:
    """Mixin that describes the network of a fitted estimator."""

    net_: SequenceNet
    members_: list[Any]
    n_channels_: int
    n_steps_: int
    n_parameters_: int
    missing_channels_: NDArray[np.intp]
    _reader: InputReader

    _learned: ClassVar[dict[str, str]] = {
        "selected_channels_ : ndarray of bool, of shape (n_channels_,)": """
            Channels that the network, or any member, uses: those with a nonzero weight on the
            channel or on its missing-value indicator. For a TCN, available only with
            ``penalty="group"``.""",
        "selected_lags_ : ndarray of bool, of shape (n_steps_,)": """
            Steps that the network uses, oldest first. For dense networks (MLP) only: the others
            share their weights between steps.""",
    }

    def summary(self) -> None:
        """Print the layers of the network with their output shapes and numbers of parameters."""
        check_is_fitted(self)
        dtype = getattr(torch, self.net_.config.dtype)
        if self._reader.reading.tokens:
            dtype = torch.int64
        x = torch.zeros(1, self.n_steps_, self._reader.n_inputs, dtype=dtype)
        print(summarize(self.net_.module_, x))
        if hasattr(self, "members_"):
            print(f"one of {len(self.members_)} members, {self.n_parameters_:,} parameters in all")

    @property
    def selected_channels_(self) -> NDArray[np.bool_]:
        """Return which channels the network uses."""
        read = self._inputs_read()
        return np.asarray(read.reshape(-1, read.shape[-1]).any(axis=0))

    @property
    def selected_lags_(self) -> NDArray[np.bool_]:
        """Return which steps the network uses, oldest first."""
        read = self._inputs_read()
        if read.ndim == 1:
            raise AttributeError(
                f"{type(self).__name__} has no selected_lags_: its weights are shared between lags."
            )
        return np.asarray(read.any(axis=1))

    def _inputs_read(self) -> NDArray[np.bool_]:
        """Return which channels (or channels at each step) have a nonzero weight."""
        check_is_fitted(self)
        if hasattr(self, "members_"):
            return np.logical_or.reduce([member._inputs_read() for member in self.members_])
        try:
            weights = input_weights(self.net_.module_)
        except ValueError as error:
            raise AttributeError(str(error)) from error
        read: NDArray[np.bool_] = (weights != 0).any(-1).numpy()
        own, indicators = np.split(read, [self.n_channels_], axis=-1)
        own[..., self.missing_channels_] |= indicators
        return own
