"""Models that forecast from rows further back: `delay_by`."""

from __future__ import annotations

from typing import Any

from sklearn.base import clone
from sklearn.pipeline import Pipeline

from sklearn_rnn.forecasting._ar_regressor import ARRegressor
from sklearn_rnn.forecasting._differenced import DifferencedRegressor
from sklearn_rnn.preprocessing._incomplete_rows import find_lags
from sklearn_rnn.preprocessing._lag_transformer import LagTransformer


def named_parts(estimator: Any) -> dict[str, Any]:
    """Return an estimator and its parameters by the prefix of what is set in them."""
    inside = {f"{name}__": part for name, part in estimator.get_params().items()}
    return {"": estimator, **inside}


def delay_by(estimator: Any, n_rows: int) -> Any:
    """Return a copy of a model whose windows end so many rows earlier.

    The lag of a `DifferencedRegressor` becomes the smallest of its multiples that is not shorter
    than the delay: the last known value of the same season.

    Parameters
    ----------
    estimator : estimator
        An unfitted model.
    n_rows : int
        Rows that are added to each delay.

    Raises
    ------
    ValueError
        If windows are made of windows, so that not both can be moved.
    """
    model = clone(estimator)
    changes: dict[str, int] = {}
    for name, part in named_parts(model).items():
        if isinstance(part, LagTransformer | ARRegressor):
            changes[f"{name}delay"] = part.delay + n_rows
        elif isinstance(part, DifferencedRegressor):
            delay = min((lags.delay for lags in find_lags(part.regressor)), default=1) + n_rows
            changes[f"{name}lag"] = max(part.lag, -(-delay // part.lag) * part.lag)
        elif isinstance(part, Pipeline) and sum(bool(find_lags(s)) for _, s in part.steps) > 1:
            raise ValueError(
                "strategy='direct' moves the windows back by the steps ahead, but a pipeline of "
                "estimator has two steps with LagTransformers, one after the other; put them into "
                "one, or set strategy='recursive'."
            )
    return model.set_params(**changes)
