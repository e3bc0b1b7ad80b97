"""Salaries of baseball players: nets, linear models and forests on random splits."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from sklearn.compose import TransformedTargetRegressor
from sklearn.dummy import DummyRegressor
from sklearn.ensemble import RandomForestRegressor
from sklearn.linear_model import Lasso, LinearRegression
from sklearn.model_selection import GridSearchCV, KFold, train_test_split
from sklearn.preprocessing import StandardScaler

from benchmarks.harness.models import scaled
from benchmarks.harness.runner import Model, Task
from benchmarks.harness.splits import PLANS, dense, grid_of, splits
from benchmarks.question import Question
from benchmarks.report.splits import SplitsReport
from sklearn_rnn import LagElasticNetCV
from sklearn_rnn.datasets import load_hitters

N_COLUMNS = 19
SETTINGS: dict[str, Any] = {"dropout": [0.0, 0.4], "alpha": [0.01, 0.05, 0.25]}  # of our own nets
PUBLISHED = {
    "ISLP MAE": {"OLS": 259.715, "lasso": 235.675, "net of ISLP": 221.83},
    "ISLR MAE": {"OLS": 254.7, "lasso": 252.3, "net of ISLP": 257.4},
    "ISLR R2": {"OLS": 0.56, "lasso": 0.51, "net of ISLP": 0.54},
}


def tasks(plan: Any, download: bool = False) -> dict[str, Callable[[], Task]]:
    X, y = load_hitters(return_X_y=True, as_frame=True)
    X = pd.get_dummies(X, drop_first=True, dtype=float)
    alphas = penalties(X, y)[:: 1 if plan.n_rows is None else 50]
    return splits(X, y, 1 / 3, [*simple_models(alphas), *nets(plan)], plan)


def penalties(X: pd.DataFrame, y: pd.Series) -> np.ndarray:
    """Return the penalties of the lab: down to a hundredth of that with which no weight is left."""
    X, _, y, _ = train_test_split(X, y, test_size=1 / 3, random_state=1)
    scores = StandardScaler().fit_transform(X).T @ (y - y.mean()) / len(y)
    return np.abs(scores).max() * np.exp(np.linspace(0, np.log(0.01), 100))


def simple_models(alphas: np.ndarray) -> list[Model]:
    folds = KFold(10, shuffle=True, random_state=1)
    by: dict[str, Any] = {"cv": folds, "scoring": "neg_mean_absolute_error"}
    # Not LagElasticNetCV: the penalty of the lab is that of the least absolute error.
    lasso = GridSearchCV(scaled(Lasso(max_iter=30_000)), {"model__alpha": alphas}, **by)
    log_lasso = LagElasticNetCV(eps=0.01, cv=folds)
    forest = scaled(RandomForestRegressor(random_state=0))
    return [
        Model("mean", DummyRegressor()),
        Model("OLS", scaled(LinearRegression())),
        Model("lasso", lasso),
        Model("lasso of log salary", logarithmic(log_lasso)),
        Model("forest", forest),
        Model("forest of log salary", logarithmic(forest)),
    ]


def nets(plan: Any) -> list[Model]:
    """Return the net of ISLP, and nets of our own with the settings that are searched."""
    islp: dict[str, Any] = {"optimizer": "rmsprop", "learning_rate": 0.01, "batch_size": 32}
    islp |= {"max_epochs": 50, "alpha": 0.0, "dropout": 0.4}
    islp |= {"patience": 49, "tol": 1e9}  # never sooner
    own: dict[str, Any] = {"learning_rate": 0.01, "lr_schedule": "onecycle", "max_epochs": 100}
    net = partial(dense, plan, N_COLUMNS, (50,))
    absolute = scaled(net(loss="absolute_error", **own))
    log = logarithmic(scaled(net(**own)))
    grid = grid_of(plan, "model__", **SETTINGS)
    grid_of_log = grid_of(plan, "regressor__model__", **SETTINGS)
    return [
        Model("net of ISLP", net(standardize=False, **islp), seeded=True),
        Model("the same, standardised", scaled(net(**islp)), seeded=True),
        Model("net, absolute errors", absolute, grid, seeded=True),
        Model("net of log salary", log, grid_of_log, seeded=True),
    ]


def logarithmic(model: Any) -> TransformedTargetRegressor:
    return TransformedTargetRegressor(model, func=np.log, inverse_func=np.exp)


TITLE = "Salaries of baseball players: error of nets, linear models and forests"
REPORT = SplitsReport("hitters", TITLE, "thousands of dollars", "lasso", 1 / 3, PUBLISHED)
QUESTION = Question(PLANS, tasks, REPORT.facts, REPORT.draw, parallel=True)
