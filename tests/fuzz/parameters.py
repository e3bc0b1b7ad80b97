"""Values of parameters, drawn from what the package declares of them."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from numbers import Integral
from typing import Any

import numpy as np
from sklearn.linear_model import Ridge
from sklearn.model_selection import GroupKFold, KFold, ShuffleSplit, TimeSeriesSplit
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils._param_validation import (
    Interval,
    Options,
    generate_invalid_param_val,
    make_constraint,
)

from sklearn_rnn import (
    ARRegressor,
    DenseRegressor,
    LagRidge,
    LagTransformer,
    make_ar,
)
from sklearn_rnn.model_selection import PanelTimeSeriesSplit


class Mean:
    """Forecasts the mean, in the form of the models of statsforecast."""

    def forecast(self, y: Any, h: int) -> dict[str, Any]:
        return {"mean": np.full(h, np.mean(y))}


def no_callbacks() -> list[Any]:
    return []


def one_callback_too_few() -> int:
    return 3


def models() -> list[Any]:
    """Return new regressors, in several forms."""
    return [
        Ridge(),
        make_pipeline(LagTransformer(2, flatten=True), Ridge()),
        make_pipeline(LagTransformer(2), LagRidge(0.1)),
        make_pipeline(LagTransformer(2), DenseRegressor(max_epochs=1, random_state=0)),
        make_ar(2),
        ARRegressor(2),
    ]


# Values that the type alone does not tell, some of them wrong: by name, or by class and name.
TOLD: dict[str, Sequence[Any]] = {
    "known_ahead": [["b"], [1], ["a", "b"], [], ["zz"], [9], [1.5], "b", [True, False], [None]],
    "exogenous": [["b"], [1], [], ["zz"], [9], "b", 3],
    "static": [["b"], ["zz"], [], [0]],
    "target": ["a", "b", "zz", 0, 1, 7, ["a"], ["a", "b"], [], None, [0, 1]],
    "time": ["time", "b", "zz", "", None],
    "series": ["series", "b", "zz", "", None],
    "by": ["series", "zz", None, ["series"], 3],
    "columns": [None, ["p"], [], ["p", "q"], "p"],
    "quantile": [0.5, [0.1, 0.5, 0.9], [0.9, 0.1], [], [0, 1], [0.5, 0.5], ["a"], [[0.5]]],
    "target_channel": [0, 1, 9, "a", "zz", [0], [0, 1], [], None],
    "channel": [0, 2, 9, "a", "zz"],
    "device": ["cpu", "auto", "quantum", "cuda:77", ""],
    "augmentation": [
        *(None, {}, {"jitter": 0.1}, {"slicing": 0.5}, {"mixup": 0.2}, {"rain": 1}),
        *({"jitter": -1}, {"jitter": "a"}, {"slicing": 7}, {"scaling": np.nan}, {1: 1}),
    ],
    "class_weight": ["balanced", None, {0: 1, 1: 2}, {"zz": 1}, {}, [], {0: -1, 1: 1}, {0: "a"}],
    "callbacks": [None, [], no_callbacks, one_callback_too_few, [object()], ["a"], [None]],
    "alphas": [3, [1.0, 0.1], [], [-1.0], [np.nan], ["a"], [0.0], [[1.0]], [0.1, 1.0], None],
    "cv": [
        *(
            2,
            KFold(2),
            TimeSeriesSplit(2),
            [],
            [([0, 1, 2], [3, 4])],
            ShuffleSplit(2, random_state=0),
            None,
        ),
        *([(np.arange(9), np.arange(9, 12))], GroupKFold(2), PanelTimeSeriesSplit(2), "KFold"),
        *([1, 2], 50, [([0, 1], [99])], [([], [])], [([0, 1, 2], [])]),
    ],
    "penalty_factor": [None, 1.0, [1.0, 1.0, 1.0], [], ["a"], [0.0, 1.0], [-1, 1, 1], [np.nan]],
    "max_gap": [
        *(None, "2D", "1h", "zz", "2B", timedelta(days=1), np.timedelta64(1, "D"), 1.5, "-1D"),
        *(np.timedelta64("NaT"), timedelta(0), np.inf, 1e-300, ""),
    ],
    "harmonics": [None, {}, {"year": 1}, {"day": 2}, {"zz": 1}, {"year": 0}, {"year": "a"}],
    "parts": [["month"], [], ["zz"], [1], "month", ["hour", "hour"], [None]],
    "vocabulary": [None, ["cat", "dog"], {"cat": 0}, {"cat": 5}, [], ["cat", "cat"], 3, [1], "cat"],
    "stop_words": [None, "english", ["a"], [], [1], [None]],
    "token_pattern": [r"\w+", "(", "", r"(\w)(\w)", None, r"(?u)\b\w\w+\b"],
    "sentence_end": [None, "[.]", "(", "", "x*"],
    "encoding": ["utf-8", "latin-1", "zz", ""],
    "strip_accents": [None, "ascii", "unicode", str.lower],
    "preprocessor": [None, str.lower],
    "tokenizer": [None, str.split, list],
    "analyzer": ["word", "char", str.split],
    "input": ["content", "filename", "file"],
    "callable": [str],
    "n_jobs": [None, 1, 0],
    "seeds": [(0,), 1, 2, (0, 0), "a", 1.5, (), [-1], [0.5], [None], 0],
    "models": [
        *({"ridge": Ridge()}, {"ar": make_ar(1), "ridge": Ridge()}, {}, {"a": 3}, {1: Ridge()}),
        *([Ridge()], None, {"a": None}, {"a": Ridge}),
    ],
    "params": [None, {}, {"sample_weight": [1.0]}, {"zz": 1}, 3],
    "scoring": [None, "r2", "zz", "neg_mean_absolute_error", 3, ["r2"], str],
    "complexity": [None, {"ridge": 1.0}, {"zz": 1}, {"ridge": "a"}, 3],
    "groups": [None, [1, 2], 3],
    "series_weight": [None, {"s": 1.0, "t": 2.0}, {"zz": 1.0}, {}, {"s": -1.0}, 3, {"s": "a"}],
    "level": [None, 0.5, 0.9, 0, 1, -1, 1.5, "a", [0.5, 0.9], [], np.nan],
    "refit": [True, False, 1, 2, 0, -1, "a", 1.5],
    "prepare": [None, 3, "a"],
    "scorer": ["r2", "accuracy", "zz", 3, None, "neg_log_loss"],
    "output": [0, 1, -1, "a", None, 1.5],
    "ax": [None],
    "steps": [1, 3, 0, -1, 1.5, "a", None, True],
    "rows": [None],
    "sample_weight": [None, [1.0], "a", np.ones(20)],
    "words": [None, ["<pad>", "<unk>"], [f"word {i}" for i in range(200)], [], "cat", 3],
    "embedding_init": [None, np.zeros((9, 2)), np.eye(9, 3), [], [[1.0]], "a", 3, [["a"]]],
    "checkpoint": [None, 3, 1.5, __file__],
    "delta": [1.0, 1e-8, 1e8, 0, -1],
}
LEAST = {"max_epochs": 2, "n_members": 3, "num_layers": 3, "n_perturbations": 2, "n_repeats": 3}
ANYTHING = [object(), "zz", -1, 0, 1.5, np.nan, np.inf, [], {}, 1j, (), [None], 2**70, True]


def draw_value(
    name: str, constraints: Sequence[Any], rng: np.random.Generator, *, valid: bool = False
) -> tuple[Any, bool]:
    """Draw a value of a parameter, and return whether its declaration admits it."""
    made = [make_constraint(c) for c in constraints]
    options = [*TOLD.get(name, ()), *(value for c in made for value in _admitted(c, name, rng))]
    if name not in TOLD and not options:
        options = models()
    if not valid and rng.random() < 0.3:
        options = [*ANYTHING, *_refused(made)]
    value = options[int(rng.integers(len(options)))]
    if name == "checkpoint" and value == "zz":  # it would be made
        value = None
    return value, any(c.is_satisfied_by(value) for c in made)


def _admitted(constraint: Any, name: str, rng: np.random.Generator) -> list[Any]:
    """Return values that a constraint admits, where it tells them."""
    kind = type(constraint).__name__
    if name in (
        "n_jobs",
        "checkpoint",
    ):  # workers, whose threads run on, are what the user asks for
        return []
    if isinstance(constraint, Interval):
        return _inside(constraint, LEAST.get(name, 40), rng)
    if isinstance(constraint, Options):
        return sorted(constraint.options, key=str)
    if kind == "_Booleans":
        return [True, False, np.True_]
    if kind == "_RandomStates":
        return [0, 7, np.random.RandomState(3)]
    if kind == "_NoneConstraint":
        return [None]
    if kind == "HasMethods":
        return [Mean()] if constraint.methods == ["forecast"] else models()
    return []


def _inside(constraint: Any, largest: int, rng: np.random.Generator) -> list[Any]:
    """Return numbers in an interval: both ends, and others."""
    low, high = constraint.left, constraint.right
    if constraint.type is Integral:
        low = -3 if low is None else low
        high = largest if high is None or high > largest else high
        return [n for n in (low, low + 1, low + 2, np.int64(low + 1), high) if low <= n <= high]
    if low is None or high is None:
        numbers = [0.0, 1e-300, 1e-3, 0.5, 1, 3.0, 1e8, 1e300, float(rng.lognormal())]
    else:
        numbers = [low, high, *(low + (high - low) * np.array([1e-12, 0.1, 0.5, 1 - 1e-12]))]
    return [number for number in numbers if constraint.is_satisfied_by(number)]


def _refused(made: list[Any]) -> list[Any]:
    values = []
    for constraint in made:
        with suppress(NotImplementedError):
            values.append(generate_invalid_param_val(constraint))
    return [*values, Ridge, StandardScaler()]
