"""Documents of sentences of words, read with attention at both levels."""

from bisect import bisect_right
from collections.abc import Iterator
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from sklearn_rnn._modules.base import SequenceModule
from sklearn_rnn._modules.embedding import Embedded
from sklearn_rnn._modules.layers import Dropout
from sklearn_rnn._modules.masking import valid_steps
from sklearn_rnn._modules.recurrent import Recurrent

FEW = 6
"""Words of padding that are always allowed in a group of sentences, however short they are."""


class HierarchicalAttention(SequenceModule):
    r"""Hierarchical attention network (Yang et al., 2016).

    With the words :math:`w_{st}` of the sentences s of a document, and their vectors
    :math:`e_{st}`:

    .. math:: h_{st} = \mathrm{BiGRU}(e_s)_t, \quad z_s = \sum_t a_{st} h_{st}, \qquad
              g_s = \mathrm{BiGRU}(z)_s, \quad f = \sum_s b_s g_s

    where BiGRU is a bidirectional `Recurrent` and the weights a of the words in a sentence and b of
    the sentences are those of the attention of `Pooling`. Dropout is applied to the vectors z and
    f; the head reads f.

    The input is of dtype int64 and of shape (batch, n_steps) or (batch, n_steps, 1), with tokens
    from 0 to ``vocabulary_size - 1``. A row is a document: its sentences are the runs of tokens
    that are not 0, so padding has no effect, and neither have tokens after `lengths`. The sentences
    of a batch are processed in groups of similar length, so that little is padded.

    Parameters
    ----------
    n_channels, n_steps, n_outputs : int
        Sizes of the input and the output (batch, n_outputs); there is one channel. Any number of
        steps is accepted when called.
    vocabulary_size : int
        Tokens, padding included.
    embedding_dim : int
        Entries of the vector of a token.
    hidden_size : int
        Size of the state of each direction, at both levels.
    dropout : float in [0, 1), default=0.0
        Probability with which an entry of the vector of a sentence or document is dropped in
        training.
    initial, trainable : Tensor or None, bool
        See `Embedding`.
    generator : torch.Generator, optional
        Draws the initial values; by default torch's global one.

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
        initial: Tensor | None = None,
        trainable: bool = True,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        layer: dict[str, Any] = {"cell": "gru", "hidden_size": hidden_size, "bidirectional": True}
        layer["pooling"] = "attention"
        self.words = Embedded(
            n_channels,
            n_steps,
            n_outputs,
            vocabulary_size=vocabulary_size,
            embedding_dim=embedding_dim,
            inner=Recurrent,
            architecture=layer,
            initial=initial,
            trainable=trainable,
            generator=generator,
        )
        self.words.net.add_module("head", nn.Identity())  # the pooled states are read
        self.dropout = Dropout(dropout)
        self.sentences = Recurrent(
            2 * hidden_size, n_steps, n_outputs, dropout=dropout, **layer, generator=generator
        )
        self.head = self.sentences.head
        self.sentences.add_module("head", nn.Identity())

    def forward(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Map tokens x (batch, n_steps) to outputs (batch, n_outputs)."""
        sentences = Sentences(x, lengths)
        outputs: Tensor = self.head(self.sentences(*self._vectors(sentences)))
        return outputs

    def attention_weights(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Return how much the words and the sentences of x count: (batch, n_steps).

        At a word this is its weight in its sentence, at the 0 after a sentence the weight of the
        sentence in its document; each kind sums to one. At other zeros it is zero.
        """
        sentences = Sentences(x, lengths)
        weights = self.head.linear.weight.new_zeros(len(sentences.flat))
        for group in sentences.groups():
            places, sizes = sentences.places(group)
            valid = valid_steps(sizes, places.shape[1])[:, :, 0]
            of_words = self.words.attention_weights(sentences.flat[places], sizes)
            weights[places[valid]] = of_words[valid].to(weights.dtype)
        vectors, counts = self._vectors(sentences)
        of_sentences = self.sentences.attention_weights(vectors, counts)[sentences.at]
        weights[sentences.ends] = of_sentences.to(weights.dtype)
        return weights.view(len(x), -1)[:, :-1]

    def _vectors(self, sentences: "Sentences") -> tuple[Tensor, Tensor]:
        """Compute the vectors (batch, n_sentences, 2 * hidden_size) of sentences; count them."""
        weight, counts = self.head.linear.weight, sentences.counts  # (n_outputs, n_features)
        vectors = weight.new_zeros(len(sentences.sizes), weight.shape[1])
        for group in sentences.groups():
            places, sizes = sentences.places(group)
            vectors[group] = self.words(sentences.flat[places], sizes).to(vectors.dtype)
        padded = weight.new_zeros(len(counts), max(1, int(counts.max())), weight.shape[1])
        return padded.index_put(sentences.at, self.dropout(vectors)), counts


class Sentences:
    """The sentences in tokens (batch, n_steps): runs of those that are not 0.

    Attributes
    ----------
    flat : Tensor of shape (batch * (n_steps + 1),)
        The tokens, with a 0 after each row.
    starts, ends, sizes : Tensor of shape (n_sentences,)
        Where each sentence begins in `flat`, the place of the 0 after it, and its number of words.
    counts : Tensor of shape (batch,)
        Sentences of each row.
    at : tuple of Tensor of shape (n_sentences,)
        The row of each sentence, and its number there.
    """

    def __init__(self, x: Tensor, lengths: Tensor | None) -> None:
        tokens = F.pad(x.flatten(1), (0, 1))
        if lengths is not None:
            tokens = torch.where(valid_steps(lengths, tokens.shape[1])[:, :, 0], tokens, 0)
        self.flat = tokens.flatten()
        change = torch.diff((self.flat != 0).long(), prepend=self.flat.new_zeros(1))
        self.starts, self.ends = (change == 1).nonzero()[:, 0], (change == -1).nonzero()[:, 0]
        self.sizes = self.ends - self.starts
        row = self.starts // tokens.shape[1]
        self.counts = row.bincount(minlength=len(x))
        first = self.counts.cumsum(0) - self.counts
        self.at = row, torch.arange(len(row), device=x.device) - first[row]

    def groups(self) -> Iterator[Tensor]:
        """Yield groups of sentences, the longest at most about twice as long as the shortest."""
        order = self.sizes.argsort(stable=True)
        sizes, start = self.sizes[order].tolist(), 0
        while start < len(sizes):
            stop = bisect_right(sizes, 2 * sizes[start] + FEW)
            yield order[start:stop]
            start = stop

    def places(self, group: Tensor) -> tuple[Tensor, Tensor]:
        """Return the places of the words of some sentences in `flat`, and their numbers of words.

        The places have shape (n, longest); those after the last word of a sentence are arbitrary.
        """
        sizes = self.sizes[group]
        steps = torch.arange(int(sizes.max()), device=sizes.device)
        return (self.starts[group, None] + steps).clamp_(max=len(self.flat) - 1), sizes
