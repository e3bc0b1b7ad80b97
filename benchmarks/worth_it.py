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
from typing import Any

import numpy as np
import pandas as pd
import sklearn
from scipy.sparse import csr_matrix
from sklearn.base import clone
from sklearn.compose import ColumnTransformer, make_column_selector
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.ensemble import RandomForestRegressor
from sklearn.linear_model import LassoCV, LinearRegression, LogisticRegression
from sklearn.model_selection import GridSearchCV, KFold, StratifiedKFold, TimeSeriesSplit
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler
from sklearn.utils.fixes import parse_version

from benchmarks import _worth_it_report
from benchmarks._report import folder
from benchmarks._worth_it_report import Answer, Problem
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
from sklearn_rnn.model_selection import compare_models

N_WORDS = 2000
FIRST_WORD = 4  # of the tokens of IMDB; those before are padding, start, unknown and unused
SEASON = ["season_sin", "season_cos"]
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
# The argument was renamed.
NEW = parse_version(sklearn.__version__) >= parse_version("1.8")
LASSO: dict[str, Any] = {"l1_ratio": 1.0} if NEW else {"penalty": "l1"}


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


def main(size: str) -> None:
    """Compare on every data set; write the table, the verdicts and the pictures."""
    plan, answers, absent = PLANS[size], [], []
    for make in (nyse, oxford, debilt, etth1, hitters, imdb):
        try:
            problem = make(plan, fetching={"download_if_missing": size != "quick"})
        except FileNotFoundError:
            absent.append(make.__name__)
            continue
        print(f"-- {problem.name}", flush=True)
        answers.append(answer(problem, plan))
    text = (__doc__ or "").partition("\n\n")[2].strip()
    settings = SETTINGS.format(seeds=plan.n_seeds, size=size)
    _worth_it_report.write(folder(size), answers, text=text, settings=settings, absent=absent)


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
    month = FunctionTransformer(months)
    every = OneHotEncoder(categories=[range(1, 13)], sparse_output=False)
    same_month = PersistenceRegressor(channel=list(data.columns).index(target), season=12)
    seasonal = {
        "same month last year": make_pipeline(LagTransformer(12), same_month),
        "mean of the month": make_pipeline(month, every, LinearRegression()),
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


def with_season(data: pd.DataFrame) -> pd.DataFrame:
    """Add the time of the year."""
    angle = 2 * np.pi * months(data).to_numpy().ravel() / 12
    return data.assign(**dict(zip(SEASON, (np.sin(angle), np.cos(angle)), strict=True)))


def months(data: pd.DataFrame) -> pd.DataFrame:
    """Return the months, 1 to 12, of rows that are indexed by time."""
    return pd.DataFrame({"month": pd.DatetimeIndex(data.index).month}, data.index)


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
    dense_words = FunctionTransformer(bag_of_words, kw_args={"dense": True})
    logistic = LogisticRegression(solver="liblinear", random_state=0, **LASSO)
    lasso = GridSearchCV(logistic, {"C": [0.03, 0.1, 0.3, 1.0]}, cv=3)
    nets = {
        "dense": make_pipeline(dense_words, DenseClassifier(**training)),
        "dense, dropout": make_pipeline(dense_words, DenseClassifier(dropout=0.5, **training)),
        "GRU": make_pipeline(FunctionTransformer(last_words), GRUClassifier(**reading)),
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


def bag_of_words(reviews: Sequence[Any], dense: bool = False) -> Any:
    """Return which words each review holds: ones and zeros, float32."""
    ends = np.cumsum([0, *map(len, reviews)])
    tokens = np.concatenate(list(reviews))
    shape = (len(reviews), FIRST_WORD + N_WORDS)
    counts = csr_matrix((np.ones(len(tokens), dtype=np.float32), tokens, ends), shape)
    counts.sum_duplicates()
    counts.data[:] = 1.0
    bag = counts[:, FIRST_WORD:]
    return bag.toarray() if dense else bag


def last_words(reviews: Sequence[Any]) -> list[Any]:
    """Return the end of each review."""
    return [review[-LAST_WORDS:] for review in reviews]
