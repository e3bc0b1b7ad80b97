"""Names of what a fitted model reads: channels, or lags of channels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from sklearn_rnn._sequences.input_form import InputForm
from sklearn_rnn._sequences.lag_names import channel_names


def group_names(
    model: Any, shape: tuple[int, ...], channels: Sequence[str] | None = None
) -> list[str]:
    """Return names of channels, or of lags of channels as `LagTransformer` gives, oldest first.

    They are those of the windows or the columns that the model was fitted to. Indicators of missing
    values come after the channels, with scikit-learn's prefix.

    Parameters
    ----------
    model : estimator
        A fitted network or linear model of this package.
    shape : tuple of int
        Lags and channels, or channels alone; the channels with indicators, if there are any.
    channels : sequence of str, optional
        Names of channels for windows that have none.
    """
    form: InputForm = model._reader.form if hasattr(model, "_reader") else model._form
    missing = getattr(model, "missing_channels_", np.arange(0))[: shape[-1] - form.n_channels]
    names = _names(model, form, channels, of_lags=len(shape) > 1)
    return [
        name
        for step in names
        for name in [*step, *(f"missingindicator_{step[i]}" for i in missing)]
    ]


def _names(model: Any, form: InputForm, named: Any, *, of_lags: bool) -> list[list[str]]:
    """Return the names of the channels at each lag, or once if not `of_lags`."""
    given = getattr(model, "feature_names_in_", None)
    if of_lags and given is not None and len(given) == form.n_steps * form.n_channels:
        order = slice(None) if form.columns is None else form.columns.order
        names: list[list[str]] = np.array(given)[order].reshape(form.n_steps, -1).tolist()
        return names
    known = form.channels or (form.columns and form.columns.channels) or named or given
    channels = channel_names(known, form.n_channels)
    if not of_lags or form.n_steps == 1:
        return [channels]
    lags = form.lags or [[lag] * form.n_channels for lag in range(form.n_steps, 0, -1)]
    return [[f"{c}_lag{lag}" for c, lag in zip(channels, row, strict=True)] for row in lags]
