"""What a fitted estimator answers: outputs of the net, scores, and which inputs it reads."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.utils.validation import check_is_fitted

from sklearn_rnn._modules.summary import summarize
from sklearn_rnn._sequences.lists import comes_as_list
from sklearn_rnn._sequences.step_targets import flatten_steps, unflatten_steps, valid_lengths
from sklearn_rnn._sklearn.validation import check_length
from sklearn_rnn._training.inference import chunk_size, threads
from sklearn_rnn._training.penalties import input_weights
from sklearn_rnn._training.tensors import shares_rows
from sklearn_rnn.neural_network._input_reader import Inputs


class Outputs(Inputs):
    """The part of an estimator that asks the net."""

    net_: Any
    n_parameters_: int
    predict: Callable[[Any], NDArray[Any]]
    return_sequences: bool = False

    def _outputs(self, X: Any) -> tuple[torch.Tensor, Callable[..., NDArray[Any]]]:
        """Return what the net says of X on its own scale, and what brings that into shape.

        The first has shape (n_samples, n_outputs), or a row for each valid step. The second takes
        an array with as many rows, and what stands at absent steps.
        """
        check_is_fitted(self)
        sequences, _ = self._read_sequences(X, reset=False)
        x = self._input(sequences, self.net_.settings.dtype, self.net_.device)
        module = self.net_.module_
        shared = shares_rows(x, module.receptive_field)
        with threads(module, x, chunk_size(module, x, shared=shared), shared=shared):
            raw_output = self.net_.outputs(x).double()
        if self.return_sequences:
            return raw_output, partial(
                unflatten_steps, sequences=sequences, ragged=comes_as_list(X)
            )
        return raw_output, lambda values, fill: values

    def _score(self, metric: Callable[..., float], X: Any, y: Any, sample_weight: Any) -> float:
        """Return the metric of the predictions, with a target for each step over all of those."""
        predicted = self.predict(X)
        if self.return_sequences:
            sequences, _ = self._read_sequences(X, reset=False)
            y, predicted = (flatten_steps(values, sequences) for values in (y, predicted))
            if sample_weight is not None:
                check_length("sample_weight", sample_weight, X)
                sample_weight = np.repeat(sample_weight, valid_lengths(sequences))
        return float(metric(y, predicted, sample_weight=sample_weight))

    def summary(self) -> None:
        """Print the layers of the net, the shapes of their outputs and their parameters."""
        check_is_fitted(self)
        n_steps, n_inputs = self.n_steps_, self.n_channels_ + len(self.missing_channels_)
        dtype = torch.int64 if self._reading.tokens else getattr(torch, self.net_.settings.dtype)
        print(summarize(self.net_.module_, torch.zeros(1, n_steps, n_inputs, dtype=dtype)))


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
