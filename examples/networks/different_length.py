"""
Can sequences have different lengths?
=====================================

Recurrent and convolutional networks take a list of arrays. Padding, NaN in all channels, changes no
prediction.
"""

import matplotlib.pyplot as plt
import numpy as np

from sklearn_rnn import GRUClassifier

rng = np.random.default_rng(0)
walks = [rng.normal(size=(n, 2)).cumsum(axis=0) for n in rng.integers(5, 40, size=300)]
rises = np.array([walk[-1, 0] > walk[0, 0] for walk in walks])
net = GRUClassifier(learning_rate=0.01, lr_schedule="onecycle", max_epochs=30, random_state=0)
net.fit(walks[:200], rises[:200])
print(f"accuracy on new walks: {net.score(walks[200:], rises[200:]):.2f}")

# %%
# The same walks in one padded array:
padded = np.full((300, 40, 2), np.nan)
for row, walk in zip(padded, walks, strict=True):
    row[: len(walk)] = walk
difference = np.abs(net.predict_proba(padded) - net.predict_proba(walks)).max()
print(f"largest difference: {difference:.1e}")

# %%
# The probability that a walk has risen, after each of its steps:
fig, ax = plt.subplots(layout="constrained")
for walk, color in zip(walks[200:204], ("C0", "C1", "C2", "C3"), strict=True):
    so_far = net.predict_proba([walk[: n + 1] for n in range(len(walk))])[:, 1]
    ax.plot(so_far, color=color)
    ax.plot(len(walk) - 1, float(walk[-1, 0] > walk[0, 0]), "o", color=color)
ax.set(xlabel="steps read", ylabel="probability of a rise (o: what it was)")
# sphinx_gallery_alt = "Four lines of different length: the probability of a rise after each"
# sphinx_gallery_alt = "step of a walk. Three of them end near the observed outcome, one or"
# sphinx_gallery_alt = "zero."
plt.show()
