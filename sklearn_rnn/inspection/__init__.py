"""Importance of the lags and channels that a fitted model uses."""

from sklearn_rnn.inspection._lag_importance import lag_importance

__all__ = [
    "lag_importance",
]
