"""A fitted network that reads sequences step by step: `CarriedNetwork`."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from sklearn_rnn._modules.base import SequenceModule
from sklearn_rnn._sequences.scaling import bound
from sklearn_rnn._training.step_by_step import StepNetwork, why_not_stepwise
from sklearn_rnn.neural_network._input_reader import InputReader


class CarriedNetwork:
    """The networks of a fitted estimator, which go on with sequences from their states.

    Parameters
    ----------
    estimator : estimator
        A fitted network that reads sequences of any length.

    Raises
    ------
    ValueError
        If its outputs need more than the states after the step before. The error names why.
    """

    def __init__(self, estimator: Any) -> None:
        members = getattr(estimator, "members_", (estimator,))
        if why := _whole_sequence(estimator, members[0].net_.module_):
            raise ValueError(
                f'mode="carry" continues sequences from their state, which this '
                f'{type(estimator).__name__} cannot: {why}; set mode="window".'
            )
        self.n_channels: int = estimator.n_channels_
        self._encoder = estimator._encoder
        self._members = [_Member(member) for member in members]

    def step(self, rows: NDArray[np.float64], states: Any) -> tuple[NDArray[Any], Any]:
        """Return the predictions after one more step of each sequence, and the next states.

        Parameters
        ----------
        rows : ndarray of shape (n_sequences, n_channels)
            The next steps; NaN is a missing value.
        states : list or None
            The states after the step before; None at the first step.
        """
        before = states or [None] * len(self._members)
        pairs = [m.step(rows, state) for m, state in zip(self._members, before, strict=True)]
        return self._decoded([output for output, _ in pairs]), [state for _, state in pairs]

    def without_steps(self, n_sequences: int) -> NDArray[Any]:
        """Return the predictions of sequences without any step."""
        return self._decoded([m.network.without_steps(n_sequences) for m in self._members])

    def _decoded(self, outputs: list[NDArray[Any]]) -> NDArray[Any]:
        raw = [torch.from_numpy(output).double() for output in outputs]
        output = raw[0] if len(raw) == 1 else self._encoder.averaged(torch.stack(raw))
        return np.asarray(self._encoder.decode(output))


class _Member:
    """A network, and what turns rows into its input."""

    def __init__(self, member: Any) -> None:
        reader: InputReader = member._reader
        self.network = StepNetwork(member.net_.module_)
        self.scale, self.missing_channels = reader.scale, reader.missing_channels
        self.dtype = np.dtype(member.net_.config.dtype)
        self.limit = bound(self.dtype)
        reading = reader.reading
        self.skips_empty = reading.missing == "steps" and reading.all_missing == "absent"

    def step(self, rows: NDArray[np.float64], state: Any) -> tuple[NDArray[Any], Any]:
        """Return the raw outputs after one more step, and the next state."""
        return self.network.step(self._input(rows), state)

    def _input(self, rows: NDArray[np.float64]) -> NDArray[Any]:
        """Return what `scaled_rows` does, without its care for files and extreme scales.

        Its overhead is that of several steps of a small network.
        """
        values = (rows - self.scale.mean) / self.scale.scale
        values = np.minimum(np.maximum(values, -self.limit), self.limit)
        if np.isfinite(values).all():
            indicators = np.zeros((len(rows), len(self.missing_channels)))
        else:
            missing = np.isnan(values)
            if self.skips_empty and missing.all(axis=1).any():
                raise ValueError(
                    "A row without any value would be padding, which has no place inside of a "
                    'sequence; fit the network with all_missing="value", or leave the row out.'
                )
            values, indicators = np.where(missing, 0.0, values), missing[:, self.missing_channels]
        values = np.hstack([values, indicators]) if indicators.size else values
        return values.astype(self.dtype, copy=False)


def _whole_sequence(estimator: Any, module: SequenceModule) -> str:
    """Return why a network cannot go on from its state, as a clause; "" if it can."""
    if estimator._reader.scaling is not None:
        return f'standardize="{estimator.standardize}" scales all steps by those of the window'
    if estimator._reader.reading.tokens:
        return "tokens are no rows of numbers"
    if estimator.linear_skip:
        return "linear_skip=True reads windows of one length"
    if estimator.net_.config.mixed:
        return 'dtype="bfloat16" rounds in another order'
    return why_not_stepwise(module)
