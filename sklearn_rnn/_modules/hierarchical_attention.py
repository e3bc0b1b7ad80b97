"""Documents of sentences of words, read with attention at both levels."""

from typing import Any

import torch
from torch import Tensor, nn

from .dropout import Dropout
from .embedding import Embedded, token_lengths
from .padding import valid_steps
from .recurrent import Recurrent


class HierarchicalAttention(nn.Module):
    r"""Hierarchical attention network (Yang et al., 2016).

    With the words :math:`w_{st}` of the sentences s of a document, and their vectors
    :math:`e_{st}`:

    .. math:: h_{st} = \mathrm{BiGRU}(e_s)_t, \quad z_s = \sum_t a_{st} h_{st}, \qquad
              g_s = \mathrm{BiGRU}(z)_s, \quad f = \sum_s b_s g_s

    where BiGRU is a bidirectional `Recurrent` and the weights a of the words in a sentence and b of
    the sentences are those of the attention of `Pooling`. Dropout falls on the vectors z and f; f
    goes to the head.

    The input is of dtype int64 and of shape (batch, n_sentences, n_words), with tokens from 0 to
    ``vocabulary_size - 1``. The token 0 is padding: a sentence ends with its last other token, a
    document with its last sentence that is not empty (or after `lengths` sentences). An empty
    sentence before that is the vector zero.

    Parameters
    ----------
    n_channels, n_steps, n_outputs : int
        Words in a sentence, sentences in a document, and the size of the output (batch, n_outputs).
        Any number of words and sentences is accepted when called.
    vocabulary_size : int
        Tokens, padding included.
    embedding_dim : int
        Entries of the vector of a token.
    hidden_size : int
        Size of the state of each direction, at both levels.
    dropout : float in [0, 1), default=0.0
        Probability with which an entry of the vector of a sentence or document is dropped in
        training.

    References
    ----------
    Yang, Yang, Dyer, He, Smola and Hovy (2016). Hierarchical attention networks for document
    classification. NAACL.
    """

    def __init__(
        self,
        n_channels: int,
        n_steps: int,
        n_outputs: int,
        *,
        vocabulary_size: int,
        embedding_dim: int,
        hidden_size: int,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        layer: dict[str, Any] = {"cell": "gru", "hidden_size": hidden_size, "bidirectional": True}
        layer["pooling"] = "attention"
        self.words = Embedded(
            1,
            n_channels,
            n_outputs,
            vocabulary_size=vocabulary_size,
            embedding_dim=embedding_dim,
            inner=Recurrent,
            architecture=layer,
        )
        self.words.net.add_module("head", Dropout(dropout))  # what follows reads the states
        self.sentences = Recurrent(2 * hidden_size, n_steps, n_outputs, dropout=dropout, **layer)
        self.head = self.sentences.head
        self.sentences.add_module("head", nn.Identity())

    def forward(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Map tokens x (batch, n_sentences, n_words) to outputs (batch, n_outputs)."""
        outputs: Tensor = self.head(self.sentences(*self._sentence_vectors(x, lengths)))
        return outputs

    def attention(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Weigh the sentences of x (batch, n_sentences, n_words): (batch, n_sentences).

        A row sums to one, and is zero behind its last sentence. One without words is zero.
        """
        return self.sentences.attention(*self._sentence_vectors(x, lengths))

    def word_attention(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Weigh the words of each sentence of x: (batch, n_sentences, n_words).

        Each sentence sums to one, and is zero behind its last word. An empty one is zero.
        """
        weights = self.words.attention(_document(x, lengths).flatten(0, 1))
        return weights.view(x.shape)

    def _sentence_vectors(self, x: Tensor, lengths: Tensor | None) -> tuple[Tensor, Tensor]:
        """Read the words: vectors (batch, n_sentences, 2 * hidden_size), and how many are valid."""
        x = _document(x, lengths)
        if lengths is None:
            lengths = token_lengths(x.amax(2))
        vectors = self.words(x.flatten(0, 1))  # (batch * n_sentences, 2 * hidden_size)
        return vectors.view(*x.shape[:2], -1), lengths


def _document(x: Tensor, lengths: Tensor | None) -> Tensor:
    """Replace what is behind the last of `lengths` sentences by padding."""
    return x if lengths is None else torch.where(valid_steps(lengths, x.shape[1]), x, 0)
