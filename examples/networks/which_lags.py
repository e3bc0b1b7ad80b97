"""
Which lags does a model use?
============================

Shuffling a lag among the windows lowers the score by as much as the model uses it. For networks
integrated gradients also give the direction.
"""

import matplotlib.pyplot as plt
from sklearn.pipeline import make_pipeline

from sklearn_rnn import GRURegressor, LagTransformer
from sklearn_rnn.datasets import load_nyse
from sklearn_rnn.plotting import LagImportanceDisplay

X, y = load_nyse(return_X_y=True, as_frame=True)
X = X[["log_volume", "DJ_return", "log_volatility"]]
net = GRURegressor(learning_rate=0.01, lr_schedule="onecycle", max_epochs=20, random_state=0)
model = make_pipeline(LagTransformer(5), net).fit(X[:"1979"], y[:"1979"])

fig, axes = plt.subplots(1, 2, figsize=(10, 3.5), layout="constrained")
for ax, how in zip(axes, ("permutation", "integrated_gradients"), strict=True):
    LagImportanceDisplay.from_estimator(
        model, X["1980":], y["1980":], method=how, random_state=0, ax=ax
    )
    ax.set_title(how)
# sphinx_gallery_alt = "Two heat maps of importance by lag and channel: in both the newest lag"
# sphinx_gallery_alt = "of the volume matters most."
plt.show()
