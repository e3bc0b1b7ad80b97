"""Data sets that are included in the package or downloaded from their source."""

from sklearn_rnn.datasets._bundled import load_boston, load_hitters, load_nyse
from sklearn_rnn.datasets._climate import fetch_climate
from sklearn_rnn.datasets._debilt import fetch_debilt
from sklearn_rnn.datasets._ett import fetch_ett
from sklearn_rnn.datasets._imdb import fetch_imdb
from sklearn_rnn.datasets._mnist import fetch_mnist
from sklearn_rnn.datasets._polymusic import fetch_polymusic
from sklearn_rnn.datasets._ptb import fetch_ptb
from sklearn_rnn.datasets._ucr import fetch_ucr

__all__ = [
    "load_nyse",
    "load_hitters",
    "load_boston",
    "fetch_ett",
    "fetch_climate",
    "fetch_debilt",
    "fetch_imdb",
    "fetch_ucr",
    "fetch_polymusic",
    "fetch_mnist",
    "fetch_ptb",
]
