"""Pictures of comparisons, importances, fits and forecasts; they need matplotlib."""

from sklearn_rnn._comparison_display import ComparisonDisplay
from sklearn_rnn._forecast_display import ForecastDisplay
from sklearn_rnn._lag_display import LagImportanceDisplay
from sklearn_rnn._path_display import PathDisplay
from sklearn_rnn._training_display import TrainingCurveDisplay

__all__ = [
    "ComparisonDisplay",
    "ForecastDisplay",
    "LagImportanceDisplay",
    "PathDisplay",
    "TrainingCurveDisplay",
]
