"""
Which rows become the lags of a row?
====================================

``LagTransformer(3)`` gives row t the rows t - 3 to t - 1, oldest first, and never row t itself, so
that the target may be one of the columns. The picture shows which rows the window of one day holds,
with a delay of three rows, and with spaces between lags.
"""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from sklearn_rnn import LagTransformer

days = pd.date_range("2026-01-01", periods=15)
X = pd.DataFrame({"sales": np.arange(15.0)}, index=days)
settings = {"n_lags=3": {}, "n_lags=3, delay=3": {"delay": 3}, "n_lags=3, step=4": {"step": 4}}

# %%
# The values of X are the numbers of its rows, so that a window shows where it comes from.
fig, ax = plt.subplots(figsize=(7, 2.2), layout="constrained")
for place, (name, how) in enumerate(settings.items()):
    windows = LagTransformer(3, **how).fit_transform(X)
    rows = windows[12, :, 0]  # the window of row 12
    print(f"{name}: {rows}")
    ax.plot(rows, np.full(3, place), "o", color="C0", label="lags" if place == 0 else None)
    ax.plot(12, place, "*", color="C1", markersize=12, label="row 12" if place == 0 else None)
ax.set(yticks=range(3), yticklabels=settings, xlabel="row", xlim=(-0.5, 14.5))
ax.invert_yaxis()
ax.legend()
# sphinx_gallery_alt = "Dots at the rows that a window reads with three settings: the three rows"
# sphinx_gallery_alt = "before, three rows two rows earlier, and every fourth row."
plt.show()
