"""neuralforecast as it comes: a series with as many windows as the workload has sequences."""

import pandas as pd
from neuralforecast import NeuralForecast
from neuralforecast.losses.pytorch import MSE
from neuralforecast.models import GRU, LSTM, RNN, TCN

from benchmarks.speed.peers import TRAINER
from benchmarks.speed.workloads import TCN_KERNEL, TCN_LEVELS, Workload

CELLS = {"rnn": RNN, "lstm": LSTM, "gru": GRU}


class Forecaster:
    """Forecasts the first channel one step ahead.

    Its TCN is only similar: as many convolutions, with neither residual blocks nor weight
    normalisation, and a last layer that reads all steps.
    """

    def __init__(self, workload: Workload) -> None:
        covariates = [f"x{i}" for i in range(1, workload.n_channels)]
        rows = workload.series(workload.n_samples + workload.n_steps)
        self.table = pd.DataFrame(rows, columns=["y", *covariates])
        self.table = self.table.assign(unique_id=0, ds=range(len(rows)))
        n_batches = -(-workload.n_samples // workload.batch)
        options = {"h": 1, "input_size": workload.n_steps, "hist_exog_list": covariates}
        options |= {"encoder_hidden_size": workload.hidden, "decoder_layers": 1, "loss": MSE()}
        options |= {"max_steps": workload.epochs * n_batches, "scaler_type": "identity"}
        options |= {"windows_batch_size": workload.batch, **TRAINER}
        if workload.kind == "tcn":
            dilations = [2**level for level in range(TCN_LEVELS) for _ in range(2)]
            network = TCN(kernel_size=TCN_KERNEL, dilations=dilations, **options)
        else:
            network = CELLS[workload.kind](encoder_n_layers=1, **options)
        self.network = NeuralForecast([network], freq=1)

    def train(self) -> None:
        self.network.fit(self.table)

    def predict(self) -> None:
        self.network.predict_insample()
