"""The candidates of successive halving: models that end in a network, whose training can pause."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from numbers import Integral
from typing import Any, NamedTuple

import numpy as np
from sklearn.base import clone
from sklearn.compose import TransformedTargetRegressor
from sklearn.model_selection import ParameterGrid, ParameterSampler
from sklearn.pipeline import Pipeline
from sklearn.utils import check_random_state

from sklearn_rnn._sklearn.validation import prefix_errors
from sklearn_rnn.neural_network._base import BaseSequenceEstimator
from sklearn_rnn.preprocessing._complete_rows import CompleteRows

MAX_SEED = np.iinfo(np.int32).max


class Inside(NamedTuple):
    """Where the network of a model is.

    Attributes
    ----------
    network : estimator
        The network.
    prefixes : tuple of str
        What names of its parameters begin with in the model, such as ``"gruregressor__"``: two in
        `CompleteRows`, whose name may be left out.
    pipelines : list of Pipeline
        The pipelines around it.
    """

    network: Any
    prefixes: tuple[str, ...]
    pipelines: list[Pipeline]


def find_network(model: Any) -> Inside:
    """Return the network that ends a model, and what is around it.

    Raises
    ------
    TypeError
        If there is none.
    """
    inner, prefixes, pipelines = model, [""], []
    while not isinstance(inner, BaseSequenceEstimator):
        outer = inner
        if isinstance(inner, Pipeline):
            pipelines.append(inner)
            name, inner = inner.steps[-1]
        elif isinstance(inner, TransformedTargetRegressor):
            name, inner = "regressor", inner.regressor
        elif isinstance(inner, CompleteRows):
            name, inner = "estimator", inner.estimator
        else:
            raise TypeError(
                "estimator must be a network of sklearn_rnn, or a Pipeline, "
                "TransformedTargetRegressor or CompleteRows that ends in one, whose training can "
                f"pause; got {inner!r}"
                + ("." if inner is model else f" inside of {type(model).__name__}.")
            )
        shorter = prefixes if isinstance(outer, CompleteRows) else []
        prefixes = [f"{prefix}{name}__" for prefix in prefixes] + shorter
    return Inside(inner, tuple(prefixes), pipelines)


def check_pauses(network: Any) -> None:
    """Check the parameters of a network, and that its training can pause."""
    network._validate_params()
    for name in ("callbacks", "checkpoint"):
        if given := getattr(network, name):
            raise ValueError(
                f"{name} must be None in a search that pauses and goes on, which it cannot follow; "
                f"got {given!r}."
            )
    if getattr(network, "_skl_callbacks", None):
        raise ValueError(
            "estimator has callbacks of scikit-learn, which cannot follow a search that pauses and "
            "goes on; leave out set_callbacks."
        )


def make_candidates(
    estimator: Any, param_grid: Any, n_candidates: int | None, random_state: Any
) -> tuple[list[dict[str, Any]], list[Any]]:
    """Return the parameters of all candidates, and their models, whose networks have a seed."""
    rng = check_random_state(random_state)
    seed = int(rng.randint(MAX_SEED))
    with prefix_errors("param_grid"):
        if n_candidates is None:
            candidates = list(ParameterGrid(param_grid))
        else:
            candidates = list(ParameterSampler(param_grid, n_candidates, random_state=rng))
        if not candidates:
            raise ValueError("there must be at least one candidate; got none.")
        models = [clone(estimator).set_params(**clone(c, safe=False)) for c in candidates]
    for params, model in zip(candidates, models, strict=True):
        network, prefixes, _ = find_network(model)
        check_pauses(network)
        if given := {f"{prefix}max_epochs" for prefix in prefixes} & params.keys():
            raise ValueError(
                f"param_grid must not have {given.pop()!r}, which the search sets; give max_epochs "
                "of the search."
            )
        if not isinstance(network.random_state, Integral):
            network.random_state = seed
    return candidates, models


def set_max_epochs(models: Sequence[Any], max_epochs: int | None) -> int:
    """Set the epochs of all networks, by default those that they have, and return the number."""
    networks = [find_network(model).network for model in models]
    epochs = {int(max_epochs or network.max_epochs) for network in networks}
    if len(epochs) > 1:
        raise ValueError(
            "max_epochs must be given if the networks of the candidates differ in theirs; they "
            f"have {sorted(epochs)}."
        )
    for network in networks:
        network.max_epochs = max(epochs)
    return max(epochs)


def setting(model: Any, params: Mapping[str, Any]) -> Any:
    """Return by what candidates with the same steps before the network are known."""
    _, prefixes, pipelines = find_network(model)
    if not pipelines:
        return id(model)
    others = {n: v for n, v in params.items() if not f"{n}__".startswith(prefixes)}
    return tuple((name, _identity(others[name])) for name in sorted(others))


def _identity(value: Any) -> Any:
    """Return a key that only equal values of the same type have; `repr` is for those inside."""
    try:
        hash(value)
    except TypeError:
        return id(value)
    return type(value), value, repr(value)
