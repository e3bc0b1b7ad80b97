"""Convolutional network with max pooling."""

from collections.abc import Sequence

import torch
from torch import Tensor

from sklearn_rnn._modules.base import InputGroups, SequenceModule
from sklearn_rnn._modules.convolution import Convolution, convolution, input_channels
from sklearn_rnn._modules.layers import Head, is_hooked
from sklearn_rnn._modules.masking import zero_padding
from sklearn_rnn._modules.pooling import Pooling, upsample


class CNN(SequenceModule):
    r"""Convolution, max pooling, convolution, and the largest value of each filter over all steps.

    With :math:`(w * h)_t = \sum_{j<k} w_j h_{t + j - \lfloor (k-1)/2 \rfloor}`, where h is zero
    outside the sequence, and pools of p steps:

    .. math:: u = \max(0, w_1 * x + b_1), \quad \bar u_s = \max_{sp \le t < (s+1)p} u_t, \quad
              v = \max(0, w_2 * \bar u + b_2), \quad f = \max_s v_s

    Dropout and the head follow the features f, or the result of another `pooling` of v. Unless the
    last pool is read, the features show that a pattern occurs but hardly where: far from the ends,
    shifting a pattern by p steps does not change them. Near the ends, filters see the zeros outside
    of the sequence.

    Pools are counted from the first step; the last one may be partial, so that any number of steps
    is accepted. Padding counts as zero before each convolution, as do steps outside of the
    sequence, and as zero in each maximum, where it never exceeds a valid step as those are at least
    zero after :math:`\max(0, \cdot)`. The features of a sequence without valid steps are zero.

    Initial values: He normal (2015) weights, zero biases.

    Several kernel sizes replace each convolution by parallel convolutions, see `Branches`.

    Parameters
    ----------
    n_channels, n_steps, n_outputs : int
        Sizes of the input (batch, n_steps, n_channels) and the output (batch, n_outputs). Any
        number of steps is accepted when called.
    num_channels : int
        Filters of each convolution.
    kernel_size : int or sequence of int, default=5
        Taps of each filter, from 1 up; of the filters of each branch, if there are several.
    pool_size : int, default=2
        Steps in a pool, from 1 up; 1 is no pooling between the convolutions.
    dropout : float in [0, 1), default=0.0
        Probability with which a feature is dropped in training.
    pooling : {"last", "mean", "max", "attention"}, default="max"
        How the features of all pools are combined into one vector, see `Pooling`.
    generator : torch.Generator, optional
        Draws the initial values; by default torch's global one.

    References
    ----------
    Chollet (2017). Deep learning with Python. Manning. Section 6.4.
    He, Zhang, Ren and Sun (2015). Delving deep into rectifiers. ICCV.
    """

    def __init__(
        self,
        n_channels: int,
        n_steps: int,
        n_outputs: int,
        *,
        num_channels: int,
        kernel_size: int | Sequence[int] = 5,
        pool_size: int = 2,
        dropout: float = 0.0,
        pooling: str = "max",
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        self.conv1 = convolution(
            n_channels, num_channels, kernel_size, pool_size=pool_size, generator=generator
        )
        n_features = self.conv1.n_out
        self.conv2 = convolution(n_features, num_channels, kernel_size, generator=generator)
        self.pooling = Pooling(pooling, n_features, generator=generator)
        self.head = Head(n_features, n_outputs, dropout=dropout, generator=generator)

    def forward(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Map x (batch, n_steps, n_channels) to outputs (batch, n_outputs)."""
        outputs: Tensor = self.head(self._features(x, lengths))
        return outputs

    def _features(self, x: Tensor, lengths: Tensor | None) -> Tensor:
        """Compute what the head reads (batch, n_features)."""
        h, lengths = self._first(x, lengths)
        second, watched = self.conv2, is_hooked(self.conv2) or is_hooked(self.pooling)
        is_max = self.pooling.kind == "max" and not watched
        if is_max and isinstance(second, Convolution) and second.runs_natively(h):
            return second.largest(h, lengths)
        features: Tensor = self.pooling(*self._second(h, lengths))
        return features

    def attention_weights(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Return how much each step of x counts: (batch, n_steps), see `Pooling`.

        The weight of a pool is divided evenly among its steps.
        """
        weights = self.pooling.weights(*self._pools(x, lengths))
        return upsample(weights, self.conv1.pool_size, x.shape[1], lengths)

    def _pools(self, x: Tensor, lengths: Tensor | None) -> tuple[Tensor, Tensor | None]:
        """Compute the features (batch, n_pools, n_features), and how many pools are valid."""
        return self._second(*self._first(x, lengths))

    def _first(self, x: Tensor, lengths: Tensor | None) -> tuple[Tensor, Tensor | None]:
        """Compute the pools of the first convolution, (batch, n_features, n_pools)."""
        if lengths is not None:
            x = zero_padding(x, lengths)
        pools: tuple[Tensor, Tensor | None] = self.conv1(x.transpose(1, 2), lengths)
        return pools

    def _second(self, h: Tensor, lengths: Tensor | None) -> tuple[Tensor, Tensor | None]:
        """Compute the features of all steps of the second convolution, see `_pools`."""
        h, _ = self.conv2(h, lengths)
        return h.transpose(1, 2), lengths

    def input_groups(self) -> InputGroups:
        """Group the weights of the first convolution by the channel they read: (n_channels,)."""
        return input_channels("conv1", self.conv1)
