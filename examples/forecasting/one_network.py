"""
Can one network forecast all my stores, with columns of text?
=============================================================

Stores differ in kind, and each kind reacts to another promotion. A network reads text as it is: it
learns a vector for each kind and each promotion. Promotions are planned, so it may read them ahead.
"""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.pipeline import make_pipeline

from sklearn_rnn import Forecaster, GRURegressor, LagTransformer, NaiveForecaster
from sklearn_rnn.model_selection import backtest, check_leakage

rng = np.random.default_rng(0)
weeks = pd.period_range("2024-01-01", periods=100, freq="W")
stores = pd.concat(
    pd.DataFrame({"week": weeks, "store": f"store {n}", "kind": ["station", "mall"][n % 2]})
    for n in range(12)
)
stores["promotion"] = rng.choice(["none", "poster", "coupon"], len(stores), p=[0.6, 0.2, 0.2])
works = {"station": "poster", "mall": "coupon"}
gain = 8.0 * (stores["promotion"] == stores["kind"].map(works))
stores["sales"] = 30 + gain + rng.normal(size=len(stores))
print(stores.head(3))

# %%
# One model of all stores, and the last value as a baseline, on three folds of four weeks.
names = {"target": "sales", "time": "week", "series": "store"}
gru = GRURegressor(learning_rate=0.03, lr_schedule="onecycle", max_epochs=40, random_state=0)
network = Forecaster(
    make_pipeline(LagTransformer(4, known_ahead=["promotion"]), gru),
    horizon=4,
    strategy="recursive",
    known_ahead=["promotion"],
    static=["kind"],
    **names,
)
models = {"network": network, "last value": NaiveForecaster("last", **names)}
print(backtest(models, stores, cv=3).verdict())

# %%
# Does it read anything that is not known when the forecast is made?
print(check_leakage(network, stores, cv=2))

# %%
kinds = stores.groupby("store")["kind"].first()
ahead = network.fit(stores).rows_ahead(4).assign(kind=lambda rows: rows["store"].map(kinds))
sales = {p: network.predict(ahead.assign(promotion=p)) for p in ("none", "poster", "coupon")}
of_kinds = pd.DataFrame(sales).rename(kinds, level="store").groupby("store").mean()
of_kinds.plot.bar(rot=0, xlabel="", ylabel="forecast of a week, by promotion")
# sphinx_gallery_alt = "Bars of the forecast by kind of store and promotion: the coupon lifts"
# sphinx_gallery_alt = "sales in malls, the poster lifts them in stations, the other promotion"
# sphinx_gallery_alt = "does little."
plt.show()
