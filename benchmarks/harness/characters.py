"""Windows of a text, and forecasts of its next character from how often characters follow."""

from collections import Counter, defaultdict

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin

BITS = "bits of a character"
N_STEPS = 150
WARM_UP = 50  # the first characters of a window, which are forecast from too few and do not count


def windows(tokens: np.ndarray) -> np.ndarray:
    """Return windows of a text; each begins with the last characters of the one before."""
    all_windows = np.lib.stride_tricks.sliding_window_view(tokens, N_STEPS)
    return np.ascontiguousarray(all_windows[:: N_STEPS - WARM_UP])


def bits(given: np.ndarray) -> float:
    """Return the mean number of bits from the probabilities that the true characters were given."""
    least = np.finfo(np.float32).tiny
    return float(-np.log2(np.maximum(given[:, WARM_UP:], least)).mean())


class Grams(ClassifierMixin, BaseEstimator):
    """Forecasts a character from the few before it, by the shares of what followed them.

    The shares after long contexts are mixed with those after shorter ones, the more so the more
    different characters have followed (Witten and Bell, 1991). A gram has `order` characters, of
    which the last is forecast from the others.
    """

    def __init__(self, order: int = 1) -> None:
        self.order = order

    def fit(self, X: np.ndarray, y: np.ndarray) -> "Grams":
        """Count what follows each context; what a window repeats of the one before is left out."""
        self.classes_ = np.unique(y)
        self.counts_: dict[bytes, Counter[int]] = defaultdict(Counter)
        labels = np.searchsorted(self.classes_, y)
        for inputs, outputs in zip(X.astype(np.uint8), labels, strict=True):
            for step in range(WARM_UP, len(inputs)):
                for n in range(self.order):
                    self.counts_[inputs[step + 1 - n : step + 1].tobytes()][int(outputs[step])] += 1
        self.n_parameters_ = sum(map(len, self.counts_.values()))
        return self

    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        """Return the probability of each next character at each step."""
        uniform = np.full(len(self.classes_), 1 / len(self.classes_))
        known: dict[bytes, np.ndarray] = {}

        def after(context: bytes) -> np.ndarray:
            if context not in known:
                shorter = after(context[1:]) if context else uniform
                counts = self.counts_.get(context, Counter())
                followers = np.zeros(len(uniform))
                followers[[*counts]] = [*counts.values()]
                n_kinds = max(len(counts), 1)
                known[context] = (followers + n_kinds * shorter) / (followers.sum() + n_kinds)
            return known[context]

        def read(row: np.ndarray) -> list[np.ndarray]:
            starts = [max(0, k + 2 - self.order) for k in range(len(row))]
            return [after(row[start : k + 1].tobytes()) for k, start in enumerate(starts)]

        return np.array([read(row) for row in X.astype(np.uint8)])
