"""Does a net predict the values of houses in Boston better than a lasso?

506 census tracts, 12 columns, standardised; 404 tracts for training and 102 for the test, by
`train_test_split` with `random_state` 1 and those that follow. One net is the usual example of R's
package nnet: one hidden layer of 5 logistic units without a penalty, trained by a quasi-Newton
method. The nets of our own have the same layer, and two layers of 64 rectified units, and a
penalty that is chosen by R2 in cross-validation on the training rows. What is published for nnet is
of another random split.
"""

from __future__ import annotations

from typing import Any

from sklearn.dummy import DummyRegressor
from sklearn.ensemble import RandomForestRegressor
from sklearn.linear_model import LassoCV, LinearRegression
from sklearn.model_selection import KFold
from sklearn.pipeline import Pipeline

from benchmarks._runner import Model
from benchmarks._splits import PLANS, Plan, Table, dense, scaled
from benchmarks._splits_report import answer
from sklearn_rnn.datasets import load_boston

N_COLUMNS = 12
N_TEST = 102
PENALTIES = [1e-4, 1e-3, 3e-3, 1e-2, 0.1]
NNET = "5 units, as nnet"
PUBLISHED = {"nnet MAE": {NNET: 2.757}, "nnet MSE": {NNET: 31.06}}


def main(size: str) -> None:
    """Run all splits; write tables, conclusion and picture."""
    plan = PLANS[size]
    X, y = load_boston(return_X_y=True, as_frame=True)
    table = Table("Boston", X, y, N_TEST, models(plan), reference="lasso", published=PUBLISHED)
    answer("boston", __doc__ or "", table, plan, "thousands of dollars", size)


def models(plan: Plan) -> list[Model]:
    """Return the models of the median value."""
    lasso = LassoCV(cv=KFold(10, shuffle=True, random_state=0), max_iter=20_000)
    nnet: dict[str, Any] = {
        "activation": "logistic",
        "optimizer": "lbfgs",
        "alpha": 0.0,
        "max_epochs": 200,
    }
    nnet |= {"patience": 199, "tol": 1e9}  # never sooner
    cycle = {"learning_rate": 0.01, "lr_schedule": "onecycle", "max_epochs": 100}

    def net(units: tuple[int, ...], **training: Any) -> Pipeline:
        return scaled(dense(plan, N_COLUMNS, units, **training))

    penalties = {"model__alpha": PENALTIES[: plan.n_penalties]}
    return [
        Model("mean", DummyRegressor()),
        Model("OLS", scaled(LinearRegression())),
        Model("lasso", scaled(lasso)),
        Model("forest", scaled(RandomForestRegressor(random_state=0))),
        Model(NNET, net((5,), **nnet), seeded=True),
        Model("5 units", net((5,), **cycle), penalties, seeded=True),
        Model("64 + 64 units", net((64, 64), **cycle), penalties, seeded=True),
    ]
