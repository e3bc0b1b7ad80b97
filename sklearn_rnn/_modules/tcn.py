"""Temporal convolutional network."""

import math
from typing import Any, Literal

import torch
from torch import Tensor, nn

from sklearn_rnn._modules.base import InputGroups, Pullback, SequenceModule
from sklearn_rnn._modules.layers import Head, has_no_hooks
from sklearn_rnn._modules.masking import align_end, valid_steps, zero_padding
from sklearn_rnn._modules.overlapping_windows import shared_rows
from sklearn_rnn._modules.pooling import Pooling
from sklearn_rnn._modules.tcn_block import ResidualBlock, Steps, every


def receptive_field(kernel_size: int, num_levels: int) -> int:
    """Return how many steps, up to its own, the output at a step depends on.

    Two convolutions a level, with dilation 2**level: 1 + 2 (kernel_size - 1) (2**num_levels - 1).
    """
    steps: int = 1 + 2 * (kernel_size - 1) * (2**num_levels - 1)
    return steps


def levels_to_cover(n_steps: int, kernel_size: int) -> int:
    """Return the smallest number of levels whose receptive field covers nearly all of n_steps.

    The oldest twentieth of the steps may be left out: with a receptive field that lies within the
    window, overlapping windows are convolved together.
    """
    levels = 1
    while kernel_size > 1 and receptive_field(kernel_size, levels) < n_steps - n_steps // 20:
        levels += 1
    return levels


class TCN(SequenceModule):
    r"""Temporal convolutional network (Bai, Kolter and Koltun, 2018).

    Level i = 0, 1, ... is a residual block with two weight-normalised causal convolutions of
    dilation :math:`d = 2^i`, where :math:`(w *_d h)_t = \sum_{j<k} w_j h_{t - (k-1-j) d}` and h is
    zero before the first step:

    .. math:: u = D \max(0, w_1 *_d h + b_1), \quad v = D \max(0, w_2 *_d u + b_2), \quad
              h \leftarrow \max(0, v + S h)

    D is dropout; S the identity, or a linear map (1x1 convolution) where the number of channels
    changes. The head reads the last valid step, or another `pooling` of all steps.

    **Only the steps that are read are computed.** The last step of level i depends on every
    :math:`2^i`-th step of its input, so `forward` computes only those, while `encode` computes all.
    The outputs are the same, and each level costs about half as much as the one before: all of them
    about twice the first, however many there are. Windows that start one row after another, which
    their strides show, are convolved together if the receptive field lies within the window: every
    level is then computed once for each row, not once for each window over it.

    Initial values: He normal (2015) for the first convolution of a block; for the second the same
    divided by the root of the number of levels, without which the residual sums would double the
    variance at each level (Hayou et al., 2021). With weight normalisation both refer to the
    effective weight.

    Parameters
    ----------
    n_channels, n_steps, n_outputs : int
        Sizes of the input (batch, n_steps, n_channels) and the output (batch, n_outputs).
    num_channels : int
        Channels of every level.
    num_levels : int or "auto", default="auto"
        Number of residual blocks; "auto" takes the fewest whose receptive field covers `n_steps`,
        see `levels_to_cover`.
    kernel_size : int, default=3
        Taps of every convolution, from 1 up.
    dropout : float in [0, 1), default=0.0
        Probability with which an entry of a convolution's output is dropped in training.
    selects : bool, default=False
        Whether weights on the input can be exactly zero, as penalties that select channels need:
        the first convolution is then not normalised, and its skip connection is a linear map. The
        initial function is the same (except for an identity in its place).
    pooling : {"last", "mean", "max", "attention"}, default="last"
        What the head reads of the last level, see `Pooling`.
    return_sequences : bool, default=False
        Whether the head reads the last level at every step, zeros after the last valid one:
        outputs of shape (batch, n_steps, n_outputs), causal.
    generator : torch.Generator, optional
        Draws the initial values; by default torch's global one.

    References
    ----------
    Bai, Kolter and Koltun (2018). An empirical evaluation of generic convolutional and recurrent
    networks for sequence modeling. arXiv:1803.01271.
    He, Zhang, Ren and Sun (2015). Delving deep into rectifiers. ICCV.
    Hayou, Clerico, He, Deligiannidis, Doucet and Rousseau (2021). Stable ResNet. AISTATS.
    """

    def __init__(
        self,
        n_channels: int,
        n_steps: int,
        n_outputs: int,
        *,
        num_channels: int,
        num_levels: int | Literal["auto"] = "auto",
        kernel_size: int = 3,
        dropout: float = 0.0,
        selects: bool = False,
        pooling: str = "last",
        return_sequences: bool = False,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        if num_levels == "auto":
            num_levels = levels_to_cover(n_steps, kernel_size)
        self.kernel_size = kernel_size
        self.drops = dropout > 0
        gain = 1 / math.sqrt(num_levels)
        self.blocks = nn.ModuleList(
            ResidualBlock(
                n_in,
                num_channels,
                kernel_size,
                dropout=dropout,
                gain=gain,
                plain=selects and level == 0,
                generator=generator,
            )
            for level, n_in in enumerate([n_channels] + [num_channels] * (num_levels - 1))
        )
        self.pooling = Pooling(
            pooling, num_channels, return_sequences=return_sequences, generator=generator
        )
        self.head = Head(num_channels, n_outputs, generator=generator)
        if self.pooling.kind == "last":
            self.receptive_field = receptive_field(kernel_size, num_levels)

    def forward(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Map x (batch, n_steps, n_channels) to outputs (batch, n_outputs).

        With `return_sequences`, to outputs (batch, n_steps, n_outputs). Overlapping windows may
        come in blocks: (n_blocks, n_windows, n_steps, n_channels), see `shared_rows`.
        """
        if self.pooling.kind != "last" or torch.compiler.is_compiling():
            # a compiled graph is for any number of steps, on which the plans below depend
            features = self.pooling(self.encode(x, lengths), lengths)
        elif lengths is not None:
            features = self._last_valid_step(x, lengths)
        else:
            h, plan = self._start(x)
            for block, steps in zip(self.blocks, plan, strict=True):
                h = block(h, steps)
            features = h.flatten(0, 1)
        outputs: Tensor = self.head(features)
        return outputs

    def has_vjp(self) -> bool:
        """Return whether `forward_and_vjp` may replace `forward` and its backward pass."""
        drops = self.training and self.drops
        return self.pooling.kind == "last" and not drops and has_no_hooks(self)

    def forward_and_vjp(self, x: Tensor) -> tuple[Tensor, Pullback]:
        """Compute the outputs, and a function for the vector-Jacobian product, see the base."""
        h, plan = self._start(x)
        pulls = []
        blocks: Any = self.blocks  # a ModuleList hides the class of its items
        for block, steps in zip(blocks, plan, strict=True):
            h, pull = block.forward_and_vjp(h, steps)
            pulls.append(pull)
        outputs, pull_head = self.head.forward_and_vjp(h.flatten(0, 1))
        shape = h.shape

        def pullback(gradient: Tensor) -> None:
            gradient = pull_head(gradient).view(shape)
            for i in reversed(range(len(pulls))):
                gradient = pulls[i](gradient, i > 0)

        return outputs, pullback

    def _start(self, x: Tensor) -> tuple[Tensor, list[Steps]]:
        """Return the input of the first block, and the steps that each block computes.

        Overlapping windows are convolved together if the result is the same and it costs less.
        """
        n_steps, sizes = x.shape[-2], (self.kernel_size, len(self.blocks))
        plan = _for_last(n_steps, *sizes)
        shared = shared_rows(x) if receptive_field(*sizes) <= n_steps else None
        if shared is not None:
            together = _for_rows(shared.n_windows, shared.per_step, *sizes)
            if _cost(together) < shared.n_windows * _cost(plan):
                return shared.rows, together
        return x.flatten(0, -3), plan

    def _last_valid_step(self, x: Tensor, lengths: Tensor) -> Tensor:
        """Compute the last level only at the last valid step: (batch, num_channels)."""
        x = align_end(x, lengths)
        valid = valid_steps(lengths, x.shape[1]).flip(1)  # (batch, n_steps, 1)
        plan = _for_last(x.shape[1], self.kernel_size, len(self.blocks))
        for block, steps in zip(self.blocks, plan, strict=True):
            # at level i, x holds every 2**i-th step up to the last, and so does valid
            x = block(x, steps, valid)
            valid = every(2, valid, (valid.shape[1] + 1) // 2)
            x = x * valid[:, -steps.n_out :]
        return x[:, -1]  # x: (batch, 1, num_channels)

    def attention_weights(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Return how much each step of x counts: (batch, n_steps), see `Pooling`."""
        return self.pooling.weights(self.encode(x, lengths), lengths)

    def input_groups(self) -> InputGroups:
        """Group the weights that read the input by its channels: (n_channels,)."""
        if "blocks.0.conv1.kernel" not in dict(self.named_parameters()):
            raise ValueError('A TCN has weights for single channels with penalty="group" only.')
        kernel = self.get_parameter("blocks.0.conv1.kernel")  # (n_out, n_channels, kernel_size)
        skip = self.get_parameter("blocks.0.skip.weight")  # (n_out, n_channels)
        channels = torch.arange(skip.shape[1])
        labels = {
            "blocks.0.conv1.kernel": channels[:, None].expand(kernel.shape),
            "blocks.0.skip.weight": channels.expand(skip.shape),
        }
        return InputGroups((len(channels),), labels)

    def encode(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Map x (batch, n_steps, n_channels) to the last level's (batch, n_steps, num_channels)."""
        if lengths is not None:
            x = zero_padding(x, lengths)
        n_steps = x.shape[1]
        for level, block in enumerate(self.blocks):
            x = block(x, Steps(n_steps, n_steps, dilation=2**level))
        return x


def _for_last(n_steps: int, kernel_size: int, num_levels: int) -> list[Steps]:
    """Plan, for each level, the steps on which the last output of n_steps depends.

    Level i reads every 2**i-th step and writes every 2**(i+1)-th; no more than there are.
    """
    plan = []
    n_out = 1
    for level in reversed(range(num_levels)):
        available = (n_steps - 1) // 2**level + 1
        n_inner = min(2 * (n_out - 1) + kernel_size, available)
        plan.append(Steps(n_inner, n_out, stride=2))
        n_out = min(n_inner + kernel_size - 1, available)
    return plan[::-1]


def _for_rows(n_rows: int, per_step: int, kernel_size: int, num_levels: int) -> list[Steps]:
    """Plan, for each level, the rows on which the last n_rows outputs depend."""
    plan = []
    for level in reversed(range(num_levels)):
        dilation = 2**level * per_step
        n_inner = n_rows + (kernel_size - 1) * dilation
        plan.append(Steps(n_inner, n_rows, dilation=dilation))
        n_rows = n_inner + (kernel_size - 1) * dilation
    return plan[::-1]


def _cost(plan: list[Steps]) -> int:
    """Count the steps at which a convolution is computed."""
    return sum(steps.n_inner + steps.n_out for steps in plan)
