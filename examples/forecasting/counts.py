"""
How do I forecast counts?
=========================

Counts that vary more than a Poisson distribution allows call for a negative binomial. The log
score of new rows, greater is better, tells which fits.
"""

import numpy as np

from sklearn_rnn import GRURegressor, make_lagged

rng = np.random.default_rng(0)
rate = np.exp(2 + np.sin(np.arange(900) * 2 * np.pi / 30))
calls = rng.negative_binomial(4, 4 / (4 + rate)).astype(float)
windows, counts = make_lagged(calls[:, np.newaxis], calls, 30)
net = GRURegressor(learning_rate=0.01, lr_schedule="onecycle", max_epochs=30, random_state=0)
for loss in ("poisson", "negative_binomial"):
    net.set_params(loss=loss).fit(windows[:700], counts[:700])
    low, high = net.predict(windows[700:], quantiles=[0.05, 0.95]).T
    inside = ((low <= counts[700:]) & (counts[700:] <= high)).mean()
    score = net.log_score(windows[700:], counts[700:])
    print(f"{loss}: log score {score:.2f}, {inside:.2f} inside of the 90 % interval")
