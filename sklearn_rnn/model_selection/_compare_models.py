"""Comparison of models on the same folds: `compare_models`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from numbers import Integral, Real
from os import PathLike
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import is_classifier
from sklearn.metrics import check_scoring
from sklearn.utils import indexable

from sklearn_rnn._sklearn.compat import (
    BaseSearchCV,
    HasMethods,
    Interval,
    StrOptions,
    num_samples,
    validate_params,
)
from sklearn_rnn._sklearn.folds import check_folds
from sklearn_rnn._sklearn.metaestimators import default_scoring
from sklearn_rnn._sklearn.validation import check_labels
from sklearn_rnn.model_selection._comparison import Comparison
from sklearn_rnn.model_selection._comparison_warnings import (
    warn_of_fold_order,
    warn_of_perfect_scores,
    warn_of_unconverged,
)
from sklearn_rnn.model_selection._complexity import n_parameters
from sklearn_rnn.model_selection._default_split import make_splitter, times_of
from sklearn_rnn.model_selection._fit_and_score import (
    Evaluator,
    losses_of,
    table_of,
)
from sklearn_rnn.model_selection._metadata_routing import route_metadata
from sklearn_rnn.model_selection._pointwise_losses import LOSSES, choose_loss
from sklearn_rnn.model_selection._run_all import check_repeatable, run_all
from sklearn_rnn.model_selection._step_scores import StepScorer, predicts_steps, step_scorer
from sklearn_rnn.model_selection._verdict import COMPLEXITY
from sklearn_rnn.preprocessing._omit_incomplete import omit_incomplete


@validate_params(
    {
        "cv": ["cv_object"],
        "params": [Mapping, None],
        "scoring": [str, callable, None],
        "seeds": [Interval(Integral, 1, None, closed="left"), "array-like"],
        "loss": [StrOptions({"auto", *LOSSES})],
        "horizon": [Interval(Integral, 1, None, closed="left")],
        "complexity": [Mapping, callable, None],
        "n_jobs": [Interval(Integral, None, None, closed="neither"), None],
        "verbose": ["verbose"],
        "checkpoint": [str, PathLike, None],
    },
    prefer_skip_nested_validation=False,
)
def compare_models(
    models: Mapping[str, Any],
    X: Any,
    y: Any = None,
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
    checkpoint: str | PathLike[str] | None = None,
) -> Comparison:
    """Compare models on the same folds, and choose the simplest that is as good as the best.

    Parameters
    ----------
    models : mapping of str to estimator
        Regressors or classifiers of any package, pipelines and searches included. They are cloned.
        Pipelines with a `LagTransformer`, also inside searches, are wrapped in `CompleteRows`
        unless they already are: rows with incomplete windows are left out of each fit. All test
        rows are scored, as in ``cross_val_score``. A `Forecaster` forecasts each test set from its
        training set; y is then its target, a column of X.
    X : array-like
        Input of all models. For forecasts: a DataFrame indexed by time, and models that begin with
        `LagTransformer`.
    y : array-like, default=None
        Targets. None is for forecasters with the same ``target``, a column of X.
    cv : int, cross-validation generator or iterable, default=None
        Cross-validation splits. An integer n uses ``TimeSeriesSplit(n)`` if the index of X holds
        times, which must be sorted, and ``PanelTimeSeriesSplit(n)``, which splits all series at the
        same times, if X is a panel: a table with a MultiIndex that has a level of times, windows of
        several series, or a table in long format for which a `LagTransformer` in the models names
        the columns of time and series. Otherwise it is the default of scikit-learn: n folds without
        shuffling. None is 5.
    groups : array-like of shape (n_rows,), default=None
        Group labels for `cv`, and for searches inside the models whose splitters use groups. With
        metadata routing, pass them in `params`.
    params : mapping of str to object, default=None
        Metadata such as ``{"sample_weight": ...}``; arrays with one value per row are split with
        the rows. As in ``cross_validate``, the ``fit`` of every model receives all of it, but rows
        with ``sample_weight`` zero, such as those whose target is missing, are not scored; or, with
        ``sklearn.set_config(enable_metadata_routing=True)``, models, splitter and scorer receive
        what they request; the scorer must then state its request, as in
        ``scoring=get_scorer("r2").set_score_request(sample_weight=True)``. Pointwise losses are
        not weighted, except by zero.
    scoring : str or callable, default=None
        Score, greater is better. None uses 'r2' or 'accuracy', even for searches with another
        score. If a model has ``return_sequences=True``, scores of scikit-learn are those of all
        steps except padding, see `step_scorer`.
    seeds : int or sequence of int, default=(0,)
        Random seeds. A model with parameters named ``random_state`` (at any depth), or a search
        with an unseeded shuffling splitter, is fitted once per seed; all other models once. An
        integer n stands for the seeds 0, ..., n - 1.
    loss : {'auto', 'squared_error', 'absolute_error', 'log_loss', 'zero_one'}, default='auto'
        Pointwise loss of the Diebold-Mariano test. 'auto' uses the loss closest to the score; in
        classification 'zero_one', or 'log_loss' if the score uses probabilities.
    horizon : int, default=1
        Forecast horizon in rows; the losses of that many consecutive rows may be correlated.
    complexity : mapping of str to float, or callable, default=None
        Complexity of each model, smaller is simpler: numbers, or a function of the fitted model.
        None uses `n_parameters`. Models whose complexity is NaN or missing in the mapping count as
        the most complex.
    n_jobs : int, default=None
        Number of parallel runs, as in joblib. Networks use one thread in each.
    verbose : int, default=1
        If positive, show a progress bar after two seconds.
    checkpoint : str or path-like, default=None
        Folder in which the results of each fit are kept until the comparison has ended. If the
        process is killed, and started again, fits with the same model, data, fold, seed, score and
        `params` are not run again; a network whose own `checkpoint` is set goes on within its fit.
        Failed fits are run again. None writes nothing.

    Returns
    -------
    Comparison
        Scores, times, sizes, differences with tests, the simplest model that is as good as the
        best, a verdict in words, and a plot. It also reports models that raised an error, and the
        number of rows with incomplete windows.

    Raises
    ------
    ValueError
        If an argument is invalid, or if all runs of all models failed.

    Warns
    -----
    UserWarning
        If windows are compared on folds with training rows later than test rows, or R2 of a model
        is 1 in all folds.
    ConvergenceWarning
        If fits have not converged: once, with their number by model.

    See Also
    --------
    check_leakage : Looks for predictions that depend on rows not yet known.
    one_standard_error : The one-standard-error rule of glmnet, for searches.
    backtest : Errors of forecasters by step, series and fold.

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
    {'mean': -0.22, 'ar1': 0.48, 'ar5': 0.47}
    >>> print(comparison.verdict())  # doctest: +ELLIPSIS
    Take 'ar1' (4 parameters): it has the best r2, 0.479, and leads 'mean' (1 parameter), the ...
    >>> comparison.simplest_as_good()
    'ar1'
    """
    classifies = _check_models(models)
    y = _target_column(models, X) if y is None else y
    models = {name: omit_incomplete(model) for name, model in models.items()}
    seeds = _check_seeds(seeds)
    _check_complexity(complexity, models)
    X, y, groups = indexable(X, y, groups)
    check_labels(y, X)
    scoring, loss = _check_scoring(scoring, loss, models, classifies)
    size = n_parameters if complexity is None else complexity if callable(complexity) else None
    by_step = any(predicts_steps(model) for model in models.values())
    if by_step:
        _check_searches(models)
    scorer = check_scoring(next(iter(models.values())), _by_step(scoring) if by_step else scoring)
    evaluator = Evaluator(scorer, *LOSSES[loss], size, by_step)
    times, is_panel = times_of(X, models.values())
    stratifies = classifies and not by_step
    splitter = make_splitter(cv, X, y, times, is_panel=is_panel, is_classifier=stratifies)
    check_repeatable(splitter, checkpoint)
    metadata = route_metadata(
        models, splitter=splitter, scorer=evaluator.scorer, groups=groups, params=params
    )
    folds = check_folds(splitter.split(X, y, **metadata.split), num_samples(X))
    warn_of_fold_order(folds, X, models.values())
    runs = run_all(
        *(models, X, y),
        folds=folds,
        seeds=seeds,
        evaluator=evaluator,
        metadata=metadata,
        n_jobs=n_jobs,
        verbose=verbose,
        checkpoint=checkpoint,
    )
    table = table_of(runs)
    if table["error"].notna().all():
        raise ValueError(f"All runs of all models failed; the first error was {table['error'][0]}")
    warn_of_perfect_scores(table, _name_of(scoring))
    warn_of_unconverged(table)
    return Comparison(
        names=list(models),
        runs=_with_complexity(table, complexity),
        losses=losses_of(runs, folds, times if is_panel else None),
        scoring=_name_of(scoring),
        loss=loss,
        horizon=horizon,
        test_share=float(np.mean([len(test) / len(train) for train, test in folds])),
    )


def _with_complexity(table: pd.DataFrame, complexity: Any) -> pd.DataFrame:
    """Put the complexity that the user has given into the table of runs."""
    if isinstance(complexity, Mapping):
        table["complexity"] = table["model"].map(dict(complexity)).astype(float)
    if complexity is not None:
        table["unit"] = COMPLEXITY
    return table


def _check_models(models: Mapping[str, Any]) -> bool:
    """Check the models, and return whether they are classifiers."""
    if not isinstance(models, Mapping) or not models:
        raise ValueError(
            f"models must be a non-empty mapping of names to estimators; got {models!r}."
        )
    if not_text := [name for name in models if not isinstance(name, str)]:
        raise ValueError(f"The names in models must be strings; got {not_text}.")
    if others := [name for name in models if not HasMethods("fit").is_satisfied_by(models[name])]:
        raise ValueError(f"models must map names to estimators; {others} are none.")
    classifies = {name: is_classifier(model) for name, model in models.items()}
    if len(set(classifies.values())) > 1:
        raise ValueError(
            "models must be all classifiers or all regressors; classifiers are "
            f"{[name for name, is_one in classifies.items() if is_one]}, the others are not."
        )
    return next(iter(classifies.values()))


def _target_column(models: Mapping[str, Any], X: Any) -> Any:
    """Return the column of X that all models forecast."""
    table = X.to_frame() if isinstance(X, pd.Series) else X
    columns = list(getattr(table, "columns", ()))
    only = columns[0] if len(columns) == 1 else None
    found = [getattr(model, "target", ()) for model in models.values()]
    targets = [only if target is None else target for target in found]
    if targets[0] not in columns or any(target != targets[0] for target in targets):
        raise ValueError(
            "y must be given, unless all models are forecasters with the same target, the name of "
            f"a column of X; got the targets {[target or None for target in found]}."
        )
    return table[targets[0]]


def _check_seeds(seeds: Any) -> list[int]:
    """Return the list of seeds."""
    if isinstance(seeds, Integral):
        return list(range(int(seeds)))
    listed = list(seeds)
    are_seeds = all(isinstance(seed, int | np.integer) and seed >= 0 for seed in listed)
    if not listed or not are_seeds or len(set(listed)) < len(listed):
        raise ValueError(f"seeds must be distinct integers from 0 up, at least one; got {listed}.")
    return [int(seed) for seed in listed]


def _check_scoring(
    scoring: Any, loss: str, models: Mapping[str, Any], classifies: bool
) -> tuple[str | Callable[..., Any], str]:
    """Return the score and the name of the pointwise loss, with defaults filled in."""
    if scoring is None:
        scoring = default_scoring(next(iter(models.values())))
    if loss == "auto":
        loss = choose_loss(_name_of(scoring), classifies, models.values())
    return scoring, loss


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


def _check_complexity(complexity: Any, models: Mapping[str, Any]) -> None:
    """Check that a mapping has numbers of models."""
    given = complexity if isinstance(complexity, Mapping) else {}
    if unknown := [n for n in given if n not in models or not isinstance(given[n], Real)]:
        raise ValueError(f"complexity must map names of models to numbers; got {unknown}.")


def _name_of(scoring: str | Callable[..., Any]) -> str:
    """Return the name of a score."""
    if isinstance(scoring, StepScorer):
        return _name_of(scoring.scoring)
    if isinstance(scoring, str):
        return scoring
    metric = getattr(scoring, "_score_func", scoring)
    sign = "-" if getattr(scoring, "_sign", 1) < 0 else ""
    return f"{sign}{getattr(metric, '__name__', type(metric).__name__)}"
