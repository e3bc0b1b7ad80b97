"""Comparison and search of models, back-tests, fits to data in pieces, and paths of penalties."""

from sklearn_rnn._training.pruning import PruneTrial
from sklearn_rnn.model_selection._backtest import backtest
from sklearn_rnn.model_selection._backtest_result import Backtest
from sklearn_rnn.model_selection._compare_models import compare_models
from sklearn_rnn.model_selection._comparison import Comparison
from sklearn_rnn.model_selection._complexity import n_parameters
from sklearn_rnn.model_selection._fit_batches import fit_batches
from sklearn_rnn.model_selection._interval_metrics import interval_coverage, interval_score
from sklearn_rnn.model_selection._leakage import check_leakage
from sklearn_rnn.model_selection._leakage_report import LeakageReport
from sklearn_rnn.model_selection._one_standard_error import one_standard_error
from sklearn_rnn.model_selection._panel_split import PanelTimeSeriesSplit
from sklearn_rnn.model_selection._penalty_path import penalty_path
from sklearn_rnn.model_selection._step_scores import step_scorer
from sklearn_rnn.model_selection._successive_halving import SuccessiveHalving

__all__ = [
    "Backtest",
    "Comparison",
    "LeakageReport",
    "PanelTimeSeriesSplit",
    "PruneTrial",
    "SuccessiveHalving",
    "backtest",
    "check_leakage",
    "compare_models",
    "fit_batches",
    "interval_coverage",
    "interval_score",
    "n_parameters",
    "one_standard_error",
    "penalty_path",
    "step_scorer",
]
