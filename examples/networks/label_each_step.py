"""
How do I label each step?
=========================

With ``return_sequences=True`` y has a label for each step. Here a machine is quiet or busy, which
its noise tells only over several steps. A bidirectional network also reads what comes later.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.model_selection import cross_val_score

from sklearn_rnn import GRUClassifier
from sklearn_rnn.model_selection import step_scorer

rng = np.random.default_rng(0)
busy = np.repeat(rng.integers(0, 2, size=(200, 6)), 10, axis=1)  # 60 steps
X = rng.normal(size=busy.shape) * np.where(busy, 1.6, 0.8)
X = X[:, :, np.newaxis]
how = {"return_sequences": True, "lr_schedule": "onecycle", "learning_rate": 0.01}
how |= {"max_epochs": 30, "random_state": 0}
for name, both in (("the steps so far", False), ("all steps", True)):
    net = GRUClassifier(bidirectional=both, **how)
    accuracy = cross_val_score(net, X, busy, cv=3, scoring=step_scorer("accuracy")).mean()
    print(f"{name}: {accuracy:.2f} of the steps are right")

# %%
# The probability of a busy machine at each step of a new sequence:
net.fit(X[:-1], busy[:-1])
fig, (above, below) = plt.subplots(2, sharex=True, layout="constrained")
above.plot(X[-1, :, 0])
above.set_ylabel("noise")
below.plot(busy[-1], "k:", label="busy")
below.plot(net.predict_proba(X[-1:])[0, :, 1], label="probability")
below.set_xlabel("step")
below.legend()
# sphinx_gallery_alt = "Above, a noisy signal by step; below, the true state of the machine as a"
# sphinx_gallery_alt = "dotted line, and the predicted probability: near one in most of the busy"
# sphinx_gallery_alt = "steps, with a smaller peak before them."
plt.show()
