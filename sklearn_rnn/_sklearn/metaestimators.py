"""What is inside a fitted estimator: searches, pipelines, and the parameters of the last step."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import is_classifier
from sklearn.pipeline import Pipeline


def open_search(estimator: Any) -> Any:
    """Return the estimator that a fitted search has found, or `estimator` if it is none."""
    while hasattr(estimator, "best_estimator_"):
        estimator = estimator.best_estimator_
    return estimator


def final_estimator(estimator: Any) -> Any:
    """Return what predicts at the end of searches, pipelines and transformed targets."""
    inside = open_search(estimator)
    if isinstance(inside, Pipeline):
        inside = inside[-1]
    inside = getattr(inside, "regressor_", inside)
    return inside if inside is estimator else final_estimator(inside)


def default_scoring(estimator: Any) -> str:
    """Return scikit-learn's usual score of the task, whatever a search inside scores by."""
    return "accuracy" if is_classifier(estimator) else "r2"


def n_parameters(estimator: Any, X: Any = None, y: Any = None) -> float:
    """Count what a fitted estimator has learned: its non-zero parameters.

    It has the signature of a scorer, so that a search can record it:
    ``scoring={"score": "r2", "n_parameters": n_parameters}``.

    Parameters
    ----------
    estimator : estimator
        A fitted estimator. Of a search, a pipeline or a transformed target the estimator at
        the end counts.
    X, y : object
        Not used.

    Returns
    -------
    float
        Of a net, all weights and biases that are not zero; of a linear model, the non-zero
        coefficients and intercepts; of trees not parameters but their nodes; of an ensemble, the
        sum over its members. NaN where nothing of this kind is found.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import Lasso
    >>> from sklearn_rnn.model_selection import n_parameters
    >>> X = np.random.default_rng(0).normal(size=(100, 5))
    >>> n_parameters(Lasso(alpha=0.1).fit(X, 1.0 + X[:, 0]))
    2.0
    """
    model = final_estimator(estimator)
    if hasattr(model, "net_"):
        weights = (p.detach().cpu() for p in model.net_.module_.parameters() if p.requires_grad)
        return float(sum(int(w.count_nonzero()) for w in weights))
    if hasattr(model, "n_parameters_"):
        return float(model.n_parameters_)
    if hasattr(model, "coefs_"):
        return _n_nonzero(*model.coefs_, *model.intercepts_)
    if hasattr(model, "coef_"):
        return _n_nonzero(model.coef_, getattr(model, "intercept_", 0.0))
    if hasattr(model, "tree_"):
        return float(model.tree_.node_count)
    if hasattr(model, "estimators_"):
        return float(sum(n_parameters(member) for member in _members(model)))
    constant = getattr(model, "constant_", getattr(model, "class_prior_", None))
    return float("nan") if constant is None else float(np.size(constant))


def size_unit(estimator: Any) -> str:
    """Return what `n_parameters` counts: "parameter", or "tree node" if it is only those."""
    model = final_estimator(estimator)
    if hasattr(model, "estimators_"):
        units = {size_unit(member) for member in _members(model)}
        return units.pop() if len(units) == 1 else "parameter"
    return "tree node" if hasattr(model, "tree_") else "parameter"


def _members(ensemble: Any) -> list[Any]:
    """Return the fitted estimators of an ensemble."""
    members = [*np.ravel(ensemble.estimators_), getattr(ensemble, "final_estimator_", None)]
    return [member for member in members if member is not None]


def _n_nonzero(*arrays: Any) -> float:
    return float(sum(np.count_nonzero(np.asarray(array)) for array in arrays))
