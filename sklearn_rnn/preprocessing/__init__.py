"""Windows of the past for any estimator, and texts as sequences of tokens."""

from sklearn_rnn.preprocessing._calendar_features import CalendarFeatures
from sklearn_rnn.preprocessing._complete_rows import CompleteRows
from sklearn_rnn.preprocessing._lag_transformer import LagTransformer
from sklearn_rnn.preprocessing._make_lagged import make_lagged
from sklearn_rnn.preprocessing._text_sequencer import TextSequencer

__all__ = [
    "CalendarFeatures",
    "CompleteRows",
    "LagTransformer",
    "make_lagged",
    "TextSequencer",
]
