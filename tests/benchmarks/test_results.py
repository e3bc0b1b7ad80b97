"""The command, and that what is written about results comes from them."""

from __future__ import annotations

import csv
import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.dummy import DummyRegressor
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LinearRegression, Ridge
from sklearn.metrics import mean_absolute_error, mean_squared_error
from sklearn.model_selection import KFold
from sklearn.utils import Bunch

pytest.importorskip("matplotlib")

from benchmarks import __main__ as command
from benchmarks.harness import words
from benchmarks.harness.cache import Cache
from benchmarks.harness.runner import Task, run
from benchmarks.questions import defaults, nyse, worth_it
from benchmarks.report import writer

ROOT = Path(__file__).parents[2]
RESULTS = ROOT / "benchmarks" / "results"
GUARDED = [
    "boston",
    "climate",
    "defaults",
    "double_descent",
    "halving",
    "hitters",
    "imdb",
    "intervals",
    "jena",
    "learnability",
    "no_change",
    "nyse",
    "panel",
    "path",
    "regularization",
    "reliability_resume",
    "selection",
    "series_labels",
    "small_samples",
    "stream",
    "tcn",
]
NO_PICTURES = {
    "attribution",
    "defaults",
    "etth",
    "halving",
    "intervals",
    "learnability",
    "linear",
    "linear_skip",
    "memory",
    "missing_steps",
    "no_change",
    "panel",
    "panel_speed",
    "reliability_resume",
    "selection",
    "series_labels",
    "small_samples",
    "stream",
}
STUDIES = sorted(path.stem for path in RESULTS.glob("*.json"))


def test_every_benchmark_has_a_question_and_an_answer():
    found = command.find()
    files = {path.stem for path in (ROOT / "benchmarks" / "questions").glob("[a-z]*.py")}
    assert {"nyse", "memory", "speed", *files} <= set(found)
    for name, question in found.items():
        assert "?" in question, f"{name} must begin with a question; it begins with {question}"


def test_command_lists_benchmarks_and_names_the_unknown(capsys):
    command.main(["--list"])
    assert "\nmemory  " in "\n" + capsys.readouterr().out
    with pytest.raises(SystemExit):
        command.main(["nyse", "nise"])
    assert "no benchmark nise; there are" in capsys.readouterr().err


def test_quick_nyse_runs_to_the_end_and_leaves_the_results_alone(elsewhere, capsys):
    command.main(["nyse", "--quick"])
    names = {path.name for path in elsewhere.glob("*/*")}
    pictures = {"nyse_r2.png", "nyse_forecast.png"}
    assert names == {"nyse.md", "nyse.csv", "nyse.json", *pictures}
    text = capsys.readouterr().out
    assert len(re.findall("(?:less than|at least) 2 standard errors", text)) >= 3
    table = text[text.index("| model") :].partition("\n\n")[0].splitlines()[2:]
    sizes = [int(line.split("|")[4]) for line in table]
    assert sizes == sorted(sizes)
    assert len(sizes) == 12
    with next(elsewhere.glob("*/nyse.csv")).open() as file:
        cv_scores = {line["task"]: bool(line["cv_score"]) for line in csv.DictReader(file)}
    assert cv_scores == {task: task.startswith(nyse.OURS) for task in cv_scores}
    assert len(cv_scores) == 4


def test_quick_worth_it_runs_without_the_files_of_others(elsewhere, capsys):
    command.main(["worth-it", "--quick"])
    pictures = {f"worth_it{name}.png" for name in ("", "-NYSE-volume", "-Hitters-salary")}
    names = {path.name for path in elsewhere.glob("*/*")}
    assert names == {*(f"worth_it.{end}" for end in ("md", "csv", "json")), *pictures}
    text = capsys.readouterr().out
    assert "of 2 data sets" in text
    assert "Without oxford, debilt, etth1, imdb: no files." in text
    assert "failed" not in text
    assert text.count("**Verdict.** Take '") == 2


@pytest.mark.parametrize("scoring", ["r2", "neg_mean_absolute_error"])
def test_gain_of_a_net_is_the_share_of_the_error_that_it_saves(scoring):
    X = np.linspace(-1, 1, 50)[:, None]
    y = X.ravel() ** 3
    classical = {"mean": DummyRegressor(), "none": DummyRegressor(strategy="constant", constant=9)}
    nets = {"line": LinearRegression(), "flat": Ridge(100.0)}
    folds = [(np.arange(0, 50, 2), np.arange(1, 50, 2))]
    problem = worth_it.Problem("name", "", X, y, classical, nets, folds, scoring)
    answer = worth_it.answered(*worth_it.compare(problem, worth_it.PLANS["quick"]))
    assert (answer.best_classical, answer.net, answer.take) == ("mean", "line", "line")
    loss = mean_squared_error if scoring == "r2" else mean_absolute_error
    errors = {}
    for name, model in {**classical, **nets}.items():
        errors[name] = loss(y[folds[0][1]], model.fit(X[::2], y[::2]).predict(X[1::2]))
    if scoring == "r2":  # the variance is that of the test part
        errors = {name: error / y[1::2].var() for name, error in errors.items()}
    assert answer.percent.value == pytest.approx(100 * (1 - errors["line"] / errors["mean"]))


def test_a_comparison_that_was_interrupted_keeps_the_data_sets_that_are_done(tmp_path, monkeypatch):
    rng = np.random.default_rng(0)
    X, plan = rng.normal(size=(60, 2)), worth_it.PLANS["quick"]
    models = {"mean": DummyRegressor()}, {"line": LinearRegression()}
    problem = worth_it.Problem("name", "", X, X @ [1, 2] + rng.normal(size=60), *models, KFold(3))
    runs, kept = worth_it.compared(problem, plan, Cache(tmp_path / "kept.jsonl"))
    monkeypatch.setattr(worth_it, "compare", None)
    again, kept_again = worth_it.compared(problem, plan, Cache(tmp_path / "kept.jsonl"))
    pd.testing.assert_frame_equal(runs, again)
    assert kept == kept_again


def test_the_net_that_reads_the_reviews_reads_their_ends_and_learns(monkeypatch):
    rng = np.random.default_rng(0)
    good = rng.integers(0, 2, 250)
    reviews = [np.append(rng.integers(4, 50, rng.integers(300, 500)), [50 + y] * 40) for y in good]
    monkeypatch.setattr(
        worth_it.datasets, "fetch_imdb", lambda *_, **__: Bunch(data=reviews, target=good)
    )
    net = worth_it.imdb(worth_it.PLANS["quick"]).nets["GRU"]
    assert {len(read) for read in net[0].transform(reviews)} <= {*range(340, 401)}
    how = {"random_state": 0, "max_epochs": 10, "early_stopping": False}
    net.set_params(**{f"gruclassifier__{name}": value for name, value in how.items()})
    assert net.fit(reviews[:200], good[:200]).score(reviews[200:], good[200:]) > 0.9


def test_bag_of_words_is_that_of_count_vectorizer():
    size = words.FIRST_WORD + words.N_WORDS
    rng = np.random.default_rng(0)
    reviews = [rng.integers(0, size, n) for n in (30, 1, 5000)]
    tokens = range(words.FIRST_WORD, size)
    counter = CountVectorizer(analyzer=list, vocabulary={k: i for i, k in enumerate(tokens)})
    expected = counter.transform(reviews).toarray() > 0
    np.testing.assert_array_equal(words.bag_of_words(reviews).toarray(), expected)
    np.testing.assert_array_equal(words.bag_of_words(reviews, dense=True), expected)


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


def test_known_values_of_the_textbook_protocol():
    # ISLP, chapter 10: 0.180 for persistence, 0.413 for AR(5), 0.460 with the day of the week.
    known = {"persistence": 0.1803, "AR(5)": 0.41289, "AR(5), only today's day": 0.45956}
    tasks = [_only(known, nyse.textbook(name, nyse.PLANS["usual"])) for name in nyse.FORMS]
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


def test_the_guide_to_classification_tells_what_was_measured():
    guide = (ROOT / "docs" / "classification.md").read_text(encoding="utf-8")
    header, _, *rows = [line for line in guide.splitlines() if line.startswith("| ")][-7:]
    models = [name.strip("` ").removesuffix("Classifier") for name in header.split("|")[2:-1]]
    table = pd.read_csv(RESULTS / "series_labels.csv")
    means = table.groupby(["set", "model"])["accuracy"].mean().unstack()[models]
    assert len(rows) == len(means)
    for row in rows:
        name = re.search(r"(\w+)\) \|", row)[1]
        assert row.split("|")[2:-1] == [f" {mean:.3f} " for mean in means.loc[name]]


def test_a_setting_is_judged_by_the_problems_that_it_was_tried_on():
    regret = pd.DataFrame({"defaults": [0.3, 0.1, 0.7], "last": [0.0, 0.0, np.nan]})
    found = defaults.judgement(regret, "last")  # a row a problem
    expected = {"mean": 0.2, "error": 0.1, "n_less": 2, "n": 2}
    assert found == {name: pytest.approx(value) for name, value in expected.items()}
    assert defaults.judgement(regret[:1], "last")["error"] == np.inf


@pytest.mark.parametrize("keep", [False, True])
def test_results_of_a_run_are_apart_from_those_that_are_committed(keep, tmp_path, monkeypatch):
    monkeypatch.setattr(writer, "OUTPUT", tmp_path / "output")
    monkeypatch.setattr(writer, "RESULTS", tmp_path / "results")
    monkeypatch.setattr(writer, "_destination", [])
    wrote = []
    question = type("Q", (), {"answer": lambda *args: wrote.append(writer.folder(args[-1]))})
    monkeypatch.setattr(nyse, "QUESTION", question())
    command.main(["nyse", *(["--keep"] if keep else [])])
    assert wrote == [tmp_path / ("results" if keep else "output")]
    assert wrote[0].is_dir()


def test_a_quick_run_is_not_kept(capsys):
    with pytest.raises(SystemExit):
        command.main(["nyse", "--quick", "--keep"])
    assert "a quick run counts for nothing" in capsys.readouterr().err


@pytest.mark.parametrize("name", STUDIES)
def test_a_report_is_written_anew_from_its_files(name, tmp_path, monkeypatch, capsys):
    """Nothing but the files is read: what the report says stands in them."""
    monkeypatch.setattr(writer, "_destination", [tmp_path])
    monkeypatch.setenv("SKLEARN_RNN_DATA", str(tmp_path / "nothing"))
    command.main([name, "--report"])
    committed = (RESULTS / f"{name}.md").read_text(encoding="utf-8")
    assert (tmp_path / f"{name}.md").read_text(encoding="utf-8") == committed
    assert list(tmp_path.glob("*.png")) or name in NO_PICTURES


@pytest.mark.parametrize("name", STUDIES)
def test_results_say_when_and_with_what_they_were_run(name):
    kept = json.loads((RESULTS / f"{name}.json").read_text(encoding="utf-8"))
    assert re.match(r"\d{4}-\d\d-\d\d, sklearn_rnn .*", kept["run"])
    assert kept["run"].endswith(". Size: usual") or kept["size"] == "usual"


def test_what_has_no_file_of_results_has_no_report_to_write(capsys):
    command.main(["stretches", "--report"])
    assert "stretches has no file of results" in capsys.readouterr().out
