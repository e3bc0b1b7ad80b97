"""The size of a fitted model, which orders models from simple to complex."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
from scipy.sparse import issparse

from sklearn_rnn._sklearn.metaestimators import final_estimator

PARAMETER, LEAF, STORED_VALUE = "parameter", "leaf", "stored value"


class Size(NamedTuple):
    """The size of a model: a number, NaN if it is unknown, and what it counts."""

    number: float
    unit: str


def n_parameters(estimator: Any, X: Any = None, y: Any = None) -> float:
    """Return the size of a fitted estimator: its number of parameters, leaves or stored values.

    It has the signature of a scorer, so that a search can record it:
    ``scoring={"score": "r2", "n_parameters": n_parameters}``.

    Parameters
    ----------
    estimator : estimator
        A fitted estimator. For a search, a pipeline or a transformed target, only the final
        estimator is counted.
    X, y : object
        Ignored.

    Returns
    -------
    float
        The size, NaN if the kind of model is unknown; see the notes.

    See Also
    --------
    compare_models : Takes the number as the complexity of a model.

    Notes
    -----
    ===================================== ==================================================
    Model                                 What is counted
    ===================================== ==================================================
    Networks                              non-zero weights and biases
    Linear models                         non-zero coefficients and intercepts
    Trees, forests, boosted trees         leaves
    Support vector machines, not linear   support vectors times features
    Nearest neighbors, kernel ridge,      training samples times features
    Gaussian processes
    Naive Bayes                           means and variances, or probabilities, and priors
    Quadratic discriminant analysis       means, covariances (upper triangles) and priors
    Dummy estimators                      constants
    Ensembles and multi-output models     the sum over their members
    ===================================== ==================================================

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import Lasso
    >>> from sklearn_rnn.model_selection import n_parameters
    >>> X = np.random.default_rng(0).normal(size=(100, 5))
    >>> n_parameters(Lasso(alpha=0.1).fit(X, 1.0 + X[:, 0]))
    2.0
    """
    return model_size(estimator).number


def model_size(estimator: Any) -> Size:
    """Return the number that `n_parameters` gives, and its unit.

    The unit of an ensemble is that of its members, or "parameter" if theirs differ.
    """
    model = final_estimator(estimator)
    for attributes, count, unit in _COUNTS:
        if all(hasattr(model, name) for name in attributes):
            return Size(float(count(model)), unit)
    members = [model_size(member) for member in _members(model)]
    units = {member.unit for member in members}
    number = sum(member.number for member in members) if members else np.nan
    return Size(float(number), units.pop() if len(units) == 1 else PARAMETER)


def _members(model: Any) -> Iterator[Any]:
    """Yield the fitted estimators of an ensemble, or the one inside a meta-estimator."""
    if hasattr(model, "estimators_"):
        yield from _flattened(model.estimators_)
        if hasattr(model, "final_estimator_"):  # of a stack
            yield model.final_estimator_
    elif isinstance(getattr(model, "models_", None), list):  # of a forecaster, for the steps
        yield from model.models_
    elif hasattr(model, "calibrated_classifiers_"):
        yield from (calibrated.estimator for calibrated in model.calibrated_classifiers_)
    elif hasattr(model, "estimator_"):
        yield model.estimator_
    elif hasattr(model, "base_estimator_"):  # of a Gaussian process classifier
        yield model.base_estimator_


def _flattened(estimators: Any) -> Iterator[Any]:
    """Yield the estimators of nested lists; numpy would open pipelines and forests as well."""
    for member in estimators:
        if isinstance(member, list | tuple | np.ndarray):
            yield from _flattened(member)
        elif member is not None:
            yield member


def _n_values(*arrays: Any) -> int:
    """Count the numbers in arrays, and in lists of arrays."""
    return sum(
        _n_values(*array) if isinstance(array, list | tuple) else int(np.prod(np.shape(array)))
        for array in arrays
    )


def _n_nonzero(*arrays: Any) -> int:
    """Count the numbers in arrays and sparse matrices that are not zero."""
    return sum(
        array.count_nonzero() if issparse(array) else int(np.count_nonzero(array))
        for array in arrays
    )


def _n_weights(model: Any) -> int:
    """Count the weights and biases of a network, or of all members, that are not zero."""
    modules = [member.net_.module_ for member in getattr(model, "members_", [model])]
    parameters = [p for module in modules for p in module.parameters()]
    return sum(int(p.detach().count_nonzero()) for p in parameters if p.requires_grad)


def _n_leaves(model: Any) -> int:
    """Count the leaves of histogram-based boosting, which scikit-learn does not report."""
    return sum(tree.get_n_leaf_nodes() for trees in model._predictors for tree in trees)


def _n_quadratic(model: Any) -> int:
    """Count means, priors and a symmetric covariance matrix for each class."""
    n_classes, n_features = model.means_.shape
    return n_classes * (n_features + n_features * (n_features + 1) // 2 + 1)


_COUNTS: tuple[tuple[tuple[str, ...], Callable[[Any], float], str], ...] = (
    (("net_",), _n_weights, PARAMETER),
    (("n_parameters_",), lambda m: m.n_parameters_, PARAMETER),
    (("coefs_", "intercepts_"), lambda m: _n_nonzero(*m.coefs_, *m.intercepts_), PARAMETER),
    (("coef_",), lambda m: _n_nonzero(m.coef_, getattr(m, "intercept_", 0.0)), PARAMETER),
    (("tree_",), lambda m: m.tree_.n_leaves, LEAF),
    (("_predictors",), _n_leaves, LEAF),
    (("support_vectors_",), lambda m: len(m.support_) * m.n_features_in_, STORED_VALUE),
    (("n_samples_fit_",), lambda m: m.n_samples_fit_ * m.n_features_in_, STORED_VALUE),
    (("X_fit_",), lambda m: _n_values(m.X_fit_), STORED_VALUE),
    (("X_train_",), lambda m: _n_values(m.X_train_), STORED_VALUE),
    (("theta_", "var_"), lambda m: _n_values(m.theta_, m.var_, m.class_prior_), PARAMETER),
    (
        ("feature_log_prob_",),
        lambda m: _n_values(m.feature_log_prob_, m.class_log_prior_),
        PARAMETER,
    ),
    (("means_", "rotations_"), _n_quadratic, PARAMETER),
    (("centroids_",), lambda m: _n_values(m.centroids_), PARAMETER),
    (("constant_",), lambda m: _n_values(m.constant_), PARAMETER),
    (("class_prior_",), lambda m: _n_values(m.class_prior_), PARAMETER),
)
"""Learned attributes that identify a kind of model, how its size is counted, and the unit."""
