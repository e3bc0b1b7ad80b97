"""Windows of the past for any estimator; tables and texts as sequences."""

from sklearn_rnn.preprocessing._calendar_features import CalendarFeatures
from sklearn_rnn.preprocessing._complete_rows import CompleteRows
from sklearn_rnn.preprocessing._lag_transformer import LagTransformer
from sklearn_rnn.preprocessing._make_lagged import make_lagged
from sklearn_rnn.preprocessing._sequences_from_frame import (
    frame_from_sequences,
    sequences_from_frame,
)
from sklearn_rnn.preprocessing._text_sequencer import TextSequencer

__all__ = [
    "CalendarFeatures",
    "CompleteRows",
    "LagTransformer",
    "frame_from_sequences",
    "make_lagged",
    "sequences_from_frame",
    "TextSequencer",
]
