"""Keras as it comes, on the backend that KERAS_BACKEND names."""

from __future__ import annotations

import keras
from keras import layers

from benchmarks._workloads import EMBEDDING, TCN_KERNEL, TCN_LEVELS, Workload

CELLS = {"rnn": layers.SimpleRNN, "lstm": layers.LSTM, "gru": layers.GRU, "tokens": layers.LSTM}


class Keras:
    """The net of a workload; the TCN without weight normalisation, which Keras does not have."""

    def __init__(self, workload: Workload) -> None:
        self.workload = workload
        self.X, self.y = workload.data()
        self.net = net(workload)
        self.net.compile(optimizer=keras.optimizers.Adam(1e-3), loss="mse")

    def train(self) -> None:
        """Train for the epochs of the workload."""
        size = {"batch_size": self.workload.batch, "epochs": self.workload.epochs}
        self.net.fit(self.X, self.y, **size, verbose=0)

    def predict(self) -> None:
        """Predict all rows in batches of the training size."""
        self.net.predict(self.X, batch_size=self.workload.batch, verbose=0)


def net(workload: Workload) -> keras.Model:
    """Return the same net as that of the bare loop."""
    if workload.kind == "tokens":
        start = keras.Input((workload.n_steps,), dtype="int32")
        x = layers.Embedding(workload.n_channels, EMBEDDING)(start)
    else:
        start = x = keras.Input((workload.n_steps, workload.n_channels))
    if workload.kind == "tcn":
        for level in range(TCN_LEVELS):
            x = block(x, workload.hidden, 2**level)
        last = x[:, -1]
    else:
        last = CELLS[workload.kind](workload.hidden)(x)
    return keras.Model(start, layers.Dense(1)(last))


def block(x: keras.KerasTensor, n_out: int, dilation: int) -> keras.KerasTensor:
    """Return the output of a residual block of the TCN."""
    options = {"padding": "causal", "dilation_rate": dilation, "activation": "relu"}
    first = layers.Conv1D(n_out, TCN_KERNEL, **options)(x)
    second = layers.Conv1D(n_out, TCN_KERNEL, **options)(first)
    skip = x if x.shape[-1] == n_out else layers.Conv1D(n_out, 1)(x)
    return layers.ReLU()(layers.Add()([second, skip]))
