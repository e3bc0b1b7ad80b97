"""Texts in the colours of their attributions: `WordAttributionsDisplay`."""

from __future__ import annotations

from html import escape
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.pipeline import Pipeline

from sklearn_rnn._sklearn.compat import validate_params
from sklearn_rnn._sklearn.metaestimators import open_search
from sklearn_rnn.inspection._attributions import OUTPUT, attributions, of_output
from sklearn_rnn.preprocessing._text_sequencer import TextSequencer

FloatArray = NDArray[np.float64]

POSITIVE, NEGATIVE = "214, 96, 77", "67, 147, 195"
"""Red and blue of the color map 'RdBu_r', as in CSS."""


class WordAttributionsDisplay:
    """Texts as HTML, with words coloured by their attributions: red raises the output.

    Notebooks show the display as it is; `to_html` returns what they show.

    Parameters
    ----------
    words : list of ndarray of shape (n_words_i,)
        Words of each text.
    values : list of ndarray of shape (n_words_i,)
        Attributions of each word.

    See Also
    --------
    sklearn_rnn.inspection.attributions : Computation of the attributions.
    """

    def __init__(self, *, words: list[NDArray[Any]], values: list[FloatArray]) -> None:
        self.words = words
        self.values = values

    @classmethod
    @validate_params({"output": OUTPUT}, prefer_skip_nested_validation=False)
    def from_estimator(
        cls, estimator: Any, X: Any, *, output: int | None = None, n_points: int = 32
    ) -> WordAttributionsDisplay:
        """Compute the attributions of the words of texts.

        Parameters
        ----------
        estimator : Pipeline
            A fitted pipeline of a `TextSequencer` and a network.
        X : iterable of str
            The texts.
        output : int, default=None
            Which of several outputs to show; None takes the largest of each text.
        n_points : int, default=32
            See `attributions`.

        Returns
        -------
        WordAttributionsDisplay
            The display.
        """
        pipeline = open_search(estimator)
        if not (isinstance(pipeline, Pipeline) and isinstance(pipeline[0], TextSequencer)):
            raise ValueError(
                "estimator must be a fitted pipeline of a TextSequencer and a network; got "
                f"{type(pipeline).__name__}."
            )
        tokens = pipeline[0].transform(X)
        found = attributions(pipeline[1:], tokens, n_points=n_points)
        words = pipeline[0].inverse_transform(tokens)
        pairs = zip(found.attributions, found.base_values, words, strict=True)
        values = [of_output(values, base, output)[: len(of)] for values, base, of in pairs]
        return cls(words=words, values=values)

    def to_html(self) -> str:
        """Return a paragraph of HTML for each text."""
        largest = max((float(np.abs(v).max(initial=0.0)) for v in self.values), default=0.0) or 1.0
        texts = zip(self.words, self.values, strict=True)
        return "\n".join(
            f"<p>{' '.join(map(_span, words, values / largest, values))}</p>"
            for words, values in texts
        )

    def _repr_html_(self) -> str:
        """Return what notebooks show."""
        return self.to_html()


def _span(word: str, share: float, value: float) -> str:
    """Return a word as HTML, coloured by a share from -1 to 1."""
    color = POSITIVE if share > 0 else NEGATIVE
    style = f"background-color: rgba({color}, {abs(share):.2f})"
    return f'<span style="{style}" title="{value:.3g}">{escape(word)}</span>'
