"""What a fitted net says of X, in the shape of y."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.utils.validation import check_is_fitted

from sklearn_rnn._inference import at_once, reach_of, threads
from sklearn_rnn._inputs import Inputs
from sklearn_rnn._refusals import check_length
from sklearn_rnn._sequence_lists import comes_as_list
from sklearn_rnn._step_targets import flatten_steps, unflatten_steps, valid_lengths
from sklearn_rnn._summary import summarize
from sklearn_rnn._tensors import shares_rows


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
        shared = shares_rows(x, reach_of(module))
        with threads(module, x, at_once(module, x, shared=shared), shared=shared):
            said = self.net_.outputs(x).double()
        if self.return_sequences:
            return said, partial(unflatten_steps, sequences=sequences, ragged=comes_as_list(X))
        return said, lambda values, fill: values

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
