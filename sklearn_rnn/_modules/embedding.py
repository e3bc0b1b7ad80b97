"""Embedding of tokens, and a network that reads their vectors."""

from __future__ import annotations

from typing import Any, ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from sklearn_rnn._modules.base import SequenceModule
from sklearn_rnn._modules.kernels.arguments import KernelLoss, Ridge
from sklearn_rnn._modules.kernels.lookup_training import LookupTraining
from sklearn_rnn._modules.kernels.projection import Lookup, distinct_tokens
from sklearn_rnn._modules.kernels.training import NativeTraining, RecurrentTraining, Sequences
from sklearn_rnn._modules.layers import Layer, is_hooked
from sklearn_rnn._modules.masking import valid_steps

LARGEST_INITIAL = 0.05
"""The bound of the initial entries of a vector."""


class Embedding(Layer):
    r"""A learned vector for each token.

    The vectors are the parameter ``weight`` of shape (vocabulary_size, embedding_dim). They are not
    penalised: a penalty would shrink the vectors of rare words, whose gradient is zero in most
    batches, before those of words that are of no use. The vector of the token 0, padding, is zero
    and has no gradient.

    Initial values: uniform between -0.05 and 0.05, as in Keras. With small vectors, words that are
    rare or unseen in training have little influence. (With 5000 reviews of IMDB, an LSTM and Adam
    with learning rates of 0.001 and 0.005, the accuracy was as good as with :math:`N(0, 1 / d)` for
    d entries or better, and 1 to 10 points above that with torch's :math:`N(0, 1)`.)

    Parameters
    ----------
    vocabulary_size : int
        Tokens, padding included.
    embedding_dim : int
        Entries of a vector.
    initial : Tensor of shape (vocabulary_size, embedding_dim), optional
        Initial values, of which NaN are drawn, and those of padding have no effect.
    trainable : bool, default=True
        Whether the vectors are trained.
    generator : torch.Generator, optional
        Draws the initial values; by default torch's global one.
    """

    penalized: ClassVar = {"weight": False}
    looks_up: ClassVar = True

    def __init__(
        self,
        vocabulary_size: int,
        embedding_dim: int,
        *,
        initial: Tensor | None = None,
        trainable: bool = True,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(vocabulary_size, embedding_dim), trainable)
        bound = LARGEST_INITIAL
        nn.init.uniform_(self.weight, -bound, bound, generator=generator)
        if initial is not None:
            given = initial.to(self.weight.dtype)
            self.weight.data = torch.where(given.isnan(), self.weight.data, given)
        nn.init.zeros_(self.weight[0].detach())

    def forward(self, tokens: Tensor) -> Tensor:
        """Map tokens (...) of dtype int64 to vectors (..., embedding_dim)."""
        return F.embedding(tokens, self.weight, padding_idx=0)

    def extra_repr(self) -> str:
        """Show the sizes in ``repr``."""
        return f"{self.weight.shape[0]}, {self.weight.shape[1]}"


class Embedded(SequenceModule):
    """A network that reads tokens by their vectors.

    The input is of dtype int64 and of shape (batch, n_steps) or (batch, n_steps, 1), with tokens
    from 0 to ``vocabulary_size - 1``. The token 0 is padding. Without `lengths`, a row ends with
    its last other token. A 0 before that is a step of zeros.

    Parameters
    ----------
    n_channels, n_steps, n_outputs : int
        Sizes of the input and the output, as of the other modules; there is one channel.
    vocabulary_size : int
        Tokens, padding included.
    embedding_dim : int
        Entries of a vector, which are the channels of the inner network.
    inner : type
        The class of the inner network.
    architecture : dict
        Its parameters.
    initial, trainable : Tensor or None, bool
        See `Embedding`.
    generator : torch.Generator, optional
        Draws the initial values; by default torch's global one.
    """

    def __init__(
        self,
        n_channels: int,
        n_steps: int,
        n_outputs: int,
        *,
        vocabulary_size: int,
        embedding_dim: int,
        inner: type[SequenceModule],
        architecture: dict[str, Any],
        initial: Tensor | None = None,
        trainable: bool = True,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        if n_channels != 1:
            raise ValueError(f"tokens have one channel; got n_channels={n_channels}.")
        how: dict[str, Any] = {"initial": initial, "trainable": trainable, "generator": generator}
        self.embedding = Embedding(vocabulary_size, embedding_dim, **how)
        self.net = inner(embedding_dim, n_steps, n_outputs, **architecture, generator=generator)

    def forward(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Map tokens x to the outputs of the inner network."""
        outputs: Tensor = self.net(*self._looked_up(x, lengths))
        return outputs

    def native_training(self, loss: KernelLoss) -> EmbeddedTraining | None:
        """Return what computes losses and gradients in the kernels, if they can."""
        weight = self.embedding.weight
        is_hooked_in = is_hooked(self) or is_hooked(self.embedding) or weight._backward_hooks
        can = not is_hooked_in and (weight.grad is not None or not weight.requires_grad)
        inner = self.net.native_training(loss) if can else None
        return EmbeddedTraining(self, inner) if isinstance(inner, NativeTraining) else None

    def attention_weights(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Return how much each token counts: (batch, n_steps), see `Pooling`."""
        return self.net.attention_weights(*self._looked_up(x, lengths))

    def _looked_up(self, x: Tensor, lengths: Tensor | None) -> tuple[Any, Tensor | None]:
        """Look up the vectors (batch, n_steps, embedding_dim), and find the valid steps.

        Where the inner network projects each vector once, a `Lookup` of those that occur.
        """
        tokens, lengths = self._tokens(x, lengths)
        weight = self.embedding.weight
        if not is_hooked(self.embedding) and not is_hooked(self.net):
            n_units = self.net.n_projected(Lookup(tokens, weight))
            found = distinct_tokens(tokens, weight, n_units)
            if found is not None:
                return Lookup(found[1], self.embedding(found[0])), lengths
        return self.embedding(tokens), lengths

    def _tokens(self, x: Tensor, lengths: Tensor | None) -> tuple[Tensor, Tensor | None]:
        """Return the tokens (batch, n_steps), 0 where padded, and find the valid steps."""
        tokens = x.flatten(1)
        if lengths is None:
            lengths = None if _is_unpadded(tokens) else token_lengths(tokens)
        else:  # the padding may hold anything
            tokens = torch.where(valid_steps(lengths, tokens.shape[1])[:, :, 0], tokens, 0)
        return tokens, lengths


class EmbeddedTraining:
    """Losses and gradients of an `Embedded` network, computed by the compiled kernels.

    Where a batch has much fewer distinct tokens than steps, recurrent layers project only those.
    The memory of a batch's vectors and of their gradients is used for all batches of an epoch:
    allocating it anew would take a third of the time.
    """

    def __init__(self, module: Embedded, inner: NativeTraining) -> None:
        self.module, self.inner = module, inner
        self.is_trained = module.embedding.weight.requires_grad
        self.lookups = LookupTraining(inner) if isinstance(inner, RecurrentTraining) else None
        self._workspace = module.embedding.weight.new_empty(2, 0, module.embedding.weight.shape[1])

    @torch.no_grad()
    def gradient(self, batch: Sequences, ridge: Ridge) -> Tensor:
        """Return the objective of a batch, and write its gradient over that of the parameters."""
        tokens, lengths = self.module._tokens(batch.x, batch.lengths)
        weight, flat = self.module.embedding.weight, tokens.reshape(-1)
        if self.lookups is not None:
            found = distinct_tokens(tokens, weight, self.lookups.n_projected)
            if found is not None:
                rows, vectors = found[0], weight[found[0]]
                batch, lookup = batch._replace(lengths=lengths), Lookup(found[1], vectors)
                dx = torch.empty_like(vectors) if self.is_trained else None
                loss = self.lookups.gradient(batch, ridge, lookup, dx)
                self._write(rows, dx)
                return loss
        if self._workspace.shape[1] < len(flat):
            self._workspace = weight.new_empty(2, len(flat), weight.shape[1])
        vectors, gradients = self._workspace[:, : len(flat)]
        dx = gradients if self.is_trained else None
        torch.index_select(weight, 0, flat, out=vectors)
        batch = batch._replace(x=vectors.view(*tokens.shape, -1), lengths=lengths)
        loss = self.inner.gradient(batch, ridge, dx)
        self._write(flat, dx)
        return loss

    def _write(self, tokens: Tensor, gradients: Tensor | None) -> None:
        """Write the gradients of vectors, if there are any, over those of the embedding."""
        gradient = self.module.embedding.weight.grad
        if gradient is not None and gradients is not None:
            gradient.zero_().index_add_(0, tokens, gradients)
            gradient[0] = 0.0


def _is_unpadded(tokens: Tensor) -> bool:
    """Return whether no row ends in padding, where that is known without waiting for a device."""
    symbolic = torch.compiler.is_compiling() or torch._C._get_tracing_state()
    if symbolic or tokens.device.type != "cpu":
        return False
    return bool((tokens[:, -1] != 0).all())


def token_lengths(tokens: Tensor) -> Tensor:
    """Count the steps of each row of tokens (batch, n_steps) up to the last that is not 0."""
    steps = torch.arange(1, tokens.shape[1] + 1, device=tokens.device)
    return torch.where(tokens != 0, steps, 0).amax(1)
