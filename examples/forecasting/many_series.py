"""
How do I forecast many series at once?
======================================

A long table has a row for each store and month. One model is fitted to all series, and forecasts
each of them from its own past, with intervals.
"""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from sklearn_rnn import Forecaster, make_ar

rng, t = np.random.default_rng(0), np.arange(96)
stores = pd.concat(
    pd.DataFrame({"month": pd.period_range("2018-01", periods=96, freq="M"), "store": name}).assign(
        sales=level + 20 * np.sin(t * np.pi / 6) + 3 * rng.normal(size=96).cumsum()
    )
    for name, level in (("Bergen", 100), ("Lagos", 300), ("Lima", 200))
)
names = {"target": "sales", "time": "month", "series": "store", "season": 12}
model = Forecaster(make_ar(13), horizon=12, calibration_rows=24, **names).fit(stores)
ahead = model.predict(12, level=0.9)
print(ahead.loc["Lima"].round(1).tail(3))

# %%
fig, axes = plt.subplots(3, sharex=True, figsize=(7, 6), layout="constrained")
for ax, (name, past) in zip(axes, stores.groupby("store"), strict=True):
    forecast = ahead.loc[name]
    ax.plot(past["month"].dt.to_timestamp(), past["sales"], label="past")
    months = forecast.index.to_timestamp()
    ax.plot(months, forecast["sales"], label="forecast")
    ax.fill_between(months, forecast["sales_lower"], forecast["sales_upper"], alpha=0.3)
    ax.set_title(name)
axes[0].legend(loc="upper left")
# sphinx_gallery_alt = "Sales of three stores over eight years, and their forecasts for the next"
# sphinx_gallery_alt = "year, which continue the season within a shaded interval that widens."
plt.show()
