"""Conversion of X to the input tensor: validation, scaling, missing values and tokens."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from sklearn_rnn._modules.base import SequenceModule
from sklearn_rnn._modules.categories import EmbeddedCategories, vector_dim
from sklearn_rnn._modules.embedding import Embedded
from sklearn_rnn._sequences.input_form import InputForm, Reading
from sklearn_rnn._sequences.ragged import Ragged
from sklearn_rnn._sequences.scaling import IDENTITY, Moments, Scale, is_scaled, standardized
from sklearn_rnn._sequences.storage import has_nan
from sklearn_rnn._sequences.target_channel import channels_known_ahead
from sklearn_rnn._sequences.validation import Validate, check_sequences
from sklearn_rnn._sequences.window_array import WindowArray
from sklearn_rnn._sequences.window_scaling import WindowScale, WindowScaling
from sklearn_rnn._sequences.windows import Windows
from sklearn_rnn._training.normalized import normalized
from sklearn_rnn._training.streaming import stream
from sklearn_rnn._training.tensors import RaggedTensor, as_tensor, must_stream
from sklearn_rnn.neural_network._input_summary import InputSummary
from sklearn_rnn.neural_network._tokens import UNKNOWN, initial_vectors, known_tokens

EMBEDDING_DIM = 32
"""Dimension of the token embeddings if only ``vocabulary_size`` is given."""

Module = tuple[type[SequenceModule], dict[str, Any]]
"""The class of a torch module and its keyword arguments."""


def declared_reading(parameters: Any, X: Any, *, any_length: bool) -> Reading:
    """Return how to read X, by the parameters of an estimator.

    Parameters
    ----------
    parameters : estimator
        An estimator, with the parameters as attributes.
    X : object
        The X of `fit`, which holds numbers and categories, rather than tokens, if it knows that.
    any_length : bool
        Whether the network accepts sequences of any length.
    """
    p, why = parameters, "with linear_skip=True " if any_length else ""
    categories = isinstance(X, WindowArray) and bool(X.origin.categories)
    if categories and p.vocabulary_size is not None:
        raise ValueError("vocabulary_size is for tokens, but X has categories; leave it at None.")
    if not (categories or any_length or p.embedding_dim is None):
        raise ValueError(
            "embedding_dim is for categories, but X has none; leave it at None. Tokens are read by "
            "recurrent and convolutional networks, such as GRUClassifier."
        )
    given = (p.vocabulary_size, p.embedding_dim, p.embedding_init)
    tokens = not categories and any(value is not None for value in given)
    if not tokens and not (p.embedding_init is None and p.embedding_trainable):
        raise ValueError("embedding_init and embedding_trainable are for tokens, but X has none.")
    if tokens and p.augmentation:
        raise ValueError("augmentation changes numbers; it cannot change tokens.")
    if tokens and isinstance(p.standardize, str):
        raise ValueError(f'standardize="{p.standardize}" needs numbers; tokens have no level.')
    if tokens and p.linear_skip:
        raise ValueError("linear_skip=True needs numbers; it cannot read tokens.")
    if tokens and p.penalty == "group" and p.l1_ratio:
        raise ValueError('penalty="group" selects channels; tokens have none.')
    if tokens and p.n_channels not in (None, 1):
        raise ValueError(f"n_channels must be None or 1 with tokens; got {p.n_channels}.")
    if tokens and p.all_missing == "value":
        raise ValueError('all_missing="value" needs numbers; the token 0 is always padding.')
    if p.linear_skip and p.all_missing == "absent":
        raise ValueError(
            'linear_skip=True needs sequences of equal length; set all_missing="value".'
        )
    missing = "values" if p.linear_skip or not any_length else "steps"
    need_numbers = {
        "linear_skip=True": p.linear_skip,
        "augmentation": p.augmentation,
        'penalty="group"': p.penalty == "group" and p.l1_ratio,
    }
    return Reading(
        p.n_channels,
        missing,
        tokens,
        why,
        p.all_missing,
        is_table=not any_length,
        needs_numbers=next((name for name, is_set in need_numbers.items() if is_set), None),
    )


@dataclass(frozen=True)
class InputReader:
    """Validates X and converts it to the input tensor of the network.

    `of` makes a reader for the form of X; `fit` returns one that has also learned from the training
    data. `read` and `tensor` then convert any X to the input tensor.

    Attributes
    ----------
    name : str
        Class name of the estimator, for error messages.
    reading : Reading
        What X may contain.
    form : InputForm
        The form of X in `fit`.
    known_ahead : tuple of int
        Positions of the known future covariates.
    scale : Scale
        Means and scales of the channels.
    scaling : WindowScaling or None
        How windows are normalised by their own values, if they are.
    missing_channels : ndarray of int
        Channels that have a missing-value indicator.
    known_tokens : ndarray of bool, of shape (vocabulary_size,)
        Which tokens the training data contain; empty if X holds numbers.
    embedding_dim : int
        Dimension of the token embeddings.
    initial : ndarray of shape (vocabulary_size, embedding_dim) or None
        Their initial values, if these are given; NaN are drawn.
    trainable : bool
        Whether they are trained.
    vectors : mapping of int to tuple of int
        By the channels that hold categories, the number of the vector of each code.
    dims : tuple of int
        Dimensions of the vectors of these channels.
    """

    name: str
    reading: Reading
    form: InputForm
    known_ahead: tuple[int, ...] = ()
    scale: Scale = IDENTITY
    scaling: WindowScaling | None = None
    missing_channels: NDArray[np.intp] = field(default_factory=partial(np.arange, 0))
    known_tokens: NDArray[np.bool_] = field(default_factory=partial(np.array, [], np.bool_))
    embedding_dim: int = 0
    initial: NDArray[np.floating[Any]] | None = None
    trainable: bool = True
    vectors: Mapping[int, tuple[int, ...]] = field(default_factory=dict)
    dims: tuple[int, ...] = ()

    @classmethod
    def of(
        cls, X: Any, y: Any, *, name: str, reading: Reading, validate: Validate
    ) -> tuple[InputReader, Windows | Ragged, Any]:
        """Validate the X (and y) of `fit`; return a reader for its form, the sequences and y."""
        sequences, y, form = check_sequences(validate, X, y, name=name, reading=reading)
        known_ahead: tuple[int, ...] = ()
        if isinstance(X, WindowArray) or form.columns is not None:
            known_ahead = channels_known_ahead(X, form.columns)
        return cls(name, reading, form, known_ahead), sequences, y

    def read(
        self, X: Any, y: Any = "no_validation", *, validate: Validate
    ) -> tuple[Windows | Ragged, Any]:
        """Validate X (and y) and return its sequences without padding, and y."""
        sequences, y, form = check_sequences(
            validate, X, y, name=self.name, reading=self.reading, form=self.form
        )
        if form.n_channels != self.form.n_channels:
            is_one = getattr(X, "shape", ())[1:] == (self.form.n_channels,)
            raise ValueError(
                f"X has {form.n_channels} channels at each step, but {self.name} was fitted "
                f"on {self.form.n_channels}; give X the dimensions that it had in fit."
                f"{' One sequence of steps and channels is np.asarray(X)[np.newaxis].' * is_one}"
            )
        if form.n_steps != self.form.n_steps and self.reading.missing != "steps":
            raise ValueError(
                f"X has {form.n_steps} steps, but {self.name} was fitted on "
                f"{self.form.n_steps} and {self.reading.why}needs as many."
            )
        return sequences, y

    def fit(
        self, sequences: Windows | Ragged, weight: NDArray[np.float64], parameters: Any
    ) -> InputReader:
        """Return a reader with the scales, missing values and known tokens of the training data.

        Parameters
        ----------
        sequences : Windows or Ragged
            The training data.
        weight : ndarray of shape (n_sequences,)
            Sample weights; sequences of weight zero are ignored.
        parameters : estimator
            The estimator, with its parameters as attributes.
        """
        kind, summary = parameters.standardize, self.summary(sequences, weight, parameters)
        learned = self.learned(summary, parameters)
        return learned.with_scaling(kind, sequences, weight) if isinstance(kind, str) else learned

    def with_scaling(
        self, kind: str, sequences: Windows | Ragged, weight: NDArray[np.float64] | None = None
    ) -> InputReader:
        """Return a reader that normalises windows, for which it learns from those with weights."""
        what = kind, self.scale, (*self.known_ahead, *self.form.categories), sequences
        if weight is None:
            return replace(self, scaling=WindowScaling.begin(*what))
        return replace(self, scaling=WindowScaling.learn(*what, weight))

    def summary(
        self, sequences: Windows | Ragged, weight: NDArray[np.float64], parameters: Any
    ) -> InputSummary:
        """Return what a reader learns of training data, of all of them or a piece; see `fit`."""
        rows, covered = sequences.rows, sequences.coverage(weight)
        if not covered.any():
            raise ValueError("X has no steps except padding in the training sequences.")
        if self.reading.tokens:
            initial = initial_vectors(parameters)
            size = parameters.vocabulary_size if initial is None else len(initial)
            return InputSummary(tokens=known_tokens(rows[covered > 0].ravel(), size))
        missing = np.zeros(rows.shape[1], dtype=bool)
        if parameters.missing_indicator and has_nan(rows):
            missing = np.isnan(rows[covered > 0]).any(axis=0)
        coded, codes = self.form.categories, {}
        if coded:
            codes = {c: np.unique(rows[covered > 0, c]) for c in coded}
        moments = Moments.of(rows, covered) if parameters.standardize else None
        return InputSummary(missing=missing, moments=moments, codes=codes)

    def learned(self, summary: InputSummary, parameters: Any) -> InputReader:
        """Return a reader with what a summary of the training data tells; see `fit`."""
        p, coded = parameters, self.form.categories
        if self.reading.tokens:
            initial = initial_vectors(p)
            dim, known = p.embedding_dim, summary.tokens
            if initial is not None:
                dim, known = initial.shape[1], known | ~np.isnan(initial[:, 0])
            how: dict[str, Any] = {"scale": self._identity(), "known_tokens": known}
            how |= {"embedding_dim": dim or EMBEDDING_DIM, "trainable": bool(p.embedding_trainable)}
            return replace(self, initial=initial, **how)
        scale = self._identity() if summary.moments is None else summary.moments.scale
        vectors = {c: _vectors(summary.codes[c], len(coded[c])) for c in coded}
        dims = tuple(p.embedding_dim or vector_dim(max(v)) for v in vectors.values())
        return replace(
            self,
            scale=scale.without(list(coded)) if coded else scale,
            scaling=None,
            missing_channels=np.flatnonzero(summary.missing),
            vectors=vectors,
            dims=dims,
        )

    def window_scale(self, sequences: Windows | Ragged) -> WindowScale | None:
        """Return what each window is normalised by, in units of the channels, or None."""
        return None if self.scaling is None else self.scaling.scales(sequences)

    def _identity(self) -> Scale:
        """Return the scale that leaves all channels as they are."""
        return Scale.identity(self.form.n_channels)

    @property
    def n_inputs(self) -> int:
        """Number of inputs of the network at each step: channels and indicators."""
        return self.form.n_channels + len(self.missing_channels)

    @property
    def values_per_step(self) -> int:
        """Number of inputs of the first layer after the embedding, at each step."""
        if self.reading.tokens:
            return self.form.n_channels * self.embedding_dim
        return self.n_inputs - len(self.dims) + sum(self.dims)

    def build_module(
        self, module_class: type[SequenceModule], architecture: dict[str, Any], n_outputs: int
    ) -> Module:
        """Return the class and arguments of the network, after embeddings if X is not numbers."""
        sizes = {"n_channels": self.n_inputs, "n_steps": self.form.n_steps, "n_outputs": n_outputs}
        inner = {"inner": module_class, "architecture": architecture}
        if self.vectors:
            return EmbeddedCategories, {
                **sizes,
                "vectors": self.vectors,
                "dims": self.dims,
                **inner,
            }
        if not self.reading.tokens:
            return module_class, {**sizes, **architecture}
        tokens = {
            "vocabulary_size": len(self.known_tokens),
            "embedding_dim": self.embedding_dim,
            "initial": None if self.initial is None else torch.tensor(self.initial),
            "trainable": self.trainable,
        }
        return Embedded, {**sizes, **tokens, **inner}

    def tensor(
        self,
        sequences: Windows | Ragged,
        dtype: str,
        device: str | torch.device,
        *,
        copy: bool = False,
        windows: WindowScale | None = None,
    ) -> torch.Tensor | RaggedTensor:
        """Return the input tensor of the network; with `copy` it never shares memory with X.

        What windows are normalised by, see `window_scale`, is computed unless it is given. Rows on
        disk, or too large for the device, are read in batches.
        """
        rows, scale, missing = sequences.rows, self.scale, self.missing_channels
        if self.reading.tokens:
            within = np.minimum(rows, len(self.known_tokens) - 1)
            known = (within == rows) & self.known_tokens[within]
            return as_tensor(replace(sequences, rows=np.where(known, rows, UNKNOWN)), device)
        if self.scaling is not None:
            windows = self.scaling.scales(sequences) if windows is None else windows
            windows = windows.before(self.scaling.remainder)
            return normalized(sequences, scale, windows, missing, dtype, device)
        if must_stream(rows, device):
            return stream(sequences, scale, missing, dtype, device)
        if copy or len(missing) or not is_scaled(rows, scale, dtype):
            sequences = standardized(sequences, scale, dtype, missing)
        return as_tensor(sequences, device)


def _vectors(codes: NDArray[Any], n_labels: int) -> tuple[int, ...]:
    """Return the number of the vector of each code, for codes that occur in the training data.

    Others have that of a missing category, which is 0, not trained, if there is none either.
    """
    occurs = np.bincount(codes.astype(np.intp), minlength=n_labels + 1) > 0
    numbers = np.where(occurs, np.cumsum(occurs), 0)
    return tuple(np.where(occurs, numbers, numbers[0]).tolist())
