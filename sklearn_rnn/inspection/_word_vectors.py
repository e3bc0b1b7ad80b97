"""The learned vectors of words by name: `word_vectors`."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from sklearn.pipeline import Pipeline

from sklearn_rnn._sklearn.metaestimators import final_estimator, open_search
from sklearn_rnn.preprocessing._text_sequencer import TextSequencer


def word_vectors(estimator: Any, words: ArrayLike | None = None) -> pd.DataFrame:
    """Return the vector that a network has for each word.

    Parameters
    ----------
    estimator : estimator
        A fitted pipeline of a `TextSequencer` and a network, or a search for one; with `words` also
        a network alone.
    words : array-like of str, of shape (n_tokens,), default=None
        The word of each token, the first that of padding. None takes those of the `TextSequencer`.

    Returns
    -------
    DataFrame of shape (n_tokens - 1, embedding_dim)
        The vectors, indexed by the words in the order of their tokens, from ``<unk>``. Words that
        the network does not know have the vector of ``<unk>``.

    Raises
    ------
    ValueError
        If there is neither a `TextSequencer` nor `words`, or fewer `words` than vectors.
    AttributeError
        If the network reads no tokens.

    See Also
    --------
    attributions : The words behind a prediction.
    sklearn_rnn.TextSequencer : Makes the tokens.

    Examples
    --------
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn_rnn import GRUClassifier, TextSequencer
    >>> from sklearn_rnn.inspection import word_vectors
    >>> texts, y = ["a fine film", "a dull film"] * 9, [1, 0] * 9
    >>> net = GRUClassifier(embedding_dim=2, max_epochs=2, lr_schedule="cosine", random_state=0)
    >>> vectors = word_vectors(make_pipeline(TextSequencer(), net).fit(texts, y))
    >>> vectors.shape, list(vectors.index)
    ((4, 2), ['<unk>', 'dull', 'film', 'fine'])
    """
    if words is None:
        words = _words_of(open_search(estimator))
    names, vectors = np.asarray(words, dtype=object), final_estimator(estimator).embedding_
    if len(names) < len(vectors):
        raise ValueError(
            f"words must have an entry for each of {len(vectors)} tokens; got {len(names)}."
        )
    tokens = np.arange(1, len(names))
    known = np.where(tokens < len(vectors), tokens, 1)
    return pd.DataFrame(vectors[known], pd.Index(names[1:], name="word"))


def _words_of(pipeline: Any) -> list[str]:
    """Return the word of each token that the `TextSequencer` of a pipeline makes."""
    steps = [step for _, step in pipeline.steps] if isinstance(pipeline, Pipeline) else []
    for step in steps:
        if isinstance(step, TextSequencer):
            return ["<pad>", "<unk>", *step.get_feature_names_out()]
    raise ValueError(
        "word_vectors needs a pipeline with a TextSequencer, or words=, the word of each token; "
        f"got {type(pipeline).__name__}."
    )
