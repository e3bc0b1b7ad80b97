"""What a fitted model uses: lags and channels, by prediction as well, and its vectors of words."""

from sklearn_rnn.inspection._attributions import attributions
from sklearn_rnn.inspection._lag_importance import lag_importance
from sklearn_rnn.inspection._word_vectors import word_vectors

__all__ = [
    "attributions",
    "lag_importance",
    "word_vectors",
]
