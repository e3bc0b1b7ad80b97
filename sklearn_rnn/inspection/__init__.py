"""Importance of the lags and channels that a fitted model uses, and the vectors of its words."""

from sklearn_rnn.inspection._lag_importance import lag_importance
from sklearn_rnn.inspection._word_vectors import word_vectors

__all__ = [
    "lag_importance",
    "word_vectors",
]
