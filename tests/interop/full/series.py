"""The series that tests of other packages forecast."""

import numpy as np
import pandas as pd

from sklearn_rnn import Forecaster, make_ar, make_lagged
from sklearn_rnn.datasets import load_nyse

ROWS = load_nyse(as_frame=True).frame[["DJ_return", "log_volume", "log_volatility"]][:800]
WINDOWS, VOLUMES = map(np.asarray, make_lagged(ROWS, ROWS["log_volume"], 5))
FLAT = WINDOWS.reshape(len(WINDOWS), -1)

DAYS = pd.date_range("2020-01-01", periods=300, freq="D")
PROMO = pd.Series(np.random.default_rng(0).normal(size=300), DAYS, name="promo")
SALES = pd.Series(ROWS["log_volume"][:300].to_numpy() + PROMO, DAYS, name="sales")
TABLE = pd.DataFrame({"sales": SALES, "promo": PROMO})
PAST, AHEAD = TABLE[:290], TABLE[290:]


def forecaster(*args, model=None, **parameters):
    """Return a fitted forecaster of the sales from their own past."""
    model = make_ar(5) if model is None else model
    return Forecaster(model, *args, target="sales", **parameters).fit(PAST[["sales"]])
