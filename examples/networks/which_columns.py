"""
Which columns does a network need?
==================================

With ``penalty="group"`` all weights of a column become zero together. ``penalty_path`` trains a
network along a path of penalties, as glmnet does: columns enter one after the other.
"""

import matplotlib.pyplot as plt
import numpy as np

from sklearn_rnn import GRURegressor
from sklearn_rnn.plotting import PathDisplay

rng = np.random.default_rng(0)
X = rng.normal(size=(400, 4, 6))  # four steps of six channels, of which two matter
y = X[:, -1, 0] + 0.5 * X[:, -2, 1] + 0.3 * rng.normal(size=400)
net = GRURegressor(penalty="group", l1_ratio=0.9, random_state=0)
display = PathDisplay.from_estimator(net, X, y, n_alphas=15)
# sphinx_gallery_alt = "Size of the weights of six channels along a path of penalties: as the"
# sphinx_gallery_alt = "penalty weakens, those of the two channels that matter leave zero first,"
# sphinx_gallery_alt = "the others only at its end."
plt.show()
