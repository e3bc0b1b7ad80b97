"""Classical models and nets on the same folds of six data sets, by `compare_models`."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from io import StringIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import joblib
import pandas as pd
from sklearn.compose import ColumnTransformer, make_column_selector
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.ensemble import RandomForestRegressor
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import KFold, StratifiedKFold, TimeSeriesSplit
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler

import sklearn_rnn as rnn
from benchmarks.harness.cache import CACHE, Cache
from benchmarks.harness.models import of_lags
from benchmarks.harness.season import SEASON, mean_of_the_month, with_season
from benchmarks.harness.words import FIRST_WORD, N_WORDS, bag_of_words, lasso, last_words
from benchmarks.question import Measurement, load, sizes
from benchmarks.report import tables
from benchmarks.report.pictures import NET, SIMPLE, Gain, Scores, draw_gains, draw_scores
from sklearn_rnn import datasets
from sklearn_rnn.model_selection import Comparison, compare_models

# The setting of the first example of README.md; small data have few batches in an epoch.
CYCLE = {"learning_rate": 0.01, "lr_schedule": "onecycle"}
EPOCHS, EPOCHS_OF_SMALL, SMALL = 20, 100, 2000
LAST_WORDS = 400
READER = {"embedding_dim": 32, "pooling": "mean", "dropout": 0.5, "max_epochs": 3}
KEPT = CACHE / "worth_it.jsonl"  # by data set
AXIS = "reduction of the error of the best classical model by the best net, %; with 95 % interval"
TAKE = {True: "take the net", False: "take a classical model"}
MEASURES = {
    "r2": "R2, the share of the variance that is forecast",
    "accuracy": "share of the reviews with the right label",
    "neg_mean_absolute_error": "minus the mean absolute error, thousands of dollars",
}
COLUMNS = ["mean", "std_folds", "std_seeds", "n_parameters", "fit_seconds"]
COLUMNS += ["vs_best", "vs_best_low", "vs_best_high", "vs_best_p", "vs_best_p_dm"]
DIGITS = {"mean": ".4g", "n_parameters": ".0f", "fit_seconds": ".2f", "message": ""}
PLANS = sizes(
    n_folds=(2, 5, 10),
    n_seeds=(1, 3, 10),
    n_rows=(250, None, None),  # at most so many
    n_reviews=(250, 10_000, None),
    max_epochs=(2, None, None),  # in place of those above
)


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


def training(plan: Any, n_rows: int) -> dict[str, Any]:
    epochs = plan.max_epochs or (EPOCHS if n_rows >= SMALL else EPOCHS_OF_SMALL)
    return {**CYCLE, "max_epochs": epochs}


def nyse(plan: Any, **fetching: Any) -> Problem:
    data = datasets.load_nyse(as_frame=True, day_of_week=True).data
    about = "Log volume of a day, from 3 series of the 5 days before and the days of the week."
    return forecast("NYSE volume", about, data, "log_volume", 5, plan, list(data.columns[3:]), None)


def oxford(plan: Any, **fetching: Any) -> Problem:
    station = datasets.fetch_climate(as_frame=True, **fetching)
    data = station.data[~station.provisional]["1929":]
    about = "Mean daily maximum temperature of a month from 1929 on, from 5 series"
    return monthly("Oxford temperature", about, station, data, "tmax", plan)


def debilt(plan: Any, **fetching: Any) -> Problem:
    station = datasets.fetch_debilt(as_frame=True, **fetching)
    data = station.data["2000":"2022"].dropna()
    about = "Mean temperature of a month from 2000 on, from 6 series"
    return monthly("De Bilt temperature", about, station, data, "temperature_mean", plan)


def etth1(plan: Any, **fetching: Any) -> Problem:
    data = datasets.fetch_ett(as_frame=True, **fetching).data
    about = "Oil temperature of a transformer, from 7 series of the 24 hours before."
    return forecast("ETTh1 oil temperature", about, data, "OT", 24, plan, None, None)


def monthly(name: str, about: str, station: Any, data: Any, target: str, plan: Any) -> Problem:
    """Return a forecast of a month, with the classical models of a series that has a season."""
    data = with_season(data)
    same_month = rnn.PersistenceRegressor(channel=list(data.columns).index(target), season=12)
    seasonal = {
        "same month last year": make_pipeline(rnn.LagTransformer(12), same_month),
        "mean of the month": mean_of_the_month(),
        "AR(12), lag 24": rnn.make_ar(12, seasonal_lags=[24], exogenous=SEASON),
    }
    editions = [f"{file} has the SHA-256 {sha[:12]}." for file, sha in station.sha256.items()]
    about = " ".join([f"{about} of the 12 months before and the season.", *editions])
    return forecast(name, about, data, target, 12, plan, SEASON, seasonal)


def forecast(
    name: str, about: str, data: Any, target: str, n_lags: int, plan: Any, known: Any, usual: Any
) -> Problem:
    """Return the problem to forecast a column from the rows before it, and what is known ahead.

    `usual` are the classical models beside the mean, the lasso and the ridge regression; None is
    persistence and AR.
    """
    data = data[: plan.n_rows]
    last = rnn.PersistenceRegressor(channel=list(data.columns).index(target))
    usual = usual or {
        "persistence": make_pipeline(rnn.LagTransformer(1), last),
        f"AR({n_lags})": rnn.make_ar(n_lags, known_ahead=known),
    }
    classical = {
        "mean": DummyRegressor(),
        **usual,
        "lasso": rnn.make_lasso(n_lags, known_ahead=known),
        "ridge, last": rnn.make_linear(n_lags, known_ahead=known, target_channel=target),
    }
    how = training(plan, len(data))
    nets = {
        "dense": rnn.DenseRegressor(**how),
        "LSTM": rnn.LSTMRegressor(**how),
        "linear + dense": rnn.DenseRegressor(linear_skip=True, **how),
        "linear + dense, last": rnn.DenseRegressor(linear_skip=True, standardize="last", **how),
    }
    nets = {net: of_lags(model, n_lags, known) for net, model in nets.items()}
    folds = TimeSeriesSplit(plan.n_folds, test_size=len(data) // 2 // plan.n_folds)
    return Problem(name, about, data, data[target], classical, nets, folds)


def hitters(plan: Any, **fetching: Any) -> Problem:
    X, y = datasets.load_hitters(return_X_y=True, as_frame=True)
    how = training(plan, len(X))

    def table(model: Any) -> Pipeline:
        labels = make_column_selector(dtype_exclude="number")
        encode = [("labels", OneHotEncoder(drop="first", sparse_output=False), labels)]
        columns = ColumnTransformer(encode, remainder="passthrough")
        return make_pipeline(columns, StandardScaler(), model)

    nets = {
        "dense": rnn.DenseRegressor(**how),
        "dense, dropout": rnn.DenseRegressor(hidden_layer_sizes=(50,), dropout=0.4, **how),
        "linear + dense": rnn.DenseRegressor(linear_skip=True, **how),
    }
    classical = {
        "mean": DummyRegressor(),
        "OLS": table(LinearRegression()),
        "lasso": table(rnn.LagElasticNetCV(cv=KFold(plan.n_folds))),
        "forest": table(RandomForestRegressor()),
    }
    about = (
        "Salary of a player, from 19 columns; absolute errors in thousands of dollars. The net "
        "with dropout has the units of ISLP. A first run was without the forest, which was added "
        "when a net had beaten the linear models: is it the net, or any model that is not linear?"
    )
    folds = KFold(2 * plan.n_folds, shuffle=True, random_state=0)
    nets = {name: table(net) for name, net in nets.items()}
    return Problem("Hitters salary", about, X, y, classical, nets, folds, "neg_mean_absolute_error")


def imdb(plan: Any, **fetching: Any) -> Problem:
    data = datasets.fetch_imdb("tokens", num_words=FIRST_WORD + N_WORDS, **fetching)
    X, y = data.data[: plan.n_reviews], data.target[: plan.n_reviews]
    how = training(plan, len(X))
    words = FunctionTransformer(bag_of_words)
    dense_words = FunctionTransformer(bag_of_words, kw_args={"dense": True})
    ends = FunctionTransformer(last_words, kw_args={"n_words": LAST_WORDS})
    classical = {
        "most frequent": make_pipeline(words, DummyClassifier()),
        "lasso logistic": lasso(words, [0.03, 0.1, 0.3, 1.0]),
    }
    nets = {
        "dense": make_pipeline(dense_words, rnn.DenseClassifier(**how)),
        "dense, dropout": make_pipeline(dense_words, rnn.DenseClassifier(dropout=0.5, **how)),
        "GRU": make_pipeline(ends, rnn.GRUClassifier(**how | READER)),
    }
    about = (
        f"Positive or negative, of {len(X)} reviews, from which of the {N_WORDS} most frequent "
        "words they hold; the GRU reads the words in their order."
    )
    folds = StratifiedKFold(plan.n_folds, shuffle=True, random_state=0)
    return Problem("IMDB reviews", about, X, y, classical, nets, folds, "accuracy")


def measure(size: str) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Compare on every data set; return all runs, and what they do not tell."""
    plan, quick = PLANS[size], size == "quick"
    fetching, cache = {"download_if_missing": not quick}, Cache(None if quick else KEPT)
    makers = (nyse, oxford, debilt, etth1, hitters, imdb)
    problems, absent = load({make.__name__: partial(make, plan, **fetching) for make in makers})
    runs, kept = zip(*(compared(problem, plan, cache) for problem in problems), strict=True)
    return pd.concat(runs), {"n_seeds": plan.n_seeds, "absent": absent, "problems": list(kept)}


def compared(problem: Problem, plan: Any, cache: Cache) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Return what `compare` does, from an earlier run if there was one."""
    key = str(joblib.hash([rnn.__version__, problem, plan]))
    if key not in cache:
        runs, kept = compare(problem, plan)
        cache[key] = [runs.to_csv(index=False), kept]
    runs, kept = cache[key]
    return pd.read_csv(StringIO(runs)), kept


def compare(problem: Problem, plan: Any) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Let the models of a problem compete, one run at a time so that seconds can be compared."""
    print(f"-- {problem.name}", flush=True)
    begin = time.perf_counter()
    models, how = {**problem.classical, **problem.nets}, {"cv": problem.cv, "n_jobs": 1}
    found = compare_models(
        models, problem.X, problem.y, scoring=problem.scoring, seeds=plan.n_seeds, **how
    )
    kept = {name: getattr(problem, name) for name in ("name", "about", "scoring")}
    kept |= {name: getattr(found, name) for name in ("loss", "horizon", "test_share")}
    kept |= {"classical": list(problem.classical), "verdict": found.verdict()}
    kept["minutes"] = (time.perf_counter() - begin) / 60
    runs = found.runs.round(9).drop(columns="complexity")
    runs.insert(0, "data", problem.name)
    answer = answered(runs, kept)
    pairs = {name: (name, found.best) for name in models if name != found.best}
    p_values = {name: found.difference(*of)["p_diebold_mariano"] for name, of in pairs.items()}
    gain = found.difference(answer.net, answer.best_classical)["p_diebold_mariano"]
    of_rows = (found.losses[answer.net] - found.losses[answer.best_classical]).autocorr()
    return runs, kept | {"p_rows": p_values, "p_rows_of_gain": gain, "row_to_row": float(of_rows)}


def answered(runs: pd.DataFrame, kept: Mapping[str, Any]) -> SimpleNamespace:
    """Return what came of a problem: the best of both kinds, the gain, and what to take.

    The gain is also told as a share of the error of the best classical model, in per cent. The
    error is 1 - R2 (squared errors, relative to their variance), the share of wrong labels, or the
    mean absolute error.
    """
    names, runs = list(dict.fromkeys(runs["model"])), runs.assign(complexity=runs["n_parameters"])
    how = {name: kept[name] for name in ("scoring", "loss", "horizon", "test_share")}
    comparison = Comparison(names, runs, pd.DataFrame(), **how)
    means = comparison.scores.mean()[comparison.failures == 0]
    is_classical = means.index.isin(kept["classical"])
    classical, net = str(means[is_classical].idxmax()), str(means[~is_classical].idxmax())
    gain, score = comparison.difference(net, classical), means[classical]
    error = -score if kept["scoring"].startswith("neg_") else 1 - score
    percent = [100 * gain[name] / error for name in ("score", "low", "high")]
    take = comparison.simplest_as_good()
    row = f"{kept['name']}\n{net} against {classical}"
    return SimpleNamespace(
        **{**kept, "comparison": comparison, "means": means, "gain": gain, "take": take},
        **{"best_classical": classical, "net": net},
        scores=comparison.scores[list(means.index)],
        percent=Gain(row, *percent, TAKE[take not in kept["classical"]]),
        file=f"worth_it-{kept['name'].replace(' ', '-')}.png",
    )


def answers(runs: pd.DataFrame, kept: Any) -> list[SimpleNamespace]:
    return [answered(runs[runs["data"] == of["name"]], of) for of in kept["problems"]]


def facts(runs: pd.DataFrame, kept: Any) -> dict[str, Any]:
    return {"answers": answers(runs, kept)}


def interval(difference: Any) -> str:
    """Return a difference of scores with its interval."""
    values = [difference[name] for name in ("score", "low", "high")]
    score, low, high = (f"{v:+.0f}" if abs(v) >= 100 else f"{v:+.2g}" for v in values)
    return f"{score} ({low} to {high})"


def table(answer: SimpleNamespace) -> str:
    """Return the table of one comparison: the columns of `to_frame` that tell most."""
    frame = answer.comparison.to_frame()
    frame["vs_best_p_dm"] = pd.Series(answer.p_rows, dtype=float)
    names = [*COLUMNS, "failures", "message"] if frame["failures"].any() else COLUMNS
    return tables.frame(frame[names].reset_index(), {n: DIGITS.get(n, ".3g") for n in names})


def draw(to: Path, runs: pd.DataFrame, kept: Any) -> None:
    found = answers(runs, kept)
    n_taken = sum(a.percent.kind == TAKE[True] for a in found)
    title = f"Is the net worth it? A net is recommended on {n_taken} of {len(found)} data sets"
    how: dict[str, Any] = {"form": "+.1f", "sides": ("net worse", "net better")}
    panels = {"": [a.percent for a in found]}
    colours = {TAKE[True]: "C0", TAKE[False]: "C1"}
    draw_gains(to / "worth_it.png", title, [AXIS], panels, colours, **how)
    for a in found:
        rows = [
            Scores(m, f"{SIMPLE if m in a.classical else NET} (small dots: folds)", a.scores[m])
            for m in a.scores
        ]
        label = f"{MEASURES[a.scoring]} (line: {a.best_classical})"
        title = f"{a.name}: the model to take is {a.take}"
        draw_scores(to / a.file, title, label, {"": rows}, line=a.best_classical)


QUESTION = Measurement(measure, facts, draw)
