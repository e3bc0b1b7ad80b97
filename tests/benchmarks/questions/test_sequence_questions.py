"""The questions on sequences as they come, from `ucr` to `tcn`, and their data."""

from __future__ import annotations

import re
import sys
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import ClassVar

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import log_loss
from sklearn.model_selection import StratifiedKFold
from sklearn.utils import Bunch

from tests import standins
from tests.standins import pieces

pytest.importorskip("matplotlib")

from benchmarks import __main__ as command
from benchmarks.harness import characters, long_sequences, made_up, music
from benchmarks.harness.cache import Cache
from benchmarks.harness.minirocket import MiniRocketRidge
from benchmarks.harness.runner import Model, Task
from benchmarks.questions import imdb, jena, ucr

RESULTS = Path(__file__).parents[3] / "benchmarks" / "results"
OF_MANY_TABLES = ["jena", "tcn", "imdb"]


class Witness(ClassifierMixin, BaseEstimator):
    """Labels a share of the samples right, and remembers its fits."""

    fits: ClassVar[list[int]] = []

    def __init__(self, share=1.0, n_members=1, random_state=None):
        self.share = share
        self.n_members = n_members
        self.random_state = random_state

    def fit(self, X, y):
        self.fits.append(len(X))
        self.classes_ = np.unique(y)
        return self

    def score(self, X, y):
        return self.share if len(X[0]) == 5 else 1 - self.share / 2


@pytest.fixture(autouse=True)
def _forgotten():
    Witness.fits = []


def task_of(n_steps: int, name: str) -> Task:
    X = [np.full((n_steps, 1), float(i)) for i in range(12)]
    y = np.arange(12) % 2
    return Task(name, X[:8], y[:8], X[8:], y[8:], cv=StratifiedKFold(3))


def test_each_set_has_the_net_that_is_best_on_its_training_part(monkeypatch):
    tasks, shares = [task_of(5, "a"), task_of(6, "b")], {"bad": 0.2, "good": 0.8, "fair": 0.4}
    families = [Model(name, Witness(share), seeded=True) for name, share in shares.items()]
    monkeypatch.setattr(ucr, "families", lambda n_rows, plan: families)
    cache = Cache()
    entered = ucr.with_nets(tasks, ucr.PLANS["usual"], cache)
    nets = [task.models[-1] for task in entered]
    assert [net.estimator.share for net in nets] == [0.8, 0.2]
    assert [net.cv_score for net in nets] == pytest.approx([0.8, 0.9])
    assert {(net.name, net.estimator.n_members) for net in nets} == {(ucr.CHOSEN, 5)}
    assert entered[1].note == "bad (bad 0.900, good 0.600, fair 0.800)"
    assert max(Witness.fits) < 8, "folds are of the training part"
    n_fits = len(Witness.fits)
    ucr.with_nets(tasks, ucr.PLANS["usual"], cache)
    assert len(Witness.fits) == n_fits


def test_of_equal_nets_the_better_one_on_all_sets_is_chosen():
    scores = np.array([[1.0, 0.5, 1.0], [0.7, 0.9, 0.8]])
    assert ucr.chosen(scores) == [2, 1]


def test_minirocket_reads_the_channels_of_rows_one_after_the_other(monkeypatch):
    class Means:
        def __init__(self, random_state):
            assert random_state == 3

        def fit_transform(self, X):
            return X.mean(axis=2)

        transform = fit_transform

    fake = ModuleType("convolution_based")
    fake.MiniRocket = Means
    name = "aeon"
    for part in ("", "transformations", "collection", "convolution_based"):
        name = f"{name}.{part}".rstrip(".")
        monkeypatch.setitem(sys.modules, name, fake)
    monkeypatch.setenv("NUMBA_THREADING_LAYER", "workqueue")
    y = np.repeat(["down", "up"], 20)
    X = np.random.default_rng(0).normal(size=(40, 2, 7))
    X[:, 1] += np.where(y == "up", 5, -5)[:, np.newaxis]
    model = MiniRocketRidge(n_channels=2, random_state=3).fit(X.reshape(40, 14), y)
    assert model.score(X.reshape(40, 14), y) == 1
    np.testing.assert_allclose(model.ridge_[-1].coef_[0], 0, atol=0.05)


def test_series_of_equal_length_are_rows_as_they_are_and_others_are_stretched():
    X = np.random.default_rng(0).normal(size=(4, 7, 2))
    np.testing.assert_allclose(ucr.stretched(X, 7), X.transpose(0, 2, 1).reshape(4, 14))
    ramps = [np.linspace([0.0, 5.0], [1.0, 3.0], n) for n in (2, 6, 11)]
    expected = np.concatenate([np.linspace(0, 1, 5), np.linspace(5, 3, 5)])
    np.testing.assert_allclose(ucr.stretched(ramps, 5), [expected] * 3)


def test_likelihood_of_a_frame_is_the_sum_of_the_log_losses_of_its_keys():
    X, y = pieces()
    given = music.Frames().fit(*pieces(1)).predict_proba(X)
    found = music.frame_cost(given, y)
    keys, probabilities = np.concatenate(y), np.concatenate(given)
    losses = [log_loss(k, p, labels=[0, 1]) for k, p in zip(keys.T, probabilities.T, strict=True)]
    assert found == pytest.approx(sum(losses))


def test_likelihood_of_a_sure_and_wrong_model_is_finite():
    _, y = pieces()
    assert np.isfinite(music.frame_cost([np.zeros(piece.shape) for piece in y], y))


def test_keys_have_a_model_of_the_step_before_or_their_share():
    X, y = pieces()
    simple, linear = music.Frames().fit(X, y), music.Frames(LogisticRegression()).fit(X, y)
    frames, keys = np.concatenate(X), np.concatenate(y)
    expected = (keys.sum(axis=0) + 1) / 102
    for probabilities in simple.predict_proba(X):
        np.testing.assert_allclose(probabilities, np.tile(expected, (len(probabilities), 1)))
    found = linear.predict_proba(X)
    assert [len(piece) for piece in found] == [30, 50, 20]
    np.testing.assert_allclose(np.concatenate(found)[:, 2], expected[2])
    key = LogisticRegression().fit(frames, keys[:, 3]).predict_proba(frames)[:, 1]
    np.testing.assert_allclose(np.concatenate(found)[:, 3], key)
    costs = [music.frame_cost(model.predict_proba(X), y) for model in (simple, linear)]
    assert costs[1] < costs[0] - 0.5


def fake_ucr(name, subset, **kwargs):
    if name == "GunPoint":
        raise FileNotFoundError
    X, y = standins.waves(name, subset)
    return (X if name == "JapaneseVowels" else np.stack(X)), y


def fake_imdb(kind="text", **kwargs):
    texts, y = standins.reviews()
    if kind == "text":
        return texts, y
    numbers = {word: k for k, word in enumerate(sorted({*" ".join(texts).split()}), start=4)}
    return [np.array([1, *(numbers[word] for word in text.split())]) for text in texts], y


def test_quick_run_writes_table_picture_and_a_line_for_each_fit(elsewhere, monkeypatch, capsys):
    monkeypatch.setattr(ucr, "fetch_ucr", fake_ucr)
    monkeypatch.setattr(ucr, "is_installed", lambda: False)
    command.main(["ucr", "--quick"])
    text = capsys.readouterr().out
    assert "Without GunPoint: no files." in text
    assert "Without MiniRocket: aeon is not installed." in text
    assert {p.suffix for p in elsewhere.glob("*/ucr.*")} == {".md", ".csv", ".json", ".png"}
    runs = pd.read_csv(next(elsewhere.glob("*/*.csv")))
    assert {"GRU", "TCN", "CNN", ucr.CHOSEN} <= set(runs["model"])
    assert set(runs["model"]) == set(re.findall(r"^\| (.*?) +\|", text, re.M)) & set(runs["model"])
    assert runs.groupby("task")["model"].nunique().nunique() == 1


@pytest.mark.parametrize("name", ["ucr", "imdb"])
def test_quick_run_without_files_says_so(name, elsewhere, capsys):
    command.main([name, "--quick"])
    text = capsys.readouterr().out
    assert "Nothing was run: there" in text
    assert list(elsewhere.glob("*/*")) == []


def test_lasso_reads_more_than_chance_from_words(elsewhere, monkeypatch, capsys):
    monkeypatch.setattr(imdb, "fetch_imdb", fake_imdb)
    command.main(["imdb", "--quick"])
    assert "The target of 0.87 for the LSTM(32) is" in capsys.readouterr().out
    runs = pd.read_csv(next(elsewhere.glob("*/*.csv"))).set_index(["task", "model"])["accuracy"]
    for task in ("IMDB, text", "IMDB, tokens"):
        assert runs[task, imdb.WHICH] == runs[task, imdb.OFTEN] == 1.0
    assert (runs[:, "majority class"] == 0.5).all()


def test_tables_of_results_come_from_the_fits():
    runs = pd.read_csv(RESULTS / "ucr.csv")
    text = (RESULTS / "ucr.md").read_text(encoding="utf-8")
    measure = runs.columns[3]
    assert runs["seed"].nunique() >= 3
    for task, of_task in runs.groupby("task"):
        table = next(t for t in text.split("\n\n") if t.startswith("| model"))
        header, _, *rows = [[c.strip() for c in r.split("|")[1:-1]] for r in table.splitlines()]
        column = header.index(task)
        told = {row[0]: row[column] for row in rows if not row[0].startswith("published")}
        assert set(told) == set(of_task["model"])
        for model, mean in of_task.groupby("model")[measure].mean().items():
            assert float(told[model].partition(" ")[0]) == pytest.approx(mean, abs=6e-4)


def test_adding_problem_has_a_mark_in_each_half_and_their_sum_as_its_target():
    X, y = made_up.adding(500, 60, seed=0)
    marks = X[..., 1]
    assert set(np.unique(marks)) == {0, 1}
    assert (marks[:, :30].sum(axis=1) == 1).all()
    assert (marks[:, 30:].sum(axis=1) == 1).all()
    np.testing.assert_allclose(y, X[..., 0][marks == 1].reshape(500, 2).sum(axis=1), rtol=1e-6)
    assert y.var() == pytest.approx(1 / 6, rel=0.15)


def test_copy_memory_shows_symbols_and_asks_for_them_after_the_waiting():
    X, y = made_up.copying(50, 30, seed=0)
    assert X.shape == y.shape == (50, 50)
    np.testing.assert_array_equal(X[:, :10], y[:, -10:])
    assert set(np.unique(X[:, :10])) == set(range(1, 9))
    assert (X[:, 10:39] == made_up.BLANK).all()
    assert (X[:, 39:] == made_up.RECALL).all()
    assert (y[:, :-10] == made_up.BLANK).all()


def test_without_memory_copying_costs_a_symbol_drawn_of_eight_and_a_linear_model_has_memory():
    task = long_sequences.copying(2000, 20)
    floor, linear = task.models
    share = floor.estimator.fit(task.X, task.y)
    loss = task.score(share, task.X_test, task.y_test)[long_sequences.SCORE]
    assert loss == pytest.approx(10 * np.log(8) / 40, rel=0.01)
    copied = linear.estimator.fit(task.X, task.y)
    assert task.score(copied, task.X_test, task.y_test)[long_sequences.SCORE] < 0.05 * loss


def test_windows_of_a_text_overlap_by_what_does_not_count():
    text = np.arange(400)
    found = characters.windows(text)
    assert found.shape == (3, characters.N_STEPS)
    counted = found[:, characters.WARM_UP :].ravel()
    np.testing.assert_array_equal(counted, np.arange(characters.WARM_UP, 350))


def test_grams_forecast_from_the_characters_before():
    text = np.tile([1, 2, 1, 3], 300)
    X, y = characters.windows(text[:-1]), characters.windows(text[1:])
    costs = []
    for order in (1, 2, 3):
        model = characters.Grams(order).fit(X, y)
        probabilities = model.predict_proba(X[:2])
        np.testing.assert_allclose(probabilities.sum(axis=2), 1)
        places = np.searchsorted(model.classes_, y[:2])
        given = np.take_along_axis(probabilities, places[..., None], axis=2)[..., 0]
        costs.append(characters.bits(given))
    # half of the letters are 1; after 1 comes 2 or 3; with the letter before it is known
    assert costs == pytest.approx([1.5, 0.5, 0.0], abs=0.05)


def test_sentences_are_pieces_of_the_last_words():
    found = imdb.sentences([np.arange(70), np.arange(3)], n_words=60)
    assert [[len(piece) for piece in review] for review in found] == [[25, 25, 10], [3]]
    np.testing.assert_array_equal(np.concatenate(found[0]), np.arange(10, 70))


def test_jena_has_the_protocol_of_the_book(monkeypatch):
    rng = np.random.default_rng(0)
    data = pd.DataFrame(rng.normal(size=(420_551, 2)), columns=["p (mbar)", "T (degC)"])
    monkeypatch.setattr(jena, "read_jena", lambda **_: Bunch(data=data))
    parts = jena.tasks(jena.PLANS["usual"], False)["Jena"]()
    assert len(parts.X) == 300_000
    assert parts.also.keywords["n_train"] == 200_000
    assert len(parts.X_test) == 120_551
    windows = parts.models[1].estimator[0].fit(parts.X)
    windows = windows.transform(parts.X_test)  # knows the rows before
    assert windows.shape == (120_551, 120, 2)
    backs = 144 + 6 * np.arange(119, -1, -1)
    expected = data.to_numpy(np.float32)[300_000 - backs]
    np.testing.assert_array_equal(windows[0], expected)
    persistence = parts.models[1].estimator.fit(parts.X, parts.y)
    yesterday = parts.score(persistence, parts.X_test, parts.y_test) | parts.also(persistence)
    for measure in ("MAE", "validation MAE"):
        assert yesterday[measure] == pytest.approx(2 / np.sqrt(np.pi), rel=0.01)


def test_settings_of_jena_are_chosen_on_the_rows_for_validation():
    X = np.linspace(-1, 1, 40)[:, None]
    y = np.where(np.arange(40) < 20, X.ravel() + 0.5, 0.0)  # there is a slope only in training
    later = partial(jena.validated, X=X, y=y, n_train=20, deviation=1.0)
    free, fixed = Model("free", Ridge(), {"alpha": [0.0, 1e9]}), Model("fixed", Ridge())
    task = Task("task", X[:20], y[:20], X[20:], y[20:] + 9, [free, fixed], also=later)
    (chosen,) = jena.choose([task], None, Cache())
    first, second = chosen.models
    assert second == fixed
    assert first.is_chosen
    assert first.grid == free.grid
    errors = [later(Ridge(alpha=a).fit(X[:20], y[:20]))[jena.VALIDATION] for a in (0.0, 1e9)]
    assert first.estimator.alpha == (0.0, 1e9)[int(np.argmin(errors))] == 1e9


def fake_record(*args, as_frame, **kwargs):
    hours = np.arange(700)
    names = ["OT", "temperature_mean", "load"]
    return Bunch(data=pd.DataFrame({n: np.sin(hours / (4 + len(n))) for n in names}))


def fake_letters(subset, **kwargs):
    text = np.tile([1, 2, 1, 3], 300)
    return text[:-1], text[1:]


def fake_digits(subset, **kwargs):
    rng = np.random.default_rng(len(subset))
    y = np.arange(50) % 2
    return rng.integers(0, 100, (50, 784)) + 100 * y[:, None], y


def patched(monkeypatch):
    """Replace what is fetched."""
    monkeypatch.setattr(jena, "fetch_ett", fake_record)
    monkeypatch.setattr(jena, "fetch_debilt", fake_record)
    monkeypatch.setattr(imdb, "fetch_imdb", fake_imdb)
    monkeypatch.setattr(long_sequences, "fetch_mnist", fake_digits)
    monkeypatch.setattr(long_sequences, "fetch_ptb", fake_letters)
    monkeypatch.setattr(
        long_sequences, "fetch_polymusic", lambda name, subset, **_: pieces(len(name + subset))
    )


@pytest.mark.parametrize(("name", "n_tasks"), [("jena", 4), ("tcn", 8), ("imdb", 2)])
def test_quick_run_writes_a_table_for_each_task(name, n_tasks, elsewhere, monkeypatch, capsys):
    patched(monkeypatch)
    command.main([name, "--quick"])
    text = capsys.readouterr().out
    runs = pd.read_csv(next(elsewhere.glob("*/*.csv")))
    assert runs["task"].nunique() == n_tasks
    tables = [t for t in text.split("\n\n") if t.startswith("| model")]
    for table, (_, of_task) in zip(tables, runs.groupby("task", sort=False), strict=True):
        rows = [line.split("|")[1].strip() for line in table.splitlines()[2:]]
        assert rows == [*dict.fromkeys(of_task["model"])]
    assert list(elsewhere.glob("*/*.png"))


def test_without_files_the_made_up_tasks_are_run_alone(elsewhere, capsys):
    command.main(["tcn", "--quick"])
    text = capsys.readouterr().out
    assert "Without MNIST, permuted MNIST, chorales, Nottingham, characters: no files." in text
    assert pd.read_csv(next(elsewhere.glob("*/*.csv")))["task"].nunique() == 3


def test_jena_without_files_says_so(elsewhere, capsys):
    command.main(["jena", "--quick"])
    assert "Nothing was run: there are no files of Jena, ETTh1" in capsys.readouterr().out


@pytest.mark.parametrize("name", OF_MANY_TABLES)
def test_all_tables_of_results_come_from_the_fits(name):
    runs = pd.read_csv(RESULTS / f"{name}.csv")
    text = (RESULTS / f"{name}.md").read_text(encoding="utf-8")
    tables = [t for t in text.split("\n\n") if t.startswith("| model")]
    measure = runs.columns[3]
    for table, (_, of_task) in zip(tables, runs.groupby("task", sort=False), strict=True):
        rows = [[c.strip() for c in line.split("|")[1:-1]] for line in table.splitlines()[2:]]
        told = {row[0]: float(row[1].partition(" ")[0]) for row in rows}
        means = of_task.groupby("model")[measure].mean()
        assert told == pytest.approx(means.to_dict(), rel=6e-3, abs=6e-4)


def test_nets_of_a_task_are_of_one_size():
    runs = pd.read_csv(RESULTS / "tcn.csv")
    for _, of_task in runs[runs["seed"].notna()].groupby("task"):
        assert of_task["n_parameters"].max() < 1.15 * of_task["n_parameters"].min()
