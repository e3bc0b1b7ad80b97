"""Successive halving of epochs beside a full grid, on NYSE: what it takes and what it costs."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pandas as pd
from sklearn.experimental import enable_halving_search_cv  # noqa: F401 - scikit-learn needs it
from sklearn.model_selection import GridSearchCV, HalvingGridSearchCV, TimeSeriesSplit
from sklearn.pipeline import make_pipeline

from benchmarks.question import Measurement, sizes
from sklearn_rnn import GRURegressor, LagTransformer
from sklearn_rnn.datasets import load_nyse
from sklearn_rnn.model_selection import SuccessiveHalving

PLANS = sizes(
    n_seeds=(1, 3, 5),
    n_days=(300, None, None),
    most=(9, 27, 54),
    sizes=([2, 3, 4], [4, 8, 16], [4, 8, 16]),
)
TRAININGS: dict[str, dict[str, Any]] = {
    "early stopping": {"early_stopping": True},
    "no early stopping": {"early_stopping": False},
    "one cycle": {"early_stopping": False, "lr_schedule": "onecycle"},
}
FORMS = {"best R2": ".3f", "R2 of its choice": ".3f", "median R2": ".3f"}
FORMS |= {"share of epochs": ".2f", "share of CPU time": ".2f"}


def measure(size: str) -> tuple[pd.DataFrame, dict[str, Any]]:
    plan = PLANS[size]
    data = load_nyse(as_frame=True)
    past = slice(0, plan.n_days or int(data.train.sum()))
    X, y = data.data[past], data.target[past]
    grid = {
        "lagtransformer__n_lags": [3, 5, 10],
        "gruregressor__hidden_size": plan.sizes,
        "gruregressor__learning_rate": [0.001, 0.003, 0.01],
    }
    rows = []
    for training, parameters in TRAININGS.items():
        for seed in range(plan.n_seeds):
            net = GRURegressor(max_epochs=plan.most, random_state=seed, **parameters)
            model = make_pipeline(LagTransformer(5), net)
            folds = {"cv": TimeSeriesSplit(3), "refit": False}
            full, of_full = timed(GridSearchCV(model, grid, **folds), X, y)
            searches = {
                f"SuccessiveHalving, from {least}": SuccessiveHalving(
                    model, grid, min_epochs=least, **folds
                )
                for least in (1, plan.most // 9, plan.most // 3)
            }
            searches["HalvingGridSearchCV, from 1"] = HalvingGridSearchCV(
                model,
                grid,
                resource="gruregressor__max_epochs",
                min_resources=1,
                max_resources=plan.most,
                **folds,
            )
            for name, search in searches.items():
                found, seconds = timed(search, X, y)
                rows.append([training, name, seed, *beside(full, found), seconds / of_full])
    header = ["training", "search", "seed", "rank", "R2", "best", "median", "epochs", "CPU time"]
    return pd.DataFrame(rows, columns=header), {"n": 27, "most": plan.most, "days": len(y)}


def timed(search: Any, X: Any, y: Any) -> tuple[Any, float]:
    """Return the fitted search and the seconds of the processor."""
    begun = time.process_time()
    return search.fit(X, y), time.process_time() - begun


def beside(full: GridSearchCV, found: Any) -> list[float]:
    """Return rank and R2, in the full grid, of what a search takes, and its share of the epochs.

    The epochs are those that may be run: early stopping ends some before.
    """
    scores, params = full.cv_results_["mean_test_score"], full.cv_results_["params"]
    chosen = {name: value for name, value in found.best_params_.items() if name in params[0]}
    score = scores[params.index(chosen)]
    goes_on = isinstance(found, SuccessiveHalving)
    epochs = np.diff([0, *found.n_resources_]) if goes_on else found.n_resources_
    share = np.dot(found.n_candidates_, epochs) / (len(params) * found.n_resources_[-1])
    return [int((scores > score).sum()) + 1, score, scores.max(), np.median(scores), share]


def facts(table: pd.DataFrame, kept: Any) -> dict[str, Any]:
    of = table.groupby(["training", "search"], sort=False)
    means = of[["R2", "best", "median", "epochs", "CPU time"]].mean()
    lines = pd.concat([of["rank"].agg(lambda r: ", ".join(map(str, r))), means], axis=1)
    lines = lines.rename(
        columns={
            **{"rank": "rank of its choice, by seed", "R2": "R2 of its choice", "best": "best R2"},
            **{"median": "median R2", "epochs": "share of epochs", "CPU time": "share of CPU time"},
        }
    )
    least = kept["most"] // 9
    ours, every = (
        table[table["search"] == f"SuccessiveHalving, from {n}"].set_index("training")
        for n in (least, 1)
    )
    return {"lines": lines.reset_index(), "ours": ours, "all": every, "default": least}


QUESTION = Measurement(measure, facts)
