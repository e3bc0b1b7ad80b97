"""Fits to data that come in two parts, in any form that a model takes: timed, scored and cached."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import joblib
import numpy as np
from sklearn.base import clone

import sklearn_rnn
from benchmarks._cache import Cache
from benchmarks._progress import Costs, Progress
from benchmarks._runner import Model, Result, seeded
from benchmarks._settings import describe
from sklearn_rnn.model_selection import n_parameters

Score = Callable[[Any, Any, Any], dict[str, float]]


@dataclass(frozen=True)
class Parts:
    """Data for training and for the test.

    `validation` holds the `X_val` and `y_val` that are given to the `fit` of models that are
    seeded, the nets. `keeps_predictions` says that the results have those of the test part.
    """

    name: str
    X: Any
    y: Any
    X_test: Any
    y_test: Any
    validation: Mapping[str, Any] = field(default_factory=dict)
    keeps_predictions: bool = False

    @cached_property
    def fingerprint(self) -> str:
        """A hash of the data and of the version of the package."""
        data = [self.X, self.y, self.X_test, self.y_test, dict(self.validation)]
        return str(joblib.hash([sklearn_rnn.__version__, *data]))


def fit_all(
    parts: Parts,
    models: Sequence[Model],
    score: Score,
    *,
    seeds: Sequence[int],
    cache: Cache,
    cv_scores: Mapping[str, float] | None = None,
    also: Callable[[Any], dict[str, float]] | None = None,
    costs: Costs | None = None,
) -> list[Result]:
    """Fit every model, those that are seeded once for each seed, and score them on the test part.

    Parameters
    ----------
    parts : Parts
        The data.
    models : sequence of Model
        The competitors; of their grids only the names count, of which the settings are told.
    score : callable
        ``score(fitted, X, y)`` returns the scores by name.
    seeds : sequence of int
        Random states.
    cache : Cache
        Has what was computed before, and keeps what is computed now.
    cv_scores : mapping of str to float, default=None
        By model, what cross-validation has found on the training part.
    also : callable, default=None
        ``also(fitted)`` returns further scores, which take none of the seconds of the prediction.
    costs : mapping, default=None
        Seconds of a fit in an earlier run, by task and model, to tell how long this one takes.

    Returns
    -------
    list of Result
        In the order of models and seeds.
    """
    runs = [(model, seed) for model in models for seed in (seeds if model.seeded else [None])]
    results = []
    expected = [(costs or {}).get((parts.name, model.name), 1.0) for model, _ in runs]
    with Progress(sum(expected), n_jobs=1, known=bool(costs)) as progress:
        for (model, seed), cost in zip(runs, expected, strict=True):
            estimator = clone(model.estimator) if seed is None else seeded(model.estimator, seed)
            key = str(joblib.hash([parts.fingerprint, estimator]))
            kept = key in cache and not (
                parts.keeps_predictions and "predictions" not in cache[key]
            )
            if not kept:
                validation = parts.validation if model.seeded else {}
                fit = _run(parts, estimator, model.grid, score, validation)
                fit["scores"] |= also(estimator) if also else {}
                cache[key] = fit
            cv_score = (cv_scores or {}).get(model.name)
            told = {"task": parts.name, "model": model.name, "seed": seed, "cv_score": cv_score}
            progress.advance(cost, f"{parts.name}: {model.name}", cached=kept)
            results.append(Result(**told, **{"predictions": [], **cache[key]}))
    return results


def _run(
    parts: Parts,
    estimator: Any,
    searched: Iterable[str],
    score: Score,
    validation: Mapping[str, Any],
) -> dict[str, Any]:
    begin = time.process_time()
    estimator.fit(parts.X, parts.y, **validation)
    end = time.process_time()
    scores = score(estimator, parts.X_test, parts.y_test)
    done = time.process_time()
    kept = parts.keeps_predictions
    predictions = {"predictions": estimator.predict(parts.X_test).tolist()} if kept else {}
    n_epochs = getattr(estimator, "n_iter_", None) if validation else None
    told = [describe(estimator, searched), f"epochs={n_epochs}" if n_epochs else ""]
    return {
        "scores": {name: float(value) for name, value in scores.items()},
        "n_parameters": int(np.nan_to_num(n_parameters(estimator))),
        "fit_seconds": end - begin,
        "predict_seconds": done - end,
        "settings": ", ".join(filter(None, told)),
        **predictions,
    }
