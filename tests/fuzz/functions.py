"""How the public functions and displays are called, and what their parameters admit."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field
from functools import cache
from numbers import Integral, Real
from typing import Any

import matplotlib
import numpy as np
import torch
from sklearn.utils._param_validation import Interval, StrOptions

import sklearn_rnn as s
from tests.fuzz.files import any_checksum, folder, home
from tests.fuzz.outcome import check_finite, named
from tests.fuzz.parameters import models, places
from tests.fuzz.unchanged import Surprise

matplotlib.use("Agg")

COUNT = Interval(Integral, 1, None, closed="left")
FROM_ZERO = Interval(Integral, 0, None, closed="left")
OUTPUT = {"output": [FROM_ZERO, None], "n_points": [COUNT]}
IMPORTANCE = {"method": [StrOptions({"permutation", "integrated_gradients"})], "n_repeats": [COUNT]}
LAGS = ("n_lags", "delay", "step", "known_ahead", "fill_value", "history", "max_gap", "lag_unit")
OF_LAGS = {
    name: constraint
    for name, constraint in s.LagTransformer._parameter_constraints.items()
    if name in (*LAGS, "time", "series")
}
OF_CV: Mapping[str, Any] = getattr(
    getattr(s, "LagElasticNetCV", None), "_parameter_constraints", {}
)


@dataclass(frozen=True)
class Function:
    """A public function, or the class methods of a display.

    Attributes
    ----------
    call : callable
        Calls it in a case; raises a Surprise or an error.
    constraints : mapping
        What the parameters admit, where the package does not declare it.
    reads : bool
        Whether it reads X.
    before : callable
        Called before, where the first call in a process changes it.
    """

    call: Callable[[Any], None]
    constraints: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    reads: bool = True
    before: Callable[[], None] = lambda: None


FUNCTIONS: dict[str, Function] = {}


def calls(
    name: str,
    /,
    *,
    reads: bool = True,
    before: Callable[[], None] = lambda: None,
    **constraints: Sequence[Any],
) -> Callable[..., Any]:
    """Return a decorator of the call of a public name."""

    def put(call: Callable[[Any], None]) -> Callable[[Any], None]:
        FUNCTIONS[name] = Function(call, constraints, reads, before)
        return call

    return put


def fitted(c: Any, *, only: str = "") -> Any:
    """Return a model fitted on the ordinary data of a case, of a class in whose name is a word."""
    of, data = c.readable
    made = models(of)
    made = [model for model in made if only in str(model)] or made
    return made[int(c.rng.integers(len(made)))].fit(data.X, data.y)


def compared(c: Any) -> dict[str, Any]:
    """Return two models for the container of a case, by name."""
    return dict(zip(("ridge", "ar"), models(c.readable[0]), strict=False))


@calls("make_lagged")
def _(c: Any) -> None:
    given = {"n_lags": 2, **places(c.container), **c.p}
    windows, targets = named(s.make_lagged, c.X, c.y, **given)
    check_finite("targets", targets, len(windows))


def _call_maker(name: str) -> Callable[[Any], None]:
    def call(c: Any) -> None:
        of = {"n_lags": 2, **places(c.container)}
        if name == "make_linear":
            of["target_channel"] = 0
        model = named(getattr(s, name), **{**of, **c.p})
        named(model.fit, c.X, c.y)
        missing = c.p.get("fill_value") == "nan"
        check_finite("predict(X)", named(model.predict, c.X), c.n, missing=missing)

    return call


calls("make_ar", **OF_LAGS, seasonal_lags=["array-like"], exogenous=["array-like"])(
    _call_maker("make_ar")
)
for _name, _own in {
    "make_lasso": ("l1_ratio", "groups", "rule", "cv"),
    "make_linear": ("standardize", "target_channel", "rule", "cv"),
}.items():
    calls(_name, **OF_LAGS, **{p: OF_CV[p] for p in _own if p in OF_CV})(_call_maker(_name))


@calls("sequences_from_frame", by=[str, None], time=[str, None])
def _(c: Any) -> None:
    sequences = named(s.sequences_from_frame, c.X, **{**_by(c), **c.p})
    if sum(map(len, sequences)) != c.n:
        raise Surprise("sequences_from_frame lost rows")


@calls("frame_from_sequences", by=[str, None], time=[str, None], columns=["array-like", None])
def _(c: Any) -> None:
    sequences = [np.zeros((3, 1))]
    if c.container in ("panel", "long DataFrame"):
        sequences = [q[:, :1] for q in s.sequences_from_frame(c.before.X, **_by(c))]
    back = named(s.frame_from_sequences, sequences, c.X, **{**_by(c), **c.p})
    if len(back) != c.n:
        raise Surprise("frame_from_sequences lost rows")


def _by(c: Any) -> dict[str, str]:
    return {"by": "series", "time": "time"} if c.container in ("panel", "long DataFrame") else {}


@calls("fit_batches")
def _(c: Any) -> None:
    net = next(model for model in models(c.readable[0]) if "GRU" in str(model))
    pieces = [lambda: (c.X, c.y, c.sample_weight)]
    fitted = named(s.model_selection.fit_batches, **{"estimator": net, "pieces": pieces, **c.p})
    check_finite("predict(X)", named(fitted.predict, c.X), c.n)


@calls("stream")
def _(c: Any) -> None:
    stream = named(s.stream, **{"estimator": fitted(c), **c.p})
    rows = c.X.head(3) if hasattr(c.X, "head") else c.X[:3]
    for _ in range(2):
        check_finite("predict(rows)", named(stream.predict, rows), None)


@calls("show_versions", reads=False)
def _(c: Any) -> None:
    named(s.show_versions)


@calls("lag_importance", **IMPORTANCE, scoring=[str, callable, None], n_points=[COUNT])
def _(c: Any) -> None:
    given = {
        "estimator": fitted(c, only="Lag"),
        "n_repeats": 2,
        "n_points": 4,
        "random_state": 0,
        **c.p,
    }
    found = named(s.inspection.lag_importance, X=c.X, y=c.y, **given)
    check_finite("importances_mean", found.importances_mean, len(found.lags))


@calls("attributions", n_points=[COUNT])
def _(c: Any) -> None:
    net = fitted(c, only="hidden_size")
    found = named(s.inspection.attributions, net, c.X, **{"n_points": 4, **c.p})
    for values in (found.attributions, found.base_values):
        check_finite("attributions", values, len(values))


@calls("word_vectors", reads=False, words=["array-like", None])
def _(c: Any) -> None:
    net = models("texts")[0].fit(["a cat", "The dog sat.", "dogs"], [0.0, 1.0, 2.0])
    check_finite("word_vectors", named(s.inspection.word_vectors, net, **c.p), None)


@calls("as_module")
def _(c: Any) -> None:
    model = fitted(c)
    module = named(s.inspection.export.as_module, model)
    if c.container == "3-D array":
        expected = named(model.predict, c.X)
        outputs = named(module, torch.tensor(np.asarray(c.X, dtype=float)))
        if not np.allclose(outputs, expected, rtol=1e-3, atol=1e-3):
            raise Surprise(f"the module returns {outputs[:3]}, and predict {expected[:3]}")


@cache
def _import_exporter() -> None:
    """Let torch import what it exports with, which sets a variable and starts a thread."""
    with suppress(ImportError):
        torch.onnx.export(torch.nn.Linear(1, 1), (torch.zeros(1, 1),), dynamo=True, verbose=False)


@calls("to_onnx", before=_import_exporter, path=[str, os.PathLike], ragged=["boolean", None])
def _(c: Any) -> None:
    named(s.inspection.export.to_onnx, fitted(c), **{"path": folder() / "model", **c.p})


@calls("to_safetensors", path=[str, os.PathLike])
def _(c: Any) -> None:
    path = c.p.get("path", folder() / "model")
    named(s.inspection.export.to_safetensors, _alone(c), path)


@calls("from_safetensors", path=[str, os.PathLike])
def _(c: Any) -> None:
    model, path = _alone(c), folder() / "model"
    s.inspection.export.to_safetensors(model, path)
    back = named(s.inspection.export.from_safetensors, c.p.get("path", path))
    np.testing.assert_array_equal(model.predict(c.rows.X), back.predict(c.rows.X))


def _alone(c: Any) -> Any:
    """Return a fitted estimator of the package, as a file of safetensors holds it."""
    return s.GRURegressor(max_epochs=1, hidden_size=2, random_state=0).fit(c.rows.X, c.rows.y)


@calls("compare_models")
def _(c: Any) -> None:
    str(_compare(c, c.p))


@calls("Comparison", model=[StrOptions({"ridge", "ar"})], reference=[StrOptions({"ridge"})])
def _(c: Any) -> None:
    result = _compare(c, {})
    if len(result.names) > 1:
        named(result.difference, **{"model": "ar", "reference": "ridge"} | c.p)
    named(_show, result, result.to_frame())


def _show(models: Any, frame: Any) -> None:
    """Call what a comparison of models offers."""
    models.simplest_as_good(), models.best, models.failures, repr(models)
    assert isinstance(models.verdict(), str)
    assert len(frame)


def _compare(c: Any, p: dict[str, Any]) -> Any:
    given = {"models": compared(c), "cv": 2, "verbose": 0, **p}
    return named(s.model_selection.compare_models, X=c.X, y=c.y, **given)


@calls("backtest")
def _(c: Any) -> None:
    str(_backtest(c, c.p))


@calls("Backtest", by=[StrOptions({"model", "step", "series", "fold", "target"})])
def _(c: Any) -> None:
    result = _backtest(c, {})
    named(result.errors, **c.p), named(result.summary), named(result.to_frame)
    named(result.difference, "naive", "ar"), named(result.verdict), named(str, result)


def _backtest(c: Any, p: dict[str, Any]) -> Any:
    of = {"target": "a", **places(c.container)}
    ar = s.Forecaster(s.make_ar(1, **places(c.container)), **of)
    given = {"forecasters": {"naive": s.NaiveForecaster(**of), "ar": ar}, "cv": 2, **p}
    return named(s.model_selection.backtest, X=c.X, **given)


@calls("check_leakage")
def _(c: Any) -> None:
    str(_check_leakage(c, c.p))


@calls("LeakageReport")
def _(c: Any) -> None:
    report = _check_leakage(c, {})
    named(str, report), report.steps


def _check_leakage(c: Any, p: dict[str, Any]) -> Any:
    given = {"pipeline": models(c.readable[0])[0], "cv": 2, "n_rows": 2, **p}
    return named(s.model_selection.check_leakage, X=c.X, y=c.y, **given)


@calls(
    "PanelTimeSeriesSplit",
    n_splits=[COUNT],
    test_size=[COUNT, None],
    gap=[FROM_ZERO],
    time=[str, None],
    align=[StrOptions({"time", "end"})],
    series=[str, None],
)
def _(c: Any) -> None:
    given = {"n_splits": 2, **places(c.container), **c.p}
    splitter = named(s.model_selection.PanelTimeSeriesSplit, **given)
    for train, test in named(_folds, splitter, c.X, c.y):
        if np.intersect1d(train, test).size or not len(train) or not len(test):
            raise Surprise("a fold is empty, or trains on its test rows")


def _folds(splitter: Any, X: Any, y: Any) -> list[Any]:
    return list(splitter.split(X, y))


for _name in ("interval_coverage", "interval_score"):

    @calls(
        _name, **({"level": [Interval(Real, 0, 1, closed="neither")]} if "score" in _name else {})
    )
    def _(c: Any, name: str = _name) -> None:
        given = {"sample_weight": c.sample_weight, **c.p}
        function = getattr(s.model_selection, name)
        check_finite("the result", named(function, c.y, c.X, **given), None)


@calls("n_parameters")
def _(c: Any) -> None:
    check_finite("the number", named(s.model_selection.n_parameters, fitted(c), c.X), None)


@calls("one_standard_error", reads=False)
def _(c: Any) -> None:
    refit = named(s.model_selection.one_standard_error, **{"param": "alpha", **c.p})
    results = {
        "params": [{"alpha": 1.0}, {"alpha": 2.0}],
        "mean_test_score": np.array([0.5, 0.4]),
        "std_test_score": np.array([0.2, 0.2]),
        **{f"split{i}_test_score": np.array([0.5, 0.4]) + 0.1 * i for i in range(3)},
    }
    assert 0 <= named(refit, results) < 2


@calls("penalty_path")
def _(c: Any) -> None:
    _path(c, c.p)


def _path(c: Any, p: dict[str, Any]) -> Any:
    net = s.DenseRegressor(l1_ratio=1.0, max_epochs=1, hidden_layer_sizes=(2,), random_state=0)
    if c.rng.random() < 0.5:
        quick = {"hidden_size": 2, "max_epochs": 1, "random_state": 0}
        net = s.RNNRegressor(l1_ratio=0.9, penalty="group", **quick)
    path = {"n_alphas": 2} if {"n_alphas", "eps"} & p.keys() else {"alphas": [1.0, 0.1]}
    given = {"estimator": net, "sample_weight": c.sample_weight, **path, **p}
    path = named(s.model_selection.penalty_path, X=c.X, y=c.y, **given)
    check_finite("alphas", path.alphas, None)
    return path


@calls("step_scorer", scoring=[str, callable])
def _(c: Any) -> None:
    quick = {"hidden_size": 2, "max_epochs": 1, "random_state": 0}
    X = c.readable[1].X if c.container in ("3-D array", "ragged lists") else c.rows.X
    y = [np.asarray(x, dtype=float)[:, 0] for x in X] if np.ndim(X[0]) == 2 else X
    net = s.GRURegressor(return_sequences=True, **quick).fit(X, y)
    score = named(s.model_selection.step_scorer, **{"scoring": "r2", **c.p})
    check_finite("the score", named(score, net, c.X, y), None)


def _display(
    name: str, maker: str, call: Callable[[Any, Any], Any], /, **constraints: Sequence[Any]
) -> None:
    calls(name, **constraints)(lambda c: call(c, getattr(getattr(s.plotting, name), maker)))


_display(
    "BacktestDisplay",
    "from_backtest",
    lambda c, of: named(of, _backtest(c, {}), **c.p),
    metric=[StrOptions({"mase", "mae"})],
)
_display(
    "ComparisonDisplay",
    "from_comparison",
    lambda c, of: named(of, _compare(c, {}), **c.p),
    kind=[StrOptions({"scores", "differences"})],
    reference=[StrOptions({"ridge"}), None],
)
_display(
    "ForecastDisplay",
    "from_estimator",
    lambda c, of: named(of, fitted(c), c.X, c.y, **c.p),
    output=[FROM_ZERO],
    kind=[StrOptions({"time", "scatter"})],
)
_display(
    "LagImportanceDisplay",
    "from_estimator",
    lambda c, of: named(
        of, fitted(c, only="Lag"), c.X, c.y, **{"random_state": 0, "n_repeats": 2, **c.p}
    ),
    **IMPORTANCE,
    signed=["boolean"],
)
_display(
    "AttributionsDisplay",
    "from_estimator",
    lambda c, of: named(of, fitted(c, only="hidden_size"), c.X, **{"n_points": 4, **c.p}),
    **OUTPUT,
    sample=[Interval(Integral, None, None, closed="neither")],
)
_display(
    "WordAttributionsDisplay",
    "from_estimator",
    lambda c, of: named(named(of, fitted(c), c.X, **{"n_points": 4, **c.p}).to_html),
    **OUTPUT,
)
_display(
    "PathDisplay", "from_path", lambda c, of: named(of, _path(c, {}), **c.p), n_labels=[FROM_ZERO]
)
_display(
    "PenaltyErrorDisplay",
    "from_estimator",
    lambda c, of: named(
        of, s.LagRidgeCV(alphas=3, cv=2).fit(c.rng.normal(size=(20, 3)), np.arange(20.0)), **c.p
    ),
)
_display(
    "TrainingCurveDisplay",
    "from_estimator",
    lambda c, of: named(of, _alone(c), **c.p),
    log_scale=["boolean"],
)


def _call_dataset(name: str) -> Callable[[Any], None]:
    def call(c: Any) -> None:
        given, checked = dict(c.p), nullcontext()
        if name.startswith("fetch") and hasattr(s.datasets, "_download"):
            checked = any_checksum()
            given = {"data_home": home(), "download_if_missing": False, **c.p}
            given |= {"name": "Small"} if name == "fetch_ucr" and "name" not in c.p else {}
            if given["data_home"] not in (home(), str(home())):  # nothing is downloaded
                given["download_if_missing"] = False
        with checked:
            named(getattr(s.datasets, name), **given)

    return call


for _name in s.datasets.__all__:
    calls(_name, reads=False)(_call_dataset(_name))
