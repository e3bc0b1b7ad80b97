"""The fit of a network to data in pieces: one pass that learns scales, then a pass an epoch."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.utils import check_random_state

from sklearn_rnn._sequences.categories import joined_labels
from sklearn_rnn._sequences.pieces import Piece, Pieces, in_piece
from sklearn_rnn._sequences.scaling import USUAL_EXPONENT
from sklearn_rnn._sequences.training_data import Data
from sklearn_rnn._sequences.window_array import WindowArray
from sklearn_rnn._sequences.windows import Windows
from sklearn_rnn._sklearn.parameters import plain_parameters
from sklearn_rnn._sklearn.validation import restore_on_error
from sklearn_rnn._training.batches import Examples
from sklearn_rnn._training.config import TrainingConfig, resolve_device, stops_early
from sklearn_rnn._training.pieces import PiecedExamples
from sklearn_rnn._training.tensors import must_stream
from sklearn_rnn.neural_network._input_summary import InputSummary
from sklearn_rnn.neural_network._members import MAX_SEED

TARGETS_PER_PIECE = 4096
"""Targets of each piece, at most, by which it is judged whether a network has learned anything."""

REFUSED: dict[str, tuple[Any, str]] = {
    "optimizer": ("lbfgs", "it needs all samples in each step; take another optimizer"),
    "linear_skip": (True, "the linear model needs all samples at once; leave it at False"),
    "standardize": (("window", "last"), "it needs all windows at once; set standardize=True"),
    "class_weight": ("balanced", "give the weights as a dict"),
    "warm_start": (True, "it begins anew; go on by partial_fit"),
}
"""Values of parameters for which data in pieces do not do, and why."""


@dataclass(frozen=True)
class PieceSummary:
    """What is kept of a piece after the first pass.

    Attributes
    ----------
    n_samples, n_terms, n_omitted : int
        Sequences and targets of positive weight, and incomplete windows.
    n_steps : int
        Steps of the longest sequence.
    is_fixed : bool
        Whether training reads sequences of one length from memory.
    weights : tuple of float
        Sum, smallest and largest of the weights of the targets.
    inputs : InputSummary
        What is learned of the channels.
    target : object
        What the encoder of targets learns of them.
    sample, sample_weight : ndarray
        Some of the encoded targets, and the weights by which they stand for all.
    """

    n_samples: int
    n_terms: int
    n_omitted: int
    n_steps: int
    is_fixed: bool
    weights: tuple[float, float, float]
    inputs: InputSummary
    target: Any
    sample: NDArray[Any]
    sample_weight: NDArray[np.float64]

    @classmethod
    def of(cls, estimator: Any, data: Data) -> PieceSummary:
        """Summarise a piece that the estimator has read."""
        used = _terms(data)
        weight, sequences = data.weight[used], data.sequences
        chosen = used
        if len(used) > TARGETS_PER_PIECE:
            chosen = used[np.linspace(0, len(used) - 1, TARGETS_PER_PIECE).astype(np.intp)]
        device = resolve_device(estimator.device)
        return cls(
            n_samples=int(np.count_nonzero(data.sample_weight)),
            n_terms=len(used),
            n_omitted=data.n_omitted,
            n_steps=sequences.n_steps,
            is_fixed=isinstance(sequences, Windows) and not must_stream(sequences.rows, device),
            weights=(float(weight.sum()), float(weight.min()), float(weight.max())),
            inputs=estimator._reader.summary(sequences, data.sample_weight, estimator),
            target=estimator._encoder.summary(data.target, data.weight),
            sample=data.target[chosen],
            sample_weight=data.weight[chosen] * (len(used) / len(chosen)),
        )


def _terms(data: Data) -> NDArray[np.intp]:
    """Return the positions of the targets of sequences with a positive weight."""
    used = data.sample_weight > 0
    return np.flatnonzero(used if data.lengths is None else np.repeat(used, data.lengths))


def fit_pieces(
    estimator: Any, pieces: Pieces, validation: Pieces | None = None, classes: Any = None
) -> None:
    """Fit a network to data in pieces.

    Parameters
    ----------
    estimator : estimator
        A network of this package.
    pieces, validation : Pieces
        The data, and data for validation or None.
    classes : array-like, optional
        All labels, of a classifier.
    """
    estimator._validate_params()
    parameters = plain_parameters(estimator)
    _refuse(estimator, parameters)
    with restore_on_error(estimator):
        estimator.__dict__.pop("_first_rows", None)
        estimator._goes_on = False
        estimator._check_parameters(parameters, continues=False)
        summaries = list(_summaries(estimator, pieces, classes))
        estimator.n_rows_omitted_ = sum(s.n_omitted for s in summaries)
        given = (
            [] if validation is None else list(_summaries(estimator, validation, None, first=False))
        )
        n_samples = sum(s.n_samples for s in summaries)
        how: dict[str, Any] = {"task": estimator._task, "has_validation": validation is not None}
        early = stops_early(estimator.early_stopping, n_samples, **how)
        n_held = 0
        if early and validation is None:
            n_held = _n_held_out(estimator, len(summaries), pieces.name)
        n_train = len(summaries) - n_held
        config = _learn(estimator, {**parameters, "early_stopping": early}, summaries[:n_train])
        seed = int(check_random_state(estimator.random_state).randint(MAX_SEED))
        source = _Source(estimator, pieces, summaries, config)
        train, valid = source.examples(range(n_train)), None
        if validation is not None:
            valid = _Source(estimator, validation, given, config).examples(range(len(given)))
        elif n_held:
            valid = source.examples(range(n_train, len(summaries)))
        net = estimator._new_net(parameters, config, seed)
        net.checkpoint_ = None
        estimator._run(net, train, valid, config, continues=False)
    estimator.net_.warn_if_unfinished(type(estimator).__name__)


def _refuse(estimator: Any, parameters: dict[str, Any]) -> None:
    """Check that the parameters do not need all data at once."""
    name = type(estimator).__name__
    for parameter, (values, why) in REFUSED.items():
        value = parameters.get(parameter)
        if isinstance(value, str | bool) and value in (
            values if isinstance(values, tuple) else (values,)
        ):
            raise ValueError(f"fit_batches does not take {name} with {parameter}={value!r}: {why}.")
    for parameter, unset in (("n_members", 1), ("checkpoint", None)):
        if parameters[parameter] != unset:
            raise ValueError(
                f"fit_batches does not take {name} with {parameter}={parameters[parameter]!r}; "
                f"leave it at {unset}."
            )
    if getattr(estimator, "_skl_callbacks", None):
        raise ValueError(
            f"fit_batches does not call the callbacks of {name}.set_callbacks; give skorch's by "
            "the parameter callbacks."
        )


def _summaries(
    estimator: Any, pieces: Pieces, classes: Any, *, first: bool = True
) -> Iterator[PieceSummary]:
    """Read all pieces once; the first one tells the estimator the form of X and y."""
    number = -1
    for number, piece in pieces.read():
        with in_piece(pieces.name, number):
            is_first = first and number == 0
            data = _read(estimator, piece, reset=is_first, classes=classes if is_first else None)
            del piece
            summary = PieceSummary.of(estimator, data)
            del data
        yield summary
    if number < 0:
        raise ValueError(f"{pieces.name} is empty; it must hold a piece at least.")


def _read(estimator: Any, piece: Piece, *, reset: bool, classes: Any = None) -> Data:
    """Return what an estimator reads of a piece."""
    X, y, weight = piece
    if weight is not None:
        largest = np.max(np.abs(np.asarray(weight, dtype=np.float64)), initial=0.0)
        if np.isfinite(largest) and abs(np.frexp(largest)[1]) > USUAL_EXPONENT:
            raise ValueError(
                f"sample_weight must be below a million, to compare those of all pieces; the "
                f"largest is {largest:g}. Divide all weights by a number."
            )
    if not reset and isinstance(X, WindowArray) and X.origin.categories:
        form = estimator._reader.form
        if form.categories.keys() == X.origin.categories.keys():
            labels = joined_labels(form.categories, X.origin.categories)
            estimator._reader = replace(estimator._reader, form=replace(form, categories=labels))
    data: Data = estimator._read(X, y, weight, reset=reset, trained_on=reset, classes=classes)
    return data


def _n_held_out(estimator: Any, n_pieces: int, name: str) -> int:
    """Return how many pieces are held out for validation."""
    n_held = math.ceil(estimator.validation_fraction * n_pieces)
    if n_held >= n_pieces:
        raise ValueError(
            f"early_stopping={estimator.early_stopping!r} holds out the last pieces for "
            f"validation, {n_held} of {n_pieces} by validation_fraction="
            f"{estimator.validation_fraction}; give more {name}, validation_data, or set "
            "early_stopping=False."
        )
    return n_held


def _learn(
    estimator: Any, parameters: dict[str, Any], summaries: Sequence[PieceSummary]
) -> TrainingConfig:
    """Learn scales and the like from the training pieces; return the configuration."""
    reader, longest = estimator._reader, max(s.n_steps for s in summaries)
    n_steps = max(reader.form.n_steps, longest)
    reader = replace(reader, form=replace(reader.form, n_steps=n_steps))
    inputs = reduce(InputSummary.merged, (s.inputs for s in summaries))
    estimator._reader = reader = reader.learned(inputs, estimator)
    estimator.n_steps_ = n_steps
    estimator.channel_scale_ = reader.scale
    estimator.missing_channels_ = reader.missing_channels
    estimator._encoder = estimator._encoder.fit_pieces([s.target for s in summaries])
    return TrainingConfig.resolve(
        parameters,
        n_samples=sum(s.n_samples for s in summaries),
        n_values=longest * reader.values_per_step,
        n_channels=estimator.n_channels_,
        n_outputs=estimator._encoder.n_outputs,
    )


@dataclass(frozen=True)
class _Source:
    """Pieces as the network of an estimator reads them."""

    estimator: Any
    pieces: Pieces
    summaries: Sequence[PieceSummary]
    config: TrainingConfig

    def examples(self, numbers: range) -> Examples:
        """Return the examples of some of the pieces."""
        some = [self.summaries[number] for number in numbers]
        mean = self._mean_weight(some)

        def load(wanted: Sequence[int]) -> Iterator[Examples]:
            for number, piece in self.pieces.read(wanted):
                with in_piece(self.pieces.name, number):
                    examples = self._load(piece, self.summaries[number], mean)
                del piece
                yield examples
                del examples

        pieced = PiecedExamples(
            load,
            numbers,
            sum(s.n_samples for s in some),
            sum(s.n_terms for s in some),
            all(s.is_fixed for s in some),
            self._sample(some),
        )
        return cast(Examples, pieced)  # where a network is trained it does all that they do

    def _mean_weight(self, some: Sequence[PieceSummary]) -> float | None:
        """Return the mean weight of all targets, or None if all are equal."""
        totals, least, most = zip(*(s.weights for s in some), strict=True)
        n_terms = sum(s.n_terms for s in some)
        return None if min(least) == max(most) else sum(totals) / n_terms

    def _load(self, piece: Piece, summary: PieceSummary, mean: float | None) -> Examples:
        """Return the examples of a piece, whose weights have a mean of one over all pieces."""
        data = _read(self.estimator, piece, reset=False)
        del piece
        rows = np.flatnonzero(data.sample_weight)
        if (len(rows), len(_terms(data))) != (summary.n_samples, summary.n_terms):
            raise ValueError(
                f"X has {len(rows)} samples, but had {summary.n_samples} when it was read first; "
                "a piece must be the same each time that it is read, and pieces must keep their "
                "order."
            )
        examples: Examples = self.estimator._examples(data, self.config)(rows)
        if mean is None:
            return examples
        share = summary.weights[0] / summary.n_terms / mean
        weight = examples.weight
        if weight is None:
            dtype = examples.x.dtype if examples.x.dtype.is_floating_point else torch.float64
            weight = torch.ones(len(examples.y), dtype=dtype, device=examples.x.device)
        return replace(examples, weight=weight * share)

    def _sample(self, some: Sequence[PieceSummary]) -> tuple[torch.Tensor, torch.Tensor | None]:
        """Return a sample of the targets as the network sees them, and their weights."""
        encoded = np.concatenate([s.sample for s in some])
        weight = np.concatenate([s.sample_weight for s in some])
        target = self.estimator._encoder.to_network(encoded)
        if target.dtype.kind == "f":
            target = target.astype(self.config.dtype)
        y = torch.as_tensor(target, device=self.config.device)
        if (weight == weight[0]).all():
            return y, None
        dtype = getattr(torch, self.config.dtype)
        return y, torch.as_tensor(weight / weight.mean(), dtype=dtype, device=self.config.device)
