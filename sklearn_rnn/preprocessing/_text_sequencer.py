"""Texts as sequences of numbers of words: `TextSequencer`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from numbers import Integral
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted

from sklearn_rnn._sklearn.compat import Interval, StrOptions, fit_context
from sklearn_rnn._sklearn.parameters import param, parametrized
from sklearn_rnn.preprocessing._tokenizer import (
    Analyzer,
    CorpusEncoder,
    Documents,
    in_rows,
    in_sentences,
    learn,
)

_RULES = CountVectorizer._parameter_constraints
_PADDING, _UNKNOWN, _FIRST_WORD = 0, 1, 2


@parametrized
class TextSequencer(
    TransformerMixin,
    BaseEstimator,
    auto_wrap_output_keys=None,  # type: ignore[call-arg]  # an argument of TransformerMixin
):
    r"""Turn texts into sequences of integers, one integer a word.

    What a word is, and which words are known, is decided by scikit-learn's
    ``CountVectorizer``, whose parameters these are: it would count what is put in order
    here. The integer 0 is padding, 1 a word that is not known, and 2, 3, ... are the words
    in the order of ``get_feature_names_out()``.

    {parameters}

    {attributes}

    See Also
    --------
    sklearn.feature_extraction.text.CountVectorizer : Counts of words, without their order.

    Notes
    -----
    **Form.** The result is one array, and no list of arrays: scikit-learn indexes it, splits
    it into folds and checks its length as it does with any X. Rows are padded behind to the
    longest text of the call; a net with ``vocabulary_size`` reads no padding. ``max_steps``
    saves memory where a few texts are much longer than the others. With ``sentence_end`` it is a
    list of texts, each a list of sentences, each an array of integers, without padding; sentences
    without words are left out.

    **Left out.** Stop words, and what ``token_pattern`` does not match, are no words: they
    leave no trace. By default words of one letter are among them, as in
    ``CountVectorizer``; ``token_pattern=r"(?u)\b\w+\b"`` keeps them.

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

    Documents, lists of sentences, for `HierarchicalAttentionClassifier`:

    >>> sequencer = TextSequencer(sentence_end=r"[.!?]+\s")
    >>> sequencer.fit_transform(["The cat sat. The dog!", "A dog?"])
    [[array([5, 2, 4]), array([5, 3])], [array([3])]]
    """

    max_steps: int | None = param(
        [Interval(Integral, 1, None, closed="left"), None],
        "Most words that are kept of a text; None keeps all.",
        default=None,
    )
    keep: str = param(
        [StrOptions({"last", "first"})],
        "Which end of a text is kept if it has more than ``max_steps`` words.",
        default="last",
    )
    sentence_end: str | None = param(
        [str, None],
        """Regular expression of what ends a sentence, and belongs to it, such as
        ``r"[.!?]+\\s"``: each text becomes a document, a list of sentences. None takes no account
        of sentences. The vocabulary is the same.""",
        default=None,
    )
    unknown: str = param(
        [StrOptions({"token", "drop"})],
        "Whether a word that is not in the vocabulary becomes 1 ('token') or is left out.",
        default="token",
    )
    input: str = param(
        _RULES["input"], "Whether X holds texts, names of files, or open files.", default="content"
    )
    encoding: str = param(_RULES["encoding"], "Encoding of texts in bytes.", default="utf-8")
    decode_error: str = param(
        _RULES["decode_error"], "What to do about bytes of no such encoding.", default="strict"
    )
    strip_accents: str | Callable[[str], str] | None = param(
        _RULES["strip_accents"], "How to remove accents; None keeps them.", default=None
    )
    lowercase: bool = param(
        _RULES["lowercase"], "Whether to make all letters lower case first.", default=True
    )
    preprocessor: Callable[[str], str] | None = param(
        _RULES["preprocessor"], "In place of ``strip_accents`` and ``lowercase``.", default=None
    )
    tokenizer: Callable[[str], Iterable[str]] | None = param(
        _RULES["tokenizer"], "Splits a text, in place of ``token_pattern``.", default=None
    )
    stop_words: str | list[str] | None = param(
        _RULES["stop_words"], "Words that are left out.", default=None
    )
    token_pattern: str | None = param(
        _RULES["token_pattern"], "Regular expression of a word.", default=r"(?u)\b\w\w+\b"
    )
    analyzer: str | Callable[[Any], Iterable[str]] = param(
        [StrOptions({"word", "char"}), callable],
        "What an integer stands for: a word, a character, or a string that a function gives.",
        default="word",
    )
    max_df: float = param(
        _RULES["max_df"], "Words in more texts (number, or share) are not known.", default=1.0
    )
    min_df: float = param(
        _RULES["min_df"], "Words in fewer texts (number, or share) are not known.", default=1
    )
    max_features: int | None = param(
        _RULES["max_features"], "Only so many words, the most frequent, are known.", default=None
    )
    vocabulary: Mapping[str, int] | Iterable[str] | None = param(
        _RULES["vocabulary"], "Words, or a mapping of them to 0, 1, ... (+ 2).", default=None
    )

    _learned: ClassVar[dict[str, str]] = {
        "vocabulary_ : dict": "The integer of each word, from 2.",
        "vocabulary_size_ : int": "Known words + 2: the ``vocabulary_size`` of a net.",
    }

    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Iterable[Any], y: Any = None) -> TextSequencer:
        """Learn the vocabulary.

        Parameters
        ----------
        X : iterable of str, bytes or files
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
        """Learn the vocabulary and return the sequences; each text is analysed once.

        Parameters
        ----------
        X : iterable of str, bytes or files
            The texts.
        y : object, default=None
            Ignored.

        Returns
        -------
        ndarray of shape (n_texts, n_steps), or list of list of ndarray of shape (n_words_ij,)
            The sequences, padded behind by 0; with ``sentence_end`` those of the sentences.
        """
        return self._lay_out(self._learn(X))

    def transform(self, X: Iterable[Any]) -> NDArray[np.int64] | Documents:
        """Return the sequences.

        Parameters
        ----------
        X : iterable of str, bytes or files
            The texts.

        Returns
        -------
        ndarray of shape (n_texts, n_steps), or list of list of ndarray of shape (n_words_ij,)
            The sequences, padded behind by 0; with ``sentence_end`` those of the sentences.
        """
        self._check_fitted()
        recorder = CorpusEncoder(self._analyzer, self.sentence_end)
        for text in _check_texts(X):
            recorder.record(self._analyzer.decode(text))
        return self._lay_out(recorder)

    def inverse_transform(self, X: Iterable[Any]) -> list[Any]:
        """Return the words of sequences.

        Parameters
        ----------
        X : array-like of shape (n_texts, n_steps), or list of sequences of int
            The sequences; with ``sentence_end`` a list of documents.

        Returns
        -------
        list of ndarray of shape (n_words_i,), or list of list of ndarray of shape (n_words_ij,)
            The words of each, without the padding; an unknown word is ``<unk>``.
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
        """Return the known words; the integer of the first is 2.

        Parameters
        ----------
        input_features : object, default=None
            Ignored.

        Returns
        -------
        ndarray of shape (n_words,)
            The words in the order of their integers.
        """
        self._check_fitted()
        return np.array([*self.vocabulary_], dtype=object)

    def __sklearn_tags__(self) -> Tags:
        """Say that X holds strings, and is no table."""
        tags = super().__sklearn_tags__()
        tags.input_tags.string = True
        tags.input_tags.two_d_array = False
        return tags

    def _learn(self, X: Iterable[Any]) -> CorpusEncoder:
        """Learn the vocabulary, and return what was read."""
        parameters = {k: v for k, v in self.get_params(deep=False).items() if k in _RULES}
        analyzer = Analyzer(parameters)
        recorder = CorpusEncoder(analyzer, self.sentence_end)
        words = learn(parameters, recorder, _check_texts(X))
        self.vocabulary_ = {word: number for number, word in enumerate(words, _FIRST_WORD)}
        self.vocabulary_size_ = len(words) + _FIRST_WORD
        self._analyzer = analyzer
        return recorder

    def _lay_out(self, recorder: CorpusEncoder) -> NDArray[np.int64] | Documents:
        """Return the integers of the texts that were read."""
        known = [self.vocabulary_.get(word, _UNKNOWN) for word in recorder.numbers]
        ids = np.array(known, dtype=np.int64)[np.asarray(recorder.words)]
        bounds, texts = recorder.bounds()
        if self.unknown == "drop":
            is_known = ids != _UNKNOWN
            ids, bounds = ids[is_known], np.append(0, np.cumsum(is_known))[bounds]
        starts, stops = bounds[texts[:-1]], bounds[texts[1:]]
        n_kept = np.minimum(stops - starts, self.max_steps or len(ids))
        starts = stops - n_kept if self.keep == "last" else starts
        if self.sentence_end is None:
            return in_rows(ids, starts, n_kept)
        return in_sentences(ids, bounds, texts, starts, n_kept)

    def _check_fitted(self) -> None:
        """Raise if there is no vocabulary; one that is given needs no texts."""
        if self.vocabulary is not None and not hasattr(self, "vocabulary_"):
            self.fit([])
        check_is_fitted(self)

    def _check_ids(self, ids: ArrayLike) -> NDArray[np.int64]:
        """Return the integers of one text, if this estimator can have given them."""
        checked, size = np.asarray(ids), self.vocabulary_size_
        if not checked.size:
            return checked.astype(np.int64)
        if checked.dtype.kind not in "iu" or not 0 <= checked.min() <= checked.max() < size:
            raise ValueError(
                f"X must hold integers from 0 to vocabulary_size_ - 1 = {size - 1}; got {ids!r}."
            )
        return checked


def _check_texts(X: Any) -> Any:
    if isinstance(X, str):  # in the words of CountVectorizer
        raise ValueError("Iterable over raw text documents expected, string object received.")
    if getattr(X, "ndim", 1) != 1:
        raise ValueError(
            f"X must be one list of texts; got {X.ndim} dimensions. Give a column, as X['text']."
        )
    return X
