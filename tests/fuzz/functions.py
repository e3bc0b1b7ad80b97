"""The public functions and displays, and what their parameters admit."""

from numbers import Integral, Real

from sklearn.utils._param_validation import Interval, StrOptions

import sklearn_rnn as s
from sklearn_rnn import datasets, model_selection, plotting
from tests.fuzz.calls import (
    Function,
    call_attributions,
    call_backtest,
    call_backtest_result,
    call_check_leakage,
    call_compare,
    call_comparison,
    call_fetch,
    call_fitted,
    call_frames,
    call_interval,
    call_lag_importance,
    call_load,
    call_make_lagged,
    call_maker,
    call_n_parameters,
    call_net,
    call_one_standard_error,
    call_penalty_path,
    call_sequences,
    call_split,
    call_step_scorer,
    call_stream,
    call_training_curve,
    call_word_display,
    call_word_vectors,
    shown,
)

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


FUNCTIONS: dict[str, Function] = {
    "make_lagged": Function(call_make_lagged),
    "sequences_from_frame": Function(call_sequences, {"by": [str, None], "time": [str, None]}),
    "frame_from_sequences": Function(
        call_frames, {"by": [str, None], "time": [str, None], "columns": ["array-like", None]}
    ),
    "make_ar": Function(
        call_maker(s.make_ar),
        {**OF_MAKER, "seasonal_lags": ["array-like"], "exogenous": ["array-like"]},
    ),
    "make_lasso": Function(
        call_maker(s.make_lasso),
        {**OF_MAKER, **{name: OF_CV[name] for name in ("l1_ratio", "groups", "rule", "cv")}},
    ),
    "make_linear": Function(
        call_maker(s.make_linear),
        {**OF_MAKER, "horizon": [COUNT]}
        | {name: OF_CV[name] for name in ("standardize", "target_channel", "rule", "cv")},
    ),
    "stream": Function(call_stream),
    "show_versions": Function(lambda data, p, rng: s.show_versions(), reads=False),
    "lag_importance": Function(
        call_lag_importance,
        {
            "method": [StrOptions({"permutation", "integrated_gradients"})],
            "scoring": [str, callable, None],
            "n_repeats": [COUNT],
            "n_points": [COUNT],
            "random_state": ["random_state"],
        },
    ),
    "attributions": Function(call_attributions, {"n_points": [COUNT]}),
    "word_vectors": Function(call_word_vectors, {"words": ["array-like", None]}),
    "Comparison": Function(
        call_comparison,
        {"model": [StrOptions({"ridge", "ar"})], "reference": [StrOptions({"ridge"})]},
    ),
    "Backtest": Function(
        call_backtest_result, {"by": [StrOptions({"model", "step", "series", "fold", "target"})]}
    ),
    "LeakageReport": Function(lambda d, p, rng: str(call_check_leakage(d, p, rng).steps)),
    "PanelTimeSeriesSplit": Function(
        call_split,
        {
            "n_splits": [COUNT],
            "test_size": [COUNT, None],
            "gap": [Interval(Integral, 0, None, closed="left")],
            "time": [str, None],
            "align": [StrOptions({"time", "end"})],
            "series": [str, None],
        },
    ),
    "backtest": Function(lambda d, p, rng: str(call_backtest(d, p, rng))),
    "check_leakage": Function(lambda d, p, rng: str(call_check_leakage(d, p, rng))),
    "compare_models": Function(lambda d, p, rng: str(call_compare(d, p, rng))),
    "interval_coverage": Function(call_interval(model_selection.interval_coverage)),
    "interval_score": Function(
        call_interval(model_selection.interval_score),
        {"level": [Interval(Real, 0, 1, closed="neither")]},
    ),
    "n_parameters": Function(call_n_parameters),
    "one_standard_error": Function(
        call_one_standard_error,
        {"param": [str, None], "larger_is_simpler": ["boolean"], "key": [callable, None]},
        reads=False,
    ),
    "penalty_path": Function(call_penalty_path),
    "step_scorer": Function(call_step_scorer, {"scoring": [str, callable]}),
    "BacktestDisplay": Function(
        shown(
            lambda d, p, rng: plotting.BacktestDisplay.from_backtest(call_backtest(d, {}, rng), **p)
        ),
        {"metric": [StrOptions({"mase", "mae"})]},
    ),
    "ComparisonDisplay": Function(
        shown(
            lambda d, p, rng: plotting.ComparisonDisplay.from_comparison(
                call_compare(d, {}, rng), **p
            )
        ),
        {"kind": [StrOptions({"scores", "differences"})], "reference": [StrOptions({"ar"}), None]},
    ),
    "ForecastDisplay": Function(
        shown(
            lambda d, p, rng: plotting.ForecastDisplay.from_estimator(
                call_fitted(d, rng), d.X, d.y, **p
            )
        ),
        {"output": [Interval(Integral, 0, None, closed="left")], **KINDS},
    ),
    "LagImportanceDisplay": Function(
        shown(
            lambda d, p, rng: plotting.LagImportanceDisplay.from_estimator(
                call_fitted(d, rng), d.X, d.y, **{"random_state": 0, "n_repeats": 2, **p}
            )
        ),
        {
            "method": [StrOptions({"permutation", "integrated_gradients"})],
            "signed": ["boolean"],
            "n_repeats": [COUNT],
        },
    ),
    "AttributionsDisplay": Function(
        shown(
            lambda d, p, rng: plotting.AttributionsDisplay.from_estimator(
                call_net(d), d.X, **{"n_points": 4, **p}
            )
        ),
        {
            "sample": [Interval(Integral, None, None, closed="neither")],
            "output": [Interval(Integral, 0, None, closed="left"), None],
            "n_points": [COUNT],
        },
    ),
    "WordAttributionsDisplay": Function(
        call_word_display,
        {"output": [Interval(Integral, 0, None, closed="left"), None], "n_points": [COUNT]},
    ),
    "PathDisplay": Function(
        shown(lambda d, p, rng: plotting.PathDisplay.from_path(call_penalty_path(d, {}, rng), **p)),
        {"n_labels": [Interval(Integral, 0, None, closed="left")]},
    ),
    "TrainingCurveDisplay": Function(shown(call_training_curve), {"log_scale": ["boolean"]}),
    **{name: call_load(name) for name in datasets.__all__ if name.startswith("load")},
    **{name: call_fetch(name) for name in datasets.__all__ if name.startswith("fetch")},
}
