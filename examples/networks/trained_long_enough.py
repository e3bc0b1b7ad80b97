"""
Has my network been trained long enough?
========================================

The training loss falls as long as one trains; the validation loss tells when to stop. From 500
samples on a network keeps the weights of the epoch with the least validation loss.
"""

import matplotlib.pyplot as plt

from sklearn_rnn import LSTMRegressor, make_lagged
from sklearn_rnn.datasets import load_nyse
from sklearn_rnn.plotting import TrainingCurveDisplay

X, y = load_nyse(return_X_y=True, as_frame=True)
windows, volumes = make_lagged(X[:"1979"], y[:"1979"], 5)

# %%
# Two learning rates: the larger one reaches its best epoch sooner, and then fits noise.
fig, axes = plt.subplots(1, 2, figsize=(9, 3.5), sharey=True, layout="constrained")
for ax, rate in zip(axes, (0.002, 0.02), strict=True):
    net = LSTMRegressor(alpha=0, learning_rate=rate, random_state=0).fit(windows, volumes)
    TrainingCurveDisplay.from_estimator(net, ax=ax)
    ax.set_title(f"learning_rate={rate}")
    print(f"{rate}: {net.n_iter_} epochs, validation loss {min(net.validation_loss_curve_):.3f}")
# sphinx_gallery_alt = "Training and validation loss by epoch at two learning rates: with the"
# sphinx_gallery_alt = "larger one both fall faster, and the validation loss rises again sooner."
plt.show()
