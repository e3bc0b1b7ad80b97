"""neuralforecast as it comes: a series with as many windows as the workload has sequences."""

from __future__ import annotations

import pandas as pd
from neuralforecast import NeuralForecast
from neuralforecast.losses.pytorch import MSE
from neuralforecast.models import GRU, LSTM, RNN, TCN

from benchmarks._peers import QUIET
from benchmarks._workloads import TCN_KERNEL, TCN_LEVELS, Workload

CELLS = {"rnn": RNN, "lstm": LSTM, "gru": GRU}


class Forecaster:
    """The net of a workload, which forecasts the first channel one step ahead.

    Its TCN is no more than alike: as many convolutions, with neither residual blocks nor weight
    normalisation, and a readout of all steps.
    """

    def __init__(self, workload: Workload) -> None:
        covariates = [f"x{i}" for i in range(1, workload.n_channels)]
        rows = workload.series(workload.used + workload.n_steps)
        self.table = pd.DataFrame(rows, columns=["y", *covariates])
        self.table = self.table.assign(unique_id=0, ds=range(len(rows)))
        options = {
            "h": 1,
            "input_size": workload.n_steps,
            "hist_exog_list": covariates,
            "encoder_hidden_size": workload.hidden,
            "decoder_layers": 1,
            "loss": MSE(),
            "max_steps": workload.epochs * -(-workload.used // workload.batch),
            "windows_batch_size": workload.batch,
            "scaler_type": "identity",
            **QUIET,
        }
        if workload.kind == "tcn":
            dilations = [2**level for level in range(TCN_LEVELS) for _ in range(2)]
            net = TCN(kernel_size=TCN_KERNEL, dilations=dilations, **options)
        else:
            net = CELLS[workload.kind](encoder_n_layers=1, **options)
        self.net = NeuralForecast([net], freq=1)

    def train(self) -> None:
        """Train for the epochs of the workload."""
        self.net.fit(self.table)

    def predict(self) -> None:
        """Forecast one step ahead from every window."""
        self.net.predict_insample()
