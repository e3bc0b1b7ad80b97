"""The benchmarks of tables, of growing models, of the weather and of regularisation."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.interpolate import CubicSpline
from sklearn.linear_model import LinearRegression, Ridge
from sklearn.model_selection import train_test_split
from sklearn.utils import Bunch

pytest.importorskip("matplotlib")

from benchmarks import __main__ as command
from benchmarks.harness import splits
from benchmarks.harness.natural_splines import NaturalSplines
from benchmarks.harness.runner import Result, run
from benchmarks.questions import boston, climate, double_descent, hitters, regularization
from benchmarks.report.splits import TAKEN, compare
from benchmarks.report.study import Study


def written(to: Path) -> set[str]:
    return {path.name for path in to.glob("*/*")}


def test_first_split_of_hitters_is_that_of_the_book():
    # ISLP, chapter 10: least squares has a MAE of 259.7153, the lasso one of 235.6755.
    first = hitters.tasks(splits.PLANS["usual"])["split 1"]()
    task = replace(first, validate="none")
    task = replace(task, models=[m for m in task.models if m.name in ("OLS", "lasso")])
    least_squares, lasso = (r.scores["MAE"] for r in run([task], seeds=[0], n_jobs=1))
    assert round(least_squares, 4) == 259.7153
    assert abs(lasso - 235.6755) < 0.5  # the rows, hence the folds, are in another order
    _, test = train_test_split(np.arange(263), test_size=1 / 3, random_state=1)
    assert set(test) == set(task.X_test.index)


def test_boston_has_102_tracts_for_the_test_and_the_same_share_of_fewer():
    X, y = pd.DataFrame({"a": range(506)}), pd.Series(range(506))
    for plan, n_test in ((splits.PLANS["usual"], 102), (splits.PLANS["quick"], 13)):
        assert len(splits.task_of(X, y, boston.N_TEST, [], plan, 3).y_test) == n_test


def test_comparison_over_splits_pairs_them_and_means_over_seeds():
    def fit(task: str, model: str, seed: int | None, error: float, cv: float | None) -> Result:
        return Result(task, model, seed, {"R2": 0.0, "MAE": error}, cv)

    found = [
        fit("a", "lasso", None, 3.0, None),
        fit("a", "net", 0, 1.0, 0.5),
        fit("a", "net", 1, 2.0, 0.5),
        fit("a", "other", 0, 9.0, 0.4),
        fit("b", "lasso", None, 5.0, None),
        fit("b", "net", 0, 3.0, 0.3),
        fit("b", "other", 0, 4.0, 0.6),
    ]
    comparison = compare(Study(found), test_size=0.4)
    gain = comparison.difference("net", "lasso")
    assert gain["score"] == pytest.approx((1.5 + 2.0) / 2)
    assert comparison.test_share == pytest.approx(4 / 6)
    assert gain["standard_error"] == pytest.approx(np.sqrt((1 / 2 + 4 / 6) * 0.125))
    assert list(comparison.scores[TAKEN]) == [-1.5, -4.0]  # of each split that with the best score


@pytest.mark.parametrize("d", [2, 3, 9])
def test_natural_splines_hold_every_natural_spline_with_their_knots(d):
    rng = np.random.default_rng(0)
    X = rng.uniform(-5, 5, size=(40, 1))
    basis = NaturalSplines(d).fit(X)
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


@pytest.mark.parametrize("name", ["hitters", "boston"])
def test_quick_run_of_a_table(name, elsewhere, capsys):
    command.main([name, "--quick"])
    text = capsys.readouterr().out
    assert written(elsewhere) == {f"{name}.{end}" for end in ("md", "csv", "json", "png")}
    assert "Over 2 splits the net that cross-validation takes" in text
    runs = pd.read_csv(next(elsewhere.glob("*/*.csv")))
    assert runs["task"].nunique() == 2


def test_quick_run_of_double_descent(elsewhere, capsys):
    command.main(["double-descent", "--quick"])
    pictures = {"double_descent.png", "double_descent_fits.png"}
    assert written(elsewhere) == {
        *(f"double_descent.{end}" for end in ("md", "csv", "json")),
        *pictures,
    }
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
        *(f"climate.{end}" for end in ("md", "csv", "json", "png")),
        *(f"climate-De-Bilt{part}.png" for part in ("", "-scatter")),
    }
    runs = pd.read_csv(next(elsewhere.glob("*/*.csv")))
    assert [c[5:] for c in runs if c.startswith("RMSE ")] == list("abcdef")
    assert set(climate.NETS) < set(runs["model"])
    by = runs.set_index("model")
    floor = by.loc["mean of the month"]
    assert floor["RMSE a"] == floor["RMSE f"] < 0.4
    assert by.loc["same month last year", "RMSE b"] > floor["RMSE b"]
    relative = re.search(r"mean of the month +\| -?[\d.]+ +\| 1\.000", text)
    assert relative


def test_quick_regularization_runs_on_what_is_bundled(elsewhere, capsys):
    command.main(["regularization", "--quick"])
    assert written(elsewhere) == {f"regularization.{e}" for e in ("md", "png", "csv", "json")}
    assert "Without IMDB: no files." in capsys.readouterr().out


def test_reviews_are_cut_to_their_last_words():
    reviews = [np.arange(n) for n in (regularization.N_STEPS - 1, 150, 100, 300)]
    X, y = regularization.last_words(reviews, [0, 1, 2, 3], 2)
    assert X.shape == (2, regularization.N_STEPS)
    assert (X[0, -1], X[1, 0]) == (149, 0)
    assert list(y) == [1, 2]
