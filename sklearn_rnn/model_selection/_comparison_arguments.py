"""Checks of the arguments of `compare_models`."""

from __future__ import annotations

from collections.abc import Mapping
from numbers import Integral
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import is_classifier

from sklearn_rnn._sklearn.compat import HasMethods


def check_models(models: Mapping[str, Any]) -> bool:
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


def target_column(models: Mapping[str, Any], X: Any) -> Any:
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


def check_seeds(seeds: Any) -> list[int]:
    """Return the list of seeds."""
    if isinstance(seeds, Integral):
        return list(range(int(seeds)))
    listed = list(seeds)
    are_seeds = all(isinstance(seed, int | np.integer) and seed >= 0 for seed in listed)
    if not listed or not are_seeds or len(set(listed)) < len(listed):
        raise ValueError(f"seeds must be distinct integers from 0 up, at least one; got {listed}.")
    return [int(seed) for seed in listed]
