"""Zeros that look like padding, and integers that look like tokens, are a warning."""

import re
import warnings

import numpy as np
import pandas as pd
import pytest

from sklearn_rnn import DenseClassifier, GRUClassifier, TextSequencer

RNG = np.random.default_rng(0)
N, STEPS = 40, 12
LENGTHS = RNG.integers(6, STEPS + 1, size=N)
Y = np.arange(N) % 2
NOISE = RNG.normal(size=(N, STEPS, 2))
ENDS = np.arange(STEPS) >= LENGTHS[:, np.newaxis]
WORDS = RNG.permutation(np.arange(N * STEPS) % 300 + 1).reshape(N, STEPS)
COUNTS = RNG.poisson(100 + 80 * np.sin(np.arange(N * STEPS) / 5)).reshape(N, STEPS)
PADDING = (
    f"{int((LENGTHS <= STEPS - 2).sum())} of {N} sequences of X end in several steps of zeros, of "
    "which there are hardly any elsewhere; they are read as measurements. If they are padding, set "
    "them to NaN, or give a list of arrays without them."
)
TOKENS = (
    "X holds integers up to 300 that are unrelated to those beside them, as the numbers of words "
    "are, but GRUClassifier reads them as measurements. If they are tokens, set embedding_dim; if "
    "not, give X.astype(float)."
)


def padded(X, fill):
    X = X.copy()
    X[ENDS] = fill
    return X


def fit(X, cls=GRUClassifier, **parameters):
    how = {"max_epochs": 1, "lr_schedule": "onecycle", "random_state": 0}
    return cls(**how, **parameters).fit(X, Y)


@pytest.mark.parametrize(
    ("X", "text"),
    [
        (padded(NOISE, 0.0), PADDING),
        (padded(NOISE, 0.0)[:, :, 0], PADDING),
        (padded(COUNTS + 1, 0), PADDING),
        (list(padded(NOISE, 0.0)), PADDING),
        (pd.DataFrame(padded(NOISE, 0.0)[:, :, 0]), PADDING),
        (padded(NOISE, 0.0)[:, ::-1], PADDING.replace("end in", "begin with")),
        (pd.DataFrame(WORDS), TOKENS),
        (WORDS, TOKENS),
        (padded(WORDS, 0), TOKENS),
        ([x[:n] for x, n in zip(WORDS, LENGTHS, strict=True)], TOKENS),
    ],
)
def test_what_is_probably_misread_is_a_warning(X, text):
    with pytest.warns(UserWarning, match=f"^{re.escape(text)}$") as raised:
        net = fit(X)
    assert len(raised) == 1
    net.predict(X)  # says it no more


SPARSE = np.where(RNG.uniform(size=NOISE.shape) < 0.5, 0.0, NOISE)
SAME_END = NOISE.copy()
SAME_END[:, -2:] = 0.0
FEW = NOISE.copy()
FEW[0, -2:] = FEW[1, -3:] = 0.0


@pytest.mark.parametrize(
    "X",
    [
        NOISE,
        padded(NOISE, np.nan),
        padded(SPARSE[:, :, :1], 0.0),
        SAME_END,
        FEW,
        WORDS.astype(float),
        COUNTS,
        WORDS % 9,
        SAME_END[:, ::-1],
        RNG.poisson(1000, size=WORDS.shape),
        np.stack([WORDS, WORDS], axis=2),
    ],
    ids=[
        "numbers",
        "NaN",
        "sparse",
        "same end",
        "few",
        "floats",
        "related",
        "codes",
        "same begin",
        "noise",
        "channels",
    ],
)
def test_measurements_are_none(X):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fit(X)


def test_what_is_read_as_it_is_meant_is_none():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fit(padded(WORDS, 0), embedding_dim=2)
        fit(padded(WORDS, 0), DenseClassifier)  # reads columns of a table


def test_tokens_of_texts_without_an_embedding_are_a_warning():
    ranks = np.arange(1, 301)
    texts = [RNG.choice(ranks, size=50, p=1 / ranks / np.sum(1 / ranks)) for _ in range(N)]
    tokens = TextSequencer().fit_transform([" ".join(f"word{k}" for k in text) for text in texts])
    with pytest.warns(UserWarning, match=r"set embedding_dim; if not, give X\.astype\(float\)\.$"):
        fit(tokens)
