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
from inspect import signature
from typing import Any

import numpy as np
from matplotlib import pyplot
from sklearn.base import BaseEstimator
from skorch.callbacks import Callback

import sklearn_rnn
from tests.fuzz.containers import CONTAINERS, UNREAD, put_in
from tests.fuzz.estimators import base_parameters, call_estimator
from tests.fuzz.functions import FUNCTIONS
from tests.fuzz.outcome import Told, check_error
from tests.fuzz.parameters import WRONG, draw_value
from tests.fuzz.unchanged import Surprise, unchanged
from tests.fuzz.values import EXTREME, HUGE, Values, deviate, largest, ordinary_values

MODULES = (
    *("preprocessing", "neural_network", "linear", "forecasting", "inspection"),
    *("inspection.export", "model_selection", "plotting", "datasets", "exceptions"),
)
NO_DATA, BASELINE = "no data", "none"
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


@dataclass(frozen=True)
class Case:
    """What is given to a call.

    Attributes
    ----------
    container : str
        The container of X.
    data : Data
        X and what goes with it, with what is not ordinary about it.
    before, rows : Data
        The ordinary values of them, in the same container and as an array.
    p : dict
        The parameters that are drawn.
    kinds : dict of str to str
        What is not ordinary.
    must_fail : bool
        Whether a parameter must be refused.
    largest : float
        The largest number in values and parameters.
    later, in_threads : bool
        Whether an estimator is fitted to ordinary values, or in several threads at a time.
    rng : Generator
        For what the call draws.
    """

    container: str
    data: Data
    before: Data
    rows: Data
    p: dict[str, Any]
    kinds: dict[str, str]
    must_fail: bool
    largest: float
    later: bool
    in_threads: bool
    rng: np.random.Generator

    def __getattr__(self, name: str) -> Any:
        return getattr(self.data, name)

    @property
    def has_missing(self) -> bool:
        of_X = self.kinds.get("X", "")
        return "missing" in of_X or self.container in ("nullable DataFrame", "padded array")

    @property
    def readable(self) -> tuple[str, Data]:
        """A container that models read, with ordinary data."""
        is_read = self.container not in UNREAD or self.container == "texts"
        return (self.container, self.before) if is_read else ("array", self.rows)

    def __str__(self) -> str:
        of = [*(["later"] if self.later else []), *(["in threads"] if self.in_threads else [])]
        wrong = " (to be refused)" if self.must_fail else ""
        return f"{_short(self.p)}{wrong} {self.kinds or ''} {' '.join(of)}".strip()


@cache
def public_names() -> dict[str, Any]:
    """Return all names of ``__all__`` over the package, except warnings and callbacks."""
    modules = [sklearn_rnn]
    for name in MODULES:
        with suppress(ModuleNotFoundError):  # in an older version
            modules.append(importlib.import_module(f"sklearn_rnn.{name}"))
    found = {name: getattr(module, name) for module in modules for name in module.__all__}
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
        declared = getattr(thing, "_skl_parameter_constraints", {})
        constraints = {**declared, **FUNCTIONS[name].constraints}
        if not inspect.isclass(thing):
            own = signature(thing).parameters
            undeclared = {p: [object] for p in own if p in WRONG and not declared}
            constraints = {p: c for p, c in (undeclared | constraints).items() if p in own}
    given = ("X", "y", "sample_weight", "X_val", "y_val", "ax", "cmap")
    return {p: c for p, c in constraints.items() if c != "no_validation" and p not in given}


def containers_of(name: str) -> list[str]:
    """Return the containers that a public name is called with."""
    return [*CONTAINERS] if name not in FUNCTIONS or FUNCTIONS[name].reads else [NO_DATA]


@cache
def cells() -> tuple[Cell, ...]:
    """Return all cells, so ordered that each public name comes soon, and as often as others."""
    rng = np.random.default_rng(SEED)
    ranked = []
    for name in public_names():
        parameters = [BASELINE, *constraints_of(name)]
        own = [Cell(name, c, p) for c in containers_of(name) for p in parameters]
        ranked += [(rank, own[i]) for rank, i in enumerate(rng.permutation(len(own)))]
    return tuple(cell for _, cell in sorted(ranked, key=lambda pair: pair[0]))


def run_case(index: int, *, reraise: bool = False) -> Result:
    """Run a case, which its number alone determines."""
    return run_cell(cells()[index % len(cells())], index, reraise=reraise)


def run_cell(cell: Cell, index: int, *, reraise: bool = False) -> Result:
    """Run the case of a number in a cell."""
    rng = np.random.default_rng([SEED, index])
    with warnings.catch_warnings(record=True), np.errstate():
        warnings.simplefilter("always")
        case = _draw(cell, rng)
        try:
            told = _judged(cell.name, case)
            outcome = "error" if told else "answer"
        except Exception as surprise:  # of the fuzzer too
            outcome, told = "surprise", f"{surprise}"
            if not isinstance(surprise, Surprise):
                told = f"the fuzzer fails: {type(surprise).__name__}: {surprise}"
            if reraise:
                raise
        finally:
            pyplot.close("all")
    return Result(index, cell, outcome, f"{case} {told}".strip())


def _draw(cell: Cell, rng: np.random.Generator) -> Case:
    """Draw a case: ordinary values, of which one or two things are changed."""
    container = "array" if cell.container == NO_DATA else cell.container
    constraints = constraints_of(cell.name)
    p: dict[str, Any] = {}
    must_fail = False
    if cell.parameter != BASELINE:
        wrong = rng.random() < 0.25
        place = (constraints[cell.parameter], container, rng)
        value, must_fail = draw_value(cell.name, cell.parameter, *place, wrong=wrong)
        p[cell.parameter] = value
    changed = []
    if cell.parameter != BASELINE and rng.random() < 0.4:
        of_X = "texts" if container == "texts" and rng.random() < 0.7 else "X"
        changed = [str(rng.choice([of_X, of_X, "y", "sample_weight", "parameter"]))]
    if changed == ["parameter"]:
        other = str(rng.choice([*constraints]))
        place = (constraints[other], container, rng)
        value, refused = draw_value(cell.name, other, *place, wrong=False)
        p |= {other: value} if other not in p and not refused else {}
    later, in_threads = rng.random() < 0.4, rng.random() < 0.03 and not changed
    seed = int(rng.integers(2**32))
    ordinary = ordinary_values(cell.name, np.random.default_rng(seed))
    while True:  # some values do not go into some containers
        values = ordinary
        for of in changed:
            values = deviate(values, of, rng) if of != "parameter" else values
        with suppress(Exception):
            data = _data(values, container, seed)
            break
    return Case(
        container=container,
        data=data,
        before=_data(ordinary, container, seed),
        rows=_data(ordinary, "array", seed),
        p=p,
        kinds=values.kinds,
        must_fail=must_fail,
        largest=max(values.largest, largest(p)),
        later=later and "X" in values.kinds,
        in_threads=in_threads,
        rng=rng,
    )


def _data(values: Values, container: str, seed: int) -> Data:
    X, y, n = put_in(values, container, np.random.default_rng([seed, 1]))
    return Data(X, y, values.sample_weight, n)


def _judged(name: str, case: Case) -> str:
    """Call a public name; return the error, or nothing; raise a Surprise."""
    data, thing, silent = case.data, public_names()[name], io.StringIO()
    things = {
        "X": data.X,
        "y": data.y,
        "sample_weight": data.sample_weight,
        "before": case.before.X,
    }
    try:
        with redirect_stdout(silent), redirect_stderr(silent):
            if name in FUNCTIONS:
                FUNCTIONS[name].before()
                with unchanged({**things, **case.p}):
                    FUNCTIONS[name].call(case)
            else:
                estimator = thing(**{**base_parameters(thing, case), **case.p})
                with unchanged({**things, "parameters": estimator}):
                    call_estimator(estimator, case)
    except Surprise as surprise:
        limit = EXTREME if name in FUNCTIONS else HUGE
        if not (case.largest >= limit and "is not finite" in str(surprise)):
            raise
        return str(surprise)
    except Told as told:
        reads_files = name.startswith("fetch") or case.p.get("input") == "filename"
        if not (reads_files and isinstance(told.error, OSError)):  # as documented
            check_error(told.error, told.names, extreme=case.largest >= EXTREME)
        return str(told)
    if case.must_fail:
        raise Surprise(f"accepted {_short(case.p)}")
    return ""


def _short(parameters: dict[str, Any]) -> str:
    return ", ".join(f"{name}={str(value)[:60]}" for name, value in parameters.items())
