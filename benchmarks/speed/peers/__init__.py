"""The competitors, and which of them need a process of their own."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version

BARE, OURS = "bare torch", "sklearn_rnn"
WRITTEN_OUT, PLAIN = f"{OURS}, windows written out", f"{OURS} without kernels"
RECURRENT = ("W1", "W2", "W3", "W4")
SHORT = (*RECURRENT, "W5")
ALL = (*SHORT, "W6", "IMDB", "1M")
# Arguments of Lightning's trainer: as it comes, but silent.
LOUD = ("logger", "enable_checkpointing", "enable_progress_bar", "enable_model_summary")
TRAINER = {"accelerator": "cpu", **dict.fromkeys(LOUD, False)}


@dataclass(frozen=True)
class Peer:
    """A class with `train` and `predict`, the packages it needs, and the workloads it runs."""

    factory: str
    packages: tuple[str, ...]
    workloads: Collection[str]
    environment: Mapping[str, str] = field(default_factory=dict)

    def versions(self) -> str:
        """Return its packages with their versions; empty if one of them is not installed."""
        try:
            return ", ".join(f"{name} {version(name)}" for name in self.packages)
        except PackageNotFoundError:
            return ""


# Left out: on tokens, Keras on torch runs the LSTM step by step in Python, in 70 times the seconds
# of the bare loop, and the two forecasting libraries read no tokens. On a million sequences all
# three take minutes a round: they fetch sample by sample or, neuralforecast, look at all windows
# in every step. None of them convolves a series only once, so its windows would be W5 again.
PEERS = {
    "Keras on JAX": Peer("keras:Keras", ("keras", "jax"), ALL, {"KERAS_BACKEND": "jax"}),
    "Keras on torch": Peer("keras:Keras", ("keras",), SHORT, {"KERAS_BACKEND": "torch"}),
    "neuralforecast": Peer("neuralforecast:Forecaster", ("neuralforecast",), SHORT),
    "darts": Peer("darts:Forecaster", ("darts",), SHORT),
}
WITHOUT_KERNELS = Peer("ours:OursAndBareLoop", ("torch",), ALL, {"SKLEARN_RNN_NATIVE": "0"})
