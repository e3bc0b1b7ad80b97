"""
Can one pipeline classify movements and gestures?
=================================================

Series of equal length are one array of shape (n_series, n_steps, n_channels), and a net is the last
step of a pipeline as any classifier is: by cross-validation on the training part the search
decides whether it also reads the slopes of the series, and for gestures they are worth reading.
Accuracy on the test parts is 1.000, 0.975 and 0.993 (one seed; 25 seconds); the nearest neighbour
of each series, a classic, has 0.600, 0.955 and 0.913.
"""

import numpy as np
from sklearn.model_selection import GridSearchCV, StratifiedKFold
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer

from sklearn_rnn import CNNClassifier
from sklearn_rnn.datasets import fetch_ucr


def with_slopes(X):
    """Return the series, and their slopes as further channels."""
    return np.concatenate([X, np.gradient(X, axis=1)], axis=2)


training = {"learning_rate": 0.01, "lr_schedule": "onecycle", "max_epochs": 100, "batch_size": 16}
net = CNNClassifier(kernel_size=9, dropout=0.3, random_state=0, **training)
slopes = FunctionTransformer(with_slopes)
search = GridSearchCV(
    Pipeline([("slopes", slopes), ("net", net)]),
    {"slopes": ["passthrough", slopes]},  # of equals the first is taken
    cv=StratifiedKFold(3, shuffle=True, random_state=0),
)
nearest = KNeighborsClassifier(1)

for name in ("BasicMotions", "ItalyPowerDemand", "GunPoint"):
    X, y = fetch_ucr(name, return_X_y=True)
    X_test, y_test = fetch_ucr(name, subset="test", return_X_y=True)
    accuracy = search.fit(X, y).score(X_test, y_test)
    plain = nearest.fit(X.reshape(len(X), -1), y).score(X_test.reshape(len(X_test), -1), y_test)
    read = "values" if search.best_params_["slopes"] == "passthrough" else "values and slopes"
    print(f"{name}: accuracy {accuracy:.3f} from {read}; nearest neighbour {plain:.3f}")
