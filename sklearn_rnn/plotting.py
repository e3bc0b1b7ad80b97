"""Displays of comparisons, importances, attributions, training, paths, forecasts and back-tests."""

from sklearn_rnn.forecasting._plot import ForecastDisplay
from sklearn_rnn.inspection._attribution_plot import AttributionsDisplay
from sklearn_rnn.inspection._plot import LagImportanceDisplay
from sklearn_rnn.inspection._word_plot import WordAttributionsDisplay
from sklearn_rnn.model_selection._plot.backtest import BacktestDisplay
from sklearn_rnn.model_selection._plot.comparison import ComparisonDisplay
from sklearn_rnn.model_selection._plot.path import PathDisplay
from sklearn_rnn.model_selection._plot.penalty_errors import PenaltyErrorDisplay
from sklearn_rnn.neural_network._plot import TrainingCurveDisplay

__all__ = [
    "AttributionsDisplay",
    "BacktestDisplay",
    "ComparisonDisplay",
    "ForecastDisplay",
    "LagImportanceDisplay",
    "PathDisplay",
    "PenaltyErrorDisplay",
    "TrainingCurveDisplay",
    "WordAttributionsDisplay",
]
