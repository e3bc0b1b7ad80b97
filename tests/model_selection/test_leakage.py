"""Planted leaks are found with their step, clean pipelines are not suspected."""

import re

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV, KFold, TimeSeriesSplit
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler

from sklearn_rnn import (
    CompleteRows,
    DifferencedRegressor,
    Forecaster,
    GRUClassifier,
    GRURegressor,
    LagTransformer,
    NaiveForecaster,
    make_ar,
    make_lagged,
)
from sklearn_rnn.model_selection import PanelTimeSeriesSplit, check_leakage

RNG = np.random.default_rng(0)
DAYS = pd.date_range("2024-01-01", periods=200)
RAW = pd.DataFrame(RNG.normal(size=(200, 2)), index=DAYS, columns=["a", "b"])
OTHER = RAW.assign(y=RNG.normal(size=200))  # whose target is none of the features
GAPS = OTHER.mask((RNG.uniform(size=(200, 3)) < 0.1) & [True, True, False])
PANEL = pd.concat({"x": RAW, "z": 3 * RAW + 1}, names=["series", "day"])
CV = TimeSeriesSplit(2)
WINDOWS, TARGETS = make_lagged(RAW, RAW["a"], 4)


def lagged(**params):
    return make_pipeline(LagTransformer(4, flatten=True, **params), Ridge())


def net(**params):
    return make_pipeline(LagTransformer(4, **params), GRURegressor(random_state=0))


def after(function, **params):
    """Return a pipeline that applies a function to all rows it is given, before the lags."""
    return make_pipeline(FunctionTransformer(function), *lagged(**params))


def before(function):
    """Return a preparation that applies a function to all rows, before the split."""
    return lambda raw: (function(raw[["a", "b"]]), raw.get("y", raw["a"]))


def smooth(width):
    return lambda X: X.rolling(width, center=True, min_periods=1).mean()


def scale(X):
    return (X - X.mean()) / X.std()


def rank(X):
    return X.rank(pct=True)


def fill(X):
    return X.bfill().fillna(0.0)


def future_mean(raw):
    """Return rows, and as targets the means of the five rows after them."""
    y = raw["a"][::-1].rolling(5).mean()[::-1].shift(-1).dropna()
    return raw.loc[y.index], y


def signs(raw):
    return raw, np.where(raw["a"] > 0, "up", "down")


LEAKS_OF_PREPARATION = {
    "centred mean": (lagged(), RAW, before(smooth(5)), "prepare"),
    "centred mean for a network": (net(), RAW, before(smooth(5)), "prepare"),
    "centred mean of three rows": (lagged(), OTHER, before(smooth(3)), "prepare"),
    "scale": (lagged(), RAW, before(scale), "prepare"),
    "scale of another column": (lagged(), OTHER, before(scale), "prepare"),
    "scale by the range": (lagged(), RAW, before(lambda X: X / X.max()), "prepare"),
    "scale of a panel": (lagged(), PANEL, before(scale), "prepare"),
    "rank": (lagged(), RAW, before(rank), "prepare"),
    "backward fill": (lagged(), GAPS, before(fill), "prepare"),
    "target at lag 0": (lagged(delay=0), RAW, before(RAW.__class__.copy), "lagtransformer"),
    "target, known": (lagged(known_ahead=["a"]), RAW, before(pd.DataFrame.copy), "lagtransformer"),
    "sign of the target at lag 0": (
        make_pipeline(LagTransformer(4, delay=0, flatten=True), LogisticRegression()),
        *(RAW, signs, "lagtransformer"),
    ),
    "target without lags": (Ridge(), RAW, before(pd.DataFrame.copy), "prepare"),
    "future mean as target": (lagged(), RAW, future_mean, "prepare"),
    "future mean among the features": (
        lagged(),
        *(RAW, lambda raw: (future_mean(raw)[1].to_frame(), future_mean(raw)[1]), "prepare"),
    ),
    "several targets without a gap": (
        GRURegressor(random_state=0),
        RAW.reset_index(drop=True),
        lambda raw: make_lagged(raw, raw["a"], 4, horizon=3),
        "prepare",
    ),
}


@pytest.mark.parametrize("name", LEAKS_OF_PREPARATION)
def test_leaks_before_the_split_are_found(name):
    model, raw, prepare, step = LEAKS_OF_PREPARATION[name]
    cv = 2 if raw is PANEL else CV
    report = check_leakage(model, raw, cv=cv, prepare=prepare)
    assert report.steps == [step], report
    assert re.match(
        rf"Found a dependence at '{step}' on rows that are not yet known, in "
        rf"{report.n_perturbations} perturbations\.\n",
        repr(report),
    )


LEAKS_OF_STEPS = {
    "centred mean": (after(smooth(5)), RAW, "functiontransformer"),
    "centred mean of three rows": (after(smooth(3)), OTHER, "functiontransformer"),
    "scale": (after(scale), RAW, "functiontransformer"),
    "rank": (after(rank), OTHER, "functiontransformer"),
    "backward fill": (after(fill), GAPS, "functiontransformer"),
    "target at lag 0": (lagged(delay=0), RAW, "lagtransformer"),
    "target at lag 0 for a network": (net(delay=0), RAW, "lagtransformer"),
    "target behind a scaler": (
        make_pipeline(StandardScaler(), LagTransformer(2, delay=0, flatten=True), Ridge()),
        *(RAW, "lagtransformer"),
    ),
    "target, known": (lagged(known_ahead=["a"]), RAW, "lagtransformer"),
    "target in single precision": (net(delay=0), RAW.astype(np.float32), "lagtransformer"),
    "target of a type with missing values": (
        lagged(delay=0),
        *(RAW.astype("Float64"), "lagtransformer"),
    ),
    "target, exogenous": (make_ar(3, exogenous=["a"]), RAW, "columntransformer"),
    "target with missing values": (
        make_pipeline(LagTransformer(4, delay=0), GRURegressor(random_state=0)),
        *(RAW.mask(RNG.uniform(size=RAW.shape) < 0.05), "lagtransformer"),
    ),
    "target without lags": (make_pipeline(StandardScaler(), Ridge()), RAW, "X"),
    "in a search": (
        GridSearchCV(lagged(delay=0), {"ridge__alpha": [0.1, 1.0]}, cv=TimeSeriesSplit(2)),
        *(RAW, "lagtransformer"),
    ),
}


@pytest.mark.parametrize("name", LEAKS_OF_STEPS)
def test_leaks_of_steps_are_found(name):
    model, X, step = LEAKS_OF_STEPS[name]
    y = OTHER["y"] if "y" in X else RAW["a"]
    report = check_leakage(model, X.drop(columns="y", errors="ignore"), y, cv=CV)
    assert report.steps == [step], report
    assert set(report.found["changed"]) == {"prediction"}
    assert "give prepare" in repr(report)


SKY = RAW.assign(sky=RNG.choice(["dry", "fog", "wet"], 200))
ENCODED = make_column_transformer(
    (OneHotEncoder(sparse_output=False), ["sky"]), remainder="passthrough"
)


def next_sky(X):
    return X.assign(sky=X["sky"].shift(-1).fillna("dry"))


@pytest.mark.parametrize("dtype", [object, "category"])
def test_leaks_of_categories_are_found(dtype):
    raw = SKY.astype({"sky": dtype})
    for model in (net(known_ahead=["sky"]), make_pipeline(ENCODED, *lagged())):
        assert check_leakage(model, raw, raw["a"], cv=CV).found.empty
        later = make_pipeline(FunctionTransformer(next_sky), *model)
        report = check_leakage(later, raw, OTHER["y"], cv=CV)
        assert report.steps == ["functiontransformer"], report
        prepared = check_leakage(model, raw, cv=CV, prepare=lambda X: (next_sky(X), X["a"]))
        assert prepared.steps == ["prepare"], prepared


@pytest.mark.parametrize("dtype", [object, "category"])
def test_a_target_that_is_a_category_is_found(dtype):
    raw = SKY.astype({"sky": dtype})
    for lags, steps in (({}, []), ({"known_ahead": ["sky"]}, ["lagtransformer"])):
        model = make_pipeline(LagTransformer(2, **lags), GRUClassifier(random_state=0))
        assert check_leakage(model, raw, raw["sky"], cv=CV).steps == steps
        prepared = check_leakage(model, raw, cv=CV, prepare=lambda X: (X, X["sky"]))
        assert prepared.steps == steps


def test_labels_of_series_do_not_change():
    def prepare(raw):
        wide = raw.pivot(index="day", columns="series", values="a")  # each label once in a day
        return wide.set_axis(["x", "z"], axis=1), wide["x"]

    report = check_leakage(lagged(), PANEL.reset_index(), cv=CV, prepare=prepare)
    assert report.found.empty, report


class PredictsItsMean(RegressorMixin, BaseEstimator):
    """Adds the mean of all rows to predict: the last step itself leaks."""

    def fit(self, X, y):
        self.coef_ = np.ones(X.shape[1])
        return self

    def predict(self, X):
        return np.asarray(X) @ self.coef_ + np.mean(X)


def test_a_leak_of_the_last_step_is_found():
    model = make_pipeline(StandardScaler(), PredictsItsMean())
    assert check_leakage(model, RAW, OTHER["y"], cv=CV).steps == ["predictsitsmean"]
    report = check_leakage(make_pipeline(LagTransformer(2), GRURegressor()), RAW, RAW["a"], cv=CV)
    assert report.found.empty


@pytest.mark.parametrize(
    ("X", "y"),
    [(WINDOWS, TARGETS), (np.asarray(WINDOWS).reshape(len(WINDOWS), -1), TARGETS)],
    ids=["windows", "flat"],
)
def test_shuffled_folds_over_windows_are_found(X, y):
    model = GRURegressor(random_state=0) if X is WINDOWS else Ridge()
    report = check_leakage(model, X, y, cv=KFold(4, shuffle=True, random_state=0))
    assert report.steps == ["cv"]
    assert report.found["changed"].tolist() == ["training rows"] * 4
    assert check_leakage(model, X, y, cv=CV).found.empty


def test_shuffled_folds_are_reported_without_a_fit():
    class Unfit(Ridge):
        def fit(self, X, y):
            raise AssertionError("fitted")

    report = check_leakage(Unfit(), RAW, RAW["b"], cv=KFold(5, shuffle=True, random_state=0))
    assert report.steps == ["cv"]
    assert report.n_perturbations == 0
    lags = CompleteRows(make_pipeline(LagTransformer(12, flatten=True), Ridge()))
    report = check_leakage(lags, RAW, RAW["a"], cv=KFold(5, shuffle=True, random_state=0))
    assert report.steps == ["cv"]


def test_shuffled_folds_of_prepared_windows_are_found():
    model, folds = GRURegressor(random_state=0), KFold(4, shuffle=True, random_state=0)
    report = check_leakage(model, RAW, cv=folds, prepare=lambda raw: make_lagged(raw, raw["a"], 4))
    assert report.steps == ["cv"]


def test_the_target_at_the_newest_step_of_windows_is_found():
    windows, targets = make_lagged(RAW, RAW["a"], 4, delay=0)
    report = check_leakage(GRURegressor(random_state=0), windows, targets, cv=CV)
    assert report.steps == ["X"]
    assert report.found["perturbed"].tolist() == ["target"] * 2


CLEAN_PREPARATIONS = {
    "as they are": (lagged(), RAW, before(pd.DataFrame.copy)),
    "a network": (net(), OTHER, before(pd.DataFrame.copy)),
    "trailing mean": (lagged(), RAW, before(lambda X: X.rolling(5, min_periods=1).mean())),
    "forward fill": (lagged(), GAPS, before(lambda X: X.ffill().fillna(0).ewm(span=5).mean())),
    "known columns": (lagged(known_ahead=["b"]), OTHER, before(pd.DataFrame.cumsum)),
    "next row as target": (
        lagged(delay=0),
        *(RAW, lambda raw: (raw[:-1], raw["a"].shift(-1)[:-1])),
    ),
    "change to the next row as target": (
        lagged(delay=0),
        *(RAW, lambda raw: (raw[:-1], raw["a"].diff().shift(-1)[:-1])),
    ),
    "change from the row before as target": (
        lagged(),
        *(RAW, lambda raw: (raw, raw["a"].diff().fillna(0.0))),
    ),
    "windows": (
        GRURegressor(random_state=0),
        *(RAW, lambda raw: make_lagged(raw, raw["a"], 4)),
    ),
    "classes": (make_pipeline(*lagged()[:-1], LogisticRegression()), RAW, signs),
    "cumulative sums of a panel": (
        lagged(),
        PANEL,
        lambda raw: (raw.groupby(level=0).cumsum(), raw["a"]),
    ),
    "index set from columns": (
        lagged(),
        PANEL.reset_index(),
        lambda raw: (raw.set_index(["series", "day"]), raw["a"].to_numpy()),
    ),
    "arrays": (lagged(), RAW.to_numpy(), lambda raw: (raw.cumsum(axis=0), raw[:, 0])),
    "trees on rows": (
        HistGradientBoostingRegressor(max_iter=5),
        *(OTHER, lambda raw: (raw.assign(sum=raw["a"] + raw["b"])[["b", "sum"]], raw["y"])),
    ),
}


@pytest.mark.parametrize("name", CLEAN_PREPARATIONS)
def test_clean_preparations_are_not_suspected(name):
    model, raw, prepare = CLEAN_PREPARATIONS[name]
    report = check_leakage(model, raw, cv=2, prepare=prepare)
    assert report.found.empty, report
    assert report.steps == []
    assert repr(report) == f"Found no dependence in {report.n_perturbations} perturbations."


@pytest.mark.parametrize(
    "model",
    [
        make_pipeline(StandardScaler().set_output(transform="pandas"), *lagged()),
        make_pipeline(
            SimpleImputer().set_output(transform="pandas"),
            LagTransformer(4, flatten=True),
            HistGradientBoostingRegressor(max_iter=5),
        ),
        net(),
        make_ar(3, exogenous=["b"]),
        make_pipeline(
            make_column_transformer((LagTransformer(2, flatten=True), ["a"]), remainder="drop"),
            Ridge(),
        ),
        GridSearchCV(lagged(), {"ridge__alpha": [0.1, 1.0]}, cv=TimeSeriesSplit(2)),
        DifferencedRegressor(lagged()),
    ],
    ids=lambda model: type(model).__name__,
)
def test_clean_pipelines_are_not_suspected(model):
    report = check_leakage(model, RAW, RAW["a"], cv=CV)
    assert report.found.empty, report
    assert repr(report).startswith(f"Found no dependence in {report.n_perturbations} pert")
    assert "Only the steps inside the pipeline and the folds were tested" in repr(report)


def test_forecasters_are_not_suspected():
    model = Forecaster(lagged(known_ahead=["b"]), 3, target="a")
    report = check_leakage(model, RAW, cv=TimeSeriesSplit(3, test_size=3))
    assert report.found.empty, report
    same = check_leakage(model, RAW, cv=3)
    assert same.n_perturbations == report.n_perturbations
    default = check_leakage(NaiveForecaster("last", target="a"), RAW)
    assert default.found.empty
    assert default.n_perturbations == 5 * 5


def test_lists_of_sequences_are_tested():
    X = [RAW.to_numpy()[i : i + 3 + i % 3] for i in range(60)]
    assert check_leakage(GRURegressor(random_state=0), X, TARGETS[:60], cv=2).found.empty


def test_a_gap_as_long_as_the_target_hides_nothing():
    found = []
    for gap in range(6):
        cv = TimeSeriesSplit(2, gap=gap)
        report = check_leakage(lagged(), RAW, cv=cv, prepare=future_mean, n_rows=1)
        found.append(not report.found.empty)
    assert found == [True] * 4 + [False] * 2  # the first test row itself is known


@pytest.mark.parametrize("gap", [0, 1])
def test_the_first_of_several_targets_is_not_known(gap):
    def prepare(raw):
        targets = pd.concat([raw["a"], raw["a"].shift(-1)], axis=1, keys=["now", "next"])
        return raw[:-1], targets[:-1]

    cv = TimeSeriesSplit(2, gap=gap)
    report = check_leakage(lagged(delay=0), RAW, cv=cv, prepare=prepare)
    assert set(report.steps) == {"lagtransformer", *(["prepare"] if gap == 0 else [])}
    assert check_leakage(lagged(), RAW, cv=TimeSeriesSplit(2, gap=1), prepare=prepare).found.empty


def test_times_order_the_rows_not_their_places():
    order = np.random.default_rng(1).permutation(len(PANEL))
    long = PANEL.reset_index().iloc[order].reset_index(drop=True)
    model = make_pipeline(LagTransformer(4, time="day", series="series", flatten=True), Ridge())
    cv = PanelTimeSeriesSplit(3, time="day")
    for prepare in (None, lambda raw: (raw, raw["a"])):
        y = long["a"] if prepare is None else None
        assert check_leakage(model, long, y, cv=cv, prepare=prepare).found.empty


def test_a_number_of_folds_splits_a_panel_at_the_same_times():
    numbered = PANEL.reset_index(drop=True).set_index(
        pd.MultiIndex.from_product([["x", "z"], range(200)])
    )
    for panel in (PANEL, numbered):
        assert check_leakage(lagged(), panel, panel["a"], cv=2).found.empty
    folds = TimeSeriesSplit(2).split(PANEL)
    assert check_leakage(lagged(), PANEL, PANEL["a"], cv=folds).steps == ["cv"]


def test_the_report_is_the_same_for_the_same_seed():
    first, again, other = (
        check_leakage(lagged(), RAW, cv=CV, prepare=before(smooth(5)), n_rows=2, random_state=seed)
        for seed in (0, 0, 1)
    )
    pd.testing.assert_frame_equal(first.found, again.found)
    assert not first.found.equals(other.found)


def test_the_report_names_rows_and_counts():
    report = check_leakage(lagged(delay=0), RAW, RAW["a"], cv=[(range(100), range(100, 150))])
    assert report.n_perturbations == 2 * 5
    first = report.found.iloc[0]
    assert first["row"] == DAYS[100]
    assert first["perturbed"] == "target of 2024-04-10"
    assert first["fold"] == 0
    one = check_leakage(lagged(), RAW, OTHER["y"], cv=[(range(100), range(100, 150))], n_rows=1)
    assert repr(one).startswith("Found no dependence in 1 perturbation.")


def test_nothing_is_changed():
    X, model = RAW.copy(), net()
    check_leakage(model, X, cv=CV, prepare=before(scale))
    pd.testing.assert_frame_equal(X, RAW)
    assert not hasattr(model[-1], "net_")


def drawn(raw):
    return raw + np.random.default_rng().normal(size=raw.shape), raw["a"]


@pytest.mark.parametrize(
    ("arguments", "error", "text"),
    [
        ({"n_rows": 0}, ValueError, "'n_rows' parameter of check_leakage must be an int in the"),
        ({"prepare": 3}, ValueError, "'prepare' parameter of check_leakage must be a callable or"),
        ({"y": RAW["a"].to_numpy()[1:]}, ValueError, "y has 199 samples, but X has 200"),
        ({"cv": []}, ValueError, "cv must have at least one pair of training and test rows"),
        ({"y": RAW["a"], "prepare": before(scale)}, ValueError, "y must be None with prepare"),
        ({"X": WINDOWS, "prepare": before(scale)}, TypeError, "X must be a DataFrame, Series or"),
        ({"X": RAW.astype(str)}, ValueError, "X must have columns with numbers"),
        ({"prepare": lambda raw: raw}, TypeError, "prepare must return X and y, a tuple; got Data"),
        ({"prepare": drawn}, ValueError, "prepare must return the same X and y for the same rows"),
        (
            {"prepare": lambda raw: (raw.to_numpy()[1:], raw["a"][1:])},
            *(ValueError, "X with labels of the raw rows, or as many rows; it returned 199 rows"),
        ),
        (
            {"prepare": lambda raw: ((kept := raw[raw["a"] < 1]), kept["a"])},
            *(ValueError, "prepare must return the same rows for other numbers in raw rows"),
        ),
        (
            {"X": RAW.set_index(pd.Index(DAYS.to_series().where(np.arange(200) != 3)))},
            ValueError,
            "X must have a time in",
        ),
    ],
)
def test_errors_name_the_argument(arguments, error, text):
    with pytest.raises(error, match=re.escape(text)):
        check_leakage(**{"pipeline": lagged(), "X": RAW, "cv": CV, **arguments})


def test_a_table_of_another_library_is_refused():
    polars = pytest.importorskip("polars")
    with pytest.raises(TypeError, match="X must be a table of pandas, an array or sequences"):
        check_leakage(lagged(), polars.DataFrame({"a": [1.0, 2.0]}), [1.0, 2.0], cv=CV)


def test_random_predictions_cannot_be_compared():
    class Noise(RegressorMixin, BaseEstimator):
        def fit(self, X, y):
            self.coef_ = 0.0
            return self

        def predict(self, X):
            return np.random.default_rng().normal(size=len(X))

    with pytest.raises(ValueError, match="pipeline must predict the same for the same rows"):
        check_leakage(Noise(), RAW, RAW["a"], cv=CV)
