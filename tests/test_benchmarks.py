"""The laws of the benchmarks' runner, and that what is written about results comes from them."""

from __future__ import annotations

import csv
import importlib
import re
from dataclasses import replace
from itertools import permutations
from pathlib import Path
from typing import ClassVar

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, RegressorMixin, TransformerMixin
from sklearn.dummy import DummyRegressor
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LinearRegression, Ridge
from sklearn.metrics import mean_absolute_error, mean_squared_error, r2_score
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit
from sklearn.pipeline import make_pipeline
from sklearn.utils import Bunch

from benchmarks import __main__ as command
from benchmarks import defaults
from benchmarks._cache import Cache
from benchmarks._report import at_ends
from benchmarks._runner import Model, Result, Task, run, run_validated
from benchmarks._verdict import judge, standard_error
from sklearn_rnn import DenseRegressor

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results"
GUARDED = ["boston", "climate", "double_descent", "hitters", "imdb", "regularization", "tcn"]


class Witness(TransformerMixin, BaseEstimator):
    """Passes rows on, and remembers which it was fitted on and which it was shown."""

    fitted_on: ClassVar[list[pd.Index]] = []
    shown: ClassVar[list[pd.Index]] = []

    def fit(self, X, y):
        self.fitted_on.append(X.index)
        return self

    def transform(self, X):
        self.shown.append(X.index)
        return X


class Noise(RegressorMixin, BaseEstimator):
    """Predicts its random state, and counts its fits."""

    n_fits = 0

    def __init__(self, random_state=None, shift=0.0):
        self.random_state = random_state
        self.shift = shift

    def fit(self, X, y):
        type(self).n_fits += 1
        self.fitted_ = True
        return self

    def predict(self, X):
        return np.full(len(X), self.random_state + self.shift)


@pytest.fixture(autouse=True)
def _forgotten():
    Witness.fitted_on, Witness.shown, Noise.n_fits = [], [], 0


def task_of(*models: Model) -> Task:
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.normal(size=(60, 2)), columns=["a", "b"])
    y = X["a"] + 0.1 * rng.normal(size=60)
    return Task("task", X, y, np.arange(60) < 40, models, TimeSeriesSplit(3))


def test_test_rows_are_never_fitted_on_and_looked_at_once():
    pipe = make_pipeline(Witness(), Ridge())
    model = Model("ridge", pipe, {"ridge__alpha": [0.1, 1.0, 10.0]})
    run([task_of(model)], seeds=[0], n_jobs=1)
    assert len(Witness.fitted_on) == 3 * 3 + 1
    assert max(index.max() for index in Witness.fitted_on) < 40
    looks = [index for index in Witness.shown if index.max() >= 40]
    assert [list(index) for index in looks] == [list(range(40, 60))]


def test_settings_are_chosen_on_later_training_rows_and_told():
    grid = {"ridge__alpha": [1e-3, 1e4]}
    results = run(
        [task_of(Model("ridge", make_pipeline(Witness(), Ridge()), grid))], seeds=[0], n_jobs=1
    )
    assert [r.settings for r in results] == ["alpha=0.001"]
    assert results[0].n_parameters == 3
    assert results[0].scores["R2"] > 0.9
    folds = Witness.fitted_on[:-1]
    assert [len(index) for index in folds] == [10, 20, 30] * 2


def test_each_seed_is_set_and_unseeded_models_run_once():
    task = task_of(Model("noise", Noise(), seeded=True), Model("ridge", Ridge()))
    results = run([task], seeds=[3, 5], n_jobs=1)
    assert [(r.model, r.seed) for r in results] == [("noise", 3), ("noise", 5), ("ridge", None)]
    assert [r.predictions[0] for r in results[:2]] == [3.0, 5.0]


def test_model_without_random_state_cannot_be_seeded():
    with pytest.raises(ValueError, match="has no random_state; leave seeded=False"):
        run([task_of(Model("ols", LinearRegression(), seeded=True))], seeds=[0], n_jobs=1)


def test_interrupted_run_goes_on_where_it_stopped(tmp_path):
    path = tmp_path / "deep" / "fits.jsonl"
    task = task_of(Model("noise", Noise(), {"shift": [0.0, 1.0]}, seeded=True))
    first = run([task], seeds=[0, 1], cache=Cache(path), n_jobs=1)
    n_first = Noise.n_fits
    with path.open("a") as file:
        file.write('{"key": "killed while writ')
    again = run([task], seeds=[0, 1, 2], cache=Cache(path), n_jobs=1)
    assert n_first == 2 * 3 + 2
    assert Noise.n_fits == n_first + 1
    assert again[:2] == first
    assert run([task], seeds=[0, 1, 2], cache=Cache(path), n_jobs=1) == again
    assert Noise.n_fits == n_first + 1


def test_the_same_fit_under_two_names_is_run_once():
    names = ["a", "b", "c"]
    models = [Model(name, Noise(shift=float(name == "c")), seeded=True) for name in names]
    results = run([task_of(*models)], seeds=[1, 2], n_jobs=1)
    assert [r.predictions[0] for r in results] == [1.0, 2.0, 1.0, 2.0, 2.0, 3.0]
    assert Noise.n_fits == 4


@pytest.mark.parametrize("changed", ["data", "estimator", "version"])
def test_cache_does_not_answer_for_another_experiment(changed, monkeypatch):
    cache = Cache()
    run([task_of(Model("noise", Noise(), seeded=True))], seeds=[0], cache=cache, n_jobs=1)
    task = task_of(Model("noise", Noise(shift=float(changed == "estimator")), seeded=True))
    if changed == "data":
        task.y.iloc[0] += 1
    if changed == "version":
        monkeypatch.setattr("sklearn_rnn.__version__", "99")
    run([task], seeds=[0], cache=cache, n_jobs=1)
    assert Noise.n_fits == 2


def test_workers_give_the_same_bits():
    net = DenseRegressor(max_epochs=2, lr_schedule="cosine")
    task = task_of(Model("dense", net, {"alpha": [1e-3, 1e-2]}, seeded=True))
    one = run([task], seeds=[0, 1], n_jobs=1)
    with joblib.parallel_config("threading"):  # processes would import torch first
        two = run([task], seeds=[0, 1], n_jobs=2)
    assert [r.predictions for r in one] == [r.predictions for r in two]


def test_score_in_cross_validation_is_that_of_the_search_for_each_seed(tmp_path):
    net = DenseRegressor(max_epochs=2, lr_schedule="cosine")
    plain = task_of(Model("dense", net, {"alpha": [1e-3, 1e-2]}, seeded=True))
    path = tmp_path / "fits.jsonl"
    assert {r.cv_score for r in run([plain], seeds=[0], cache=Cache(path), n_jobs=1)} == {None}
    task = replace(plain, cross_validate=True)
    results = run([task], seeds=[0, 1], cache=Cache(path), n_jobs=1)
    X, y = task.X[task.train], task.y[task.train]
    for result in results:
        alpha = float(result.settings.partition("=")[2])
        search = GridSearchCV(
            net.set_params(random_state=result.seed), {"alpha": [alpha]}, cv=task.cv
        )
        assert result.cv_score == pytest.approx(search.fit(X, y).best_score_, abs=1e-6)
    assert results[0].cv_score != results[1].cv_score
    assert run([task], seeds=[0, 1], cache=Cache(path), n_jobs=1) == results


def test_score_of_the_first_seed_in_cross_validation_is_told_of_all_seeds():
    task = task_of(Model("dense", DenseRegressor(max_epochs=2, lr_schedule="cosine"), seeded=True))
    first, second = run_validated([task], seeds=[0, 1], n_jobs=1)
    (alone,) = run([replace(task, cross_validate=True)], seeds=[0], n_jobs=1)
    assert first.cv_score == second.cv_score == alone.cv_score
    assert first.predictions == alone.predictions != second.predictions


def test_settings_that_were_chosen_at_an_end_of_their_grid_are_named():
    grid = {"net__alpha": [0.01, 0.1, 1.0], "net__size": [4, 8, 16], "net__tol": [0.5]}
    models = [Model("a", Noise(), grid, seeded=True), Model("ols", LinearRegression())]
    ols = result_of("ols")
    inside = replace(result_of("a"), settings="alpha=0.1, size=8, tol=0.5")
    at_end = replace(inside, settings="alpha=0.1, size=16, tol=0.5")
    assert at_ends([inside, ols], models) == "No setting was chosen at an end of its grid."
    assert at_ends([at_end, ols], models) == "Chosen at an end of their grid: size=16 (a)."


N_TEST = 400
ERROR = 0.4 / np.sqrt(N_TEST - 1)  # the standard error of every gain of `result_of`
Y = np.tile([1.0, 1.0, -1.0, -1.0], N_TEST // 4)


def judged(*models: Model) -> Task:
    y = np.concatenate([np.zeros(10), Y])
    return Task("task", y[:, None], y, np.arange(len(y)) < 10, models)


def result_of(model, *, gain=0.0, cv_score=0.5, n_parameters=10, seed=None) -> Result:
    """Gain as many standard errors of R2 on a model whose squared errors are 1."""
    luck = 0.4 * np.tile([1.0, -1.0], N_TEST // 2) if gain else 0.0
    predictions = Y + np.sqrt(1 - gain * ERROR - luck)
    scores = {"R2": r2_score(Y, predictions)}
    return Result(
        "task", model, seed, scores, cv_score, n_parameters, 0.0, 0.0, "", list(predictions)
    )


@pytest.mark.parametrize(("gain", "taken"), [(-3, "ols"), (1.9, "ols"), (2.1, "net")])
def test_a_net_is_taken_if_it_gains_two_standard_errors(gain, taken):
    task = judged(Model("net", Noise(), seeded=True), Model("ols", LinearRegression()))
    results = [result_of("net", gain=gain, n_parameters=99, seed=0), result_of("ols")]
    verdict = judge(results, task)
    assert verdict.take.name == taken
    assert verdict.gain.value == pytest.approx(gain * ERROR)
    assert verdict.gain.error == pytest.approx(ERROR)
    sentence = verdict.sentence()
    assert sentence.startswith(f"take {taken} (R2 ")
    assert f"gains {gain * ERROR:.3f} ± {ERROR:.3f} on ols" in sentence
    assert ("at least 2 standard errors" in sentence) == (taken == "net")
    assert ("less than 2 standard errors" in sentence) == (taken == "ols")


def test_the_net_is_chosen_in_cross_validation_by_the_mean_over_seeds():
    nets = [Model(name, Noise(), seeded=True) for name in ("lucky", "steady")]
    results = [
        result_of("ols", cv_score=0.9),
        result_of("lucky", gain=9, cv_score=0.7, seed=0),  # the best net of one seed, and in test
        result_of("lucky", gain=9, cv_score=0.1, seed=1),
        result_of("steady", gain=1, cv_score=0.5, seed=0),
        result_of("steady", gain=1, cv_score=0.5, seed=1),
    ]
    verdict = judge(results, judged(Model("ols", LinearRegression()), *nets))
    assert (verdict.gain.of.name, verdict.take.name) == ("steady", "ols")


def test_of_simple_models_the_smallest_is_taken_that_is_as_good_as_the_best():
    simple = {
        "constant": result_of("constant", gain=-9, cv_score=0.1, n_parameters=1),
        "small": result_of("small", cv_score=0.4, n_parameters=5),
        "middle": result_of("middle", cv_score=0.3, n_parameters=7),
        "best": result_of("best", gain=1.5, cv_score=0.6, n_parameters=20),
    }
    net = Model("net", Noise(), seeded=True)
    results = [*simple.values(), result_of("net", gain=-1, cv_score=0.5, n_parameters=99, seed=0)]
    for names in permutations(simple):
        verdict = judge(results, judged(net, *(Model(name, Ridge()) for name in names)))
        assert (verdict.gain.on.name, verdict.take.name) == ("best", "small")
    assert verdict.sentence().startswith("take small (R2 0.000, 5 parameters), the smallest model")


def test_standard_error_is_the_spread_of_the_gain_over_repetitions():
    """Both parts count: rows that happened to be hard for one model, and seeds that were good."""
    rng = np.random.default_rng(0)
    models = [Model("ols", LinearRegression()), Model("net", Noise(), seeded=True)]
    task, gains, errors = judged(*models), [], []
    for _ in range(400):
        ours = 1 + 0.1 * rng.normal(size=5)[:, None]  # how large the errors of each seed are
        predictions = {"ols": [Y + rng.normal(size=N_TEST)]}
        predictions["net"] = Y + ours * rng.normal(size=N_TEST)
        results = [
            replace(result_of(name), predictions=run)
            for name, runs in predictions.items()
            for run in runs
        ]
        squared = {name: np.mean((runs - Y) ** 2) for name, runs in predictions.items()}
        gains.append(squared["ols"] - squared["net"])
        errors.append(standard_error(results, task, "ols", "net"))
    assert np.sqrt(np.mean(np.square(errors))) == pytest.approx(np.std(gains), rel=0.1)


def test_every_file_is_a_benchmark_with_a_question_and_main():
    pytest.importorskip("matplotlib")
    found = command.find()
    assert {"nyse", "memory", "speed"} <= set(found)
    files = {path.stem for path in command.HERE.glob("*.py") if not path.stem.startswith("_")}
    assert files <= set(found)
    for name, question in found.items():
        assert "?" in question, f"{name} must begin with a question; it begins with {question}"
        assert callable(command.load(name).main)


def test_command_lists_benchmarks_and_names_the_unknown(capsys):
    command.main(["--list"])
    assert "\nmemory  " in "\n" + capsys.readouterr().out
    with pytest.raises(SystemExit):
        command.main(["nyse", "nise"])
    assert "no benchmark nise; there are" in capsys.readouterr().err


def test_quick_nyse_runs_to_the_end_and_leaves_the_results_alone(elsewhere, capsys):
    pytest.importorskip("matplotlib")
    command.main(["nyse", "--quick"])
    names = {path.name for path in elsewhere.glob("*/*")}
    assert names == {"nyse.md", "nyse.csv", "nyse_r2.png", "nyse_forecast.png"}
    text = capsys.readouterr().out
    assert len(re.findall("(?:less than|at least) 2 standard errors", text)) >= 3
    table = text[text.index("| model") :].partition("\n\n")[0].splitlines()[2:]
    sizes = [int(line.split("|")[4]) for line in table]
    assert sizes == sorted(sizes)
    assert len(sizes) == 12
    with next(elsewhere.glob("*/nyse.csv")).open() as file:
        cv_scores = {line["task"]: bool(line["cv_score"]) for line in csv.DictReader(file)}
    assert cv_scores == {task: task.startswith("honest") for task in cv_scores}


def test_quick_worth_it_runs_without_the_files_of_others(elsewhere, capsys):
    pytest.importorskip("matplotlib")
    command.main(["worth-it", "--quick"])
    pictures = {f"worth_it{name}.png" for name in ("", "-NYSE-volume", "-Hitters-salary")}
    names = {path.name for path in elsewhere.glob("*/*")}
    assert names == {"worth_it.md", "worth_it.csv", *pictures}
    text = capsys.readouterr().out
    assert "of 2 data sets" in text
    assert "Without oxford, debilt, etth1, imdb: no files." in text
    assert "failed" not in text
    assert text.count("**Verdict.** Take '") == 2


@pytest.mark.parametrize("scoring", ["r2", "neg_mean_absolute_error"])
def test_gain_of_a_net_is_the_share_of_the_error_that_it_saves(scoring):
    pytest.importorskip("matplotlib")
    worth_it = importlib.import_module("benchmarks.worth_it")
    X = np.linspace(-1, 1, 50)[:, None]
    y = X.ravel() ** 3
    classical = {"mean": DummyRegressor(), "none": DummyRegressor(strategy="constant", constant=9)}
    nets = {"line": LinearRegression(), "flat": Ridge(100.0)}
    folds = [(np.arange(0, 50, 2), np.arange(1, 50, 2))]
    problem = worth_it.Problem("name", "", X, y, classical, nets, folds, scoring)
    answer = worth_it.answer(problem, worth_it.PLANS["quick"])
    assert (answer.classical, answer.net, answer.takes_net) == ("mean", "line", True)
    loss = mean_squared_error if scoring == "r2" else mean_absolute_error
    errors = {}
    for name, model in {**classical, **nets}.items():
        errors[name] = loss(y[folds[0][1]], model.fit(X[::2], y[::2]).predict(X[1::2]))
    if scoring == "r2":  # the variance is that of the test part
        errors = {name: error / y[1::2].var() for name, error in errors.items()}
    assert answer.gain.value == pytest.approx(100 * (1 - errors["line"] / errors["mean"]))


def test_the_net_that_reads_the_reviews_reads_their_ends_and_learns(monkeypatch):
    pytest.importorskip("matplotlib")
    worth_it = importlib.import_module("benchmarks.worth_it")
    rng = np.random.default_rng(0)
    good = rng.integers(0, 2, 250)
    reviews = [np.append(rng.integers(4, 50, rng.integers(300, 500)), [50 + y] * 40) for y in good]
    monkeypatch.setattr(worth_it, "fetch_imdb", lambda *_, **__: Bunch(data=reviews, target=good))
    net = worth_it.imdb(worth_it.PLANS["quick"], {}).nets["GRU"]
    assert {len(read) for read in net[0].transform(reviews)} <= {*range(340, 401)}
    net.set_params(gruclassifier__random_state=0, gruclassifier__max_epochs=10)
    assert net.fit(reviews[:200], good[:200]).score(reviews[200:], good[200:]) > 0.9


def test_bag_of_words_is_that_of_count_vectorizer():
    pytest.importorskip("matplotlib")
    worth_it = importlib.import_module("benchmarks.worth_it")
    size = worth_it.FIRST_WORD + worth_it.N_WORDS
    rng = np.random.default_rng(0)
    reviews = [rng.integers(0, size, n) for n in (30, 1, 5000)]
    words = range(worth_it.FIRST_WORD, size)
    counter = CountVectorizer(analyzer=list, vocabulary={k: i for i, k in enumerate(words)})
    expected = counter.transform(reviews).toarray() > 0
    np.testing.assert_array_equal(worth_it.bag_of_words(reviews).toarray(), expected)
    np.testing.assert_array_equal(worth_it.bag_of_words(reviews, dense=True), expected)


def test_answers_to_whether_the_net_is_worth_it_come_from_the_runs():
    runs = pd.read_csv(RESULTS / "worth_it.csv")
    text = (RESULTS / "worth_it.md").read_text(encoding="utf-8")
    assert runs["error"].isna().all()
    for name, of_data in runs.groupby("data"):
        section = text.partition(f"## {name}\n")[2].partition("\n## ")[0]
        rows = [line.split("|") for line in section.splitlines() if line.startswith("| ")][1:]
        means = of_data.groupby(["model", "fold"])["score"].mean().groupby("model").mean()
        told = {row[1].strip(): float(row[2]) for row in rows if "--" not in row[1]}
        assert told == {model: pytest.approx(mean, rel=1e-3) for model, mean in means.items()}
    row = next(line for line in _readme_of_benchmarks() if "worth_it.md" in line)
    counts = re.search(r"on (\d) of (\d) data sets", row)
    assert counts.group() in text
    assert counts.group() in (ROOT / "README.md").read_text(encoding="utf-8")
    assert int(counts[2]) == runs["data"].nunique()


@pytest.mark.parametrize("name", GUARDED)
def test_answer_in_the_readme_stands_in_the_results(name):
    """Every figure of it, the counts too; a minus is a hyphen in both."""
    row = next(line for line in _readme_of_benchmarks() if f"results/{name}.md" in line)
    text = (RESULTS / f"{name}.md").read_text(encoding="utf-8")
    figures = re.findall(r"-?\d+(?:[.,]\d+)*", row.split("|")[2])
    assert figures
    told = {*re.findall(r"-?\d+(?:[.,]\d+)*", text)}
    assert [figure for figure in figures if figure not in told] == []


def _readme_of_benchmarks() -> list[str]:
    return (ROOT / "benchmarks" / "README.md").read_text(encoding="utf-8").splitlines()


def _only(names, task: Task) -> Task:
    return replace(task, models=[model for model in task.models if model.name in names])


def test_known_values_of_the_lab_protocol():
    # ISLP, chapter 10: 0.180 for persistence, 0.413 for AR(5), 0.460 with the day of the week.
    pytest.importorskip("matplotlib")
    nyse = importlib.import_module("benchmarks.nyse")
    known = {"persistence": 0.1803, "AR(5)": 0.41289, "AR(5), only today's day": 0.45956}
    tasks = [_only(known, nyse.lab(name, nyse.Plan())) for name in nyse.DATA]
    results = {(r.task, r.model): r.scores["R2"] for r in run(tasks, seeds=[0], n_jobs=1)}
    for (task, model), score in results.items():
        if model != "AR(5)" or task.endswith("without day of week"):
            digits = 4 if model == "persistence" else 5
            assert round(score, digits) == known[model]
    assert len(results) == 5


def test_what_is_said_of_results_stands_in_them():
    results = (RESULTS / "nyse.md").read_text(encoding="utf-8")
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    spot = readme.partition("<!-- nyse-table -->")[2].partition("<!-- /nyse-table -->")[0]
    table = [line for line in spot.splitlines() if line.startswith("|")]
    assert len(table) > 10
    assert [line for line in table if line not in results] == []


def test_regret_is_what_is_lost_to_the_best_setting():
    regret = np.array([[0.0, 0.3], [0.0, 0.1]])  # (problems, settings)
    (sentence,) = defaults.judgement(regret, [(0.001, 10), (0.002, 20)])
    assert "0.200 ± 0.100 (one standard error over problems)" in sentence
    assert "it is less in 2 of 2 problems" in sentence
    assert defaults.judgement(regret[:, ::-1], [(0.001, 10), (0.002, 20)]) == []
