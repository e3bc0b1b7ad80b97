"""
How much does a network add to a linear model?
==============================================

With ``linear_skip=True`` a network starts as a ridge regression and learns what that leaves.
``linear_share_`` is the linear model's share of the variance of the predictions.
"""

import numpy as np
from sklearn.linear_model import Ridge
from sklearn.model_selection import cross_val_score

from sklearn_rnn import DenseRegressor

rng = np.random.default_rng(0)
X = rng.normal(size=(800, 5))
targets = {
    "linear": X @ [1, 0.5, 0, 0, -0.5],
    "nearly linear": X @ [1, 0.5, 0, 0, -0.5] + 0.5 * np.sin(2 * X[:, 0]),
    "a product": X[:, 0] * X[:, 1],
}
training = {"learning_rate": 0.01, "lr_schedule": "onecycle", "max_epochs": 50, "random_state": 0}
net = DenseRegressor(linear_skip=True, **training)
for name, signal in targets.items():
    y = signal + 0.3 * rng.normal(size=800)
    share = net.fit(X, y).linear_share_
    ridge = cross_val_score(Ridge(), X, y).mean()
    both = cross_val_score(net, X, y).mean()
    print(f"{name}: linear share {share:.2f}, R2 of ridge {ridge:.2f}, of both {both:.2f}")
