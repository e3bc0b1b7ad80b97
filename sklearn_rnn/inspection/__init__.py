"""What a fitted model uses: the importance of every lag of every channel."""

from sklearn_rnn.inspection._lag_importance import lag_importance

__all__ = [
    "lag_importance",
]
