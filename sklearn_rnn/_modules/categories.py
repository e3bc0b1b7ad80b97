"""A network that reads categories by learned vectors, beside numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from sklearn_rnn._modules.base import InputGroups, SequenceModule
from sklearn_rnn._modules.embedding import Embedding
from sklearn_rnn._modules.kernels.arguments import KernelLoss, Ridge
from sklearn_rnn._modules.kernels.training import NativeTraining, Sequences
from sklearn_rnn._modules.layers import has_no_hooks

MAX_DIM = 600
"""The largest dimension of vectors that is chosen by their number."""


def vector_dim(n_vectors: int) -> int:
    r"""Return the dimension of the vectors of so many categories.

    .. math:: d = \min(600, \mathrm{round}(1.6\, n^{0.56}))

    This is the rule of fastai.
    """
    return min(MAX_DIM, round(1.6 * n_vectors**0.56))


class EmbeddedCategories(SequenceModule):
    """A network in front of which categories are replaced by vectors.

    Some channels of the input hold codes: whole numbers from 0, which is a missing or unknown
    category. The channels of the inner network are the other channels, in their order, followed by
    the vectors. A code that is none is read as 0.

    Parameters
    ----------
    n_channels, n_steps, n_outputs : int
        Sizes of the input and the output, as of the other modules.
    vectors : mapping of int to sequence of int
        By the channels that hold codes, the number of the vector of each code. The vector 0 is
        zero and is not trained.
    dims : sequence of int
        Entries of the vectors of each of these channels.
    inner : type
        The class of the inner network.
    architecture : dict
        Its parameters.
    generator : torch.Generator, optional
        Draws the initial values; by default torch's global one.
    """

    def __init__(
        self,
        n_channels: int,
        n_steps: int,
        n_outputs: int,
        *,
        vectors: Mapping[int, Sequence[int]],
        dims: Sequence[int],
        inner: type[SequenceModule],
        architecture: dict[str, Any],
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        self.coded = list(vectors)
        self.numeric = [c for c in range(n_channels) if c not in vectors]
        self.embeddings = nn.ModuleList(
            Embedding(max(numbers) + 1, dim, generator=generator)
            for numbers, dim in zip(vectors.values(), dims, strict=True)
        )
        for channel, numbers in vectors.items():
            self.register_buffer(f"vectors{channel}", torch.tensor(numbers))
        n_read = len(self.numeric) + sum(dims)
        self.net = inner(n_read, n_steps, n_outputs, **architecture, generator=generator)

    def forward(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Map x (batch, n_steps, n_channels) to the outputs of the inner network."""
        outputs: Tensor = self.net(self.embed(x), lengths)
        return outputs

    def native_training(self, loss: KernelLoss) -> CategoryTraining | None:
        """Return what computes losses and gradients in the kernels, if they can."""
        inner = self.net.native_training(loss) if has_no_hooks(self) else None
        return CategoryTraining(self, inner) if isinstance(inner, NativeTraining) else None

    def attention_weights(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Return how much each step of x counts: (batch, n_steps), see `Pooling`."""
        return self.net.attention_weights(self.embed(x), lengths)

    def input_groups(self) -> InputGroups:
        """Raise an error: no weights read a category alone."""
        raise ValueError(
            "Categories are read by vectors, so that weights cannot be grouped by channel; to "
            "select channels, encode the categories before LagTransformer, by OneHotEncoder."
        )

    def embed(self, x: Tensor) -> Tensor:
        """Return numbers and vectors: (batch, n_steps, channels of the inner network)."""
        looked_up = zip(self.embeddings, self.numbers(x), strict=True)
        vectors = [embedding(numbers) for embedding, numbers in looked_up]
        return torch.cat([x[..., self.numeric], *vectors], -1)

    def numbers(self, x: Tensor) -> Iterator[Tensor]:
        """Yield the numbers of the vectors of each embedding: (batch, n_steps)."""
        for channel in self.coded:
            of_codes, codes = self.get_buffer(f"vectors{channel}"), x[..., channel]
            is_code = (codes > 0) & (codes < len(of_codes))
            yield of_codes[torch.where(is_code, codes, 0.0).long()]


class CategoryTraining:
    """Losses and gradients of an `EmbeddedCategories` network, by the compiled kernels."""

    def __init__(self, module: EmbeddedCategories, inner: NativeTraining) -> None:
        self.module, self.inner = module, inner

    @torch.no_grad()
    def gradient(self, batch: Sequences, ridge: Ridge) -> Tensor:
        """Return the objective of a batch, and write its gradient over that of the parameters."""
        x = self.module.embed(batch.x)
        dx = torch.empty_like(x)
        loss = self.inner.gradient(batch._replace(x=x), ridge, dx)
        weights = [embedding.get_parameter("weight") for embedding in self.module.embeddings]
        _, *parts = dx.split([len(self.module.numeric), *(w.shape[1] for w in weights)], -1)
        for weight, numbers, part in zip(weights, self.module.numbers(batch.x), parts, strict=True):
            assert weight.grad is not None, "its parameters have gradients"
            weight.grad.zero_().index_add_(0, numbers.flatten(), part.flatten(0, 1))
            weight.grad[0] = 0.0
        return loss
