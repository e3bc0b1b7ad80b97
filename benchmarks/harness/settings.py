"""The settings that were chosen for a model, and whether they lie at an end of what was tried."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sklearn.base import BaseEstimator
from sklearn.pipeline import Pipeline

from sklearn_rnn import CompleteRows

AT_END = " (end)"


def describe(fitted: BaseEstimator, grid: Mapping[str, Sequence[Any]]) -> str:
    """Return the settings that were searched, and those that the model has chosen by itself.

    They are marked where they lie at an end of what was tried, unless they are 0.
    """
    chosen = [(name, fitted.get_params()[name], tried) for name, tried in grid.items()]
    for layer in layers(fitted):
        best = getattr(layer, "best_params_", {})
        chosen += [(name, value, layer.param_grid[name]) for name, value in best.items()]
    told = [setting(name, value) + AT_END * is_end(value, tried) for name, value, tried in chosen]
    for layer in layers(fitted):
        members = [m for m in getattr(layer, "estimators_", [layer]) if hasattr(m, "alpha_")]
        if members:
            alphas = sorted(float(model.alpha_) for model in members)
            span = " to ".join(dict.fromkeys(f"{alpha:.3g}" for alpha in (alphas[0], alphas[-1])))
            at_end = any(is_end(model.alpha_, _alphas(model)) for model in members)
            told.append(setting("alpha", span) + AT_END * at_end)
    return ", ".join(told)


def _alphas(fitted: Any) -> Sequence[float]:
    """Return the penalties that a model has tried, 0 for the one that leaves no weight."""
    path = getattr(fitted, "alphas_", None)
    return fitted.alphas if path is None else [0.0, *path[1:]]


def is_end(value: Any, tried: Sequence[Any]) -> bool:
    """Return whether a setting lies at an end of what was tried, and there is further to go.

    There is not beyond 0, nor where settings have no order.
    """
    is_ordered = not isinstance(value, (bool, str))
    return is_ordered and len(tried) > 1 and value != 0 and value in (tried[0], tried[-1])


def setting(name: str, value: Any) -> str:
    """Return how a setting is told; of its name in a pipeline the last part."""
    text = f"{value:.3g}" if isinstance(value, float) else f"{value}"
    if isinstance(value, tuple):
        text = "-".join(map(str, value))
    return f"{name.split('__')[-1]}={text}"


def layers(fitted: Any) -> Iterator[Any]:
    """Yield a model and what predicts within it, in a pipeline, a search or under a target."""
    yield fitted
    inner = fitted[-1] if isinstance(fitted, (Pipeline, CompleteRows)) else None
    for name in ("regressor_", "best_estimator_"):
        inner = getattr(fitted, name, inner)
    if inner is not None:
        yield from layers(inner)
