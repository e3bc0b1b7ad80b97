"""What `compare_models` measures of each model: the scorer, the pointwise loss, the complexity."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from numbers import Real
from typing import Any

from sklearn.metrics import check_scoring

from sklearn_rnn._sklearn.compat import BaseSearchCV
from sklearn_rnn._sklearn.metaestimators import default_scoring
from sklearn_rnn.model_selection._complexity import n_parameters
from sklearn_rnn.model_selection._fit_and_score import Evaluator
from sklearn_rnn.model_selection._pointwise_losses import LOSSES, choose_loss
from sklearn_rnn.model_selection._step_scores import StepScorer, predicts_steps, step_scorer


def make_evaluator(
    models: Mapping[str, Any], scoring: Any, loss: str, complexity: Any, classifies: bool
) -> tuple[Evaluator, str, str]:
    """Return the evaluator, and the names of its score and its loss, with defaults filled in."""
    _check_complexity(complexity, models)
    first = next(iter(models.values()))
    scoring = default_scoring(first) if scoring is None else scoring
    name = _name_of(scoring)
    if loss == "auto":
        loss = choose_loss(name, classifies, models.values())
    by_step = any(predicts_steps(model) for model in models.values())
    if by_step:
        _check_searches(models)
        scoring = _by_step(scoring)
    given = complexity if callable(complexity) else None
    size = n_parameters if complexity is None else given
    return Evaluator(check_scoring(first, scoring), *LOSSES[loss], size, by_step), name, loss


def _check_complexity(complexity: Any, models: Mapping[str, Any]) -> None:
    """Check that a mapping has numbers of models."""
    given = complexity if isinstance(complexity, Mapping) else {}
    if unknown := [n for n in given if n not in models or not isinstance(given[n], Real)]:
        raise ValueError(f"complexity must map names of models to numbers; got {unknown}.")


def _by_step(scoring: str | Callable[..., Any]) -> Callable[..., Any]:
    """Return a score of scikit-learn as one of steps; any other function as it is."""
    if isinstance(scoring, str) or hasattr(scoring, "_score_func"):
        return step_scorer(scoring)
    return scoring


def _check_searches(models: Mapping[str, Any]) -> None:
    """Check that searches for networks with a target for each step do not count padding."""
    for name, model in models.items():
        for inside in (model, *model.get_params(deep=True).values()):
            if isinstance(inside, BaseSearchCV) and isinstance(inside.scoring, str):
                raise ValueError(
                    f"models[{name!r}] is a search with scoring={inside.scoring!r}, which takes a "
                    "sequence with its padding for one sample; give "
                    f"scoring=step_scorer({inside.scoring!r}), of sklearn_rnn.model_selection."
                )


def _name_of(scoring: str | Callable[..., Any]) -> str:
    """Return the name of a score."""
    if isinstance(scoring, StepScorer):
        return _name_of(scoring.scoring)
    if isinstance(scoring, str):
        return scoring
    metric = getattr(scoring, "_score_func", scoring)
    sign = "-" if getattr(scoring, "_sign", 1) < 0 else ""
    return f"{sign}{getattr(metric, '__name__', type(metric).__name__)}"
