"""Temporal convolutional network."""

import math
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .dropout import Dropout
from .heads import Head
from .padding import align_end, valid_steps, zero_padding
from .pooling import Pooling


def receptive_field(kernel_size: int, num_levels: int) -> int:
    """Count the newest steps that the output at a step depends on.

    Two convolutions a level, with dilation 2**level: 1 + 2 (kernel_size - 1) (2**num_levels - 1).
    """
    steps: int = 1 + 2 * (kernel_size - 1) * (2**num_levels - 1)
    return steps


def levels_to_cover(n_steps: int, kernel_size: int) -> int:
    """Find the smallest number of levels, at least one, whose receptive field covers n_steps."""
    levels = 1
    while kernel_size > 1 and receptive_field(kernel_size, levels) < n_steps:
        levels += 1
    return levels


class TCN(nn.Module):
    r"""Temporal convolutional network (Bai, Kolter and Koltun, 2018).

    Level i = 0, 1, ... is a residual block with two weight-normalised causal convolutions of
    dilation :math:`d = 2^i`, where :math:`(w *_d h)_t = \sum_{j<k} w_j h_{t - (k-1-j) d}` and h is
    zero before the first step:

    .. math:: u = D \max(0, w_1 *_d h + b_1), \quad v = D \max(0, w_2 *_d u + b_2), \quad
              h \leftarrow \max(0, v + S h)

    D is dropout; S the identity, or a linear map (1x1 convolution) where the number of channels
    changes. The head reads the last valid step, unless `pooling` says otherwise.

    **Only what is read is computed.** The last step of level i depends on every :math:`2^i`-th step
    of its input, so `forward` computes those steps alone, where `encode` computes all. The outputs
    are the same, and each level costs about half of the one before: all together about twice the
    first, however many there are.

    Initial values: He normal (2015) for the first convolution of a block; for the second the same
    divided by the root of the number of levels, without which the residual sums would double the
    variance at each level (Hayou et al., 2021). Under weight normalisation both hold for the
    effective weight.

    Parameters
    ----------
    n_channels, n_steps, n_outputs : int
        Sizes of the input (batch, n_steps, n_channels) and the output (batch, n_outputs).
    num_channels : int
        Channels of every level.
    num_levels : int or "auto", default="auto"
        Number of residual blocks; "auto" takes the fewest whose receptive field covers `n_steps`.
    kernel_size : int, default=3
        Taps of every convolution, from 1 up.
    dropout : float in [0, 1), default=0.0
        Probability with which an entry of a convolution's output is dropped in training.
    selects : bool, default=False
        Whether every weight that reads the input can be zero by itself: the first convolution is
        then not normalised, and no identity skips it. The initial function is the same (but for
        the identity), its gradient not.
    pooling : {"last", "mean", "max", "attention"}, default="last"
        What the head reads of the last level, see `Pooling`.
    return_sequences : bool, default=False
        Whether the head reads the last level at every step, zeros behind the last valid one:
        outputs of shape (batch, n_steps, n_outputs), causal.

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
    ) -> None:
        super().__init__()
        if num_levels == "auto":
            num_levels = levels_to_cover(n_steps, kernel_size)
        self.kernel_size = kernel_size
        gain = 1 / math.sqrt(num_levels)
        self.blocks = nn.ModuleList(
            _Block(
                n_in,
                num_channels,
                kernel_size,
                dropout=dropout,
                gain=gain,
                plain=selects and level == 0,
            )
            for level, n_in in enumerate([n_channels] + [num_channels] * (num_levels - 1))
        )
        self.pooling = Pooling(pooling, num_channels, return_sequences=return_sequences)
        self.head = Head(num_channels, n_outputs)

    def forward(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Map x (batch, n_steps, n_channels) to outputs (batch, n_outputs).

        With `return_sequences`, to outputs (batch, n_steps, n_outputs).
        """
        if self.pooling.kind == "last":
            features = self._last_step(x, lengths)
        else:
            features = self.pooling(self.encode(x, lengths), lengths)
        outputs: Tensor = self.head(features)
        return outputs

    def _last_step(self, x: Tensor, lengths: Tensor | None) -> Tensor:
        """Compute the last level at the last valid step alone: (batch, num_channels)."""
        valid = None
        if lengths is not None:
            x = align_end(x, lengths)
            valid = valid_steps(lengths, x.shape[1]).flip(1)  # (batch, n_steps, 1)
        needed = _needed_steps(x.shape[1], self.kernel_size, len(self.blocks))
        for block, (n_inner, n_out) in zip(self.blocks, needed, strict=True):
            # at level i, x holds every 2**i-th step up to the last, and so does valid
            x = block(x, n_inner, n_out, stride=2, valid=valid)
            if valid is not None:
                valid = _every(2, valid, (valid.shape[1] + 1) // 2)
                x = x * valid[:, -n_out:]
        return x[:, -1]  # x: (batch, 1, num_channels)

    def attention(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Weigh the steps of x (batch, n_steps, n_channels): (batch, n_steps), see `Pooling`."""
        return self.pooling.weights(self.encode(x, lengths), lengths)

    def input_groups(self) -> tuple[tuple[int, ...], dict[str, Tensor]]:
        """Group the weights that read the input by its channels: (n_channels,)."""
        if "blocks.0.conv1.kernel" not in dict(self.named_parameters()):
            raise ValueError('A TCN tells its channels apart with penalty="group" only.')
        kernel = self.get_parameter("blocks.0.conv1.kernel")  # (n_out, n_channels, kernel_size)
        skip = self.get_parameter("blocks.0.skip.weight")  # (n_out, n_channels)
        channels = torch.arange(skip.shape[1])
        labels = {
            "blocks.0.conv1.kernel": channels[:, None].expand(kernel.shape),
            "blocks.0.skip.weight": channels.expand(skip.shape),
        }
        return (len(channels),), labels

    def encode(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Map x (batch, n_steps, n_channels) to the last level's (batch, n_steps, num_channels)."""
        if lengths is not None:
            x = zero_padding(x, lengths)
        n_steps = x.shape[1]
        for level, block in enumerate(self.blocks):
            x = block(x, n_steps, n_steps, dilation=2**level)
        return x


class _Block(nn.Module):
    """Two convolutions and a skip connection around them; `plain` is as `selects` of the TCN."""

    def __init__(
        self,
        n_in: int,
        n_out: int,
        kernel_size: int,
        *,
        dropout: float,
        gain: float,
        plain: bool,
    ) -> None:
        super().__init__()
        self.conv1 = _CausalConv(n_in, n_out, kernel_size, normalized=not plain)
        self.conv2 = _CausalConv(n_out, n_out, kernel_size, gain=gain)
        identity = n_in == n_out and not plain
        self.skip = nn.Identity() if identity else nn.Linear(n_in, n_out)
        if isinstance(self.skip, nn.Linear):
            nn.init.normal_(self.skip.weight, std=1 / math.sqrt(n_in))
            nn.init.zeros_(self.skip.bias)
        self.dropout = Dropout(dropout)

    def forward(
        self,
        x: Tensor,
        n_inner: int,
        n_out: int,
        *,
        stride: int = 1,
        dilation: int = 1,
        valid: Tensor | None = None,
    ) -> Tensor:
        """Compute the last n_out of every stride-th step, from the last n_inner steps inside.

        `valid`, if given, is zero at the steps before the first.
        """
        inner = self.dropout(torch.relu(self.conv1(x, n_inner, dilation=dilation)))
        if valid is not None:
            inner = inner * valid[:, -n_inner:]
        outer = self.conv2(inner, n_out, stride=stride, dilation=dilation)
        outer = self.dropout(torch.relu(outer))  # (batch, n_out, num_channels)
        return torch.relu(outer + self.skip(_every(stride, x, n_out)))


class _CausalConv(nn.Module):
    r"""Causal convolution along the steps, with the weight :math:`w = g\,v / \lVert v \rVert`.

    Weight normalisation (Salimans and Kingma, 2016, arXiv:1602.07868): `weight_v` of shape (n_out,
    n_in, kernel_size) holds the direction of each filter and `weight_g` of shape (n_out, 1, 1) its
    norm, equal to that of `weight_v` at the start. So the squared norm of `weight_g` is that of the
    effective weight. Without normalisation the weight is the parameter `kernel` itself.
    """

    def __init__(
        self,
        n_in: int,
        n_out: int,
        kernel_size: int,
        *,
        gain: float = 1.0,
        normalized: bool = True,
    ) -> None:
        super().__init__()
        self.normalized = normalized
        weight = torch.empty(n_out, n_in, kernel_size)
        nn.init.normal_(weight, std=gain * math.sqrt(2 / (n_in * kernel_size)))
        if normalized:
            self.weight_v = nn.Parameter(weight)
            self.weight_g = nn.Parameter(_filter_norm(weight))
        else:
            self.kernel = nn.Parameter(weight)
        self.bias = nn.Parameter(torch.zeros(n_out))

    def weight(self) -> Tensor:
        """Effective weight (n_out, n_in, kernel_size), oldest tap first."""
        if not self.normalized:
            return self.kernel
        return self.weight_v * (self.weight_g / _filter_norm(self.weight_v))

    def forward(self, x: Tensor, n_steps: int, *, stride: int = 1, dilation: int = 1) -> Tensor:
        """Map x (batch, any, n_in) to the last n_steps of every stride-th step.

        One matrix product over the taps side by side: on a CPU cheaper than `torch.conv1d`, which
        would need the channels before the steps.
        """
        weight = self.weight()  # (n_out, n_in, kernel_size)
        kernel_size = weight.shape[2]
        reach = (n_steps - 1) * stride + 1  # steps from the first to the last that one tap reads
        first = x.shape[1] - reach - (kernel_size - 1) * dilation
        if first < 0:  # zeros before the first step
            x = F.pad(x, (0, 0, -first, 0))
            first = 0
        starts = range(first, first + kernel_size * dilation, dilation)
        taps = torch.cat([x[:, s : s + reach : stride] for s in starts], 2)
        flat = weight.transpose(1, 2).flatten(1)  # (n_out, kernel_size * n_in)
        return F.linear(taps, flat, self.bias)  # (batch, n_steps, n_out)


def _filter_norm(v: Tensor) -> Tensor:
    """Norm of each filter of v (n_out, n_in, kernel_size): (n_out, 1, 1)."""
    norm: Tensor = torch.linalg.vector_norm(v, dim=(1, 2), keepdim=True)
    return norm


def _every(stride: int, x: Tensor, n: int) -> Tensor:
    """Take the last n of every stride-th step of x, counted back from its last step."""
    return x[:, x.shape[1] - 1 - (n - 1) * stride :: stride]


def _needed_steps(n_steps: int, kernel_size: int, num_levels: int) -> list[tuple[int, int]]:
    """Count, for each level, the inner and outer steps that reach the very last output.

    Level i reads every 2**i-th step and writes every 2**(i+1)-th; no more than there are in
    n_steps.
    """
    needed = []
    n_out = 1
    for level in reversed(range(num_levels)):
        available = (n_steps - 1) // 2**level + 1
        n_inner = min(2 * (n_out - 1) + kernel_size, available)
        needed.append((n_inner, n_out))
        n_out = min(n_inner + kernel_size - 1, available)
    return needed[::-1]
