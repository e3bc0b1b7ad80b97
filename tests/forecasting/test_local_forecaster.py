"""Models of single series against a loop over series, and those of statsforecast where it is."""

import re

import numpy as np
import pandas as pd
import pytest
from joblib import parallel_config
from sklearn.base import clone

from sklearn_rnn import LocalForecaster, NaiveForecaster
from sklearn_rnn.model_selection import PanelTimeSeriesSplit, backtest

RNG = np.random.default_rng(0)
LENGTHS = {"a": 40, "b": 36, "c": 44}
PANEL = pd.concat(
    {
        name: pd.DataFrame(
            {"sales": 9 + RNG.normal(size=n).cumsum(), "price": RNG.normal(size=n)},
            pd.period_range("2020-01", periods=n, freq="M", name="month"),
        )
        for name, n in LENGTHS.items()
    },
    names=["store"],
)
SALES = PANEL[["sales"]]


class Trend:
    """Forecasts the mean change, and counts how often it is fitted."""

    def __init__(self):
        self.n_fits = 0

    def forecast(self, y, h):
        self.n_fits += 1
        return {"mean": y[-1] + np.diff(y).mean() * np.arange(1, h + 1)}


def test_each_series_is_forecast_by_a_model_of_its_own():
    model = Trend()
    forecaster = LocalForecaster(model, target=["price", "sales"]).fit(PANEL)
    found = forecaster.predict(4)
    drift = NaiveForecaster("drift", target=["price", "sales"]).fit(PANEL).predict(4)
    pd.testing.assert_frame_equal(found, drift)
    assert model.n_fits == 0  # which copies are
    with parallel_config("threading"):
        parallel = clone(forecaster).set_params(n_jobs=2).fit(PANEL).predict(4)
    pd.testing.assert_frame_equal(parallel, found)
    ahead = found.reset_index().sample(frac=1.0, random_state=0).set_index(["store", "month"])
    pd.testing.assert_frame_equal(forecaster.predict(ahead), found.loc[ahead.index])
    new = PANEL.loc[["b"]].rename(index={"b": "new"})
    np.testing.assert_allclose(forecaster.predict(4, past=new), found.loc["b"])


def test_it_is_back_tested_beside_others():
    models = {"trend": LocalForecaster(Trend()), "drift": NaiveForecaster("drift")}
    errors = backtest(models, SALES, cv=PanelTimeSeriesSplit(2, test_size=3), refit=False).summary()
    np.testing.assert_allclose(errors.loc["trend"], errors.loc["drift"])


@pytest.mark.parametrize(
    ("rows", "text"),
    [
        (SALES.drop(SALES.index[50]), "one is missing at or after 2020-10"),
        (
            SALES["sales"].where(SALES.index != SALES.index[50]).to_frame(),
            "one is missing at or after 2020-11",
        ),
    ],
    ids=["row", "value"],
)
def test_a_missing_row_or_value_is_named(rows, text):
    forecaster = LocalForecaster(Trend())
    with pytest.raises(ValueError, match=rf"^X must have all rows .* series 'b' {re.escape(text)}"):
        forecaster.fit(rows)
    with pytest.raises(ValueError, match=r"^past must have all rows and values"):
        forecaster.fit(SALES).predict(2, past=rows)


# The CI does not install statsforecast, which needs numba; it was run by hand with 2.0.1.
@pytest.mark.filterwarnings("default")  # what that package and numba warn of is theirs
def test_models_of_statsforecast_forecast_as_by_hand():
    models = pytest.importorskip("statsforecast.models", reason="statsforecast is not installed")
    for model in (models.AutoETS(season_length=12), models.AutoTheta(), models.AutoARIMA()):
        found = LocalForecaster(model).fit(SALES).predict(5)
        for store, sales in SALES["sales"].groupby("store"):
            expected = model.forecast(y=sales.to_numpy(), h=5)["mean"]
            np.testing.assert_allclose(found[store], expected)
    for theirs, ours in (
        (models.Naive(), NaiveForecaster("last")),
        (models.SeasonalNaive(season_length=12), NaiveForecaster("seasonal", season=12)),
        (models.RandomWalkWithDrift(), NaiveForecaster("drift")),
        (models.HistoricAverage(), NaiveForecaster("seasonal_mean")),
    ):
        found = LocalForecaster(theirs).fit(SALES).predict(15)
        np.testing.assert_allclose(found, ours.fit(SALES).predict(15), rtol=1e-5)
