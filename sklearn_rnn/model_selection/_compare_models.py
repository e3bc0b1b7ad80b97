"""Comparison of models on the same folds: `compare_models`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from numbers import Integral
from os import PathLike
from typing import Any

import numpy as np
import pandas as pd
from sklearn.utils import indexable

from sklearn_rnn._sklearn.compat import Interval, StrOptions, num_samples, validate_params
from sklearn_rnn._sklearn.folds import check_folds
from sklearn_rnn._sklearn.validation import check_labels
from sklearn_rnn.model_selection._comparison import Comparison
from sklearn_rnn.model_selection._comparison_arguments import (
    check_models,
    check_seeds,
    target_column,
)
from sklearn_rnn.model_selection._comparison_scores import make_evaluator
from sklearn_rnn.model_selection._comparison_warnings import (
    warn_of_fold_order,
    warn_of_perfect_scores,
    warn_of_unconverged,
)
from sklearn_rnn.model_selection._default_split import make_splitter, times_of
from sklearn_rnn.model_selection._fit_and_score import losses_of, table_of
from sklearn_rnn.model_selection._metadata_routing import route_metadata
from sklearn_rnn.model_selection._pointwise_losses import LOSSES
from sklearn_rnn.model_selection._run_all import check_repeatable, run_all
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
        Group labels for `cv`, for searches inside the models whose splitters use groups, and for
        networks, which hold out whole groups for early stopping, unless they read windows of series
        that are in several groups. A search gives them to a network in a pipeline; to one without a
        pipeline only by metadata routing, for which they are passed in `params`.
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
    classifies = check_models(models)
    y = target_column(models, X) if y is None else y
    models = {name: omit_incomplete(model) for name, model in models.items()}
    seeds = check_seeds(seeds)
    check_labels(y, X)
    X, y, groups = indexable(X, y, groups)
    evaluator, score, loss = make_evaluator(models, scoring, loss, complexity, classifies)
    times, is_panel = times_of(X, models.values())
    stratifies = classifies and not evaluator.by_step
    splitter = make_splitter(cv, X, y, times, is_panel=is_panel, is_classifier=stratifies)
    check_repeatable(splitter, checkpoint)
    metadata = route_metadata(
        models, X, splitter=splitter, scorer=evaluator.scorer, groups=groups, params=params
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
        name, error = table.loc[0, ["model", "error"]]
        raise ValueError(f"All runs of all models failed; the first, of {name!r}, with {error}")
    warn_of_perfect_scores(table, score)
    warn_of_unconverged(table)
    return Comparison(
        names=list(models),
        runs=_with_complexity(table, complexity),
        losses=losses_of(runs, folds, times if is_panel else None),
        scoring=score,
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
