"""Is the net worth it? Shares traded, weather, electricity, salaries and film reviews.

On each data set classical models and nets are held against each other on the same folds, by
`sklearn_rnn.model_selection.compare_models`, and the verdicts are its own. The second half of a
series is forecast part by part, one row ahead, by models trained on all rows before the part.
The nets have settings that were fixed before anything was run here, but that a linear skip ends
half-way to the best epoch was decided on the test years of NYSE.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd
from sklearn.base import clone
from sklearn.compose import ColumnTransformer, make_column_selector
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.ensemble import RandomForestRegressor
from sklearn.linear_model import LassoCV, LinearRegression, LogisticRegression
from sklearn.model_selection import GridSearchCV, KFold, StratifiedKFold, TimeSeriesSplit
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler

from benchmarks.harness.season import SEASON, mean_of_the_month, with_season
from benchmarks.harness.words import FIRST_WORD, LASSO, N_WORDS, bag_of_words, last_words
from benchmarks.report.pictures import Gain, draw_gains, save
from benchmarks.report.tables import markdown
from benchmarks.report.writer import RESULTS, environment, folder, write_report
from sklearn_rnn import (
    DenseClassifier,
    DenseRegressor,
    GRUClassifier,
    LagTransformer,
    LSTMRegressor,
    PersistenceRegressor,
    make_ar,
)
from sklearn_rnn.datasets import (
    fetch_climate,
    fetch_debilt,
    fetch_ett,
    fetch_imdb,
    load_hitters,
    load_nyse,
)
from sklearn_rnn.model_selection import Comparison, compare_models

# The setting of the first example of README.md; small data have few batches in an epoch.
CYCLE = {"learning_rate": 0.01, "lr_schedule": "onecycle"}
EPOCHS = 20
EPOCHS_OF_SMALL = 100
SMALL = 2000
LAST_WORDS = 400
READER = {"embedding_dim": 32, "pooling": "mean", "dropout": 0.5, "max_epochs": 3}
SETTINGS = f"""\
Nets: learning_rate={CYCLE["learning_rate"]}, lr_schedule="{CYCLE["lr_schedule"]}", {EPOCHS} \
epochs ({EPOCHS_OF_SMALL} where there are fewer than {SMALL} rows), and else the defaults: 32 \
units, alpha=0.001, and of 500 training rows or more a tenth set aside to choose the best epoch. \
The GRU reads the last {LAST_WORDS} words of a review, with \
{", ".join(f"{name}={value!r}" for name, value in READER.items())}, the best of eight settings on \
reviews that the usual size leaves out. Size: {{size}}, seeds: {{seeds}}, from 0."""
NOTES = """\
The gain is the score of the best net less that of the best classical model, both the best by \
their means over these same folds: the best of several nets owes a part of its gain to luck. The \
interval and the first p value are those of the corrected t test over folds, the second p value \
is that of Diebold and Mariano over rows, which takes the differences of the losses of rows as \
uncorrelated: where their correlation from row to row is far from zero, it is too small. The \
error that is cut is 1 - R2, the share of wrong labels, or the mean absolute error. What to take \
is the simplest model within one standard error of its difference to the best in the same folds, \
the rule of `compare_models`. In the tables below, columns that begin with vs_best are the \
difference to the best model, its interval and both p values."""
AXIS = "reduction of the error of the best classical model by the best net, %; with 95 % interval"
TAKE_NET, TAKE_CLASSICAL = "take the net", "take a classical model"


@dataclass(frozen=True)
class Plan:
    """What a size of the benchmark does."""

    n_folds: int = 5
    n_seeds: int = 3
    n_rows: int | None = None  # at most so many
    n_reviews: int | None = 10_000
    max_epochs: int | None = None  # in place of the settings above

    def training(self, n_rows: int) -> dict[str, Any]:
        """Return the training of every net."""
        epochs = EPOCHS if n_rows >= SMALL else EPOCHS_OF_SMALL
        return {**CYCLE, "max_epochs": self.max_epochs or epochs}


PLANS = {
    "quick": Plan(n_folds=2, n_seeds=1, n_rows=250, n_reviews=250, max_epochs=2),
    "usual": Plan(),
    "full": Plan(n_folds=10, n_seeds=10, n_reviews=None),
}


@dataclass(frozen=True)
class Problem:
    """Data, the models that compete on them, and the folds."""

    name: str
    about: str
    X: Any
    y: Any
    classical: dict[str, Any]
    nets: dict[str, Any]
    cv: Any
    scoring: str = "r2"


@dataclass(frozen=True)
class Answer:
    """What came of a problem, and how long it took."""

    problem: Problem
    comparison: Comparison
    seconds: float

    def best_of(self, names: Sequence[str]) -> str:
        """Return which of some models has the best mean score, of those that never failed."""
        failures = self.comparison.failures
        complete = [name for name in names if not failures[name]]
        return str(self.comparison.scores[complete].mean().idxmax())

    @cached_property
    def classical(self) -> str:
        """The best classical model."""
        return self.best_of([*self.problem.classical])

    @cached_property
    def net(self) -> str:
        """The best net."""
        return self.best_of([*self.problem.nets])

    @cached_property
    def difference(self) -> pd.Series[float]:
        """By how much the best net is better than the best classical model, with the tests."""
        return self.comparison.difference(self.net, self.classical)

    @cached_property
    def correlation(self) -> float:
        """How the differences of the losses of two successive rows correlate."""
        losses = self.comparison.losses
        return float((losses[self.net] - losses[self.classical]).autocorr())

    @cached_property
    def takes_net(self) -> bool:
        """Whether the comparison says to take a net."""
        return self.comparison.simplest_as_good() in self.problem.nets

    @cached_property
    def gain(self) -> Gain:
        """The difference as a share of the error of the best classical model, in per cent.

        The error is 1 - R2 (squared errors, relative to their variance), the share of wrong
        labels, or the mean absolute error.
        """
        score = float(self.comparison.scores[self.classical].mean())
        error = -score if self.problem.scoring.startswith("neg_") else 1 - score
        percent = [100 * self.difference[name] / error for name in ("score", "low", "high")]
        row = f"{self.problem.name}\n{self.net} against {self.classical}"
        return Gain(row, *percent, TAKE_NET if self.takes_net else TAKE_CLASSICAL)


def answer(problem: Problem, plan: Plan) -> Answer:
    """Let the models of a problem compete, one run at a time so that seconds can be compared."""
    begin = time.perf_counter()
    comparison = compare_models(
        {**problem.classical, **problem.nets},
        problem.X,
        problem.y,
        cv=problem.cv,
        scoring=problem.scoring,
        seeds=plan.n_seeds,
        n_jobs=1,
    )
    return Answer(problem, comparison, time.perf_counter() - begin)


def nyse(plan: Plan, fetching: dict[str, Any]) -> Problem:
    """Trading volume, from five days and the day of the week."""
    data = load_nyse(as_frame=True, day_of_week=True).data
    about = "Log volume of a day, from 3 series of the 5 days before and the days of the week."
    return forecast("NYSE volume", about, data, "log_volume", 5, plan, known=list(data.columns[3:]))


def oxford(plan: Plan, fetching: dict[str, Any]) -> Problem:
    """Temperature of a month at Oxford."""
    station = fetch_climate(as_frame=True, **fetching)
    data = with_season(station.data[~station.provisional]["1929":])
    about = (
        "Mean daily maximum temperature of a month from 1929 on, from 5 series of the 12 months "
        f"before and the season. {sums(station)}"
    )
    return monthly("Oxford temperature", about, data, "tmax", plan)


def debilt(plan: Plan, fetching: dict[str, Any]) -> Problem:
    """Temperature of a month at De Bilt."""
    station = fetch_debilt(as_frame=True, **fetching)
    about = (
        "Mean temperature of a month from 2000 on, from 6 series of the 12 months before and the "
        f"season. {sums(station)}"
    )
    data = with_season(station.data["2000":"2022"].dropna())
    return monthly("De Bilt temperature", about, data, "temperature_mean", plan)


def etth1(plan: Plan, fetching: dict[str, Any]) -> Problem:
    """Oil temperature of a transformer, an hour ahead."""
    data = fetch_ett(as_frame=True, **fetching).data
    about = "Oil temperature of a transformer, from 7 series of the 24 hours before."
    return forecast("ETTh1 oil temperature", about, data, "OT", 24, plan)


def monthly(name: str, about: str, data: pd.DataFrame, target: str, plan: Plan) -> Problem:
    """Return a forecast of a month, with the classical models of a series that has a season."""
    same_month = PersistenceRegressor(channel=list(data.columns).index(target), season=12)
    seasonal = {
        "same month last year": make_pipeline(LagTransformer(12), same_month),
        "mean of the month": mean_of_the_month(),
        "AR(12), lag 24": make_ar(12, seasonal_lags=[24], exogenous=SEASON),
    }
    return forecast(name, about, data, target, 12, plan, known=SEASON, classical=seasonal)


def forecast(
    name: str,
    about: str,
    data: pd.DataFrame,
    target: str,
    n_lags: int,
    plan: Plan,
    *,
    known: list[str] | None = None,
    classical: dict[str, Any] | None = None,
) -> Problem:
    """Return the problem to forecast a column from the rows before it."""
    data = data[: plan.n_rows]
    last = PersistenceRegressor(channel=list(data.columns).index(target))
    usual = {
        "persistence": make_pipeline(LagTransformer(1), last),
        f"AR({n_lags})": make_ar(n_lags, known_ahead=known),
    }
    lasso = LassoCV(cv=TimeSeriesSplit(plan.n_folds), max_iter=20_000)
    training = plan.training(len(data))
    nets = {
        "dense": DenseRegressor(**training),
        "LSTM": LSTMRegressor(**training),
        "linear + dense": DenseRegressor(linear_skip=True, **training),
    }

    windows = LagTransformer(n_lags, known_ahead=known)
    flat = clone(windows).set_params(flatten=True)
    return Problem(
        name,
        about,
        data,
        data[target],
        {"mean": DummyRegressor(), **(classical or usual), "lasso": scaled(flat, lasso)},
        {net: scaled(windows, model) for net, model in nets.items()},
        TimeSeriesSplit(plan.n_folds, test_size=len(data) // 2 // plan.n_folds),
    )


def scaled(windows: LagTransformer, model: Any) -> Pipeline:
    """Return a model of windows of standardised series."""
    return make_pipeline(StandardScaler().set_output(transform="pandas"), windows, model)


def sums(fetched: Any) -> str:
    """Say which edition of the data it is."""
    return " ".join(f"{name} has the SHA-256 {sha[:12]}." for name, sha in fetched.sha256.items())


def hitters(plan: Plan, fetching: dict[str, Any]) -> Problem:
    """Salaries of baseball players."""
    X, y = load_hitters(return_X_y=True, as_frame=True)
    training = plan.training(len(X))

    def table(model: Any) -> Pipeline:
        labels = make_column_selector(dtype_exclude="number")
        encode = [("labels", OneHotEncoder(drop="first", sparse_output=False), labels)]
        columns = ColumnTransformer(encode, remainder="passthrough")
        return make_pipeline(columns, StandardScaler(), model)

    nets = {
        "dense": DenseRegressor(**training),
        "dense, dropout": DenseRegressor(hidden_layer_sizes=(50,), dropout=0.4, **training),
        "linear + dense": DenseRegressor(linear_skip=True, **training),
    }
    classical = {
        "mean": DummyRegressor(),
        "OLS": table(LinearRegression()),
        "lasso": table(LassoCV(cv=plan.n_folds, max_iter=20_000)),
        "forest": table(RandomForestRegressor()),
    }
    return Problem(
        "Hitters salary",
        "Salary of a player, from 19 columns; absolute errors in thousands of dollars. The net "
        "with dropout has the units of ISLP. A first run was without the forest, which was added "
        "when a net had beaten the linear models: is it the net, or any model that is not linear?",
        X,
        y,
        classical,
        {name: table(net) for name, net in nets.items()},
        KFold(2 * plan.n_folds, shuffle=True, random_state=0),
        "neg_mean_absolute_error",
    )


def imdb(plan: Plan, fetching: dict[str, Any]) -> Problem:
    """Film reviews, positive or negative."""
    data = fetch_imdb("tokens", num_words=FIRST_WORD + N_WORDS, **fetching)
    X, y = data.data[: plan.n_reviews], data.target[: plan.n_reviews]
    training = plan.training(len(X))
    reading = training | READER
    words = FunctionTransformer(bag_of_words)
    ends = FunctionTransformer(last_words, kw_args={"n_words": LAST_WORDS})
    dense_words = FunctionTransformer(bag_of_words, kw_args={"dense": True})
    logistic = LogisticRegression(solver="liblinear", random_state=0, **LASSO)
    lasso = GridSearchCV(logistic, {"C": [0.03, 0.1, 0.3, 1.0]}, cv=3)
    nets = {
        "dense": make_pipeline(dense_words, DenseClassifier(**training)),
        "dense, dropout": make_pipeline(dense_words, DenseClassifier(dropout=0.5, **training)),
        "GRU": make_pipeline(ends, GRUClassifier(**reading)),
    }
    return Problem(
        "IMDB reviews",
        f"Positive or negative, of {len(X)} reviews, from which of the {N_WORDS} most frequent "
        "words they hold; the GRU reads the words in their order.",
        X,
        y,
        {
            "most frequent": make_pipeline(words, DummyClassifier()),
            "lasso logistic": make_pipeline(words, lasso),
        },
        nets,
        StratifiedKFold(plan.n_folds, shuffle=True, random_state=0),
        "accuracy",
    )


def conclusion(answers: Sequence[Answer]) -> str:
    """Say on how many of the data sets a net is to be taken, and where the gain is clear."""
    taken = [a.problem.name for a in answers if a.takes_net]
    clear = [a.problem.name for a in answers if a.gain.low > 0]
    worse = [a.problem.name for a in answers if a.gain.high < 0]
    return (
        f"A net is to be taken on {len(taken)} of {len(answers)} data sets"
        f"{': ' * bool(taken)}{', '.join(taken)}. The best net is better than the best classical "
        f"model, its 95 % interval above zero, on {', '.join(clear) or 'none'}, and worse, the "
        f"interval below zero, on {', '.join(worse) or 'none'}."
    )


def gains(answer: Answer) -> str:
    """Say what the best net gains on each of the classical models, with 95 % intervals."""
    texts = []
    for name in answer.problem.classical:
        d = answer.comparison.difference(answer.net, name)
        texts.append(f"{interval(d)} on {name}")
    return f"The best net, {answer.net}, gains {', '.join(texts)}."


def interval(difference: pd.Series[float]) -> str:
    """Return a difference of scores with its interval."""
    values = [difference[name] for name in ("score", "low", "high")]
    score, low, high = (f"{v:+.0f}" if abs(v) >= 100 else f"{v:+.2g}" for v in values)
    return f"{score} ({low} to {high})"


def overview(answers: Sequence[Answer]) -> str:
    """Return the table of all problems."""
    header = ["data", "score", "best classical model", "best net", "gain, 95 % interval"]
    header += ["cuts the error by", "p, folds", "p, rows", "row to row", "take", "minutes"]
    rows = []
    for a in answers:
        mean, gain = a.comparison.scores.mean(), a.difference
        rows.append(
            [
                a.problem.name,
                a.problem.scoring.replace("neg_mean_absolute_error", "-MAE"),
                f"{a.classical} {mean[a.classical]:.4g}",
                f"{a.net} {mean[a.net]:.4g}",
                interval(gain),
                f"{a.gain.value:+.1f} %",
                f"{gain['p_corrected_t']:.2g}",
                f"{gain['p_diebold_mariano']:.2g}",
                f"{a.correlation:.2f}",
                a.comparison.simplest_as_good(),
                f"{a.seconds / 60:.1f}",
            ]
        )
    return markdown(header, rows)


def table(comparison: Comparison) -> str:
    """Return the table of one comparison: the columns of `to_frame` that tell most."""
    frame = comparison.to_frame()
    ends = ["vs_best", "vs_best_low", "vs_best_high", "vs_best_p", "vs_best_p_dm"]
    columns = ["mean", "std_folds", "std_seeds", "n_parameters", "fit_seconds", *ends]
    if frame["failures"].any():
        columns += ["failures", "message"]
    digits = {
        "mean": ".4g",
        "n_parameters": ".0f",
        "fit_seconds": ".2f",
        "message": "",
        "failures": ".0f",
    }
    texts = frame[columns].apply(lambda c: c.map(lambda v: format(v, digits.get(c.name, ".3g"))))
    texts = texts.mask(frame[columns].isna(), "").reset_index()
    return markdown(list(texts.columns), texts.to_numpy().tolist())


class WorthIt:
    """The question, whose experiment is `compare_models`."""

    def answer(self, name: str, docstring: str, size: str) -> None:
        """Compare on every data set; write the table, the verdicts and the pictures."""
        plan, answers, absent = PLANS[size], [], []
        for make in PROBLEMS:
            try:
                problem = make(plan, fetching={"download_if_missing": size != "quick"})
            except FileNotFoundError:
                absent.append(make.__name__)
                continue
            print(f"-- {problem.name}", flush=True)
            answers.append(answer(problem, plan))
        to, sections = folder(size), []
        draw(to / "worth_it.png", [a.gain for a in answers])
        for a in answers:
            problem, file = a.problem, f"worth_it-{a.problem.name.replace(' ', '-')}.png"
            save(a.comparison.plot().figure_, to / file, problem.name)
            sections.append(f"## {problem.name}\n\n{problem.about}")
            sections.append(f"**Verdict.** {a.comparison.verdict()}\n\n{gains(a)}")
            sections += [table(a.comparison), f"![{problem.name}]({file})"]
        runs = pd.concat([a.comparison.runs.assign(data=a.problem.name) for a in answers])
        runs = runs.set_index("data").round(6).drop(columns="complexity")
        runs.to_csv(to / "worth_it.csv", lineterminator="\n")
        minutes = sum(a.seconds for a in answers) / 60
        body = [
            "![Gain of the best net](worth_it.png)",
            overview(answers),
            NOTES,
            SETTINGS.format(seeds=plan.n_seeds, size=size),
            *sections,
            f"*{environment()}. {minutes:.1f} minutes on one core; seconds are of the clock.*",
        ]
        write_report(to / "worth_it.md", docstring, conclusion(answers), body, absent)

    def rewrite(self, name: str, docstring: str) -> None:
        """Draw the picture of the gains anew; the report needs losses that no file keeps."""
        runs = pd.read_csv(RESULTS / "worth_it.csv").assign(error=None)
        runs["complexity"] = runs["n_parameters"]
        told = []
        data = (of_data for _, of_data in runs.groupby("data", sort=False))
        for of_data, make in zip(data, PROBLEMS, strict=False):
            problem = make(PLANS["usual"], fetching={})
            losses = {"losses": pd.DataFrame(), "loss": "", "horizon": 1}
            names, share = list(dict.fromkeys(of_data["model"])), test_share(problem)
            scoring = problem.scoring
            comparison = Comparison(names, of_data, scoring=scoring, test_share=share, **losses)
            told.append(Answer(problem, comparison, 0.0).gain)
        draw(folder("usual") / "worth_it.png", told)


def test_share(problem: Problem) -> float:
    """Return the mean size of the test part of a fold, relative to its training part."""
    folds = problem.cv.split(problem.X, problem.y)
    return sum(len(test) / len(train) for train, test in folds) / problem.cv.get_n_splits()


def draw(path: Path, told: Sequence[Gain]) -> None:
    """Draw the gain on each data set."""
    n_taken = sum(gain.kind == TAKE_NET for gain in told)
    title = f"Is the net worth it? A net is to be taken on {n_taken} of {len(told)} data sets"
    colours = {TAKE_NET: "C0", TAKE_CLASSICAL: "C1"}
    sides = "net worse", "net better"
    draw_gains(path, title, [AXIS], {"": told}, colours, form="+.1f", sides=sides)


PROBLEMS = (nyse, oxford, debilt, etth1, hitters, imdb)
QUESTION = WorthIt()
