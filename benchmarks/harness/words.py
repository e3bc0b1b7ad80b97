"""Film reviews as tokens: which words they hold, and their last words."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import sklearn
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.utils.fixes import parse_version

N_WORDS = 2000  # the most frequent ones
FIRST_WORD = 4  # of the tokens of IMDB; those before are padding, start, unknown and unused
# The argument was renamed.
NEW = parse_version(sklearn.__version__) >= parse_version("1.8")
LASSO: dict[str, Any] = {"l1_ratio": 1.0} if NEW else {"penalty": "l1"}


def bag_of_words(reviews: Sequence[Any], dense: bool = False) -> Any:
    """Return which words each review holds: ones and zeros, float32."""
    ends = np.cumsum([0, *map(len, reviews)])
    tokens = np.concatenate(list(reviews))
    shape = (len(reviews), FIRST_WORD + N_WORDS)
    counts = csr_matrix((np.ones(len(tokens), dtype=np.float32), tokens, ends), shape)
    counts.sum_duplicates()
    counts.data[:] = 1.0
    bag = counts[:, FIRST_WORD:]
    return bag.toarray() if dense else bag


def last_words(reviews: Sequence[Any], n_words: int) -> list[Any]:
    return [review[-n_words:] for review in reviews]


def lasso(words: Any, strengths: Sequence[float]) -> Pipeline:
    """Return a logistic regression on a bag of words that chooses its penalty."""
    logistic = LogisticRegression(solver="liblinear", random_state=0, **LASSO)
    return make_pipeline(words, GridSearchCV(logistic, {"C": strengths}, cv=3))
