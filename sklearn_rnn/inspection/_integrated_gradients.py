"""Attribution of the predictions for windows to lags and channels by integrated gradients."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from numbers import Integral
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from sklearn_rnn._modules.categories import EmbeddedCategories
from sklearn_rnn._modules.kernels.threads import threads_for
from sklearn_rnn._sequences.scaling import Scale
from sklearn_rnn._sequences.windows import window_rows
from sklearn_rnn._sklearn.compat import Interval
from sklearn_rnn.inspection._attribution_modules import AtShare, IntegratedGradients
from sklearn_rnn.inspection._completeness import warn_if_inexact
from sklearn_rnn.inspection._window_model import WindowModel

FloatArray = NDArray[np.float64]
MeanGradient = Callable[[FloatArray], tuple[FloatArray, FloatArray | None]]
"""From z to the means of gradients along its path, and the change of outputs if it may differ."""

COUNT = [Interval(Integral, 1, None, closed="left")]
"""What a parameter that counts admits."""

NEEDS_NUMBERS = (
    "method='integrated_gradients' needs numeric windows without missing values or categories; use "
    "method='permutation'."
)


def attributions(model: WindowModel, n_points: int) -> Iterator[tuple[FloatArray, FloatArray]]:
    r"""Yield attributions and mean gradients, batch by batch.

    With z the standardised window, so that the baseline is 0, and f the output of the model in
    units of y,

    .. math:: a_{lc} = z_{lc} \, g_{lc}, \qquad
        g_{lc} = \int_0^1 \frac{\partial f}{\partial z_{lc}}(u z) \, du,

    see `integrate`. A sum that misses the change of f raises a warning at the end.

    Yields
    ------
    attributions, gradients : ndarray of shape (n_batch, n_steps, n_channels, n_outputs)
        a and g.
    """
    is_network = hasattr(model.estimator, "net_")
    scale, integral = _network_integral(model, n_points) if is_network else _linear_integral(model)
    work = model.windows[0].size * int(getattr(model.estimator, "n_parameters_", 1))
    sums, changes = [], []
    with threads_for(work * len(model.windows)):
        for part in model.batches():
            z = (model.windows[part] - scale.mean) / scale.scale
            g, change = integral(z)
            of_cells = z[..., np.newaxis] * g
            sums.append(of_cells.sum(axis=(1, 2)))
            changes.append(sums[-1] if change is None else change)
            yield of_cells, g
    found, whole = np.concatenate(sums), np.concatenate(changes)
    warn_if_inexact("lag_importance", found, whole, n_points, level=6)


def _network_integral(model: WindowModel, n_points: int) -> tuple[Scale, MeanGradient]:
    """Return the scale of the channels, and mean gradients with respect to standardised input.

    The gradient of an estimator with several members is the mean of theirs.
    """
    estimator, shape = model.estimator, model.windows.shape[1:]
    check_reads_numbers(estimator)
    own = _reshaped(estimator.channel_scale_, _fitted_shape(estimator, model), shape)
    scale = own if estimator.standardize else _scale_of(model)
    members = getattr(estimator, "members_", [estimator])
    integrals = [_member_integral(member, model, scale, n_points) for member in members]

    def integral(z: FloatArray) -> tuple[FloatArray, FloatArray]:
        of_members = [of_member(z) for of_member in integrals]
        gradients, changes = (np.mean(each, axis=0) for each in zip(*of_members, strict=True))
        return gradients, changes

    return scale, integral


def _member_integral(
    estimator: Any, model: WindowModel, scale: Scale, n_points: int
) -> MeanGradient:
    """Return mean gradients of a network with respect to input that is standardised by `scale`."""
    module, shape = estimator.net_.module_, _fitted_shape(estimator, model)
    own = _reshaped(estimator.channel_scale_, shape, model.windows.shape[1:])
    unit, n_predicted = 1.0, None
    if hasattr(estimator, "target_scale_"):
        of_targets = estimator.target_scale_.scale
        n_predicted = len(of_targets)  # the outputs after these are not predictions
        unit = 1.0 if estimator._encoder.loss.log_link else of_targets
    like = next(module.parameters())

    def inner(z: FloatArray) -> Tensor:
        x = (z * scale.scale + scale.mean - own.mean) / own.scale
        return torch.tensor(x.reshape(-1, *shape), dtype=like.dtype, device=like.device)

    how = {"baseline": inner(np.zeros((1, *model.windows.shape[1:])))}
    gradients = IntegratedGradients(module, n_predicted, n_points, times_input=False, **how).eval()
    begin, end = (AtShare(module, n_predicted, share, **how).eval() for share in (0.0, 1.0))

    def integral(z: FloatArray) -> tuple[FloatArray, FloatArray]:
        x = inner(z)
        change = (end(x) - begin(x)).cpu().double().numpy()
        by_inner = gradients(x).cpu().double().numpy().reshape(*z.shape, -1)
        return by_inner * (scale.scale / own.scale)[..., np.newaxis] * unit, change * unit

    return integral


def _fitted_shape(estimator: Any, model: WindowModel) -> tuple[int, int]:
    """Return the steps and channels of the windows as a network reads them.

    Dense networks may read flat windows as one step. The windows must be numbers without missing
    values, as interpolation needs.
    """
    n_steps, n_channels = model.windows.shape[1:]
    n_inputs = len(estimator.channel_scale_.mean) + len(estimator.missing_channels_)
    parts = estimator.net_.module_.modules()
    has_categories = any(isinstance(part, EmbeddedCategories) for part in parts)
    if np.isfinite(model.windows).all() and not has_categories:
        if n_inputs == n_channels:
            return n_steps, n_channels
        if n_inputs * estimator.n_steps_ == n_steps * n_channels:
            return estimator.n_steps_, n_inputs
    raise ValueError(NEEDS_NUMBERS)


def check_reads_numbers(estimator: Any) -> None:
    """Check that a network reads numbers, with one scale for each channel."""
    if estimator._reader.reading.tokens:
        raise ValueError(
            "method='integrated_gradients' needs numbers, but "
            f"{type(estimator).__name__} reads tokens; use method='permutation', or attributions."
        )
    if isinstance(estimator.standardize, str):
        raise ValueError(
            "method='integrated_gradients' needs a network with one scale for all windows; got "
            f"standardize=\"{estimator.standardize}\". Use method='permutation'."
        )


def _reshaped(scale: Scale, fitted: tuple[int, int], shape: tuple[int, ...]) -> Scale:
    """Return a scale by column of windows of another shape with the same values in order."""
    if fitted == shape:
        return scale
    return Scale(*(np.broadcast_to(x, fitted).reshape(shape) for x in (scale.mean, scale.scale)))


def _linear_integral(model: WindowModel) -> tuple[Scale, MeanGradient]:
    """Return the scale of the channels, and the constant gradient of a linear model."""
    estimator = model.estimator
    if not hasattr(estimator, "coef_"):
        raise ValueError(
            "method='integrated_gradients' needs a network of sklearn_rnn or a linear model with "
            f"coef_; got {type(estimator).__name__}. method='permutation' accepts any estimator."
        )
    scale = _scale_of(model)
    n_steps, n_channels = model.windows.shape[1:]
    cells = np.arange(n_steps * n_channels).reshape(1, n_steps, n_channels)
    # from columns to cells of a window
    order = np.argsort(np.asarray(model.as_input(cells)).ravel())
    coefficients = np.atleast_2d(np.asarray(estimator.coef_, dtype=float))[:, order]
    coefficients = coefficients.reshape(-1, n_steps, n_channels)
    per_std = np.moveaxis(coefficients, 0, -1) * scale.scale[:, np.newaxis]
    return scale, lambda z: (np.broadcast_to(per_std, (*z.shape, len(coefficients))), None)


def _scale_of(model: WindowModel) -> Scale:
    """Return means and standard deviations of the channels over all steps of all windows."""
    windows = model.windows
    if model.grid is not None:
        return model.grid.scale_of(windows[:, 0])
    on_rows = window_rows(windows) or window_rows(np.ascontiguousarray(windows))
    assert on_rows is not None, "a contiguous array is always a view of its rows"
    return Scale.of(on_rows.rows, on_rows.coverage())
