"""The cases: every public name with every container and every parameter."""

from __future__ import annotations

import importlib
import inspect
import io
import warnings
from collections.abc import Mapping
from contextlib import redirect_stderr, redirect_stdout, suppress
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from skorch.callbacks import Callback

import sklearn_rnn
from tests.fuzz.containers import CONTAINERS, put_in
from tests.fuzz.estimators import base_parameters, call_estimator
from tests.fuzz.functions import FUNCTIONS
from tests.fuzz.outcome import check_error
from tests.fuzz.parameters import draw_value
from tests.fuzz.unchanged import Surprise, unchanged
from tests.fuzz.values import Values, draw_values

MODULES = (
    *("preprocessing", "neural_network", "linear", "forecasting", "inspection"),
    *("model_selection", "plotting", "datasets", "exceptions"),
)
NO_DATA, NO_PARAMETER = "no data", "none"
SEED = 0


@dataclass(frozen=True)
class Cell:
    """A public name, a container of X and the parameter that is drawn."""

    name: str
    container: str
    parameter: str


@dataclass(frozen=True)
class Result:
    """What a case ended in.

    Attributes
    ----------
    index : int
        Number of the case, from which it is made again.
    cell : Cell
        Where it counts.
    outcome : {"answer", "error", "surprise"}
        Results that are finite, an error that names an argument, or another end.
    told : str
        What was drawn; and the error, or the surprise.
    """

    index: int
    cell: Cell
    outcome: str
    told: str


@dataclass(frozen=True)
class Data:
    """X in its container, and what goes with it; n is the number of samples, if there is one."""

    X: Any
    y: Any
    sample_weight: Any
    n: int | None
    has_missing: bool


def public_names() -> dict[str, Any]:
    """Return all names of ``__all__`` over the package, except warnings and callbacks."""
    modules = [importlib.import_module(f"sklearn_rnn.{name}") for name in MODULES]
    found = {name: getattr(m, name) for m in (sklearn_rnn, *modules) for name in m.__all__}
    return {
        name: thing
        for name, thing in found.items()
        if not (inspect.isclass(thing) and issubclass(thing, Warning | Callback))
    }


def constraints_of(name: str) -> Mapping[str, Any]:
    """Return what the parameters of a public name admit."""
    thing = public_names()[name]
    if inspect.isclass(thing) and issubclass(thing, BaseEstimator):
        constraints = thing._parameter_constraints
    else:
        given = FUNCTIONS[name].constraints
        constraints = given or getattr(thing, "_skl_parameter_constraints", {})
    return {name: c for name, c in constraints.items() if c != "no_validation"}


@cache
def cells() -> tuple[Cell, ...]:
    """Return all cells, so ordered that each public name comes soon, and as often as others."""
    rng = np.random.default_rng(SEED)
    ranked = []
    for name in public_names():
        reads = name not in FUNCTIONS or FUNCTIONS[name].reads
        containers = [*CONTAINERS] if reads else [NO_DATA]
        parameters = [*constraints_of(name)] or [NO_PARAMETER]
        own = [Cell(name, c, p) for c in containers for p in parameters]
        ranked += [(rank, own[i]) for rank, i in enumerate(rng.permutation(len(own)))]
    return tuple(cell for _, cell in sorted(ranked, key=lambda pair: pair[0]))


def run_case(index: int, *, reraise: bool = False) -> Result:
    """Run a case, which its number alone determines."""
    cell = cells()[index % len(cells())]
    rng = np.random.default_rng([SEED, index])
    with warnings.catch_warnings(record=True), np.errstate():
        warnings.simplefilter("always")
        drawn = _draw(cell, rng)
        outcome, told = "answer", ""
        try:
            told = _judged(cell, *drawn, rng)
            outcome = "error" if told else "answer"
        except Surprise as surprise:
            outcome, told = "surprise", str(surprise)
            if reraise:
                raise
    _, values, parameters, valid = drawn
    call = f"{_short(parameters)}{'' if valid else ' (not admitted)'} {values.kinds or ''}"
    return Result(index, cell, outcome, f"{call} {told}".strip())


def _draw(cell: Cell, rng: np.random.Generator) -> tuple[Data, Values, dict[str, Any], bool]:
    classes = "Classifier" in cell.name or "Logistic" in cell.name
    container = "array" if cell.container == NO_DATA else cell.container
    while True:  # some values do not go into some containers
        values = draw_values(rng, classes=classes)
        with suppress(Exception):
            X, y, n = put_in(values, container, rng)
            break
    if "Poisson" in cell.name and "y" not in values.kinds:
        y = np.abs(np.rint(np.asarray(y)))
    data = Data(X, y, values.sample_weight, n, _has_missing(values, container))
    constraints = constraints_of(cell.name)
    parameters: dict[str, Any] = {}
    valid = True
    if cell.parameter != NO_PARAMETER:
        value, valid = draw_value(cell.parameter, constraints[cell.parameter], rng)
        parameters[cell.parameter] = value
        if rng.random() < 0.2:
            other = str(rng.choice([*constraints]))
            if other not in parameters:
                second, admitted = draw_value(other, constraints[other], rng, valid=True)
                parameters |= {other: second} if admitted else {}
    return data, values, parameters, valid


def _judged(
    cell: Cell,
    data: Data,
    values: Values,
    parameters: dict[str, Any],
    valid: bool,
    rng: np.random.Generator,
) -> str:
    """Call what the cell names; return the error, or nothing; raise a Surprise."""
    things = {"X": data.X, "y": data.y, "sample_weight": data.sample_weight}
    names = {*things, *parameters, *constraints_of(cell.name), "steps_or_rows", "rows", "steps"}
    allowed: tuple[type[Exception], ...] = ()
    thing = public_names()[cell.name]
    extreme = values.is_extreme or "1e300" in str(parameters) or "e+300" in str(parameters)
    silent = io.StringIO()
    try:
        with redirect_stdout(silent), redirect_stderr(silent):
            if cell.name in FUNCTIONS:
                function = FUNCTIONS[cell.name]
                allowed = function.allowed
                names |= {
                    "intervals",
                    "frame",
                    "sequences",
                    "models",
                    "estimator",
                    "y_true",
                    "alphas",
                }
                with unchanged({**things, **parameters}):
                    function.call(data, parameters, rng)
            else:
                estimator = thing(**{**base_parameters(thing), **parameters})
                names |= {*estimator.get_params()}
                with unchanged({**things, "parameters": estimator}):
                    call_estimator(estimator, data, rng)
    except Surprise as surprise:
        if not (extreme and "is not finite" in str(surprise)):  # which the user asks for
            raise
        return str(surprise)
    except allowed as error:
        return str(error)
    except Exception as error:
        check_error(error, names, extreme=extreme)
        return f"{type(error).__name__}: {error}"
    if not valid:
        raise Surprise(f"accepted {_short(parameters)}")
    return ""


def _has_missing(values: Values, container: str) -> bool:
    return "missing" in values.kinds.get("X", "") or container in (
        "nullable DataFrame",
        "padded array",
    )


def _short(parameters: dict[str, Any]) -> str:
    return ", ".join(f"{name}={str(value)[:60]}" for name, value in parameters.items())
