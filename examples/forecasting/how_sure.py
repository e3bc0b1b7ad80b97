"""
How sure is a forecast?
=======================

A network with ``loss="quantile"`` and a list of levels predicts all of them, and they never cross.
Here shocks are larger above zero, so that the interval has to be wider there.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.pipeline import make_pipeline

from sklearn_rnn import DenseRegressor, LagTransformer

rng = np.random.default_rng(0)
level = np.zeros(1200)
for t in range(1, 1200):
    level[t] = 0.8 * level[t - 1] + (2 if level[t - 1] > 0 else 0.5) * rng.normal()
X = level[:, np.newaxis]
training = {"learning_rate": 0.01, "lr_schedule": "onecycle", "max_epochs": 50, "random_state": 0}
net = DenseRegressor(loss="quantile", quantile=[0.05, 0.5, 0.95], **training)
model = make_pipeline(LagTransformer(2), net).fit(X[:1000], level[:1000])
low, median, high = model.predict(X[1000:], quantiles=[0.05, 0.5, 0.95]).T
inside = (low <= level[1000:]) & (level[1000:] <= high)
print(f"{inside.mean():.2f} of the new values are inside of the interval of 90 %")

# %%
fig, ax = plt.subplots(figsize=(8, 3.5), layout="constrained")
ax.fill_between(range(100), low[:100], high[:100], alpha=0.3, label="90 %")
ax.plot(median[:100], label="median")
ax.plot(level[1000:1100], "k.", markersize=4, label="observed")
ax.set_xlabel("row")
ax.legend(ncols=3)
# sphinx_gallery_alt = "One hundred observed values, the median forecast, and a band of 90 %,"
# sphinx_gallery_alt = "which is wider where values are above zero."
plt.show()
