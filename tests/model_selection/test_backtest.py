"""Back-tests against a loop over folds by hand, and the errors against numpy."""

import re

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, clone
from sklearn.linear_model import LinearRegression
from sklearn.metrics import mean_absolute_error, r2_score, root_mean_squared_error
from sklearn.model_selection import KFold, TimeSeriesSplit

from sklearn_rnn import Forecaster, LocalForecaster, NaiveForecaster, make_ar
from sklearn_rnn.model_selection import (
    PanelTimeSeriesSplit,
    backtest,
    compare_models,
    interval_coverage,
    interval_score,
    n_parameters,
)

RNG = np.random.default_rng(0)
STEPS = 3
MONTHS = pd.period_range("2020-01", periods=48, freq="M")
LONG = pd.concat(
    [
        pd.DataFrame(
            {
                "month": MONTHS,
                "store": store,
                "sales": scale * (5 + np.sin(np.arange(48) / 2) + 0.3 * RNG.normal(size=48)),
            }
        )
        for store, scale in (("a", 1.0), ("b", 10.0), ("c", 3.0))
    ],
    ignore_index=True,
)
NAMES = {"target": "sales", "time": "month", "series": "store"}
AR = Forecaster(make_ar(4), STEPS, season=6, **NAMES)
NAIVE = NaiveForecaster("seasonal", season=6, **NAMES)
CV = PanelTimeSeriesSplit(4, test_size=STEPS, time="month")


class OfOneSeries:
    """A model of a single series, whose size is not known."""

    def forecast(self, y, h):
        return {"mean": np.full(h, y.mean())}


def by_hand(refit):
    """Return the forecasts of all folds, one after the other."""
    parts = []
    for fold, (train, test) in enumerate(CV.split(LONG)):
        past, ahead = LONG.iloc[train], LONG.iloc[test]
        if fold == 0 or refit(fold):
            model = clone(AR).fit(past)
        found = model.predict(ahead, past=past)
        table = ahead.assign(forecast=found.to_numpy(), fold=fold)
        table["step"] = table.groupby("store").cumcount() + 1
        table["scale"] = [model.naive_error_.loc[s, "sales"] for s in table["store"]]
        parts.append(table)
    return pd.concat(parts, ignore_index=True)


@pytest.mark.parametrize(
    ("refit", "fits"),
    [(True, lambda k: True), (False, lambda k: False), (2, lambda k: k % 2 == 0)],
)
def test_forecasts_are_those_of_a_loop_over_folds(refit, fits):
    expected = by_hand(fits)
    result = backtest(AR, LONG, cv=CV, refit=refit)
    found = result.to_frame()
    columns = {"store": "series", "month": "time", "sales": "actual"}
    expected = expected.rename(columns=columns)
    names = ["fold", "series", "time", "step", "actual", "forecast", "scale"]
    pd.testing.assert_frame_equal(
        found[names], expected[names], check_dtype=False, check_exact=False, rtol=1e-10
    )
    assert found["model"].unique().tolist() == ["Forecaster"]
    assert (found["target"] == "sales").all()


def test_errors_are_those_of_scikit_learn_in_each_group():
    result = backtest({"ar": AR, "naive": NAIVE}, LONG, cv=CV)
    frame = result.to_frame()
    for by in ("model", ["model", "step"], ["model", "series"], ["fold", "model", "target"]):
        errors = result.errors(by)
        for key, rows in frame.groupby(by):
            found = errors.loc[key].iloc[0] if errors.loc[key].ndim == 2 else errors.loc[key]
            a, f = rows["actual"], rows["forecast"]
            np.testing.assert_allclose(found["mae"], mean_absolute_error(a, f))
            np.testing.assert_allclose(found["rmse"], root_mean_squared_error(a, f))
            np.testing.assert_allclose(found["mase"], (abs(a - f) / rows["scale"]).mean())
            smape = 200 * np.mean(abs(a - f) / (abs(a) + abs(f)))
            np.testing.assert_allclose(found["smape"], smape)
            assert found["n"] == len(rows)
    assert result.summary().index.tolist() == ["ar", "naive"]


def test_several_targets_and_names_of_several_levels_are_kept_apart():
    table = LONG.assign(region="north", price=2.0 * LONG["sales"] + 1.0)
    table = table.set_index(["region", "store", "month"])
    model = NaiveForecaster("last", target=["sales", "price"])
    weights = {("north", "a"): 1.0, ("north", "b"): 2.0, ("north", "c"): 0.0}
    cv = PanelTimeSeriesSplit(2, test_size=STEPS)
    result = backtest(model, table, cv=cv, series_weight=weights)
    assert result.forecasts["series"].iloc[0] == ("north", "a")
    assert result.forecasts.groupby("series")["weight"].first().to_dict() == weights
    errors = result.errors("target")
    np.testing.assert_allclose(errors.loc["price", "mae"], 2 * errors.loc["sales", "mae"])
    np.testing.assert_allclose(errors.loc["price", "mase"], errors.loc["sales", "mase"])
    assert result.errors("series")["n"].tolist() == [2 * 2 * STEPS] * 3


def test_weights_are_those_of_series():
    weights = {"a": 2.0, "b": 0.0, "c": 1.0}
    found = backtest(AR, LONG, cv=CV, series_weight=weights).summary().iloc[0]
    expected = backtest(AR, LONG, cv=CV).errors("series")
    for metric in ("mae", "mase", "smape"):
        of_series = expected[metric]
        np.testing.assert_allclose(found[metric], (2 * of_series["a"] + of_series["c"]) / 3)
    as_series = backtest(AR, LONG, cv=CV, series_weight=pd.Series(weights)).summary()
    pd.testing.assert_series_equal(as_series.iloc[0], found)
    repeated = pd.concat([LONG, LONG[LONG["store"] == "a"].assign(store="z")])
    # which changes the fit as well, but not the naive forecast
    twice = backtest(NAIVE, repeated, cv=CV, series_weight={"a": 1, "z": 1, "b": 0, "c": 1})
    once = backtest(NAIVE, LONG, cv=CV, series_weight=weights)
    np.testing.assert_allclose(twice.summary()["mae"], once.summary()["mae"])


def test_actuals_of_the_test_rows_are_not_read():
    result = backtest(AR, LONG, cv=list(CV.split(LONG))[-1:])
    rows = list(CV.split(LONG))[-1][1]
    changed = LONG.copy()
    changed.loc[rows, "sales"] = np.nan
    changed.loc[rows[0], "sales"] = 7.0
    again = backtest(AR, changed, cv=list(CV.split(LONG))[-1:])
    pd.testing.assert_series_equal(again.forecasts["forecast"], result.forecasts["forecast"])
    assert again.summary()["n"].tolist() == [1]
    assert "; actuals are missing in 8 of 9 rows, which are left out" in again.verdict()


def test_an_integer_is_the_number_of_test_sets_as_long_as_the_horizon():
    whole = backtest(AR, LONG, cv=4)
    pd.testing.assert_frame_equal(whole.forecasts, backtest(AR, LONG, cv=CV).forecasts)
    numbered = LONG.loc[LONG["store"] == "a", "sales"].reset_index(drop=True)
    one = backtest(Forecaster(make_ar(2), STEPS), numbered, cv=2)
    assert one.forecasts["time"].tolist() == list(range(42, 48))
    assert one.forecasts["series"].unique().tolist() == [0]
    splits = TimeSeriesSplit(2, test_size=STEPS)
    same = backtest(Forecaster(make_ar(2), STEPS), numbered, cv=splits)
    pd.testing.assert_frame_equal(one.forecasts, same.forecasts)


def test_intervals_are_measured_at_one_level_or_several():
    calibrated = clone(AR).set_params(calibration_rows=15)
    result = backtest(calibrated, LONG, cv=CV, level=0.8)
    table = result.to_frame()
    ends = table[["lower", "upper"]].to_numpy()
    found = result.errors("step")
    names = ["coverage", "width", "interval_score", "pinball_0.1", "pinball_0.9", "crps", "n"]
    assert found.columns[-7:].tolist() == names
    for step, rows in table.groupby("step"):
        chosen = rows["actual"], ends[rows.index]
        assert found["coverage"][step] == pytest.approx(interval_coverage(*chosen))
        assert found["width"][step] == pytest.approx(np.ptp(chosen[1], axis=1).mean())
        assert found["interval_score"][step] == pytest.approx(interval_score(*chosen, level=0.8))
    pd.testing.assert_frame_equal(
        table.drop(columns=["lower", "upper"]), backtest(calibrated, LONG, cv=CV).to_frame()
    )
    several = backtest(calibrated, LONG, cv=CV, level=[0.5, 0.8]).errors("step")
    for name in names:
        ending = "" if name in ("crps", "n") or name.startswith("pinball") else "_0.8"
        if name != "crps":
            np.testing.assert_allclose(several[f"{name}{ending}"], found[name])
    assert (several["width_0.5"] < several["width_0.8"]).all()
    with pytest.raises(ValueError, match="level needs calibration_rows"):
        backtest(AR, LONG, cv=CV, level=0.8)


def test_the_verdict_tells_the_least_error_and_the_difference():
    result = backtest({"naive": NAIVE, "ar": AR}, LONG, cv=CV)
    assert result.metric == "mase"
    assert result.best == "ar"
    mase = result.summary()["mase"]
    test = result.difference("ar", "naive")
    np.testing.assert_allclose(test["score"], mase["naive"] - mase["ar"])
    np.testing.assert_allclose(test["loss"], test["score"])  # folds and times weigh the same
    opposite = result.difference("naive", "ar")
    assert opposite["p_corrected_t"] == test["p_corrected_t"]
    np.testing.assert_allclose(opposite["low"], -test["high"])
    text = result.verdict()
    assert text.startswith(
        f"Take 'ar' (15 parameters): it has the least MASE, {mase['ar']:.3g}, and leads 'naive' (0 "
        f"parameters), the best of the simpler models, by {test['score']:.2g} (95 % confidence "
        f"interval {test['low']:.2g} to"
    )
    assert (
        f", more than one standard error of the difference ({test['standard_error']:.2g})" in text
    )
    less = f"{100 * (1 - mase['ar']):.0f} % smaller"
    assert text.endswith(
        "4 folds, up to 3 steps ahead. MASE is relative to the error, within the training rows, of "
        f"the value 6 steps before as the forecast: the error of 'ar' is {less}."
    )
    assert text in repr(result)
    assert "'naive'" not in backtest(AR, LONG, cv=CV).verdict()


def test_the_simplest_within_one_standard_error_is_taken():
    models = {
        "large": Forecaster(make_ar(10), STEPS, season=6, **NAMES),
        "naive": NAIVE,
        "small": Forecaster(make_ar(8), STEPS, season=6, strategy="recursive", **NAMES),
        "middle": AR,
        "unknown": LocalForecaster(OfOneSeries(), season=6, **NAMES),
    }
    result = backtest(models, LONG, cv=CV)
    assert result.sizes["complexity"].fillna(-1).tolist() == [33, 0, 9, 15, -1]
    assert result.sizes["unit"].tolist()[:4] == ["parameter"] * 4
    as_good = [result.best]
    for name in set(models) - {result.best}:
        test = result.difference(result.best, name)
        as_good += [name] if test["score"] <= test["standard_error"] else []
    assert 1 < len(as_good) < len(models)
    chosen = result.simplest_as_good()
    assert chosen == min(as_good, key=result.sizes["complexity"].fillna(np.inf).__getitem__)
    assert chosen != result.best
    text = result.verdict()
    assert text.startswith(f"Take '{chosen}' (9 parameters): '{result.best}' (")
    assert ") has the least MASE, " in text
    assert "; the complexity of 'unknown' is unknown and counts as the greatest; 4 folds" in text
    assert f"the error of '{chosen}' is" in text


def test_a_single_fold_is_not_tested():
    result = backtest({"ar": AR, "naive": NAIVE}, LONG, cv=list(CV.split(LONG))[-1:])
    test = result.difference("ar", "naive")
    assert test[["low", "loss_low", "p_corrected_t", "p_diebold_mariano"]].isna().all()
    told = ", which may be chance, as its standard error is not known; 1 fold, up to 3 steps ahead"
    assert told in result.verdict()
    assert result.simplest_as_good() == result.best


def test_a_single_fold_of_series_with_different_ends_is_not_tested():
    ends = {"a": 48, "b": 30, "c": 12}  # nine times, but only one start of three steps each
    table = pd.concat([LONG[LONG["store"] == name].head(n) for name, n in ends.items()])
    back = table.groupby("store").cumcount(ascending=False).to_numpy()
    cv = [(np.flatnonzero(back >= STEPS), np.flatnonzero(back < STEPS))]
    test = backtest({"ar": AR, "naive": NAIVE}, table, cv=cv).difference("ar", "naive")
    assert test[["loss_low", "p_diebold_mariano"]].isna().all()
    assert np.isfinite(test[["score", "loss"]]).all()


@pytest.mark.parametrize("refit", [True, False])
def test_a_series_is_left_out_of_folds_in_which_it_has_no_training_rows(refit):
    later = LONG[(LONG["store"] != "b") | (LONG["month"] >= MONTHS[38])]  # of the second fold
    models = {"naive": NaiveForecaster("last", **NAMES)}
    result = backtest(models, later, cv=CV, refit=refit)
    assert result.new_series == {0: ["b"]}
    assert result.errors(["fold", "series"])["n"].unstack("series")["b"].fillna(0).tolist() == [
        *(0, 3, 3, 3)
    ]
    assert "; series without training rows are left out (1 in fold 0)" in result.verdict()
    whole = backtest(models, LONG, cv=CV, refit=refit)
    assert (whole.new_series, whole.untested) == ({}, [])
    assert "left out" not in whole.verdict()
    shared = ["fold", "series", "time", "forecast"]
    both = whole.forecasts[shared].merge(result.forecasts[shared], on=shared)
    assert len(both) == len(result.forecasts), "other rows are forecast as they were"


def test_series_that_end_before_all_test_rows_are_told():
    ended = LONG[(LONG["store"] != "b") | (LONG["month"] < MONTHS[36])]
    result = backtest(AR, ended, cv=4)
    assert result.untested == ["b"]
    assert "; series without test rows are left out (1, such as 'b')" in result.verdict()
    last = PanelTimeSeriesSplit(1, test_size=STEPS, time="month", series="store", align="end")
    assert backtest(AR, ended, cv=last).untested == []


def test_constant_series_have_no_scale_and_are_told():
    constant = LONG.assign(sales=LONG["sales"].where(LONG["store"] != "c", 2.0))
    result = backtest(NAIVE, constant, cv=CV)
    assert result.errors("series")["mase"].isna().tolist() == [False, False, True]
    assert "; MASE leaves out series without a scale (1)" in result.verdict()
    without = backtest(NAIVE, constant.assign(sales=2.0), cv=CV)
    assert without.metric == "mae"
    assert without.verdict().startswith("'NaiveForecaster' has a MAE of 0; 4 folds")


def test_a_comparison_of_models_takes_forecasters():
    models = {"ar": AR, "naive": NAIVE}
    comparison = compare_models(models, LONG, LONG["sales"], cv=CV, horizon=STEPS)
    for fold, rows in backtest(models, LONG, cv=CV).forecasts.groupby("fold"):
        for name, own in rows.groupby("model"):
            score = r2_score(own["actual"], own["forecast"])
            np.testing.assert_allclose(comparison.scores.loc[fold, name], score)
    without = compare_models(models, LONG, cv=CV, horizon=STEPS)
    pd.testing.assert_frame_equal(without.scores, comparison.scores)
    assert comparison.failures.sum() == 0
    frame = comparison.to_frame()
    assert frame["n_parameters"].to_dict() == {"ar": 15.0, "naive": 0.0}  # 5 for each step
    default = compare_models({"ar": clone(AR).set_params(horizon=8)}, LONG, LONG["sales"])
    assert len(default.scores) == 5  # folds in time, since the forecaster names it
    assert n_parameters(clone(AR).fit(LONG)) == 15


def test_a_comparison_reads_the_targets_of_a_single_column():
    sales = LONG.loc[LONG["store"] == "a"].set_index("month")["sales"]
    models = {"ar": Forecaster(make_ar(2), STEPS), "named": Forecaster(make_ar(2), STEPS)}
    models["named"].set_params(target="sales")
    cv = TimeSeriesSplit(2, test_size=STEPS)
    scores = compare_models(models, sales, cv=cv).scores
    pd.testing.assert_frame_equal(scores, compare_models(models, sales, sales, cv=cv).scores)


@pytest.mark.parametrize(
    ("others", "targets"),
    [
        ({"linear": make_ar(2)}, "['sales', None]"),
        ({"other": NaiveForecaster(target="price")}, "['sales', 'price']"),
        ({"several": NaiveForecaster(target=["sales"])}, "['sales', ['sales']]"),
        ({"unknown": NaiveForecaster()}, "['sales', None]"),
    ],
)
def test_a_comparison_needs_y_if_not_all_models_forecast_one_column(others, targets):
    text = "y must be given, unless all models are forecasters with the same target, the name of a "
    with pytest.raises(
        ValueError, match=f"^{text}column of X; got the targets {re.escape(targets)}"
    ):
        compare_models({"ar": AR, **others}, LONG, cv=CV)


class Missing(BaseEstimator):
    """Forecasts NaN."""

    season = 6

    def __init__(self):
        pass

    def fit(self, X, y=None):
        self.naive_error_ = pd.DataFrame({"sales": [1.0] * 3}, index=list("abc"))
        return self

    def predict(self, X, past=None):
        index = pd.MultiIndex.from_frame(X[["store", "month"]])
        return pd.Series(np.nan, index=index, name="sales")


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"forecasters": {}}, "forecasters must be a forecaster, or a non-empty mapping of names"),
        (
            {"forecasters": {"ols": LinearRegression()}},
            "forecasters must be instances of Forecaster or NaiveForecaster; ['ols'] are not.",
        ),
        (
            {"forecasters": {"ar": AR, "naive": NaiveForecaster(season=12)}},
            "forecasters must have the same season, by whose naive error MASE is scaled; got "
            "{'ar': 6, 'naive': 12}.",
        ),
        ({"level": 90}, "level must be one or more numbers between 0 and 1; got 90."),
        ({"level": []}, "level must be one or more numbers between 0 and 1; got []."),
        ({"level": [0.5, 1.0]}, "level must be one or more numbers between 0 and 1; got [0.5, 1."),
        *(({"refit": refit}, "The 'refit' parameter of backtest must be ") for refit in (0, "no")),
        ({"X": LONG.to_numpy()}, "The 'X' parameter of backtest must be an instance of 'pandas"),
        ({"series_weight": [1, 2]}, "The 'series_weight' parameter of backtest must be "),
        ({"cv": []}, "cv must have at least one pair of training and test rows; got none."),
        (
            {"forecasters": NAIVE, "cv": 3},
            "cv=3 takes the horizon of the forecasters as the length of the test sets, but none of "
            "['NaiveForecaster'] has one; give PanelTimeSeriesSplit(3, test_size=..., "
            "time='month').",
        ),
        (
            {"series_weight": {"a": 1.0}},
            "series_weight must hold a weight for each series that is tested; that of 'b' is",
        ),
        *(
            (
                {"series_weight": given},
                "series_weight must be a mapping of the names of series to weights of at least 0, "
                f"not all of them 0, such as {{'a': 2.0, 'b': 1.0}}; got {given!r}.",
            )
            for given in ({"a": "b"}, {"a": 1.0, "b": -1.0, "c": 1.0}, dict.fromkeys("abc", 0), {})
        ),
        (
            {
                "forecasters": NAIVE,
                "X": LONG.assign(sales=LONG["sales"].where(LONG["month"] < MONTHS[36])),
            },
            "cv must test rows with a known target, of series with a positive weight; of 36 "
            "forecasts 0 have a target, and 0 of these a positive weight. Give other test rows,",
        ),
        (
            {
                "X": LONG[(LONG["store"] != "c") | (LONG["month"] < MONTHS[36])],
                "series_weight": {"a": 0, "b": 0, "c": 1},
            },
            "cv must test rows with a known target, of series with a positive weight; of 24 "
            "forecasts 24 have a target, and 0 of these a positive weight.",
        ),
        (
            {"series_weight": {"a": 1, "b": 1, "c": 1, "new": 1}},
            "series_weight must name series of X; ['new'] are none of its 3 series, such as "
            "['a', 'b', 'c']. Leave them out, or correct the names.",
        ),
        (
            {"cv": list(CV.split(LONG))[::-1], "refit": False},
            "refit=False needs folds in the order of time; fold 1 tests rows that an earlier fold",
        ),
        (
            {"cv": PanelTimeSeriesSplit(4, test_size=STEPS, gap=1, time="month")},
            "'Forecaster' in fold 0: Rows ahead must continue each series",
        ),
        ({"cv": KFold(3)}, "cv must test rows of series that have training rows; in fold 0 there"),
        ({"forecasters": Missing()}, "'Missing' has 9 forecasts that are NaN in fold 0."),
    ],
)
def test_errors_name_argument_rule_and_value(arguments, text):
    given = {"forecasters": AR, "X": LONG, "cv": CV} | arguments
    with pytest.raises(ValueError, match=f"^{re.escape(text)}"):
        backtest(given.pop("forecasters"), given.pop("X"), **given)


@pytest.mark.parametrize("refit", [True, False])
def test_an_error_of_a_forecaster_begins_with_its_name_and_the_fold(refit):
    table = LONG.copy()
    table.loc[table["month"].isin(MONTHS[41:43]), "sales"] = np.nan  # lags in fold 2
    models = {"naive": NAIVE, "ar": Forecaster(make_ar(2), STEPS, season=6, **NAMES)}
    with pytest.raises(ValueError, match=r"^'ar' in fold 2: The model does not read missing"):
        backtest(models, table, cv=CV, refit=refit)


def test_unknown_names_are_refused():
    result = backtest(AR, LONG, cv=CV)
    with pytest.raises(ValueError, match=r"^by must be one or more of .* got \['week'\]\."):
        result.errors(["model", "week"])
    with pytest.raises(ValueError, match=r"^model must be one of \['Forecaster'\]; got 'x'\."):
        result.difference("x", "Forecaster")
