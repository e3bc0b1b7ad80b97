"""Parameters of networks that read tokens, and the vectors that these have."""

from __future__ import annotations

from numbers import Integral
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import check_array
from sklearn.utils.validation import check_is_fitted

from sklearn_rnn._modules.embedding import Embedding
from sklearn_rnn._sklearn.compat import Interval
from sklearn_rnn._sklearn.parameters import param, parametrized
from sklearn_rnn.neural_network._training_parameters import COUNT


@parametrized
class Tokens:
    """Mixin of networks that read tokens."""

    vocabulary_size: int | None = param(
        [Interval(Integral, 2, None, closed="left"), None],
        """Size of the vocabulary, if `X` holds tokens: integers that stand for words or other
        symbols. 0 is padding. 1 is the unknown token, used for tokens of at least
        `vocabulary_size` and for tokens not in the training data. None infers the size from the
        data in `fit` if `embedding_dim` is set; otherwise `X` holds no tokens.""",
        default=None,
    )
    embedding_dim: int | None = param(
        [COUNT, None],
        """Dimension of the learned vectors of tokens, for which None means 32 if
        `vocabulary_size` is set; or of categories, see `LagTransformer`, for n of which None means
        ``min(600, round(1.6 * n**0.56))``.""",
        default=None,
    )
    embedding_init: Any = param(
        ["array-like", None],
        """Initial vectors of tokens, such as those of GloVe or word2vec: an array of shape
        (vocabulary_size, embedding_dim) with a row for each token, which also gives these two
        parameters. Rows of NaN are drawn as without it, as that of the unknown token, 1, may be;
        row 0, padding, must be NaN or zeros. Tokens with a vector are known, even if they are not
        in the training data.""",
        default=None,
    )
    embedding_trainable: bool = param(
        ["boolean"],
        "Whether the vectors of tokens are trained; False keeps them at `embedding_init`.",
        default=True,
    )

    _learned: ClassVar[dict[str, str]] = {
        "embedding_ : ndarray of shape (vocabulary_size, embedding_dim)": """
            With tokens, the vector of each, of padding zeros; those that are not known have that of
            the unknown token. Of several members, the vectors of the first. See
            `inspection.word_vectors`.""",
    }

    @property
    def embedding_(self) -> NDArray[np.floating[Any]]:
        """Return the vector of each token."""
        check_is_fitted(self)
        fitted: Any = self
        if not fitted._reader.reading.tokens:
            raise AttributeError(f"{type(self).__name__} has no embedding_: it has read no tokens.")
        layers = fitted.net_.module_.modules()
        vectors = next(layer.weight for layer in layers if isinstance(layer, Embedding))
        known = fitted._reader.known_tokens
        rows: NDArray[np.floating[Any]] = vectors.detach().cpu().numpy()
        return rows[np.where(known, np.arange(len(known)), UNKNOWN)]


UNKNOWN = 1
"""The token for all tokens that are not in the training data."""

MAX_INFERRED_TOKEN = 10_000_000
"""The largest token from which the size of the vocabulary is inferred."""


def initial_vectors(parameters: Any) -> NDArray[np.floating[Any]] | None:
    """Return the parameter `embedding_init` as an array, checked against two others."""
    given = parameters.embedding_init
    if given is None:
        return None
    types = [np.float64, np.float32]
    if np.ndim(given) != 2:
        raise ValueError(
            "embedding_init must be an array of shape (vocabulary_size, embedding_dim), with a row "
            f"for each token; got {type(given).__name__} of the shape {np.shape(given)}."
        )
    vectors: NDArray[np.floating[Any]] = check_array(
        given,
        dtype=types,
        ensure_all_finite="allow-nan",
        ensure_min_samples=2,
        input_name="embedding_init",
    )
    sizes = {name: getattr(parameters, name) for name in ("vocabulary_size", "embedding_dim")}
    for (name, size), found, axis in zip(
        sizes.items(), vectors.shape, ("rows", "columns"), strict=True
    ):
        if size not in (None, found):
            raise ValueError(
                f"embedding_init has {found} {axis}, but {name}={size}; leave {name} at its "
                f"default, or set it to {found}."
            )
    missing = np.isnan(vectors)
    partial = np.flatnonzero(missing.any(axis=1) & ~missing.all(axis=1))
    if len(partial):
        raise ValueError(
            f"Row {partial[0]} of embedding_init has some NaN; rows of NaN alone are drawn."
        )
    if np.nan_to_num(vectors[0]).any():
        raise ValueError(
            "Row 0 of embedding_init must be NaN or zeros, as the token 0 is padding, and row 1 is "
            "that of unknown tokens; the first word of TextSequencer has row 2."
        )
    return vectors


def known_tokens(tokens: NDArray[np.int64], vocabulary_size: int | None) -> NDArray[np.bool_]:
    """Return which tokens occur, including padding and the unknown token."""
    largest = int(tokens.max())
    if vocabulary_size is None and largest > MAX_INFERRED_TOKEN:
        raise ValueError(
            f"X holds the token {largest}; number the tokens from 1, or set vocabulary_size: "
            "tokens of at least this value are unknown."
        )
    size = vocabulary_size or max(largest + 1, UNKNOWN + 1)
    known = np.bincount(tokens[tokens < size], minlength=size) > 0
    known[[0, UNKNOWN]] = True
    return known
