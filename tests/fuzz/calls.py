"""How the public functions and displays are called."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import matplotlib
import numpy as np
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline

import sklearn_rnn as s
from sklearn_rnn import datasets, inspection, model_selection, plotting
from tests.fuzz.outcome import check_finite
from tests.fuzz.parameters import models
from tests.fuzz.unchanged import Surprise

matplotlib.use("Agg")


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


def call_fitted(data: Any, rng: np.random.Generator) -> Any:
    model = models()[int(rng.integers(6))]
    return model.fit(data.X, data.y)


def call_make_lagged(data: Any, p: dict[str, Any], rng: Any) -> None:
    windows, targets = s.make_lagged(data.X, data.y, **{"n_lags": 2, **p})
    check_finite("targets", targets, len(windows))


def call_maker(make: Callable[..., Any]) -> Callable[..., None]:
    def call(data: Any, p: dict[str, Any], rng: Any) -> None:
        model = make(**{"n_lags": 2, **p}).fit(data.X, data.y)
        check_finite(
            "predict(X)", model.predict(data.X), data.n, missing=p.get("fill_value") == "nan"
        )

    return call


def call_sequences(data: Any, p: dict[str, Any], rng: Any) -> None:
    sequences = s.sequences_from_frame(data.X, **p)
    if sum(map(len, sequences)) != data.n:
        raise Surprise("sequences_from_frame lost rows")


def call_frames(data: Any, p: dict[str, Any], rng: Any) -> None:
    of = {name: p[name] for name in ("by", "time") if name in p}
    try:
        sequences = s.sequences_from_frame(data.X, **of)
    except (TypeError, ValueError):
        sequences = [np.zeros((3, 1))]
    back = s.frame_from_sequences(sequences, data.X, **p)
    if len(back) != data.n:
        raise Surprise("frame_from_sequences lost rows")


def call_stream(data: Any, p: dict[str, Any], rng: Any) -> None:
    stream = s.stream(call_fitted(data, rng), **p)
    rows = np.asarray(data.X)[:3]
    for _ in range(2):
        check_finite("predict(rows)", stream.predict(rows), None)


def call_lag_importance(data: Any, p: dict[str, Any], rng: Any) -> None:
    p = {"random_state": 0, "n_repeats": 2, "n_points": 4, **p}
    found = inspection.lag_importance(call_fitted(data, rng), data.X, data.y, **p)
    check_finite("importances_mean", found.importances_mean, len(found.lags))


def call_net(data: Any) -> Any:
    net = s.GRURegressor(max_epochs=1, hidden_size=2, random_state=0)
    return net.fit(data.X, data.y)


def call_attributions(data: Any, p: dict[str, Any], rng: Any) -> None:
    found = inspection.attributions(call_net(data), data.X, **{"n_points": 4, **p})
    for values in (found.attributions, found.base_values):
        check_finite("attributions", values, len(values))


def call_of_texts(data: Any) -> Any:
    net = s.GRURegressor(embedding_dim=2, max_epochs=1, hidden_size=2, random_state=0)
    return make_pipeline(s.TextSequencer(), net).fit(data.X, data.y)


def call_word_vectors(data: Any, p: dict[str, Any], rng: Any) -> None:
    vectors = inspection.word_vectors(call_of_texts(data), **p)
    check_finite("word_vectors", vectors, None)


def call_word_display(data: Any, p: dict[str, Any], rng: Any) -> None:
    display = plotting.WordAttributionsDisplay.from_estimator
    assert isinstance(display(call_of_texts(data), data.X, **{"n_points": 4, **p}).to_html(), str)


def call_compare(data: Any, p: dict[str, Any], rng: Any) -> Any:
    given = {"models": {"ridge": Ridge(), "ar": s.make_ar(1)}, "cv": 2, "verbose": 0, **p}
    return model_selection.compare_models(X=data.X, y=data.y, **given)


def call_comparison(data: Any, p: dict[str, Any], rng: Any) -> None:
    result = call_compare(data, {}, rng)
    result.difference(**{"model": "ridge", "reference": "ar"} | p)
    for text in (result.verdict(), str(result), repr(result)):
        assert isinstance(text, str)
    result.to_frame(), result.simplest_as_good(), result.best, result.failures


def call_backtest(data: Any, p: dict[str, Any], rng: Any) -> Any:
    given = {"forecasters": call_forecasters(), "cv": 2, **p}
    return model_selection.backtest(X=data.X, **given)


def call_forecasters() -> dict[str, Any]:
    names = {"target": "a"}
    return {"naive": s.NaiveForecaster(**names), "ar": s.Forecaster(s.make_ar(1), **names)}


def call_backtest_result(data: Any, p: dict[str, Any], rng: Any) -> None:
    result = call_backtest(data, {}, rng)
    result.errors(**p), result.summary(), result.to_frame(), result.verdict(), str(result)
    result.difference("naive", "ar")


def call_check_leakage(data: Any, p: dict[str, Any], rng: Any) -> Any:
    given = {"pipeline": models()[int(rng.integers(1, 6))], "cv": 2, "n_rows": 2, **p}
    return model_selection.check_leakage(X=data.X, y=data.y, **given)


def call_split(data: Any, p: dict[str, Any], rng: Any) -> None:
    splitter = model_selection.PanelTimeSeriesSplit(**{"n_splits": 2, **p})
    for train, test in splitter.split(data.X, data.y):
        if np.intersect1d(train, test).size or not len(train) or not len(test):
            raise Surprise("a fold is empty, or trains on its test rows")


def call_interval(function: Callable[..., float]) -> Callable[..., None]:
    def call(data: Any, p: dict[str, Any], rng: Any) -> None:
        if data.sample_weight is not None:
            p = {"sample_weight": data.sample_weight, **p}
        check_finite("the result", function(data.y, data.X, **p), None)

    return call


def call_one_standard_error(data: Any, p: dict[str, Any], rng: Any) -> None:
    refit = model_selection.one_standard_error(**{"param": "alpha", **p})
    results = {
        "params": [{"alpha": 1.0}, {"alpha": 2.0}],
        "mean_test_score": np.array([0.5, 0.4]),
        "std_test_score": np.array([0.2, 0.2]),
        **{f"split{i}_test_score": np.array([0.5, 0.4]) + 0.1 * i for i in range(3)},
    }
    assert 0 <= refit(results) < 2


def call_penalty_path(data: Any, p: dict[str, Any], rng: Any) -> Any:
    net = s.DenseRegressor(l1_ratio=1.0, max_epochs=1, hidden_layer_sizes=(2,), random_state=0)
    given = {"estimator": net, "n_alphas": 2, **p}
    if data.sample_weight is not None:
        given["sample_weight"] = data.sample_weight
    path = model_selection.penalty_path(X=data.X, y=data.y, **given)
    check_finite("alphas", path.alphas, None)
    return path


def call_step_scorer(data: Any, p: dict[str, Any], rng: Any) -> None:
    score = model_selection.step_scorer(**{"scoring": "r2", **p})
    check_finite("the score", score(call_net(data), data.X, data.y), None)


def call_n_parameters(data: Any, p: dict[str, Any], rng: Any) -> None:
    check_finite("the number", model_selection.n_parameters(call_fitted(data, rng), data.X), None)


def shown(make: Callable[[Any, dict[str, Any], Any], Any]) -> Callable[..., None]:
    def call(data: Any, p: dict[str, Any], rng: Any) -> None:
        from matplotlib import pyplot

        try:
            make(data, p, rng)
        finally:
            pyplot.close("all")

    return call


def call_fetch(name: str) -> Function:
    def call(data: Any, p: dict[str, Any], rng: Any) -> None:
        with tempfile.TemporaryDirectory() as folder:
            given = {"data_home": folder, **p, "download_if_missing": False}
            getattr(datasets, name)(**given)

    return Function(call, reads=False, allowed=(OSError,))


def call_load(name: str) -> Function:
    return Function(lambda data, p, rng: getattr(datasets, name)(**p), reads=False)


def call_training_curve(data: Any, p: dict[str, Any], rng: Any) -> Any:
    net = s.GRURegressor(max_epochs=2, hidden_size=2, random_state=0).fit(data.X, data.y)
    return plotting.TrainingCurveDisplay.from_estimator(net, **p)
