"""Whether a regressor can be fitted to the change of a target since some rows before."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sklearn_rnn.preprocessing._complete_rows import CompleteRows
from sklearn_rnn.preprocessing._fit_complete import nested_pipelines
from sklearn_rnn.preprocessing._incomplete_rows import find_lags

SHARED = ("max_gap", "lag_unit", "time", "series")
"""Parameters that determine which row is how many rows before another."""


def check_changes_can_be_fitted(regressor: Any, lag: int, shared: Mapping[str, Any]) -> None:
    """Check the LagTransformers inside of a regressor.

    Parameters
    ----------
    regressor : estimator
        A pipeline, `CompleteRows` with a pipeline, or a regressor that reads each row by itself.
    lag : int
        Number of rows between a target and the value that is subtracted from it.
    shared : dict of str to object
        The parameters `SHARED` by which these rows are counted.

    Raises
    ------
    ValueError
        If a LagTransformer is in the last step, so that rows cannot be left out of its fit, counts
        rows in another way, or has a delay of more than the lag.
    """
    model = regressor.estimator if isinstance(regressor, CompleteRows) else regressor
    if model is not regressor and regressor.horizon > 1:
        raise ValueError(
            f"regressor must predict one step, since later steps are changes from other values; "
            f"got horizon={regressor.horizon}. Set horizon=1, or take make_linear(horizon=...)."
        )
    pipelines = nested_pipelines(model)
    final = pipelines[-1].steps[-1][1] if pipelines else model
    if find_lags(final):
        name = type(final).__name__
        if not any(hasattr(part, "fit") for part in final.get_params().values()):
            raise ValueError(
                f"regressor must be a pipeline with LagTransformers before its last step, but "
                f"{name} reads lags itself; take make_ar(...), which is such a pipeline."
            )
        raise ValueError(
            f"regressor must have its LagTransformers before the last step of a pipeline, but "
            f"{name} contains one; put DifferencedRegressor inside of {name}, around the pipeline "
            "that it contains."
        )
    for lags in find_lags(model):
        other = [name for name in SHARED if getattr(lags, name) != shared[name]]
        if other:
            given = ", ".join(f"{name}={shared[name]!r}" for name in other)
            inside = ", ".join(f"{name}={getattr(lags, name)!r}" for name in other)
            raise ValueError(
                f"DifferencedRegressor has {given}, but a LagTransformer of its regressor has "
                f"{inside}; set the same in both, so that they count the same rows."
            )
    steps = [find_lags(step) for pipeline in pipelines for _, step in pipeline.steps[:-1]]
    delay = sum(min(lags.delay for lags in step) for step in steps if step)
    if lag < delay:
        raise ValueError(
            "lag must be at least the delay of the windows, since newer values of the target are "
            f"unknown when it is predicted; got lag={lag} and delay={delay}. Set lag={delay} or "
            "more, or a smaller delay in LagTransformer."
        )


def check_any_known(unknown: NDArray[np.bool_], lag: int) -> None:
    """Check that not for all rows the value ``lag`` rows before is unknown."""
    if unknown.all():
        raise ValueError(
            f"lag={lag} is too long: X has n_samples={len(unknown)}, none of which has a value "
            f"{lag} rows before it in its series; set a smaller lag, or give longer series without "
            "gaps."
        )
