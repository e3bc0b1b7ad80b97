"""
What if the level of a series changes?
======================================

The level of a random walk in the test rows was never seen in training. A network that is
standardised by the training rows cannot follow; with ``standardize="last"`` each window is read
relative to its last value.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.base import clone
from sklearn.pipeline import make_pipeline

from sklearn_rnn import GRURegressor, LagTransformer, PersistenceRegressor

rng = np.random.default_rng(1)
steps = np.zeros(1500)
for t in range(1, 1500):
    steps[t] = 0.7 * steps[t - 1] + rng.normal()
walk = steps.cumsum()
X, split = walk[:, np.newaxis], 1000
net = GRURegressor(learning_rate=0.01, lr_schedule="onecycle", max_epochs=30, random_state=0)
by_last = clone(net).set_params(standardize="last")
models = {
    "no change": make_pipeline(LagTransformer(1), PersistenceRegressor()),
    "by the training rows": make_pipeline(LagTransformer(5), net),
    "by the last value": make_pipeline(LagTransformer(5), by_last),
}
fig, ax = plt.subplots(figsize=(8, 3.5), layout="constrained")
for name, model in models.items():
    model.fit(X[:split], walk[:split])
    error = np.abs(model.predict(X[split:]) - walk[split:])[5:]
    print(f"{name}: mean absolute error {error.mean():.2f}")
    ax.plot(error, label=name, alpha=0.7)
ax.set(xlabel="row", ylabel="absolute error")
ax.legend()
# sphinx_gallery_alt = "Absolute errors of three models over the test rows: those of the network"
# sphinx_gallery_alt = "scaled by the training rows are several times larger in long stretches,"
# sphinx_gallery_alt = "where the series leaves the range of these rows."
plt.show()
