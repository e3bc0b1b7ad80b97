"""From X to the tensor that the network reads: validation, scales, missing values and tokens."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from sklearn_rnn._modules.base import SequenceModule
from sklearn_rnn._modules.embedding import Embedded
from sklearn_rnn._sequences.ragged import Ragged
from sklearn_rnn._sequences.scaling import Scale, is_scaled, standardized
from sklearn_rnn._sequences.storage import has_nan
from sklearn_rnn._sequences.validation import InputForm, Reading, Validate, check_sequences
from sklearn_rnn._sequences.windows import Windows
from sklearn_rnn._training.streaming import stream
from sklearn_rnn._training.tensors import RaggedTensor, as_tensor, must_stream

UNKNOWN = 1
"""The token that stands for all tokens that the training data do not hold."""

MAX_INFERRED_TOKEN = 10_000_000
"""The largest token from which the size of the vocabulary is inferred."""


EMBEDDING_DIM = 32
"""Entries of the vector of a token, if only ``vocabulary_size`` is given."""

Module = tuple[type[SequenceModule], dict[str, Any]]
"""The class of a torch module and its arguments."""


def declared_reading(parameters: Any, *, any_length: bool) -> Reading:
    """Return how the parameters of an estimator say that X is to be read.

    Parameters
    ----------
    parameters : estimator
        Has the parameters as attributes.
    any_length : bool
        Whether the network takes sequences of any number of steps.
    """
    p, why = parameters, "with linear_skip=True " if any_length else ""
    tokens = p.vocabulary_size is not None or p.embedding_dim is not None
    if tokens and p.augmentation:
        raise ValueError("augmentation changes numbers; it cannot change tokens.")
    if tokens and p.linear_skip:
        raise ValueError("linear_skip=True needs numbers; it cannot read tokens.")
    if tokens and p.penalty == "group" and p.l1_ratio:
        raise ValueError('penalty="group" selects channels; tokens have none.')
    if tokens and p.n_channels != 1:
        raise ValueError(f"n_channels must be 1 with tokens; got {p.n_channels}.")
    missing = "values" if p.linear_skip or not any_length else "steps"
    return Reading(p.n_channels, missing, tokens, why)


@dataclass(frozen=True)
class InputReader:
    """How a fitted estimator reads X.

    `of` makes a reader that knows the form of X; that of `fit` also knows what the training data
    show. `read` and `tensor` then take any X to the tensor that the network reads.

    Attributes
    ----------
    name : str
        The class of the estimator, for messages.
    reading : Reading
        What X may hold.
    form : InputForm
        What X was in `fit`.
    scale : Scale
        Means and scales of the channels.
    missing_channels : ndarray of int
        Channels that are followed by an indicator of missing values.
    known_tokens : ndarray of bool, of shape (vocabulary_size,)
        Which tokens the training data hold; empty if X holds none.
    embedding_dim : int
        Entries of the vector of a token.
    """

    name: str
    reading: Reading
    form: InputForm
    scale: Scale = field(default_factory=lambda: Scale.identity(1))
    missing_channels: NDArray[np.intp] = field(default_factory=lambda: np.arange(0))
    known_tokens: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, dtype=bool))
    embedding_dim: int = 0

    @classmethod
    def of(
        cls, X: Any, y: Any, *, name: str, reading: Reading, validate: Validate
    ) -> tuple[InputReader, Windows | Ragged, Any]:
        """Validate the X (and y) of `fit`; return the reader of its form, its sequences and y."""
        sequences, y, form = check_sequences(validate, X, y, name=name, reading=reading)
        return cls(name, reading, form), sequences, y

    def read(
        self, X: Any, y: Any = "no_validation", *, validate: Validate
    ) -> tuple[Windows | Ragged, Any]:
        """Validate X (and y) and return its sequences without padding, and y."""
        sequences, y, form = check_sequences(
            validate, X, y, name=self.name, reading=self.reading, form=self.form
        )
        if form.n_channels != self.form.n_channels:
            raise ValueError(
                f"X has {form.n_channels} channels at each step, but {self.name} was fitted "
                f"on {self.form.n_channels}; give X the dimensions that it had in fit."
            )
        if form.n_steps != self.form.n_steps and self.reading.missing != "steps":
            raise ValueError(
                f"X has {form.n_steps} steps, but {self.name} was fitted on "
                f"{self.form.n_steps} and {self.reading.why}needs as many."
            )
        return sequences, y

    def fit(
        self,
        sequences: Windows | Ragged,
        weight: NDArray[np.float64],
        *,
        standardize: bool,
        missing_indicator: bool,
        vocabulary_size: int | None = None,
        embedding_dim: int | None = None,
    ) -> InputReader:
        """Return the reader that knows the scales, the missing values and the tokens of X.

        Parameters
        ----------
        sequences : Windows or Ragged
            The training data.
        weight : ndarray of shape (n_sequences,)
            Weights; a sequence of weight zero counts nowhere.
        standardize, missing_indicator, vocabulary_size, embedding_dim : bool, int or None
            The parameters of the estimator.
        """
        rows, covered = sequences.rows, sequences.coverage(weight)
        if not covered.any():
            raise ValueError("X has no step that is not absent in any of the training sequences.")
        identity = Scale.identity(self.form.n_channels)
        if self.reading.tokens:
            known = _known_tokens(rows[covered > 0].ravel(), vocabulary_size)
            dim = embedding_dim or EMBEDDING_DIM
            return replace(self, scale=identity, known_tokens=known, embedding_dim=dim)
        missing = np.arange(0)
        if missing_indicator and has_nan(rows):
            missing = np.flatnonzero(np.isnan(rows[covered > 0]).any(axis=0))
        scale = Scale.of(rows, covered) if standardize else identity
        return replace(self, scale=scale, missing_channels=missing)

    @property
    def n_inputs(self) -> int:
        """Numbers that the network reads at each step: channels and indicators."""
        return self.form.n_channels + len(self.missing_channels)

    @property
    def values_per_step(self) -> int:
        """Numbers that the first layer behind the vectors of tokens reads at each step."""
        if self.reading.tokens:
            return self.form.n_channels * self.embedding_dim
        return self.n_inputs

    def build_module(
        self, module_class: type[SequenceModule], architecture: dict[str, Any], n_outputs: int
    ) -> Module:
        """Return the class and the arguments of the network, with the vectors of tokens."""
        sizes = {"n_channels": self.n_inputs, "n_steps": self.form.n_steps, "n_outputs": n_outputs}
        if not self.reading.tokens:
            return module_class, {**sizes, **architecture}
        tokens = {
            "vocabulary_size": len(self.known_tokens),
            "embedding_dim": self.embedding_dim,
        }
        inner = {"inner": module_class, "architecture": architecture}
        return Embedded, {**sizes, **tokens, **inner}

    def tensor(
        self,
        sequences: Windows | Ragged,
        dtype: str,
        device: str | torch.device,
        *,
        copy: bool = False,
    ) -> torch.Tensor | RaggedTensor:
        """Return the sequences as the network reads them; with `copy` never over the memory of X.

        Rows on disk, or too many for the device, stay where they are and are read batch by batch.
        """
        rows, scale, missing = sequences.rows, self.scale, self.missing_channels
        if self.reading.tokens:
            within = np.minimum(rows, len(self.known_tokens) - 1)
            known = (within == rows) & self.known_tokens[within]
            return as_tensor(replace(sequences, rows=np.where(known, rows, UNKNOWN)), device)
        if must_stream(rows, device):
            return stream(sequences, scale, missing, dtype, device)
        if copy or len(missing) or not is_scaled(rows, scale, dtype):
            sequences = standardized(sequences, scale, dtype, missing)
        return as_tensor(sequences, device)


def _known_tokens(tokens: NDArray[np.int64], vocabulary_size: int | None) -> NDArray[np.bool_]:
    """Return which tokens there are, padding and the unknown token among them."""
    largest = int(tokens.max())
    if vocabulary_size is None and largest > MAX_INFERRED_TOKEN:
        raise ValueError(
            f"X holds the token {largest}; number the tokens from 1 on, or set "
            "vocabulary_size, from which on tokens are unknown."
        )
    size = vocabulary_size or max(largest + 1, UNKNOWN + 1)
    known = np.bincount(tokens[tokens < size], minlength=size) > 0
    known[[0, UNKNOWN]] = True
    return known
