"""Hierarchical attention: from words to sentences, from sentences to documents."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import check_consistent_length
from sklearn.utils.validation import check_is_fitted, validate_data
from torch import nn

from sklearn_rnn._classifier import SequenceClassifier
from sklearn_rnn._documents import read_documents
from sklearn_rnn._modules.hierarchical_attention import HierarchicalAttention
from sklearn_rnn._parameters import param, parametrized
from sklearn_rnn._ragged import Ragged
from sklearn_rnn._step_targets import unflatten_steps
from sklearn_rnn._stepwise import attention_of
from sklearn_rnn._training_parameters import COUNT, DROPOUT
from sklearn_rnn._windows import Windows


@parametrized
class HierarchicalAttentionClassifier(SequenceClassifier):
    """Network with attention to words and to sentences, for classification of documents.

    A bidirectional GRU reads the words of each sentence, and their states are averaged with
    weights that it finds itself; another reads the sentences in the same way. The weights tell
    which sentences counted: see `attention_weights`.

    {parameters}

    {attributes}

    See Also
    --------
    TextSequencer : Texts to tokens.
    GRUClassifier : A single sequence of tokens; has ``pooling="attention"`` too.

    Notes
    -----
    `X` is a list of documents, each a list of sentences, each a sequence of tokens; or an array of
    integers of shape (n_documents, n_sentences, n_words) with zeros behind and below. Token 0 is
    padding, 1 the unknown token. Parameters that are about numbers (`n_channels`, `standardize`,
    `missing_indicator`) have no effect.

    References
    ----------
    Yang, Yang, Dyer, He, Smola and Hovy (2016). Hierarchical attention networks for document
    classification. NAACL.

    Examples
    --------
    >>> from sklearn_rnn import HierarchicalAttentionClassifier
    >>> documents = [[[2, 5], [3]], [[4, 2, 2]], [[5], [2, 3]], [[2], [4], [2]]] * 20
    >>> likes = ["yes", "no", "yes", "no"] * 20
    >>> model = HierarchicalAttentionClassifier(
    ...     hidden_size=4, learning_rate=0.02, lr_schedule="onecycle", max_epochs=30, random_state=0
    ... ).fit(documents, likes)
    >>> model.predict([[[3, 2], [5]], [[2], [4, 4]]])
    array(['yes', 'no'], dtype='<U3')
    >>> [weights.shape for weights in model.attention_weights(documents[:2])]
    [(2,), (1,)]
    """

    vocabulary_size: int | None = param(
        [COUNT, None],
        """The number of tokens; those from it up are the unknown token, as are those that training
        does not show. None takes all that `fit` sees.""",
        default=None,
    )
    embedding_dim: int = param(
        [COUNT],
        "Entries of the vector that is learned for each token.",
        default=32,
    )
    hidden_size: int = param(
        [COUNT],
        "Units of each direction, for words and for sentences.",
        default=32,
    )
    dropout: float = param(
        [DROPOUT],
        """The probability with which an entry of the vector of a sentence or of a document is
        dropped in training.""",
        default=0.0,
    )

    _module_class: ClassVar[type[nn.Module]] = HierarchicalAttention
    _any_length: ClassVar[bool] = True

    def attention_weights(self, X: Any) -> NDArray[Any]:
        """Return how much each sentence counts.

        Parameters
        ----------
        X : list, or array-like of shape (n_documents, n_sentences, n_words)
            Documents.

        Returns
        -------
        ndarray of shape (n_documents,) with arrays, or of shape (n_documents, n_sentences)
            Weights that sum to one over each document. A sentence without words has none.
        """
        check_is_fitted(self)
        sequences, _ = self._read_sequences(X, reset=False)
        weights = attention_of(self, sequences)
        ragged = not isinstance(X, np.ndarray)
        spread = unflatten_steps(weights, sequences, ragged=ragged, fill=0.0)
        if ragged:
            for i, document in enumerate(X):
                spread[i] = spread[i][: len(document)]
        return spread

    def _architecture(self) -> dict[str, Any]:
        return {"hidden_size": self.hidden_size, "dropout": self.dropout}

    def _read_sequences(
        self, X: Any, y: Any = "no_validation", *, reset: bool
    ) -> tuple[Windows | Ragged, Any]:
        """Validate X and return its sentences, each a step whose channels are its words."""
        sequences = read_documents(X)
        if reset:
            self._reading = self._as_declared()
            self.n_channels_, self.n_steps_ = sequences.rows.shape[1], sequences.n_steps
        if not isinstance(y, str):
            y = validate_data(self, y=y, reset=reset, multi_output=True)
            check_consistent_length(X, y)
        return sequences, y

    def _module(
        self, n_outputs: int, architecture: dict[str, Any]
    ) -> tuple[type[nn.Module], dict[str, Any]]:
        """Return the class of the net and its arguments, without a layer of tokens around it."""
        _, arguments = super()._module(n_outputs, architecture)
        inner, own = arguments.pop("inner"), arguments.pop("architecture")
        return inner, {**arguments, **own}

    def __sklearn_tags__(self) -> Any:
        """Return scikit-learn's tags: neither a table nor an array of numbers."""
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        tags.input_tags.three_d_array = False
        return tags
