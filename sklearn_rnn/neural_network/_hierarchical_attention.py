"""Hierarchical attention networks for classification of documents."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from numbers import Integral
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.validation import check_is_fitted

from sklearn_rnn._modules.base import SequenceModule
from sklearn_rnn._modules.hierarchical_attention import HierarchicalAttention
from sklearn_rnn._sequences.documents import read_documents
from sklearn_rnn._sequences.input_form import InputForm, Reading
from sklearn_rnn._sequences.ragged import Ragged
from sklearn_rnn._sequences.validation import Validate
from sklearn_rnn._sklearn.compat import Interval, Options, StrOptions
from sklearn_rnn._sklearn.parameters import param, parametrized
from sklearn_rnn._sklearn.validation import check_targets
from sklearn_rnn.neural_network._classifier import SequenceClassifier
from sklearn_rnn.neural_network._input_reader import InputReader, Module
from sklearn_rnn.neural_network._sequential import attention_of
from sklearn_rnn.neural_network._tokens import Tokens
from sklearn_rnn.neural_network._training_parameters import COUNT, DROPOUT


@dataclass(frozen=True)
class DocumentReader(InputReader):
    """Input reader for documents, each a sequence of words and sentence ends."""

    @classmethod
    def of(
        cls, X: Any, y: Any, *, name: str, reading: Reading, validate: Validate
    ) -> tuple[DocumentReader, Ragged, Any]:
        """Validate the X (and y) of `fit`; return a reader for its form, the documents and y."""
        documents, y = _read(X, y, validate)
        return cls(name, reading, InputForm(1, 1, documents.n_steps, False)), documents, y

    def read(self, X: Any, y: Any = "no_validation", *, validate: Validate) -> tuple[Ragged, Any]:
        """Validate X (and y) and return its documents, and y."""
        return _read(X, y, validate)

    def build_module(
        self, module_class: type[SequenceModule], architecture: dict[str, Any], n_outputs: int
    ) -> Module:
        """Return the class and arguments of the network, which has its own token embedding."""
        _, arguments = super().build_module(module_class, architecture, n_outputs)
        inner, own = arguments.pop("inner"), arguments.pop("architecture")
        return inner, {**arguments, **own}


def _read(X: Any, y: Any, validate: Validate) -> tuple[Ragged, Any]:
    """Return the documents, and the validated targets if there are any."""
    documents = read_documents(X).sequences()
    if not isinstance(y, str):
        check_targets(y, X)
        y = validate(y=y, multi_output=True)
    return documents, y


@parametrized
class HierarchicalAttentionClassifier(Tokens, SequenceClassifier):
    """Hierarchical attention network (HAN) for classification of documents.

    A bidirectional GRU reads the words of each sentence, and an average of its states with learned
    attention weights represents the sentence; a second GRU with attention reads the sentences in
    the same way. The weights show which sentences and words matter: see `attention_weights` and
    `word_attention_weights`.

    {parameters}

    {attributes}

    See Also
    --------
    TextSequencer : Converts texts to documents, with ``sentence_end``.
    GRUClassifier : Reads a single sequence of tokens; also has ``pooling="attention"``.

    Notes
    -----
    `X` is a list of documents, each a list of sentences, each a sequence of tokens; or
    an array of integers of shape (n_documents, n_sentences, n_words). Token 0 is padding and 1 the
    unknown token. Padding and empty sentences have no effect, at any position. Memory use grows
    with the number of words, regardless of the lengths of documents and sentences.

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
    >>> [weights.shape for weights in model.word_attention_weights(documents[:2])[0]]
    [(2,), (1,)]
    """

    vocabulary_size: int | None = param(
        [Interval(Integral, 2, None, closed="left"), None],
        """Size of the vocabulary. Tokens of at least `vocabulary_size` and tokens not in the
        training data are unknown. None infers the size from the data in `fit`.""",
        default=None,
    )
    embedding_dim: int = param(
        [COUNT],
        "Dimension of the learned token embeddings.",
        default=32,
    )
    hidden_size: int = param(
        [COUNT],
        "Number of units of each direction, for words and for sentences.",
        default=32,
        also=("units",),
    )
    dropout: float = param(
        [DROPOUT],
        """Dropout probability of the vectors that represent sentences and documents.""",
        default=0.0,
    )
    n_channels: int | None = param(
        [Options(Integral, {1}), None], "None or 1: documents have no channels.", default=None
    )
    missing_indicator: bool = param(
        ["boolean"], "Has no effect: tokens are never missing.", default=True
    )
    penalty: str = param(
        [StrOptions({"elasticnet"})],
        "What the L1 part makes zero: single weights, except the token embeddings.",
        default="elasticnet",
    )
    linear_skip: bool = param(
        [Options(bool, {False})], "Must be False: tokens are not numbers.", default=False
    )
    augmentation: None = param([None], "Must be None: tokens cannot be perturbed.", default=None)
    standardize: bool = param(["boolean"], "Has no effect: tokens have no scale.", default=True)

    _learned: ClassVar[dict[str, str]] = {
        "n_channels_ : int": "Always 1, the token.",
        "n_steps_ : int": "Number of words and sentences of the longest document seen in `fit`.",
        "channel_scale_ : Scale": "The identity: tokens are not scaled.",
        "missing_channels_ : ndarray of int": "Always empty.",
        "n_features_in_ : int": "Always 1, the token.",
        "linear_share_ : float": "Not available: there is no `linear_skip`.",
        "selected_channels_ : ndarray of bool, of shape (n_channels_,)": """
            Not available: tokens have no channels.""",
    }
    _module_class: ClassVar[type[SequenceModule]] = HierarchicalAttention
    _any_length: ClassVar[bool] = True
    _reader_class: ClassVar[type[InputReader]] = DocumentReader

    def attention_weights(self, X: Any) -> list[NDArray[np.float64]]:
        """Return the attention weight of each sentence.

        Parameters
        ----------
        X : list, or array-like of shape (n_documents, n_sentences, n_words)
            Documents.

        Returns
        -------
        list of ndarray of shape (n_sentences_i,)
            Weights that sum to one over each document, in the form of `X`; zero for a sentence
            without words.
        """
        return self._attention(X)[0]

    def word_attention_weights(self, X: Any) -> list[list[NDArray[np.float64]]]:
        """Return the attention weight of each word in its sentence.

        Parameters
        ----------
        X : list, or array-like of shape (n_documents, n_sentences, n_words)
            Documents.

        Returns
        -------
        list of list of ndarray of shape (n_words_ij,)
            Weights that sum to one over each sentence, in the form of `X`; zero for padding.
        """
        return self._attention(X)[1]

    def _attention(
        self, X: Any
    ) -> tuple[list[NDArray[np.float64]], list[list[NDArray[np.float64]]]]:
        check_is_fitted(self)
        documents = read_documents(X)
        return documents.unflatten(attention_of(self, documents.sequences()))

    def _architecture(self, parameters: Mapping[str, Any]) -> dict[str, Any]:
        return {name: parameters[name] for name in ("hidden_size", "dropout")}

    def __sklearn_tags__(self) -> Any:
        """Return scikit-learn's tags: X is neither a table nor an array of numbers."""
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        tags.input_tags.three_d_array = False
        return tags
