"""
Which forecaster is best at which step?
=======================================

``backtest`` repeats the forecast of twelve months at several points of the past, and keeps every
error.
"""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from sklearn_rnn import Forecaster, NaiveForecaster, make_ar
from sklearn_rnn.model_selection import backtest

rng, t = np.random.default_rng(0), np.arange(120)
months = pd.period_range("2016-01", periods=120, freq="M")
sales = 100 + 0.3 * t + 15 * np.sin(t * np.pi / 6) + 2 * rng.normal(size=120).cumsum()
table = pd.DataFrame({"sales": sales}, index=months)
models = {
    "last value": NaiveForecaster("last", target="sales", season=12),
    "seasonal naive": NaiveForecaster("seasonal", target="sales", season=12),
    "AR(13)": Forecaster(make_ar(13), horizon=12, target="sales", season=12),
}
result = backtest(models, table, cv=4)
print(result.summary()[["mae", "mase"]].round(2))
print(result.verdict())

# %%
# The last value errs most where the season differs most; the autoregression least at most steps.
result.plot()
# sphinx_gallery_alt = "Mean absolute scaled error of three forecasters at each of twelve steps"
# sphinx_gallery_alt = "ahead: that of the last value has its peak at four steps, that of the"
# sphinx_gallery_alt = "autoregression is the least at most steps."
plt.show()
