"""Values of parameters, drawn from what the package declares of them."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from numbers import Integral
from typing import Any

import numpy as np
from sklearn.linear_model import Ridge
from sklearn.model_selection import KFold, ShuffleSplit, TimeSeriesSplit
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils._param_validation import (
    Interval,
    Options,
    generate_invalid_param_val,
    make_constraint,
)

import sklearn_rnn as s
from tests.fuzz.containers import OF_SEQUENCES, UNNAMED
from tests.fuzz.files import folder, home


class Mean:
    """Forecasts the mean, in the form of the models of statsforecast."""

    def forecast(self, y: Any, h: int) -> dict[str, Any]:
        return {"mean": np.full(h, np.mean(y))}


def no_callbacks() -> list[Any]:
    return []


def one_callback_too_few() -> int:
    return 3


def places(container: str) -> dict[str, str]:
    """Return the columns of times and series, as parameters, of a container that has them."""
    if container != "long DataFrame" or "time" not in s.LagTransformer._parameter_constraints:
        return {}
    return {"time": "time", "series": "series"}


def models(container: str) -> list[Any]:
    """Return new regressors that read what is in a container, in several forms."""
    quick = {"max_epochs": 1, "random_state": 0}
    if container == "texts":
        return [make_pipeline(s.TextSequencer(), s.GRURegressor(embedding_dim=2, **quick))]
    nets = [s.GRURegressor(hidden_size=2, **quick), s.LSTMRegressor(hidden_size=2, **quick)]
    if container in OF_SEQUENCES:
        return nets
    of = places(container)
    flat = s.LagTransformer(2, flatten=True, **of)
    made = [make_pipeline(flat, Ridge()), s.make_ar(2, **of)]
    made += [make_pipeline(s.LagTransformer(2, **of), net) for net in nets]
    if hasattr(s, "LagRidge"):
        made += [make_pipeline(s.LagTransformer(2, **of), s.LagRidge(0.1)), s.ARRegressor(2, **of)]
    return made


def reads_target() -> list[Any]:
    """Return models that read the value that a forecaster is to forecast."""
    lags = [{"delay": 0}, {"known_ahead": ["a"]}]
    return [make_pipeline(s.LagTransformer(2, flatten=True, **of), Ridge()) for of in lags]


# Values that the type alone does not tell; not all of them suit every container.
TOLD: dict[str, Sequence[Any]] = {
    "known_ahead": [["b"], ["a", "b"], []],
    "exogenous": [["b"], []],
    "static": [[], ["b"]],
    "target": ["a", ["a"], ["a", "b"]],
    "columns": [None, ["p"]],
    "quantile": [0.5, [0.1, 0.5, 0.9]],
    "target_channel": ["a", [0, 1], None, 0],
    "channel": ["b", 0, 2],
    "device": ["cpu", "auto"],
    "augmentation": [None, {}, {"jitter": 0.1}, {"slicing": 0.5}, {"mixup": 0.2}],
    "class_weight": ["balanced", None, "balanced", {0: 1, 1: 2}],
    "callbacks": [None, [], no_callbacks],
    "alphas": [3, [1.0, 0.1], None],
    "cv": [2, KFold(2), TimeSeriesSplit(2), ShuffleSplit(2, random_state=0), None],
    "penalty_factor": [None, 1.0, [1.0, 1.0, 1.0], [0.0, 1.0]],
    "max_gap": [None, "2D", "1h", timedelta(days=1), np.timedelta64(1, "D"), 1.5, "2B"],
    "harmonics": [None, {}, {"year": 1}, {"day": 2}],
    "parts": [["month"], [], ["hour", "day"]],
    "vocabulary": [None, ["cat", "dog"], {"cat": 0}],
    "stop_words": [None, "english", ["a"]],
    "token_pattern": [r"\w+", r"(?u)\b\w\w+\b"],
    "sentence_end": [None, "[.]"],
    "encoding": ["utf-8", "latin-1"],
    "strip_accents": [None, "ascii", "unicode", str.lower],
    "preprocessor": [None, str.lower],
    "tokenizer": [None, str.split, list],
    "analyzer": ["word", "char", str.split],
    "input": ["content"],
    "callable": [str],
    "n_jobs": [None, 1],
    "seeds": [(0,), 1, 2],
    "models": [{"ridge": Ridge()}, {"ar": s.make_ar(1), "ridge": Ridge()}],
    "params": [None, {}],
    "complexity": [None, {"ridge": 1.0}],
    "groups": [None],
    "scoring": [None, "r2", "neg_mean_absolute_error"],
    "series_weight": [None, {"s": 1.0, "t": 2.0}],
    "level": [None, 0.5, 0.9],
    "refit": [True, False, 1, 2],
    "prepare": [None],
    "output": [0, None],
    "sample_weight": [None, np.ones(20)],
    "words": [None, [f"word {i}" for i in range(200)]],
    "embedding_init": [None, np.zeros((9, 2))],
    "checkpoint": [None],
    "delta": [1.0, 1e-8, 1e8],
    "data_home": [home(), str(home())],
    "path": [folder() / "model", str(folder() / "model")],
    "by": ["model", "step", "series"],
    "metric": ["score"],
    "param": ["alpha"],
    "param_grid": [{}, [{}, {}]],
    "key": [None, len],
    "n_folds": [2],
}
# Values that nothing can be done with, beside those that the declaration refuses.
WRONG: dict[str, Sequence[Any]] = {
    "known_ahead": [["zz"], [9], [1.5], [None]],
    "exogenous": [["zz"], [9]],
    "static": [["zz"]],
    "target": ["zz", 7, []],
    "time": ["zz"],
    "series": ["zz"],
    "by": ["zz"],
    "columns": [["p", "q"]],
    "quantile": [[0.9, 0.1], [], [0.5, 0.5], ["a"], [[0.5]]],
    "target_channel": [9, "zz", []],
    "channel": [9, "zz"],
    "device": ["quantum", "cuda:77", ""],
    "augmentation": [{"rain": 1}, {"jitter": -1}, {"jitter": "a"}, {"slicing": 7}, {1: 1}],
    "class_weight": [{"zz": 1}, {0: "a"}],
    "callbacks": [one_callback_too_few, [object()], ["a"], [None]],
    "alphas": [[], [-1.0], [np.nan], ["a"], [[1.0]]],
    "cv": [[], "KFold", [1, 2], 50, [([0, 1], [99])], [([], [])], [([0, 1, 2], [])]],
    "param_grid": ["zz", [], {"zz": [1]}, {"zz": 1}, [3]],
    "penalty_factor": [[], ["a"], [-1, 1, 1], [np.nan]],
    "max_gap": ["zz", "-1D", np.timedelta64("NaT"), timedelta(0), ""],
    "harmonics": [{"zz": 1}, {"year": 0}, {"year": "a"}],
    "parts": [["zz"], [1], ["hour", "hour"], [None]],
    "vocabulary": [{"cat": 5}, [], [1], 3],
    "stop_words": [[1], [None]],
    "token_pattern": ["(", r"(\w)(\w)"],
    "sentence_end": ["(", ""],
    "encoding": ["zz", ""],
    "seeds": ["a", 1.5, (), [-1], [0.5], [None], 0],
    "models": [{}, {"a": 3}, {1: Ridge()}, [Ridge()], {"a": None}, {"a": Ridge}],
    "params": [{"zz": 1}, 3],
    "complexity": [{"zz": 1}, {"ridge": "a"}, 3],
    "horizon": [1.5, "a", 0, -1],
    "scoring": ["zz", 3],
    "series_weight": [{"zz": 1.0}, {}, {"s": -1.0}, 3],
    "level": [0, 1, -1, 1.5, "a", np.nan],
    "refit": [0, -1, "a", 1.5],
    "prepare": [3, "a"],
    "output": [-1, "a", 1.5, 9],
    "sample_weight": ["a", [-1.0]],
    "words": [["<pad>", "<unk>"], [], 3],
    "embedding_init": [[], "a", 3, [["a"]]],
    "checkpoint": [3, 1.5, __file__],
    "delta": [0, -1],
    "n_repeats": [0, 1.5],
    "n_points": [0, 1.5],
    "path": [3, None],
    "RecursiveForecaster.estimator": reads_target(),
    "data_home": [3],
}
CONDITIONAL = ("encoding", "target_channel", "max_gap", "quantile")
"""Parameters that are read beside others alone."""

LEAST = {"max_epochs": 2, "n_members": 3, "num_layers": 3, "n_perturbations": 2, "n_repeats": 3}
LARGE = 2**70
ENDLESS = ("max_epochs", "max_iter", "patience", "seeds")
"""Parameters that may take as long as the user asks for."""
ANYTHING = [object(), "zz", -1, 0, 1.5, np.nan, np.inf, [], {}, 1j, (), [None], LARGE, True]
OF_COLUMNS = ("known_ahead", "exogenous", "static", "target", "target_channel", "channel")
# What the user asks for by it is no change of the process: workers, and files.
OF_FILES = ("checkpoint", "path", "data_home")


def draw_value(
    of: str,
    name: str,
    constraints: Sequence[Any],
    container: str,
    rng: np.random.Generator,
    *,
    wrong: bool,
) -> tuple[Any, bool]:
    """Draw a value of a parameter, and return whether it must be refused."""
    made = [make_constraint(c) for c in constraints]
    of_type = [value for c in made for value in _admitted(c, name, container, rng)]
    options = [*TOLD.get(name, ()), *([] if name in OF_FILES else of_type)]
    if name in ("time", "series"):
        options = [places(container).get(name)]
    if name in OF_COLUMNS and container in UNNAMED:
        options = [_position(value) for value in options]
    n_refused = 0
    if wrong or not options:
        refused = WRONG.get(f"{of}.{name}", WRONG.get(name, ()))
        n_refused = len(refused)
        options = [*refused, *refused, *_refused(made), *([] if name in OF_FILES else ANYTHING)]
    place = int(rng.integers(len(options)))
    value = options[place]
    if name in ENDLESS and value is LARGE:
        value = 0
    if name == "n_jobs" and type(value) is int and value < 0:  # workers stay when a call has ended
        value = 1
    if name in CONDITIONAL:
        n_refused = 0
    return value, place < 2 * n_refused or not any(c.is_satisfied_by(value) for c in made)


def _position(value: Any) -> Any:
    """Return the position of a column, of its name."""
    if isinstance(value, list):
        return [_position(part) for part in value]
    return {"a": 0, "b": 1}.get(value, value) if isinstance(value, str) else value


def _admitted(constraint: Any, name: str, container: str, rng: np.random.Generator) -> list[Any]:
    """Return values that a constraint admits, where it tells them."""
    kind = type(constraint).__name__
    if name == "n_jobs":
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
        return [Mean()] if constraint.methods == ["forecast"] else models(container)
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
