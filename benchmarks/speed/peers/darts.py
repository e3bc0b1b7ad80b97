"""darts as it comes: a series with as many windows as the workload has sequences."""

from darts import TimeSeries
from darts.models import BlockRNNModel, TCNModel

from benchmarks.speed.peers import TRAINER
from benchmarks.speed.workloads import TCN_KERNEL, TCN_LEVELS, Workload


class Forecaster:
    """Forecasts the first channel one step ahead.

    The last block of its TCN has one channel, and is trained on the outputs of all steps.
    """

    def __init__(self, workload: Workload) -> None:
        self.workload = workload
        rows = workload.series(workload.n_samples + workload.n_steps)
        self.target = TimeSeries.from_values(rows[:, :1])
        self.covariates = TimeSeries.from_values(rows[:, 1:])

    def train(self) -> None:
        self.network = network(self.workload)
        self.network.fit(self.target, past_covariates=self.covariates)

    def predict(self) -> None:
        options = {"forecast_horizon": 1, "retrain": False, "verbose": False}
        self.network.historical_forecasts(self.target, past_covariates=self.covariates, **options)


def network(workload: Workload) -> BlockRNNModel | TCNModel:
    options = {"input_chunk_length": workload.n_steps, "output_chunk_length": 1, "dropout": 0.0}
    options |= {"n_epochs": workload.epochs, "batch_size": workload.batch}
    options |= {"pl_trainer_kwargs": TRAINER}
    if workload.kind == "tcn":
        size = {"num_filters": workload.hidden, "num_layers": TCN_LEVELS}
        return TCNModel(kernel_size=TCN_KERNEL, weight_norm=True, **size, **options)
    cell = workload.kind.upper()
    return BlockRNNModel(model=cell, hidden_dim=workload.hidden, n_rnn_layers=1, **options)
