"""A fitted model for tests of leakage, its predictions, and the outputs of its steps."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.pipeline import Pipeline, make_pipeline

from sklearn_rnn._sklearn.metaestimators import open_search
from sklearn_rnn.exceptions import TargetLeakWarning
from sklearn_rnn.model_selection._perturbation import changed_rows, is_table, with_rows_of
from sklearn_rnn.model_selection._unknown_rows import Perturbation
from sklearn_rnn.preprocessing._incomplete_rows import find_lags

_RESPONSES = ("predict_proba", "decision_function", "predict", "transform")

Mask = NDArray[np.bool_]


def fit_briefly(model: Any, X: Any, y: Any) -> Any:
    """Return a fitted clone, whose networks are trained for one epoch: any weights will do."""
    names = [name for name in model.get_params() if name.split("__")[-1] == "max_epochs"]
    brief = clone(model).set_params(**dict.fromkeys(names, 1))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        warnings.simplefilter("ignore", TargetLeakWarning)  # which the report names
        return brief.fit(X) if y is None else brief.fit(X, y)


def respond(model: Any, X: Any) -> Any:
    """Return probabilities, decision values, predictions or transformed rows, the first there."""
    name = next(name for name in _RESPONSES if hasattr(model, name))
    response = getattr(model, name)(X)
    return np.hstack(response) if isinstance(response, list) else response  # of several labels


def steps_of(model: Any) -> list[tuple[str, Any]]:
    """Return the fitted steps of a model by name, of pipelines at its end as well."""
    model = open_search(model)
    inside = getattr(model, "regressor_", model)
    if inside is not model:
        return steps_of(inside)
    if not isinstance(model, Pipeline):
        return [(type(model).__name__.lower(), model)]
    *before, (name, last) = model.steps
    end = steps_of(last)
    return [*before, *(end if len(end) > 1 else [(name, last)])]


class FittedModel:
    """A fitted model, its predictions of the test rows, and what changes them.

    Parameters
    ----------
    model : estimator
        The fitted model.
    X : array-like of shape (n_test, ...)
        The test rows.
    order : ndarray of int, of shape (n_test,)
        The moment of each.
    start : str
        What to call X in place of a step.
    """

    def __init__(self, model: Any, X: Any, order: NDArray[np.intp], start: str) -> None:
        self.model, self.X, self.order, self.start = model, X, order, start
        self.steps = steps_of(model)
        self.response = respond(model, X)
        if changed_rows(self.response, respond(model, X)).any():
            raise ValueError(
                "pipeline must predict the same for the same rows; two predictions differ, so that "
                "perturbed rows cannot be compared. Set its random_state."
            )
        with_lags = [i for i, (_, step) in enumerate(self.steps) if find_lags(step)]
        self.lag_place = with_lags[0] if with_lags else None

    def lags_prepared(self, has_prepare: bool) -> bool:
        """Return whether lags are made of rows that `prepare`, or an earlier step, may change."""
        return self.lag_place is not None and (has_prepare or self.lag_place > 0)

    def changed(self, X: Any, unknown: Perturbation) -> Mask:
        """Return which predictions change with perturbed test rows, although they must not."""
        if unknown.kind == "row":
            return self._changed_by_lags(X, self.order == unknown.moment)
        changed = changed_rows(self.response, respond(self.model, X))
        return changed & (self.order <= unknown.moment)

    def step_of(self, X: Any, unknown: Perturbation, changed: Mask) -> str:
        """Return the step at which predictions begin to depend on what was perturbed.

        In the row of the moment itself, the target may be a column until lags replace it.
        """
        is_later = unknown.kind == "later"
        rows = self.order <= unknown.moment if is_later else self.order < unknown.moment
        outputs = zip(self._outputs(self.X), self._outputs(X), strict=True)
        names = [self.start, *(name for name, _ in self.steps)]
        for name, (before, after) in zip(names, outputs, strict=False):
            if (changed_rows(before, after) & rows).any():
                return name
        if (changed & rows).any():
            return names[-1]
        return self.start if self.lag_place is None else names[1 + self.lag_place]

    def _changed_by_lags(self, X: Any, rows: Mask) -> Mask:
        """Return which predictions of some rows change with the rows before them alone."""
        place = self.lag_place or 0
        before, after = ([*self._outputs(part)][place] for part in (self.X, X))
        if not is_table(before) or not changed_rows(before, after)[~rows].any():
            return np.zeros(len(rows), dtype=bool)
        first, second = (
            respond(make_pipeline(*(step for _, step in self.steps[place:])), part)
            for part in (before, with_rows_of(after, before, rows))
        )
        return changed_rows(first, second) & rows

    def _outputs(self, X: Any) -> Iterator[Any]:
        """Yield the test rows, and the output of every step but the last."""
        yield X
        for _, step in self.steps[:-1]:
            if step is not None and step != "passthrough":
                X = step.transform(X)
            yield X
