"""Which model to take: comparison on the same folds, and the one-standard-error rule."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from numbers import Integral
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import is_classifier
from sklearn.metrics import check_scoring
from sklearn.utils import indexable

from sklearn_rnn._sklearn.metaestimators import default_scoring, n_parameters
from sklearn_rnn.model_selection._comparison import Comparison
from sklearn_rnn.model_selection._fit_and_score import (
    Evaluator,
    losses_of,
    make_splitter,
    run_all,
    table_of,
)
from sklearn_rnn.model_selection._metadata_routing import routed
from sklearn_rnn.model_selection._pointwise_losses import LOSSES, choose_loss
from sklearn_rnn.model_selection._verdict import COMPLEXITY


def compare_models(
    models: Mapping[str, Any],
    X: Any,
    y: Any,
    *,
    cv: Any = None,
    groups: Any = None,
    params: Mapping[str, Any] | None = None,
    scoring: str | Callable[[Any, Any, Any], float] | None = None,
    seeds: int | Sequence[int] = (0,),
    loss: str = "auto",
    horizon: int = 1,
    complexity: Mapping[str, float] | Callable[[Any], float] | None = None,
    n_jobs: int | None = None,
    verbose: int = 1,
) -> Comparison:
    """Compare models on the same folds, and say which to take.

    Parameters
    ----------
    models : mapping of str to estimator
        Regressors or classifiers: pipelines and searches included, of any package. They are
        cloned.
    X : array-like
        What all models accept. For forecasts a DataFrame with the times as its index, and
        models that begin with `LagTransformer`.
    y : array-like
        The targets.
    cv : int, cross-validation generator or iterable, default=None
        The folds. None takes ``TimeSeriesSplit(5)`` if the index of X holds times, which must
        ascend, and else five folds as scikit-learn does, without shuffling. Of a panel, with a
        MultiIndex whose last level is time, the times are split, not the rows.
    groups : array-like of shape (n_rows,), default=None
        For `cv`, and for searches inside the models whose splitters want groups. With metadata
        routing they are part of `params`.
    params : mapping of str to object, default=None
        What else is known, such as ``{"sample_weight": ...}``; of arrays with a value for each
        row, each run is given those of its rows. As in ``cross_validate``, the ``fit`` of every
        model is given all of it, or with ``sklearn.set_config(enable_metadata_routing=True)``
        every model, the splitter and the scorer what they request; say then what the scorer does,
        ``scoring=get_scorer("r2").set_score_request(sample_weight=True)``. The losses of rows are
        not weighted.
    scoring : str or callable, default=None
        The score, the greater the better; None takes 'r2' or 'accuracy', also for searches
        that score otherwise.
    seeds : int or sequence of int, default=(0,)
        Each model that has parameters called ``random_state``, at any depth, or a search whose
        splitter shuffles without a seed, is run with each seed put there; others are run once. An
        integer is the number of seeds, from 0.
    loss : {'auto', 'squared_error', 'absolute_error', 'log_loss', 'zero_one'}, default='auto'
        The loss of a row, for the test of Diebold and Mariano. 'auto' takes the one nearest to
        the score: in classification 'zero_one', or 'log_loss' if the score is of
        probabilities.
    horizon : int, default=1
        How many rows ahead the forecasts are: the losses of so many successive rows are taken
        to depend on each other.
    complexity : mapping of str to float, or callable, default=None
        What orders the models, the smaller the simpler: a number for each, or a function of
        the fitted model. None takes `n_parameters`, which counts the nodes of trees. What is not
        known, or not in the mapping, counts as the greatest.
    n_jobs : int, default=None
        How many runs at once, as in joblib. A net uses one thread in each.
    verbose : int, default=1
        Whether to show a progress bar, after two seconds.

    Returns
    -------
    Comparison
        Scores, times, sizes, differences with tests, the simplest model that is as good as
        the best, a verdict and a picture. A model that raises an error is reported there.

    See Also
    --------
    one_standard_error : glmnet's form of the rule, for searches.

    Examples
    --------
    >>> from sklearn.dummy import DummyRegressor
    >>> from sklearn_rnn import make_ar
    >>> from sklearn_rnn.datasets import load_nyse
    >>> from sklearn_rnn.model_selection import compare_models
    >>> X, y = load_nyse(return_X_y=True, as_frame=True)
    >>> models = {"mean": DummyRegressor(), "ar1": make_ar(1), "ar5": make_ar(5)}
    >>> comparison = compare_models(models, X[:1000], y[:1000])
    >>> comparison.to_frame()["mean"].round(2).to_dict()
    {'mean': -0.22, 'ar1': 0.48, 'ar5': 0.48}
    >>> print(comparison.verdict())  # doctest: +ELLIPSIS
    Take 'ar1' (4 parameters): the best r2, 0.484 of 'ar5' (16 parameters), is 0.005 ...
    >>> comparison.simplest_as_good()
    'ar1'
    """
    classifies = _check_models(models)
    seeds = _check_seeds(seeds)
    _check_complexity(complexity, models)
    if horizon < 1:
        raise ValueError(f"horizon must be at least 1; got {horizon}.")
    X, y, groups = indexable(X, y, groups)
    if scoring is None:
        scoring = default_scoring(next(iter(models.values())))
    if not (isinstance(scoring, str) or callable(scoring)):
        raise ValueError(f"scoring must be one score, a str or a callable; got {scoring!r}.")
    if loss == "auto":
        loss = choose_loss(_name_of(scoring), classifies, models.values())
    elif loss not in LOSSES:
        raise ValueError(f"loss must be 'auto' or one of {sorted(LOSSES)}; got {loss!r}.")
    size = n_parameters if complexity is None else complexity if callable(complexity) else None
    judge = Evaluator(check_scoring(next(iter(models.values())), scoring), *LOSSES[loss], size)
    splitter = make_splitter(cv, X, y, classifies)
    metadata = routed(models, splitter=splitter, scorer=judge.scorer, groups=groups, params=params)
    folds = list(splitter.split(X, y, **metadata.split))
    how: dict[str, Any] = {"folds": folds, "seeds": seeds, "judge": judge, "metadata": metadata}
    runs = run_all(models, X, y, **how, n_jobs=n_jobs, verbose=verbose)
    table = table_of(runs)
    if table["error"].notna().all():
        raise ValueError(f"All runs of all models failed; the first with {table['error'][0]}")
    return Comparison(
        names=list(models),
        runs=_with_complexity(table, complexity),
        losses=losses_of(runs, folds, X),
        scoring=_name_of(scoring),
        loss=loss,
        horizon=horizon,
        test_share=float(np.mean([len(test) / len(train) for train, test in folds])),
    )


def _with_complexity(table: pd.DataFrame, complexity: Any) -> pd.DataFrame:
    """Let what the user says of the complexity of models stand in the table of runs."""
    if isinstance(complexity, Mapping):
        table["complexity"] = table["model"].map(dict(complexity)).astype(float)
    if complexity is not None:
        table["unit"] = COMPLEXITY
    return table


def _check_models(models: Mapping[str, Any]) -> bool:
    """Check that there is something to compare, and return whether it classifies."""
    if not isinstance(models, Mapping) or not models:
        raise ValueError(
            f"models must be a mapping of names to estimators, with one at least; got {models!r}."
        )
    if not_text := [name for name in models if not isinstance(name, str)]:
        raise ValueError(f"The names in models must be strings; got {not_text}.")
    classifies = {name: is_classifier(model) for name, model in models.items()}
    if len(set(classifies.values())) > 1:
        raise ValueError(
            "models must be all classifiers or all regressors; classifiers are "
            f"{[name for name, is_one in classifies.items() if is_one]}, the others are not."
        )
    return next(iter(classifies.values()))


def _check_seeds(seeds: int | Sequence[int]) -> list[int]:
    """Return the seeds, which must differ."""
    if isinstance(seeds, int | Integral):
        if seeds < 1:
            raise ValueError(f"seeds must be at least 1, if it is their number; got {seeds}.")
        return list(range(int(seeds)))
    listed = [int(seed) for seed in seeds]
    if not listed:
        raise ValueError("seeds must hold at least one seed.")
    if len(set(listed)) < len(listed) or min(listed) < 0:
        raise ValueError(f"seeds must be different numbers from 0 on; got {listed}.")
    return listed


def _check_complexity(complexity: Any, models: Mapping[str, Any]) -> None:
    """Check that a mapping speaks of the models."""
    if isinstance(complexity, Mapping) and (unknown := [n for n in complexity if n not in models]):
        raise ValueError(
            f"complexity speaks of {unknown}, which are not among the models {list(models)}."
        )


def _name_of(scoring: str | Callable[..., Any]) -> str:
    """Return how to call a score."""
    if isinstance(scoring, str):
        return scoring
    metric = getattr(scoring, "_score_func", scoring)
    sign = "-" if getattr(scoring, "_sign", 1) < 0 else ""
    return f"{sign}{getattr(metric, '__name__', type(metric).__name__)}"
