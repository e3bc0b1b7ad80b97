"""The fit of a network to data in pieces: one pass that learns scales, then a pass an epoch."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from typing import Any, cast

import numpy as np
import torch
from sklearn.utils import check_random_state

from sklearn_rnn._sequences.categories import joined_labels
from sklearn_rnn._sequences.pieces import Piece, Pieces, in_piece
from sklearn_rnn._sequences.scaling import USUAL_EXPONENT, Moments
from sklearn_rnn._sequences.training_data import Data
from sklearn_rnn._sequences.window_array import WindowArray
from sklearn_rnn._sequences.window_scaling import WindowScale
from sklearn_rnn._sklearn.parameters import plain_parameters
from sklearn_rnn._sklearn.validation import restore_on_error
from sklearn_rnn._training.batches import Examples
from sklearn_rnn._training.config import TrainingConfig, stops_early
from sklearn_rnn._training.pieces import PiecedExamples
from sklearn_rnn.neural_network._input_summary import InputSummary
from sklearn_rnn.neural_network._members import MAX_SEED
from sklearn_rnn.neural_network._piece_summary import PieceSummary, terms_of

REFUSED: dict[str, tuple[Any, str]] = {
    "optimizer": ("lbfgs", "it needs all samples in each step; take another optimizer"),
    "linear_skip": (True, "the linear model needs all samples at once; leave it at False"),
    "class_weight": ("balanced", "give the weights as a dict"),
    "warm_start": (True, "it begins anew; go on by partial_fit"),
}
"""Values of parameters for which data in pieces do not do, and why."""


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
        _learn_inputs(estimator, summaries[:n_train])
        if isinstance(estimator.standardize, str):
            summaries = _of_windows(estimator, pieces, summaries)
            if validation is not None:
                given = _of_windows(estimator, validation, given)
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
    for parameter, (refused, why) in REFUSED.items():
        value = parameters.get(parameter)
        if isinstance(value, str | bool) and value == refused:
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


def _learn_inputs(estimator: Any, summaries: Sequence[PieceSummary]) -> None:
    """Learn the scales of channels, missing values and the like from the training pieces."""
    reader, longest = estimator._reader, max(s.n_steps for s in summaries)
    n_steps = max(reader.form.n_steps, longest)
    reader = replace(reader, form=replace(reader.form, n_steps=n_steps))
    inputs = reduce(InputSummary.merged, (s.inputs for s in summaries))
    estimator._reader = reader = reader.learned(inputs, estimator)
    estimator.n_steps_ = n_steps
    estimator.channel_scale_ = reader.scale
    estimator.missing_channels_ = reader.missing_channels


def _of_windows(
    estimator: Any, pieces: Pieces, summaries: Sequence[PieceSummary]
) -> list[PieceSummary]:
    """Read all pieces again, for windows that are normalised by their own values."""
    completed = []
    for number, piece in pieces.read():
        with in_piece(pieces.name, number):
            data = _read(estimator, piece, reset=False)
            del piece
            if estimator._reader.scaling is None:
                estimator._reader = estimator._reader.with_scaling(
                    estimator.standardize, data.sequences
                )
            completed.append(summaries[number].with_windows(estimator, data))
            del data
    return completed


def _learn(
    estimator: Any, parameters: dict[str, Any], summaries: Sequence[PieceSummary]
) -> TrainingConfig:
    """Learn the scales of targets from the training pieces; return the configuration."""
    if estimator._reader.scaling is not None:
        found = [s.remainder for s in summaries if s.remainder is not None]
        remainder = reduce(Moments.merged, found) if found else None
        scaling = estimator._reader.scaling.with_remainder(remainder)
        estimator._reader = replace(estimator._reader, scaling=scaling)
    estimator._encoder = estimator._encoder.fit_pieces([s.target for s in summaries])
    longest = max(s.n_steps for s in summaries)
    return TrainingConfig.resolve(
        parameters,
        n_samples=sum(s.n_samples for s in summaries),
        n_values=longest * estimator._reader.values_per_step,
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
        if (len(rows), len(terms_of(data))) != (summary.n_samples, summary.n_terms):
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
        encoder, factor = self.estimator._encoder, None
        windows = [s.sample_windows for s in some if s.sample_windows is not None]
        if windows:
            encoder = replace(encoder, windows=WindowScale.joined(windows))
            factor = encoder.loss_factor
        target = encoder.to_network(encoded)
        if target.dtype.kind == "f":
            target = target.astype(self.config.dtype)
        y = torch.as_tensor(target, device=self.config.device)
        if factor is None and (weight == weight[0]).all():
            return y, None
        weight = weight / weight.mean() * (1.0 if factor is None else factor)
        dtype = getattr(torch, self.config.dtype)
        return y, torch.as_tensor(weight, dtype=dtype, device=self.config.device)
