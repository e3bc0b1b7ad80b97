"""Dense networks beside scikit-learn's MLPRegressor, in seconds of the processor.

Both have the same sizes, batches and epochs, float32 arrays, Adam and no penalty.
"""

import time
from functools import partial

import numpy as np
from sklearn.neural_network import MLPRegressor

from benchmarks.speed.peers import OURS
from benchmarks.speed.timing import Row, in_turn, row_of
from sklearn_rnn import DenseRegressor

MLP = "MLPRegressor"
MLP_MEASURES = ("train, dense", "predict, dense", "predict one row, dense")
EPOCHS, BATCH, CALLS = 5, 200, 100
SIZES = {  # rows, columns, layers, targets of the three measures
    "4,281 x 15 (32)": (4281, 15, (32,), (0.2, 0.8, 1.0)),
    "20,000 x 50 (100)": (20_000, 50, (100,), (0.45, 0.8, 1.0)),
    "20,000 x 200 (256, 128)": (20_000, 200, (256, 128), (0.6, 0.9, 1.0)),
}


def beside_mlp(rounds: int, *, quick: bool) -> list[Row]:
    """Return the ratios to MLPRegressor of training, prediction, and prediction of one row."""
    rows: list[Row] = []
    for name, (n_rows, n_columns, layers, _) in SIZES.items():
        rng = np.random.default_rng(0)
        X = rng.standard_normal((256 if quick else n_rows, n_columns), dtype=np.float32)
        y = X[:, 0] + np.tanh(X[:, 1])
        epochs = {"alpha": 0.0, "batch_size": BATCH, "tol": 0.0, "random_state": 0}
        theirs = MLPRegressor(
            hidden_layer_sizes=layers, max_iter=EPOCHS, n_iter_no_change=EPOCHS + 1, **epochs
        )
        plain = {"standardize": False, "dtype": "float32", "device": "cpu"}
        ours = DenseRegressor(hidden_layer_sizes=layers, max_epochs=EPOCHS, **epochs, **plain)
        ours.set_params(early_stopping=False)
        both = {MLP: theirs, OURS: ours}
        tasks = [
            {who: partial(it.fit, X, y) for who, it in both.items()},
            {who: partial(it.predict, X) for who, it in both.items()},
            {who: partial(one_by_one, it, X[:1]) for who, it in both.items()},
        ]
        for measure, of in zip(MLP_MEASURES, tasks, strict=True):
            taken = in_turn(of, rounds, clock=time.process_time)
            of_theirs = taken[MLP][1:]
            rows += [row_of(measure, name, who, it[1:], of_theirs) for who, it in taken.items()]
    return rows


def one_by_one(estimator: MLPRegressor | DenseRegressor, row: np.ndarray) -> None:
    for _ in range(CALLS):
        estimator.predict(row)
