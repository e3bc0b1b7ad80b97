"""How the public functions and displays are called, and what they admit."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from numbers import Integral, Real
from typing import Any

import matplotlib
import numpy as np
from sklearn.linear_model import Ridge
from sklearn.utils._param_validation import Interval, StrOptions

import sklearn_rnn as s
from sklearn_rnn import datasets, inspection, model_selection, plotting
from tests.fuzz.outcome import check_finite
from tests.fuzz.parameters import models
from tests.fuzz.unchanged import Surprise

matplotlib.use("Agg")
COUNT = Interval(Integral, 1, None, closed="left")
OF_LAGS = s.LagTransformer._parameter_constraints
OF_MAKER = {
    name: OF_LAGS[name]
    for name in (
        *("n_lags", "delay", "step", "known_ahead", "fill_value", "history", "max_gap"),
        *("lag_unit", "time", "series"),
    )
}
OF_CV = s.LagElasticNetCV._parameter_constraints
KINDS = {"kind": [StrOptions({"time", "scatter"})]}


@dataclass(frozen=True)
class Function:
    """A public function, or the class methods of a display.

    Attributes
    ----------
    call : callable
        Maps data, parameters and a generator of random numbers to nothing; raises a Surprise.
    constraints : mapping
        What the parameters admit, where the package does not declare it.
    reads : bool
        Whether it reads X.
    allowed : tuple of type
        Errors of another type that are documented.
    """

    call: Callable[[Any, dict[str, Any], np.random.Generator], None]
    constraints: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    reads: bool = True
    allowed: tuple[type[Exception], ...] = ()


def _fitted(data: Any, rng: np.random.Generator) -> Any:
    model = models()[int(rng.integers(6))]
    return model.fit(data.X, data.y)


def _make_lagged(data: Any, p: dict[str, Any], rng: Any) -> None:
    windows, targets = s.make_lagged(data.X, data.y, **{"n_lags": 2, **p})
    check_finite("targets", targets, len(windows))


def _maker(make: Callable[..., Any]) -> Callable[..., None]:
    def call(data: Any, p: dict[str, Any], rng: Any) -> None:
        model = make(**{"n_lags": 2, **p}).fit(data.X, data.y)
        check_finite(
            "predict(X)", model.predict(data.X), data.n, missing=p.get("fill_value") == "nan"
        )

    return call


def _sequences(data: Any, p: dict[str, Any], rng: Any) -> None:
    sequences = s.sequences_from_frame(data.X, **p)
    if sum(map(len, sequences)) != data.n:
        raise Surprise("sequences_from_frame lost rows")


def _frames(data: Any, p: dict[str, Any], rng: Any) -> None:
    of = {name: p[name] for name in ("by", "time") if name in p}
    try:
        sequences = s.sequences_from_frame(data.X, **of)
    except (TypeError, ValueError):
        sequences = [np.zeros((3, 1))]
    back = s.frame_from_sequences(sequences, data.X, **p)
    if len(back) != data.n:
        raise Surprise("frame_from_sequences lost rows")


def _stream(data: Any, p: dict[str, Any], rng: Any) -> None:
    stream = s.stream(_fitted(data, rng), **p)
    rows = np.asarray(data.X)[:3]
    for _ in range(2):
        check_finite("predict(rows)", stream.predict(rows), None)


def _lag_importance(data: Any, p: dict[str, Any], rng: Any) -> None:
    p = {"random_state": 0, "n_repeats": 2, "n_points": 4, **p}
    found = inspection.lag_importance(_fitted(data, rng), data.X, data.y, **p)
    check_finite("importances_mean", found.importances_mean, len(found.lags))


def _compare(data: Any, p: dict[str, Any], rng: Any) -> Any:
    given = {"models": {"ridge": Ridge(), "ar": s.make_ar(1)}, "cv": 2, "verbose": 0, **p}
    return model_selection.compare_models(X=data.X, y=data.y, **given)


def _comparison(data: Any, p: dict[str, Any], rng: Any) -> None:
    result = _compare(data, {}, rng)
    result.difference(**{"model": "ridge", "reference": "ar"} | p)
    for text in (result.verdict(), str(result), repr(result)):
        assert isinstance(text, str)
    result.to_frame(), result.simplest_as_good(), result.best, result.failures


def _backtest(data: Any, p: dict[str, Any], rng: Any) -> Any:
    given = {"forecasters": _forecasters(), "cv": 2, **p}
    return model_selection.backtest(X=data.X, **given)


def _forecasters() -> dict[str, Any]:
    names = {"target": "a"}
    return {"naive": s.NaiveForecaster(**names), "ar": s.Forecaster(s.make_ar(1), **names)}


def _backtest_result(data: Any, p: dict[str, Any], rng: Any) -> None:
    result = _backtest(data, {}, rng)
    result.errors(**p), result.summary(), result.to_frame(), result.verdict(), str(result)
    result.difference("naive", "ar")


def _check_leakage(data: Any, p: dict[str, Any], rng: Any) -> Any:
    given = {"pipeline": models()[int(rng.integers(1, 6))], "cv": 2, "n_rows": 2, **p}
    return model_selection.check_leakage(X=data.X, y=data.y, **given)


def _split(data: Any, p: dict[str, Any], rng: Any) -> None:
    splitter = model_selection.PanelTimeSeriesSplit(**{"n_splits": 2, **p})
    for train, test in splitter.split(data.X, data.y):
        if np.intersect1d(train, test).size or not len(train) or not len(test):
            raise Surprise("a fold is empty, or trains on its test rows")


def _interval(function: Callable[..., float]) -> Callable[..., None]:
    def call(data: Any, p: dict[str, Any], rng: Any) -> None:
        if data.sample_weight is not None:
            p = {"sample_weight": data.sample_weight, **p}
        check_finite("the result", function(data.y, data.X, **p), None)

    return call


def _one_standard_error(data: Any, p: dict[str, Any], rng: Any) -> None:
    refit = model_selection.one_standard_error(**{"param": "alpha", **p})
    results = {
        "params": [{"alpha": 1.0}, {"alpha": 2.0}],
        "mean_test_score": np.array([0.5, 0.4]),
        "std_test_score": np.array([0.2, 0.2]),
        **{f"split{i}_test_score": np.array([0.5, 0.4]) + 0.1 * i for i in range(3)},
    }
    assert 0 <= refit(results) < 2


def _penalty_path(data: Any, p: dict[str, Any], rng: Any) -> Any:
    net = s.DenseRegressor(l1_ratio=1.0, max_epochs=1, hidden_layer_sizes=(2,), random_state=0)
    given = {"estimator": net, "n_alphas": 2, **p}
    if data.sample_weight is not None:
        given["sample_weight"] = data.sample_weight
    path = model_selection.penalty_path(X=data.X, y=data.y, **given)
    check_finite("alphas", path.alphas, None)
    return path


def _step_scorer(data: Any, p: dict[str, Any], rng: Any) -> None:
    net = s.GRURegressor(max_epochs=1, hidden_size=2, random_state=0)
    score = model_selection.step_scorer(**{"scoring": "r2", **p})
    check_finite("the score", score(net.fit(data.X, data.y), data.X, data.y), None)


def _n_parameters(data: Any, p: dict[str, Any], rng: Any) -> None:
    check_finite("the number", model_selection.n_parameters(_fitted(data, rng), data.X), None)


def _shown(make: Callable[[Any, dict[str, Any], Any], Any]) -> Callable[..., None]:
    def call(data: Any, p: dict[str, Any], rng: Any) -> None:
        from matplotlib import pyplot

        try:
            make(data, p, rng)
        finally:
            pyplot.close("all")

    return call


def _fetch(name: str) -> Function:
    def call(data: Any, p: dict[str, Any], rng: Any) -> None:
        with tempfile.TemporaryDirectory() as folder:
            given = {"data_home": folder, **p, "download_if_missing": False}
            getattr(datasets, name)(**given)

    return Function(call, reads=False, allowed=(OSError,))


def _load(name: str) -> Function:
    return Function(lambda data, p, rng: getattr(datasets, name)(**p), reads=False)


def _training_curve(data: Any, p: dict[str, Any], rng: Any) -> Any:
    net = s.GRURegressor(max_epochs=2, hidden_size=2, random_state=0).fit(data.X, data.y)
    return plotting.TrainingCurveDisplay.from_estimator(net, **p)


FUNCTIONS: dict[str, Function] = {
    "make_lagged": Function(_make_lagged),
    "sequences_from_frame": Function(_sequences, {"by": [str, None], "time": [str, None]}),
    "frame_from_sequences": Function(
        _frames, {"by": [str, None], "time": [str, None], "columns": ["array-like", None]}
    ),
    "make_ar": Function(
        _maker(s.make_ar),
        {**OF_MAKER, "seasonal_lags": ["array-like"], "exogenous": ["array-like"]},
    ),
    "make_lasso": Function(
        _maker(s.make_lasso),
        {**OF_MAKER, **{name: OF_CV[name] for name in ("l1_ratio", "groups", "rule", "cv")}},
    ),
    "make_linear": Function(
        _maker(s.make_linear),
        {**OF_MAKER, "horizon": [COUNT]}
        | {name: OF_CV[name] for name in ("standardize", "target_channel", "rule", "cv")},
    ),
    "stream": Function(_stream),
    "show_versions": Function(lambda data, p, rng: s.show_versions(), reads=False),
    "lag_importance": Function(_lag_importance),
    "Comparison": Function(
        _comparison, {"model": [StrOptions({"ridge", "ar"})], "reference": [StrOptions({"ridge"})]}
    ),
    "Backtest": Function(
        _backtest_result, {"by": [StrOptions({"model", "step", "series", "fold", "target"})]}
    ),
    "LeakageReport": Function(lambda d, p, rng: str(_check_leakage(d, p, rng).steps)),
    "PanelTimeSeriesSplit": Function(
        _split,
        {
            "n_splits": [COUNT],
            "test_size": [COUNT, None],
            "gap": [Interval(Integral, 0, None, closed="left")],
            "time": [str, None],
            "align": [StrOptions({"time", "end"})],
            "series": [str, None],
        },
    ),
    "backtest": Function(lambda d, p, rng: str(_backtest(d, p, rng))),
    "check_leakage": Function(lambda d, p, rng: str(_check_leakage(d, p, rng))),
    "compare_models": Function(lambda d, p, rng: str(_compare(d, p, rng))),
    "interval_coverage": Function(_interval(model_selection.interval_coverage)),
    "interval_score": Function(
        _interval(model_selection.interval_score),
        {"level": [Interval(Real, 0, 1, closed="neither")]},
    ),
    "n_parameters": Function(_n_parameters),
    "one_standard_error": Function(
        _one_standard_error,
        {"param": [str, None], "larger_is_simpler": ["boolean"], "key": [callable, None]},
        reads=False,
    ),
    "penalty_path": Function(_penalty_path),
    "step_scorer": Function(_step_scorer, {"scoring": [str, callable]}),
    "BacktestDisplay": Function(
        _shown(
            lambda d, p, rng: plotting.BacktestDisplay.from_backtest(_backtest(d, {}, rng), **p)
        ),
        {"metric": [StrOptions({"mase", "mae"})]},
    ),
    "ComparisonDisplay": Function(
        _shown(
            lambda d, p, rng: plotting.ComparisonDisplay.from_comparison(_compare(d, {}, rng), **p)
        ),
        {"kind": [StrOptions({"scores", "differences"})], "reference": [StrOptions({"ar"}), None]},
    ),
    "ForecastDisplay": Function(
        _shown(
            lambda d, p, rng: plotting.ForecastDisplay.from_estimator(
                _fitted(d, rng), d.X, d.y, **p
            )
        ),
        {"output": [Interval(Integral, 0, None, closed="left")], **KINDS},
    ),
    "LagImportanceDisplay": Function(
        _shown(
            lambda d, p, rng: plotting.LagImportanceDisplay.from_estimator(
                _fitted(d, rng), d.X, d.y, **{"random_state": 0, "n_repeats": 2, **p}
            )
        ),
        {
            "method": [StrOptions({"permutation", "integrated_gradients"})],
            "signed": ["boolean"],
            "n_repeats": [COUNT],
        },
    ),
    "PathDisplay": Function(
        _shown(lambda d, p, rng: plotting.PathDisplay.from_path(_penalty_path(d, {}, rng), **p)),
        {"n_labels": [Interval(Integral, 0, None, closed="left")]},
    ),
    "TrainingCurveDisplay": Function(_shown(_training_curve), {"log_scale": ["boolean"]}),
    **{name: _load(name) for name in datasets.__all__ if name.startswith("load")},
    **{name: _fetch(name) for name in datasets.__all__ if name.startswith("fetch")},
}
