"""The benchmarks of tables, of growing models, of the weather and of regularisation."""

from __future__ import annotations

import dataclasses
import importlib
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.interpolate import CubicSpline
from sklearn.compose import TransformedTargetRegressor
from sklearn.linear_model import LinearRegression, Ridge
from sklearn.model_selection import train_test_split
from sklearn.utils import Bunch

from benchmarks import __main__ as command
from benchmarks._effects import Effect, effect
from benchmarks._runner import Model, Result, Task, run
from sklearn_rnn import DenseRegressor

pytest.importorskip("matplotlib")
boston, climate, double_descent, hitters, regularization, splits, report = (
    importlib.import_module(f"benchmarks.{name}")
    for name in (
        "boston",
        "climate",
        "double_descent",
        "hitters",
        "regularization",
        "_splits",
        "_regularization_report",
    )
)


def written(to: Path) -> set[str]:
    return {path.name for path in to.glob("*/*")}


def test_first_split_of_hitters_is_that_of_the_book():
    # ISLP, chapter 10: least squares has a MAE of 259.7153, the lasso one of 235.6755.
    plan = splits.PLANS["usual"]
    table = hitters.players(plan)
    task = splits.task_of(table, plan, 1)
    task = replace(task, models=[m for m in task.models if m.name in ("OLS", "lasso")])
    least_squares, lasso = (r.scores["MAE"] for r in run([task], seeds=[0], n_jobs=1))
    assert round(least_squares, 4) == 259.7153
    assert abs(lasso - 235.6755) < 0.5  # the rows, hence the folds, are in another order
    _, test = train_test_split(np.arange(263), test_size=1 / 3, random_state=1)
    assert sorted(test) == list(np.flatnonzero(~task.train))


def test_boston_has_102_tracts_for_the_test_and_the_same_share_of_fewer():
    X, y = pd.DataFrame({"a": range(506)}), pd.Series(range(506))
    table = splits.Table("Boston", X, y, boston.N_TEST, [], "lasso", {})
    for plan, n_test in ((splits.Plan(), 102), (splits.Plan(n_rows=60), 13)):
        assert np.sum(~splits.task_of(table, plan, 3).train) == n_test


def test_comparison_over_splits_pairs_them_and_means_over_seeds():
    def fit(task: str, model: str, seed: int | None, error: float) -> Result:
        return Result(task, model, seed, {"MAE": error}, None, 3, 0.0, 0.0, "", [])

    found = [
        [fit("a", "lasso", None, 3.0), fit("a", "net", 0, 1.0), fit("a", "net", 1, 2.0)],
        [fit("b", "lasso", None, 5.0), fit("b", "net", 0, 3.0)],
    ]
    table = splits.Table("t", pd.DataFrame(index=range(10)), pd.Series(range(10)), 4, [], "", {})
    comparison = splits.compare(found, "MAE", table)
    gain = comparison.difference("net", "lasso")
    assert gain["score"] == pytest.approx((1.5 + 2.0) / 2)
    assert comparison.test_share == pytest.approx(4 / 6)
    assert gain["standard_error"] == pytest.approx(np.sqrt((1 / 2 + 4 / 6) * 0.125))


def test_size_of_a_model_of_a_transformed_target_is_told():
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.normal(size=(30, 2)), columns=["a", "b"])
    net = DenseRegressor(hidden_layer_sizes=(), n_channels=2, max_epochs=2, lr_schedule="cosine")
    models = [
        Model("log ridge", TransformedTargetRegressor(Ridge(), func=np.log, inverse_func=np.exp)),
        Model("net", TransformedTargetRegressor(net), seeded=True),
    ]
    task = Task("task", X, np.exp(X["a"]), np.arange(30) < 20, models)
    assert [r.n_parameters for r in run([task], seeds=[0], n_jobs=1)] == [3, 3]


@pytest.mark.parametrize("d", [2, 3, 9])
def test_natural_splines_hold_every_natural_spline_with_their_knots(d):
    rng = np.random.default_rng(0)
    X = rng.uniform(-5, 5, size=(40, 1))
    basis = double_descent.NaturalSplines(d).fit(X)
    knots = [-5, *np.quantile(X, np.linspace(0, 1, d)[1:-1]), 5]
    truth = CubicSpline(knots, rng.normal(size=d), bc_type="natural")
    grid = np.linspace(-5, 5, 200)[:, None]
    assert basis.transform(grid).shape == (200, d)
    fitted = LinearRegression(fit_intercept=False).fit(basis.transform(grid), truth(grid[:, 0]))
    np.testing.assert_allclose(fitted.predict(basis.transform(grid)), truth(grid[:, 0]), atol=1e-9)


def test_splines_reach_zero_where_there_are_as_many_as_points():
    X, y = double_descent.points(0, double_descent.N_POINTS)
    residuals = [double_descent.splines(d).fit(X, y).predict(X) - y for d in (19, 20, 80)]
    largest = [np.abs(r).max() for r in residuals]
    assert largest[0] > 1e-3
    assert max(largest[1:]) < 1e-6


def test_for_each_column_there_is_a_model():
    X = pd.DataFrame({"a": [0.0, 1, 2], "b": [1.0, 0, 1]})
    y = pd.DataFrame({"first": 2 * X["a"], "second": X["b"] - 1})
    model = climate.ForEach([LinearRegression(), Ridge(1e9)]).fit(X, y)
    np.testing.assert_allclose(model.predict(X)[:, 0], y["first"], atol=1e-12)
    np.testing.assert_allclose(model.predict(X)[:, 1], y["second"].mean(), atol=1e-6)
    assert model.n_parameters_ >= 4


def effects_of(metrics, y, predictions) -> list[Effect]:
    y = np.asarray(y)
    data = np.concatenate([y[:1], y])
    models = [Model(name, Ridge(), seeded=True) for name in predictions]
    task = Task("t", data[:, None], data, np.arange(len(data)) < 1, models, metrics=metrics)
    results = [
        Result("t", name, seed, {}, None, 1, 0.0, 0.0, "", list(run))
        for name, runs in predictions.items()
        for seed, run in enumerate(runs)
    ]
    return [*report.effects(task, results).values()]


def test_interval_of_a_gain_holds_the_truth_in_95_percent_of_repetitions():
    """Few seeds and few rows: the quantile of the normal would be too small."""
    rng = np.random.default_rng(0)
    truth, held = 0.3, 0
    for _ in range(1000):
        rows, seeds = rng.normal(size=(1, 8)), rng.normal(size=(4, 1))
        losses = rows + seeds - truth + 0.5 * rng.normal(size=(4, 8))
        gain = effect(losses, 0.1 * rng.normal(size=(1, 8)))
        held += abs(gain.value - truth) <= gain.lookback
    assert 0.93 <= held / 1000 <= 0.975


def test_blocks_of_one_row_are_rows():
    losses, reference = np.random.default_rng(0).normal(size=(2, 3, 20))
    found = effect(losses, reference, np.arange(20)[::-1])
    assert dataclasses.astuple(found) == pytest.approx(
        dataclasses.astuple(effect(losses, reference))
    )


def test_rows_that_are_the_same_within_blocks_count_as_the_blocks():
    rng = np.random.default_rng(0)
    of_blocks, reference = rng.normal(size=(1, 9)), np.zeros((1, 9))
    alone = effect(of_blocks, reference)
    blocks = np.repeat(np.arange(9), 5)
    rows = np.repeat(of_blocks, 5, axis=1)
    order = rng.permutation(45)
    found = effect(rows[:, order], np.zeros((1, 45)), blocks[order])
    assert dataclasses.astuple(found) == pytest.approx(dataclasses.astuple(alone))
    assert effect(rows, np.zeros((1, 45))).error < 0.5 * alone.error


def test_gain_of_a_change_is_that_of_the_score():
    rng = np.random.default_rng(0)
    y = rng.normal(size=400)
    noise = rng.normal(size=(3, 400))
    predictions = {"none": y + noise, "half": y + 0.5 * noise, "double": y + 2 * noise}
    half, double = effects_of({"R2": None}, y, predictions)
    assert half.value == pytest.approx(0.75 * np.mean(noise**2) / np.var(y))
    assert (half.verdict, double.verdict) == ("helps", "harms")
    labels = (y > 0).astype(int)
    flipped = np.where(rng.uniform(size=(3, 400)) < 0.5, 1 - labels, labels)
    same, right = effects_of(
        {"accuracy": None}, labels, {"none": flipped, "same": flipped, "right": [labels] * 3}
    )
    assert (same.value, same.verdict) == (0.0, "not shown")
    assert right.value == pytest.approx(np.mean(flipped != labels))
    assert right.verdict == "helps"


@pytest.mark.parametrize("name", ["hitters", "boston"])
def test_quick_run_of_a_table(name, elsewhere, capsys):
    command.main([name, "--quick"])
    text = capsys.readouterr().out
    assert written(elsewhere) == {f"{name}.{end}" for end in ("md", "csv", "png")}
    assert "Over 2 splits the net that cross-validation takes" in text
    runs = pd.read_csv(next(elsewhere.glob("*/*.csv")))
    assert runs["task"].nunique() == 2


def test_quick_run_of_double_descent(elsewhere, capsys):
    command.main(["double-descent", "--quick"])
    pictures = {"double_descent.png", "double_descent_fits.png"}
    assert written(elsewhere) == {"double_descent.md", "double_descent.csv", *pictures}
    assert "peaks at d 20 (20 parameters, 20 rows)" in capsys.readouterr().out


def test_quick_climate_without_files_says_so(elsewhere, capsys):
    command.main(["climate", "--quick"])
    assert "Nothing was run: there are no files of De Bilt" in capsys.readouterr().out
    assert written(elsewhere) == set()


def fake_weather(**kwargs) -> Bunch:
    """Return twelve years with a season, six series of which the last is the first again."""
    months = pd.date_range("2000-01-01", periods=144, freq="MS")
    rng = np.random.default_rng(0)
    season = np.sin(2 * np.pi * np.arange(144) / 12)
    data = {name: season + 0.2 * rng.normal(size=144) for name in "abcde"}
    return Bunch(data=pd.DataFrame(data, index=months).assign(f=data["a"]))


def test_quick_climate_measures_each_variable(elsewhere, monkeypatch, capsys):
    monkeypatch.setattr(climate, "fetch_debilt", fake_weather)
    command.main(["climate", "--quick"])
    text = capsys.readouterr().out
    assert written(elsewhere) == {
        *(f"climate.{end}" for end in ("md", "csv", "png")),
        *(f"climate-De-Bilt{part}.png" for part in ("", "-scatter")),
    }
    runs = pd.read_csv(next(elsewhere.glob("*/*.csv")))
    assert list(runs["variable"].unique()) == list("abcdef")
    assert set(climate.NETS) < set(runs["model"])
    by = runs.set_index(["model", "variable"])
    floor = by.loc["mean of the month"]
    assert floor.loc["a", "RMSE"] == floor.loc["f", "RMSE"] < 0.4
    assert by.loc[("same month last year", "b"), "RMSE"] > floor.loc["b", "RMSE"]
    relative = re.search(r"mean of the month +\| -?[\d.]+ +\| 1\.000", text)
    assert relative


def test_quick_regularization_runs_on_what_is_bundled(elsewhere, capsys):
    command.main(["regularization", "--quick"])
    files = {"regularization.md", "regularization.png", "regularization-NYSE.csv"}
    assert written(elsewhere) == files
    assert "Without IMDB: no files." in capsys.readouterr().out


def test_reviews_are_cut_to_their_last_words():
    reviews = [np.arange(n) for n in (regularization.N_STEPS - 1, 150, 100, 300)]
    X, y = regularization.last_words(reviews, [0, 1, 2, 3], 2)
    assert X.shape == (2, regularization.N_STEPS)
    assert (X[0, -1], X[1, 0]) == (149, 0)
    assert list(y) == [1, 2]
