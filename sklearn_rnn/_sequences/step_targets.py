"""Targets of each step: flattened for training, and back to the shape of y."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sklearn_rnn._sequences.lists import as_list, comes_as_list, is_list_of_sequences
from sklearn_rnn._sequences.ragged import Ragged
from sklearn_rnn._sequences.windows import Windows

Index = NDArray[np.intp]


def valid_lengths(sequences: Windows | Ragged) -> Index:
    """Return the number of steps of each sequence, without absent ones (padding) at its ends."""
    if isinstance(sequences, Ragged):
        return sequences.lengths
    return np.full(sequences.n_windows, sequences.n_steps)


def flatten_steps(y: Any, sequences: Windows | Ragged, name: str = "y") -> NDArray[Any]:
    """Return the targets of all valid steps, one sequence after the other.

    Parameters
    ----------
    y : array-like of shape (n, n_steps) or (n, n_steps, k), or list of such without the first axis
        Targets of all steps, absent ones included.
    sequences : Windows or Ragged
        The sequences of X.
    name : str, default="y"
        What y is, for messages.

    Returns
    -------
    ndarray of shape (n_valid_steps,) or (n_valid_steps, k)
        Targets of the steps that are not absent.

    Raises
    ------
    ValueError
        If y has not one target for each step of X, or some of several outputs are missing.
    """
    leads, lengths, totals = _extents(sequences)
    if y is None:
        raise ValueError("return_sequences=True requires y to be passed, but the target y is None.")
    if not comes_as_list(y):
        y = np.asarray(y)
        if y.ndim not in (2, 3):
            raise ValueError(
                f"return_sequences=True needs {name} of shape (n_samples, n_steps) or (n_samples, "
                f"n_steps, n_outputs), or a list; got the shape {y.shape}."
                f"{f' Of one sequence give X[np.newaxis], {name}[np.newaxis].' * (y.ndim == 1)} Of "
                f"a table with a row for each step, give sequences_from_frame({name})."
            )
    if len(y) != len(totals):
        raise ValueError(f"{name} has {len(y)} sequences, but X has {len(totals)}.")
    y = as_list(y) if comes_as_list(y) else y
    for i, total in enumerate(totals):
        if not hasattr(y[i], "__len__"):
            raise ValueError(
                f"{name}[{i}] must hold a value for each step of X[{i}]; got {y[i]!r}."
            )
        if len(y[i]) != total:
            raise ValueError(f"{name}[{i}] has {len(y[i])} steps, but X[{i}] has {total}.")
    if isinstance(y, np.ndarray):
        targets = np.asarray(y[_valid(leads, lengths, y.shape[1])])
    else:
        targets = np.concatenate(_valid_parts(y, leads, lengths, name))
    missing = pd.isna(targets).reshape(len(targets), -1)
    partly = missing.any(axis=1) & ~missing.all(axis=1)
    if partly.any():
        i = int(np.arange(len(lengths)).repeat(lengths)[partly.argmax()])
        raise ValueError(
            f"Input {name} contains NaN. {name}[{i}] lacks one of several targets at a step of "
            f"X[{i}]; give all of them, or NaN for all."
        )
    return targets


def fill_missing(y: NDArray[Any]) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    """Return targets with any target in place of missing ones, and which steps have one.

    The target of a step is missing if it is NaN or None, of several outputs if all of them are.

    Raises
    ------
    ValueError
        If no step has a target.
    """
    missing = np.asarray(pd.isna(y))
    present = np.asarray(~(missing if y.ndim == 1 else missing.all(axis=1)))
    if present.all():
        return y, present
    if not present.any():
        raise ValueError("y has no target at any step; got NaN or None at all of them.")
    filled = np.where(present if y.ndim == 1 else present[:, np.newaxis], y, y[present][0])
    return np.array(filled.tolist()), present


def by_step(sample_weight: Any) -> bool:
    """Return whether there is a weight for each step, and not for each sequence."""
    if comes_as_list(sample_weight):
        return is_list_of_sequences(sample_weight, nested=True)
    return np.ndim(sample_weight) > 1


def flatten_weights(sample_weight: Any, sequences: Windows | Ragged) -> NDArray[Any]:
    """Return the weights of all valid steps, from those of sequences or of steps."""
    if by_step(sample_weight):
        return flatten_steps(sample_weight, sequences, "sample_weight")
    if len(sample_weight) != sequences.n_windows:
        raise ValueError(
            f"sample_weight has {len(sample_weight)} samples, but X has {sequences.n_windows}; "
            "give one for each sample of X, or for each step."
        )
    return np.repeat(sample_weight, valid_lengths(sequences))


def _valid_parts(y: list[Any], leads: Index, lengths: Index, name: str) -> list[NDArray[Any]]:
    """Return the targets of the valid steps of each sequence that has some."""
    parts: list[NDArray[Any]] = []
    for i in np.flatnonzero(lengths) if lengths.any() else [0]:
        part = np.asarray(y[i])[leads[i] : leads[i] + lengths[i]]
        if parts and part.shape[1:] != parts[0].shape[1:]:
            raise ValueError(
                f"{name}[{i}] has the shape {np.shape(y[i])}, but the sequences before it have "
                f"values of the shape {('n_steps', *parts[0].shape[1:])}."
            )
        parts.append(part)
    return parts


def unflatten_steps(
    values: NDArray[Any], sequences: Windows | Ragged, *, ragged: bool, fill: Any
) -> NDArray[Any]:
    """Return values of the valid steps in the shape of X.

    Parameters
    ----------
    values : ndarray of shape (n_valid_steps, ...)
        One row for each valid step.
    sequences : Windows or Ragged
        The sequences of X.
    ragged : bool
        Whether X was a list of arrays.
    fill : object
        Value of absent steps.

    Returns
    -------
    ndarray of shape (n, n_steps, ...), or of shape (n,) with arrays of shape (n_steps_i, ...)
        Values of all steps.
    """
    leads, lengths, totals = _extents(sequences)
    n_steps = int(totals.max(initial=0))
    filled = np.full((len(totals), n_steps, *values.shape[1:]), fill, dtype=values.dtype)
    filled[_valid(leads, lengths, n_steps)] = values
    if not ragged:
        return filled
    result = np.empty(len(totals), dtype=object)
    for i, total in enumerate(totals):
        result[i] = filled[i, :total]
    return result


def _extents(sequences: Windows | Ragged) -> tuple[Index, Index, Index]:
    """Return the numbers of absent steps before, of valid steps and of all steps of sequences."""
    lengths = valid_lengths(sequences)
    if isinstance(sequences, Ragged):
        return sequences.leads, lengths, sequences.totals
    return np.zeros_like(lengths), lengths, lengths


def _valid(leads: Index, lengths: Index, n_steps: int) -> NDArray[np.bool_]:
    """Return a mask of the valid steps, of shape (n, n_steps)."""
    steps = np.arange(n_steps)
    return (steps >= leads[:, np.newaxis]) & (steps < (leads + lengths)[:, np.newaxis])
