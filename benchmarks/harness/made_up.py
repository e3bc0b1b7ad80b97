"""The two made-up problems of long memory: adding, and copying.

They are those of Hochreiter and Schmidhuber (1997) in the form of Bai, Kolter and Koltun (2018).
"""

from collections.abc import Callable

import numpy as np

TRAINING, TEST = 0, 2026  # seeds; settings were chosen on sequences of others than that of the test
N_SYMBOLS = 8  # to be copied
N_COPIED = 10
BLANK, RECALL = N_SYMBOLS + 1, N_SYMBOLS + 2  # inputs
LOUD = np.float32(12)  # the size of a symbol; at 1 it is learned slowly

Draw = Callable[[int, int, int], tuple[np.ndarray, np.ndarray]]


def parts(draw: Draw, n_samples: int, n_steps: int) -> tuple[np.ndarray, ...]:
    """Return `X` and `y` for training, and of a tenth as many sequences for the test."""
    return (*draw(n_samples, n_steps, TRAINING), *draw(n_samples // 10, n_steps, TEST))


def adding(n_samples: int, n_steps: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return pairs of numbers that are to be added, among many that are not.

    X of shape (n_samples, n_steps, 2) has numbers uniform from 0 to 1, and marks: 1 at a step of
    each half of the steps, else 0. y is the sum of the two marked numbers; its variance is 1/6.
    """
    rng = np.random.default_rng(seed)
    X = np.zeros((n_samples, n_steps, 2), dtype=np.float32)
    X[..., 0] = rng.random((n_samples, n_steps))
    rows, half = np.arange(n_samples), n_steps // 2
    for first, last in ((0, half), (half, n_steps)):
        X[rows, rng.integers(first, last, n_samples), 1] = 1
    return X, X.prod(axis=2).sum(axis=1).astype(np.float64)


def copying(n_samples: int, n_waiting: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return symbols that are to be repeated after a time of waiting.

    X of shape (n_samples, n_waiting + 20) has ten symbols from 1 to 8, blanks, the signal to repeat
    them, and ten times more the signal; y has blanks, and in the last ten steps the symbols.
    """
    rng = np.random.default_rng(seed)
    symbols = rng.integers(1, N_SYMBOLS + 1, (n_samples, N_COPIED))
    X = np.full((n_samples, n_waiting + 2 * N_COPIED), BLANK)
    y = X.copy()
    X[:, :N_COPIED], X[:, -N_COPIED - 1 :], y[:, -N_COPIED:] = symbols, RECALL, symbols
    return X, y


def indicators(tokens: np.ndarray) -> np.ndarray:
    """Return the inputs of `copying` as a channel for each symbol, and one for the signal.

    It has `LOUD` where a symbol stands, or the signal; a blank is zeros.
    """
    return LOUD * (tokens[..., None] == [*range(1, N_SYMBOLS + 1), RECALL]).astype(np.float32)
