"""What an estimator does with X: it reads it, learns its scales, and gives the net its tensor."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray

from sklearn_rnn._modules.base import SequenceModule
from sklearn_rnn._modules.embedding import Embedded
from sklearn_rnn._sequences.ragged import Ragged
from sklearn_rnn._sequences.scaling import Scale, is_scaled, standardized
from sklearn_rnn._sequences.storage import has_nan
from sklearn_rnn._sequences.validation import Reading, check_sequences
from sklearn_rnn._sequences.windows import Windows
from sklearn_rnn._training.linear_init import beside
from sklearn_rnn._training.streaming import must_stream, stream
from sklearn_rnn._training.tensors import RaggedTensor, as_tensor

UNKNOWN = 1
"""The token that stands for those that training did not show."""

EMBEDDING_DIM = 32
"""Entries of the vector of a token, if only ``vocabulary_size`` is given."""

MOST_TOKENS = 10_000_000
"""The largest token for which a vector is made unasked."""

Module = tuple[type[SequenceModule], dict[str, Any]]


class Inputs:
    """The part of an estimator that knows X."""

    _module_class: ClassVar[type[SequenceModule]]
    _any_length: ClassVar[bool]
    n_channels: int
    linear_skip: bool
    standardize: bool
    missing_indicator: bool
    penalty: str
    l1_ratio: float
    augmentation: dict[str, float] | None
    callbacks: list[Any] | None
    vocabulary_size: int | None = None
    embedding_dim: int | None = None

    _learned: ClassVar[dict[str, str]] = {
        "n_channels_ : int": "Channels of the sequences seen in `fit`.",
        "n_steps_ : int": "Steps of the longest sequence seen in `fit`.",
        "channel_scale_ : Scale": "``mean`` and ``scale`` of each channel that are used.",
        "missing_channels_ : ndarray of int": """
            Channels with missing values in the training data, for each of which the net has an
            indicator to read; none with ``missing_indicator=False``.""",
        "n_features_in_ : int": "Columns of a 2-D `X`, channels of a 3-D `X` seen in `fit`.",
        "feature_names_in_ : ndarray of shape (n_features_in_,)": """
            Names of the columns, if `X` had names that are all strings.""",
    }

    def _read_sequences(
        self, X: Any, y: Any = "no_validation", *, reset: bool
    ) -> tuple[Windows | Ragged, Any]:
        """Validate X and return its sequences, without absent steps at their ends."""
        if reset:
            self._reading = self._as_declared()
        sequences, y = check_sequences(self, X, y, reading=self._reading, reset=reset)
        self._check_steps(sequences, reset=reset)
        return sequences, y

    def _as_declared(self) -> Reading:
        """Return how the parameters say that X is to be read."""
        tokens = self.vocabulary_size is not None or self.embedding_dim is not None
        if tokens and self.augmentation:
            raise ValueError("augmentation changes numbers; it cannot change tokens.")
        if tokens and self.linear_skip:
            raise ValueError("linear_skip=True needs numbers; it cannot read tokens.")
        if tokens and self.penalty == "group" and self.l1_ratio:
            raise ValueError('penalty="group" selects channels; tokens have none.')
        if tokens and self.n_channels != 1:
            raise ValueError(f"n_channels must be 1 with tokens; got {self.n_channels}.")
        whole = self.linear_skip or not self._any_length
        why = "with linear_skip=True " if self._any_length else ""
        return Reading(self.n_channels, "values" if whole else "steps", tokens, why)

    def _check_steps(self, sequences: Windows | Ragged, *, reset: bool) -> None:
        """Learn the shape of the sequences, or hold them against it."""
        n_channels, n_steps = sequences.rows.shape[1], sequences.n_steps
        if reset:
            self.n_channels_, self.n_steps_ = n_channels, n_steps
        elif n_channels != self.n_channels_:
            raise ValueError(
                f"X has {n_channels} channels at each step, but {type(self).__name__} was fitted "
                f"on {self.n_channels_}; give X the dimensions that it had in fit."
            )
        elif n_steps != self.n_steps_ and self._reading.missing != "steps":
            raise ValueError(
                f"X has {n_steps} steps, but {type(self).__name__} was fitted on "
                f"{self.n_steps_} and {self._reading.why}needs as many."
            )

    def _learn_inputs(self, sequences: Windows | Ragged, weight: NDArray[np.float64]) -> None:
        """Learn from the sequences of positive weight what to do with all of them."""
        rows, covered = sequences.rows, sequences.coverage(weight)
        if not covered.any():
            raise ValueError("X has no step that is not absent in any of the training sequences.")
        self.missing_channels_ = np.arange(0)
        self.channel_scale_ = Scale.identity(self.n_channels_)
        if self._reading.tokens:
            self._learn_tokens(rows[covered > 0].ravel())
            return
        if self.missing_indicator and has_nan(rows):
            self.missing_channels_ = np.flatnonzero(np.isnan(rows[covered > 0]).any(axis=0))
        if self.standardize:
            self.channel_scale_ = Scale.of(rows, covered)

    def _learn_tokens(self, tokens: NDArray[np.int64]) -> None:
        """Learn which tokens there are."""
        largest = int(tokens.max())
        if self.vocabulary_size is None and largest > MOST_TOKENS:
            raise ValueError(
                f"X holds the token {largest}; number the tokens from 1 on, or set "
                "vocabulary_size, from which on tokens are unknown."
            )
        size = self.vocabulary_size or max(largest + 1, UNKNOWN + 1)
        self._known = np.bincount(tokens[tokens < size], minlength=size) > 0
        self._known[[0, UNKNOWN]] = True

    def _input(
        self, sequences: Windows | Ragged, dtype: str, device: str | torch.device
    ) -> torch.Tensor | RaggedTensor:
        """Return the sequences as the net reads them."""
        if not self._reading.tokens:
            scale, indicated = self.channel_scale_, self.missing_channels_
            if must_stream(sequences.rows, device):
                return stream(sequences, scale, indicated, dtype, device)
            # a callback may write to what it is shown
            if self.callbacks or len(indicated) or not is_scaled(sequences.rows, scale, dtype):
                sequences = standardized(sequences, scale, dtype, indicated)
            return as_tensor(sequences, device)
        within = np.minimum(sequences.rows, len(self._known) - 1)
        known = (within == sequences.rows) & self._known[within]
        rows = np.where(known, sequences.rows, UNKNOWN)
        return as_tensor(replace(sequences, rows=rows), device)

    def _n_values(self, sequences: Windows | Ragged) -> int:
        """Return how many numbers the net reads of the longest sequence."""
        each = len(self.missing_channels_) + self.n_channels_
        if self._reading.tokens:
            each = self.n_channels_ * (self.embedding_dim or EMBEDDING_DIM)
        return sequences.n_steps * each

    def _module(self, n_outputs: int, architecture: dict[str, Any]) -> Module:
        """Return the class of the net and its arguments."""
        n_inputs = self.n_channels_ + len(self.missing_channels_)
        sizes = {"n_channels": n_inputs, "n_steps": self.n_steps_, "n_outputs": n_outputs}
        if self._reading.tokens:
            dim = self.embedding_dim or EMBEDDING_DIM
            read = {"vocabulary_size": len(self._known), "embedding_dim": dim}
            inner = {"inner": self._module_class, "architecture": architecture}
            return Embedded, {**sizes, **read, **inner}
        module = (self._module_class, {**sizes, **architecture})
        return beside(module) if self.linear_skip else module
