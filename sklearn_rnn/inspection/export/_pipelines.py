"""A pipeline of scaler, lags and model, from the last rows of a series to its prediction."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import torch
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler
from torch import Tensor, nn

from sklearn_rnn._sequences.scaling import Scale
from sklearn_rnn._sklearn.metaestimators import open_search
from sklearn_rnn.forecasting._ar_regressor import ARRegressor
from sklearn_rnn.inspection.export._inputs import register
from sklearn_rnn.preprocessing._lag_transformer import LagTransformer

FORM = "StandardScaler (or none), LagTransformer and a model"


class Parts(NamedTuple):
    """The fitted parts of a pipeline: of its rows, of its windows, and the model of these."""

    scale: Scale
    lags: LagTransformer
    model: Any

    @property
    def n_rows(self) -> int:
        """Rows from the oldest to the newest of a window."""
        window = self.lags._window()
        return window.lookback - window.delay + 1

    @property
    def known_ahead(self) -> list[int]:
        """The columns that are read further than the other ones."""
        return self.lags._known.tolist() if self.lags.delay else []


def read_pipeline(model: Any) -> Parts | None:
    """Return the parts of a pipeline, or of an `ARRegressor`; None of any other model.

    Raises
    ------
    TypeError
        If it has other steps.
    """
    steps = _steps(model)
    if not isinstance(model, Pipeline) and not isinstance(steps[-1], ARRegressor):
        return None
    if isinstance(steps[-1], ARRegressor):
        steps = [*steps[:-1], steps[-1].past_, steps[-1]]
    *scalers, lags, final = steps if len(steps) > 1 else [None, *steps]
    is_read = all(type(s) is StandardScaler for s in scalers) and isinstance(lags, LagTransformer)
    if not is_read or len(scalers) > 1:
        names = [type(step).__name__ for step in steps]
        raise TypeError(f"estimator, if a pipeline, must consist of {FORM}; got {names}.")
    scale = Scale.identity(len(lags.fill_values_))
    for scaler in scalers:
        mean = scaler.mean_ if scaler.with_mean else scale.mean
        scale = Scale(mean, scaler.scale_ if scaler.with_std else scale.scale)
    return Parts(scale, lags, final)


def _steps(model: Any) -> list[Any]:
    """Return the steps of nested pipelines."""
    model = open_search(model)
    if not isinstance(model, Pipeline):
        return [model]
    steps = [step for _, step in model.steps if step is not None and not isinstance(step, str)]
    return [inner for step in steps for inner in _steps(step)]


class LastRows(nn.Module):
    """A model behind the scale and the lags of a pipeline."""

    mean: Tensor
    scale: Tensor

    def __init__(self, parts: Parts, model: nn.Module) -> None:
        super().__init__()
        register(self, mean=parts.scale.mean, scale=parts.scale.scale)
        self.n_rows, self.step, self.known = parts.n_rows, parts.lags.step, parts.known_ahead
        self.others = [c for c in range(len(parts.scale.mean)) if c not in self.known]
        self.order = np.argsort([*self.others, *self.known]).tolist()
        reader = getattr(parts.model, "_reader", None)  # a network may read flat windows otherwise
        self.shape = () if reader is None else (reader.form.n_steps, reader.form.n_channels)
        self.model = model

    def forward(self, X: Tensor, known_ahead: Tensor | None = None) -> Tensor:
        """Map the last rows X (batch, n_rows, n_columns) to predictions, see `as_module`."""
        if X.shape[1] != self.n_rows:
            raise ValueError(f"X must hold {self.n_rows} rows of each series; got {X.shape[1]}.")
        rows = (X.double() - self.mean) / self.scale
        if self.known:
            if known_ahead is None:
                raise ValueError("known_ahead must be given: columns of X are known ahead.")
            known = (known_ahead.double() - self.mean[self.known]) / self.scale[self.known]
            newest = torch.cat([rows[:, :, self.known], known], 1)[:, -rows.shape[1] :]
            rows = torch.cat([rows[:, :, self.others], newest], 2)[:, :, self.order]
        windows = rows[:, :: self.step]
        predicted: Tensor = self.model(windows.reshape(-1, *self.shape) if self.shape else windows)
        return predicted
