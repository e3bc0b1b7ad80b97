"""Values of houses in Boston: nets, linear models and forests on random splits."""

from collections.abc import Callable
from typing import Any

from sklearn.dummy import DummyRegressor
from sklearn.ensemble import RandomForestRegressor
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import KFold
from sklearn.pipeline import Pipeline

from benchmarks.harness.models import scaled
from benchmarks.harness.runner import Model, Task
from benchmarks.harness.splits import PLANS, dense, grid_of, splits
from benchmarks.question import Question
from benchmarks.report.splits import SplitsReport
from sklearn_rnn import LagElasticNetCV
from sklearn_rnn.datasets import load_boston

N_COLUMNS = 12
N_TEST = 102
PENALTIES = [0.0, 0.003, 0.03]
NNET = "5 units, as nnet"
PUBLISHED = {"nnet MAE": {NNET: 2.757}, "nnet MSE": {NNET: 31.06}}


def tasks(plan: Any, download: bool = False) -> dict[str, Callable[[], Task]]:
    X, y = load_boston(return_X_y=True, as_frame=True)
    return splits(X, y, N_TEST, models(plan), plan)


def models(plan: Any) -> list[Model]:
    lasso = LagElasticNetCV(eps=1e-4, cv=KFold(10, shuffle=True, random_state=0))
    nnet: dict[str, Any] = {"activation": "logistic", "optimizer": "lbfgs", "alpha": 0.0}
    nnet |= {"max_epochs": 200, "patience": 199, "tol": 1e9}  # never sooner
    cycle = {"learning_rate": 0.01, "lr_schedule": "onecycle", "max_epochs": 100}

    def net(units: tuple[int, ...], **training: Any) -> Pipeline:
        return scaled(dense(plan, N_COLUMNS, units, **training))

    few = grid_of(plan, "model__", alpha=PENALTIES)
    many = grid_of(plan, "model__", alpha=PENALTIES, dropout=[0.0, 0.2])
    return [
        Model("mean", DummyRegressor()),
        Model("OLS", scaled(LinearRegression())),
        Model("lasso", lasso),
        Model("forest", scaled(RandomForestRegressor(random_state=0))),
        Model(NNET, net((5,), **nnet), seeded=True),
        Model("5 units", net((5,), **cycle), few, seeded=True),
        Model("64 + 64 units", net((64, 64), **cycle), many, seeded=True),
    ]


TITLE = "Values of houses in Boston: error of nets, linear models and a forest"
REPORT = SplitsReport("boston", TITLE, "thousands of dollars", "lasso", N_TEST / 506, PUBLISHED)
QUESTION = Question(PLANS, tasks, REPORT.facts, REPORT.draw, parallel=True)
