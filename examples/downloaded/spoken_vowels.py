"""
Who is speaking?
================

Nine men say two vowels; an utterance has 12 channels and 7 to 29 steps, and X is the list of them.
Nets take it as it is. The logistic regression wants rows of equal length: it gets 15 steps of each
utterance, evenly spaced, and that is enough: it labels 0.992 of the test part right, the CNN
0.984, the GRU 0.981 (one seed each; 20 seconds).
"""

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from sklearn_rnn import CNNClassifier, GRUClassifier
from sklearn_rnn.datasets import fetch_ucr

X, y = fetch_ucr("JapaneseVowels", return_X_y=True)
X_test, y_test = fetch_ucr("JapaneseVowels", subset="test", return_X_y=True)


def as_rows(series):
    """Return 15 steps of each series, as one row."""
    return [s[np.linspace(0, len(s) - 1, 15).round().astype(int)].ravel() for s in series]


training = {"learning_rate": 0.01, "lr_schedule": "onecycle", "max_epochs": 50, "random_state": 0}
training |= {"batch_size": 16, "max_grad_norm": 1.0, "pooling": "max", "dropout": 0.3}
models = {
    "logistic regression": make_pipeline(
        FunctionTransformer(as_rows), StandardScaler(), LogisticRegression(max_iter=1000)
    ),
    "GRU": GRUClassifier(bidirectional=True, **training),
    "CNN": CNNClassifier(**training),
}
folds = StratifiedKFold(3, shuffle=True, random_state=0)
for name, model in models.items():
    validated = cross_val_score(model, X, y, cv=folds).mean()
    tested = model.fit(X, y).score(X_test, y_test)
    print(f"{name}: accuracy {validated:.3f} in cross-validation, {tested:.3f} on the test part")
