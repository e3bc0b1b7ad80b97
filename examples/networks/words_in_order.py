"""
Does the order of words matter?
===============================

``TextSequencer`` turns texts into tokens, which networks with ``embedding_dim`` read in order. A
logistic regression on counts of words cannot tell "not good, bad" from "good, not bad".
"""

import numpy as np
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline

from sklearn_rnn import GRUClassifier, TextSequencer

rng = np.random.default_rng(0)
words = np.array(["film", "plot", "actors", "music", "the", "a", "very"])
texts, labels = [], []
for praise in np.arange(400) % 2:
    pair = ["not good", "bad"] if not praise else ["good", "not bad"]
    before, between = (" ".join(rng.choice(words, size=rng.integers(1, 5))) for _ in range(2))
    texts.append(f"{before} {pair[0]} {between} {pair[1]}")
    labels.append("praise" if praise else "blame")
counts = make_pipeline(CountVectorizer(), LogisticRegression())
training = {"learning_rate": 0.02, "lr_schedule": "onecycle", "max_epochs": 30, "random_state": 0}
net = make_pipeline(TextSequencer(), GRUClassifier(embedding_dim=8, **training))
for name, model in (("counts of words", counts), ("words in order", net)):
    print(f"{name}: {cross_val_score(model, texts, labels, cv=3).mean():.2f} are right")
