"""
How do I predict as rows arrive?
================================

``stream`` takes the next row of each series, and predicts from the state of the network, in
memory that does not grow.
"""

import numpy as np
from sklearn.pipeline import make_pipeline

from sklearn_rnn import GRURegressor, LagTransformer, stream

rng = np.random.default_rng(0)
series = rng.normal(size=(300, 2)).cumsum(axis=0)
net = GRURegressor(lr_schedule="onecycle", max_epochs=5, random_state=0)
model = make_pipeline(LagTransformer(5), net).fit(series, series[:, 0])

# %%
# In mode "window" each prediction is that of the last window, as ``predict`` makes it.
arriving = stream(model)
found = [arriving.predict(row[np.newaxis])[0] for row in series]
print("largest difference:", f"{np.abs(np.array(found) - model.predict(series)).max():.1e}")

# %%
# In mode "carry" the network goes on from its state, here for a hundred series at the same time.
carried = stream(model, mode="carry")
for _ in range(10):
    predictions = carried.predict(rng.normal(size=(100, 2)))
print(predictions.shape)
