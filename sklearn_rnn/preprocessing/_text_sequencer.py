"""Texts as sequences of tokens: `TextSequencer`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from numbers import Integral
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import TransformerMixin
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted

from sklearn_rnn._sklearn.compat import Interval, StrOptions, fit_context
from sklearn_rnn._sklearn.estimator import Estimator
from sklearn_rnn._sklearn.parameters import param, parametrized
from sklearn_rnn.preprocessing._tokenizer import (
    Analyzer,
    CorpusEncoder,
    Documents,
    check_texts,
    learn_words,
    pad_texts,
    split_sentences,
)

_RULES = CountVectorizer._parameter_constraints
_PADDING, _UNKNOWN, _FIRST_WORD = 0, 1, 2


@parametrized
class TextSequencer(
    TransformerMixin,
    Estimator,
    auto_wrap_output_keys=None,  # type: ignore[call-arg]  # read by TransformerMixin when a class is made
):
    r"""Convert texts to sequences of integer tokens, one per word.

    Texts are split into words, and the vocabulary is chosen, by scikit-learn's
    ``CountVectorizer`` with the parameters of the same names; the order of the words is kept.
    Token 0 is padding, 1 an unknown word, and 2, 3, ... are the words in the order of
    ``get_feature_names_out()``.

    {parameters}

    {attributes}

    See Also
    --------
    sklearn.feature_extraction.text.CountVectorizer : Word counts, without the order of words.

    Notes
    -----
    **Format.** The result is a single array, so that scikit-learn can index it and split it into
    folds. Rows are padded at the end to the longest text of the call; networks with
    ``vocabulary_size`` ignore padding. ``max_steps`` saves memory if a few texts are much longer
    than the others. With ``sentence_end`` the result is a list of documents, each a list of
    sentences, each an array of tokens without padding; sentences without words are dropped.

    **Lists of words**, as other tokenizers make, are texts too; with ``sentence_end`` lists of
    sentences, each a list of words. Their words are taken as they are: only ``max_df``, ``min_df``,
    ``max_features`` and ``vocabulary`` choose among them. A function ``analyzer`` gets the lists.

    **Dropped words.** Stop words, and text that ``token_pattern`` does not match, are dropped
    without a token. By default these include words of one letter, as in ``CountVectorizer``;
    ``token_pattern=r"(?u)\b\w+\b"`` keeps them.

    Examples
    --------
    >>> from sklearn_rnn import TextSequencer
    >>> texts = ["the cat sat", "the dog", "the cat saw the dog"]
    >>> sequencer = TextSequencer(min_df=2).fit(texts)
    >>> sequencer.get_feature_names_out()
    array(['cat', 'dog', 'the'], dtype=object)
    >>> X = sequencer.transform([*texts, ""])
    >>> X
    array([[4, 2, 1, 0, 0],
           [4, 3, 0, 0, 0],
           [4, 2, 1, 4, 3],
           [0, 0, 0, 0, 0]])
    >>> sequencer.inverse_transform(X)[0]
    array(['the', 'cat', '<unk>'], dtype=object)

    Documents (lists of sentences) for `HierarchicalAttentionClassifier`:

    >>> sequencer = TextSequencer(sentence_end=r"[.!?]+\s")
    >>> sequencer.fit_transform(["The cat sat. The dog!", "A dog?"])
    [[array([5, 2, 4]), array([5, 3])], [array([3])]]
    """

    max_steps: int | None = param(
        [Interval(Integral, 1, None, closed="left"), None],
        "Maximum number of words kept of a text; None keeps all.",
        default=None,
    )
    keep: str = param(
        [StrOptions({"last", "first"})],
        "Whether to keep the first or last words of a text with more than ``max_steps`` words.",
        default="last",
    )
    sentence_end: str | None = param(
        [str, None],
        """Regular expression that matches the end of a sentence, such as ``r"[.!?]+\\s"``; the
        match is part of the sentence. Each text then becomes a document, a list of sentences.
        None does not split texts. The vocabulary is the same.""",
        default=None,
    )
    unknown: str = param(
        [StrOptions({"token", "drop"})],
        "Whether a word that is not in the vocabulary becomes 1 ('token') or is dropped.",
        default="token",
    )
    input: str = param(
        _RULES["input"], "Whether X contains texts, file names, or open files.", default="content"
    )
    encoding: str = param(_RULES["encoding"], "Encoding of texts given as bytes.", default="utf-8")
    decode_error: str = param(
        _RULES["decode_error"], "What to do if bytes cannot be decoded.", default="strict"
    )
    strip_accents: str | Callable[[str], str] | None = param(
        _RULES["strip_accents"], "How to remove accents; None keeps them.", default=None
    )
    lowercase: bool = param(
        _RULES["lowercase"], "Whether to convert texts to lower case.", default=True
    )
    preprocessor: Callable[[str], str] | None = param(
        _RULES["preprocessor"], "Replaces ``strip_accents`` and ``lowercase``.", default=None
    )
    tokenizer: Callable[[str], Iterable[str]] | None = param(
        _RULES["tokenizer"], "Splits a text into words; replaces ``token_pattern``.", default=None
    )
    stop_words: str | list[str] | None = param(
        _RULES["stop_words"], "Words that are dropped.", default=None
    )
    token_pattern: str | None = param(
        _RULES["token_pattern"], "Regular expression that matches a word.", default=r"(?u)\b\w\w+\b"
    )
    analyzer: str | Callable[[Any], Iterable[str]] = param(
        [StrOptions({"word", "char"}), callable],
        "What a token is: a word, a character, or a string that a function returns.",
        default="word",
    )
    max_df: float = param(
        _RULES["max_df"],
        "Words in more texts than this (count or fraction) are unknown.",
        default=1.0,
    )
    min_df: float = param(
        _RULES["min_df"],
        "Words in fewer texts than this (count or fraction) are unknown.",
        default=1,
    )
    max_features: int | None = param(
        _RULES["max_features"],
        "Maximum size of the vocabulary; the most frequent words are kept.",
        default=None,
    )
    vocabulary: Mapping[str, int] | Iterable[str] | None = param(
        _RULES["vocabulary"],
        "Known words, or a mapping of words to 0, 1, ...; tokens are larger by 2.",
        default=None,
    )

    _learned: ClassVar[dict[str, str]] = {
        "vocabulary_ : dict": "The token of each word, from 2.",
        "vocabulary_size_ : int": "Number of words plus 2: the ``vocabulary_size`` of a network.",
    }

    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Iterable[Any], y: Any = None) -> TextSequencer:
        """Learn the vocabulary.

        Parameters
        ----------
        X : iterable of str, bytes, files or lists of str
            The texts.
        y : object, default=None
            Ignored.

        Returns
        -------
        TextSequencer
            The estimator itself.
        """
        self._learn(X)
        return self

    @fit_context(prefer_skip_nested_validation=True)
    def fit_transform(self, X: Iterable[Any], y: Any = None) -> NDArray[np.int64] | Documents:
        """Learn the vocabulary and return the sequences; each text is tokenised once.

        Parameters
        ----------
        X : iterable of str, bytes, files or lists of str
            The texts.
        y : object, default=None
            Ignored.

        Returns
        -------
        ndarray of shape (n_texts, n_steps), or list of list of ndarray of shape (n_words_ij,)
            Tokens, padded with 0 at the end; with ``sentence_end`` a list of documents.
        """
        return self._to_tokens(self._learn(X))

    def transform(self, X: Iterable[Any]) -> NDArray[np.int64] | Documents:
        """Convert texts to sequences of tokens.

        Parameters
        ----------
        X : iterable of str, bytes, files or lists of str
            The texts.

        Returns
        -------
        ndarray of shape (n_texts, n_steps), or list of list of ndarray of shape (n_words_ij,)
            Tokens, padded with 0 at the end; with ``sentence_end`` a list of documents.
        """
        self._check_fitted()
        corpus = CorpusEncoder(self._analyzer, self.sentence_end)
        for text in check_texts(X):
            corpus.record(self._analyzer.decode(text))
        return self._to_tokens(corpus)

    def inverse_transform(self, X: Iterable[Any]) -> list[Any]:
        """Convert sequences of tokens back to words.

        Parameters
        ----------
        X : array-like of shape (n_texts, n_steps), or list of sequences of int
            The sequences; with ``sentence_end`` a list of documents.

        Returns
        -------
        list of ndarray of shape (n_words_i,), or list of list of ndarray of shape (n_words_ij,)
            Words of each sequence, without padding; unknown words are ``<unk>``.
        """
        self._check_fitted()
        words = np.array([None, "<unk>", *self.vocabulary_], dtype=object)

        def read(ids: ArrayLike) -> NDArray[Any]:
            checked = self._check_ids(ids)
            return words[checked[checked != _PADDING]]

        if self.sentence_end is None:
            return [read(ids) for ids in X]
        return [[read(ids) for ids in document] for document in X]

    def get_feature_names_out(self, input_features: Any = None) -> NDArray[Any]:
        """Return the known words; the token of the first is 2.

        Parameters
        ----------
        input_features : object, default=None
            Ignored.

        Returns
        -------
        ndarray of shape (n_words,)
            Words in the order of their tokens.
        """
        self._check_fitted()
        return np.array([*self.vocabulary_], dtype=object)

    def __sklearn_tags__(self) -> Tags:
        """Return scikit-learn's tags: X contains strings and is not a table."""
        tags = super().__sklearn_tags__()
        tags.input_tags.string = True
        tags.input_tags.two_d_array = False
        return tags

    def _learn(self, X: Iterable[Any]) -> CorpusEncoder:
        """Learn the vocabulary, and return the encoded corpus."""
        parameters = {k: v for k, v in self.get_params(deep=False).items() if k in _RULES}
        analyzer = Analyzer(parameters)
        corpus = CorpusEncoder(analyzer, self.sentence_end)
        words = learn_words(parameters, corpus, check_texts(X))
        self.vocabulary_ = {word: number for number, word in enumerate(words, _FIRST_WORD)}
        self.vocabulary_size_ = len(words) + _FIRST_WORD
        self._analyzer = analyzer
        return corpus

    def _to_tokens(self, corpus: CorpusEncoder) -> NDArray[np.int64] | Documents:
        """Return the tokens of an encoded corpus."""
        known = [self.vocabulary_.get(word, _UNKNOWN) for word in corpus.numbers]
        ids = np.array(known, dtype=np.int64)[np.asarray(corpus.words)]
        bounds, texts = corpus.bounds()
        if self.unknown == "drop":
            is_known = ids != _UNKNOWN
            ids, bounds = ids[is_known], np.append(0, np.cumsum(is_known))[bounds]
        starts, stops = bounds[texts[:-1]], bounds[texts[1:]]
        n_kept = np.minimum(stops - starts, self.max_steps or len(ids))
        starts = stops - n_kept if self.keep == "last" else starts
        if self.sentence_end is None:
            return pad_texts(ids, starts, n_kept)
        return split_sentences(ids, bounds, texts, starts, n_kept)

    def _check_fitted(self) -> None:
        """Raise if there is no vocabulary; a given `vocabulary` does not require `fit`."""
        if self.vocabulary is not None and not hasattr(self, "vocabulary_"):
            self.fit([])
        check_is_fitted(self)

    def _check_ids(self, ids: ArrayLike) -> NDArray[np.int64]:
        """Return the tokens of one text, checked to be in the vocabulary."""
        checked, size = np.asarray(ids), self.vocabulary_size_
        if not checked.size:
            return checked.astype(np.int64)
        if checked.dtype.kind not in "iu" or not 0 <= checked.min() <= checked.max() < size:
            raise ValueError(
                f"X must hold integers from 0 to vocabulary_size_ - 1 = {size - 1}; got {ids!r}."
            )
        return checked
