"""Keras as it comes, on the backend that KERAS_BACKEND names."""

import keras
from keras import layers

from benchmarks.speed.workloads import EMBEDDING, TCN_KERNEL, TCN_LEVELS, Workload

CELLS = {"rnn": layers.SimpleRNN, "lstm": layers.LSTM, "gru": layers.GRU, "tokens": layers.LSTM}


class Keras:
    """The network of the bare loop; the TCN has no weight normalisation, which Keras lacks."""

    def __init__(self, workload: Workload) -> None:
        self.X, self.y = workload.data()
        self.network = network(workload)
        self.network.compile(optimizer=keras.optimizers.Adam(1e-3), loss="mse")
        self.training = {"batch_size": workload.batch, "epochs": workload.epochs}

    def train(self) -> None:
        self.network.fit(self.X, self.y, **self.training, verbose=0)

    def predict(self) -> None:
        self.network.predict(self.X, batch_size=self.training["batch_size"], verbose=0)


def network(workload: Workload) -> keras.Model:
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
    options = {"padding": "causal", "dilation_rate": dilation, "activation": "relu"}
    first = layers.Conv1D(n_out, TCN_KERNEL, **options)(x)
    second = layers.Conv1D(n_out, TCN_KERNEL, **options)(first)
    skip = x if x.shape[-1] == n_out else layers.Conv1D(n_out, 1)(x)
    return layers.ReLU()(layers.Add()([second, skip]))
