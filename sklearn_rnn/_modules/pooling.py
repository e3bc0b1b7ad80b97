"""Pooling: from the features of all steps to those of the sequence."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from sklearn_rnn._modules.layers import linear
from sklearn_rnn._modules.masking import last_valid, valid_steps, zero_padding


def _last(h: Tensor, lengths: Tensor | None) -> Tensor:
    return h[:, -1] if lengths is None else last_valid(h, lengths)


def _mean(h: Tensor, lengths: Tensor | None) -> Tensor:
    if lengths is None:
        return h.mean(1)
    return zero_padding(h, lengths).sum(1) / lengths.clamp(min=1)[:, None]


def _max(h: Tensor, lengths: Tensor | None) -> Tensor:
    if lengths is None:
        return h.amax(1)
    largest = torch.where(valid_steps(lengths, h.shape[1]), h, -torch.inf).amax(1)
    return torch.where((lengths > 0)[:, None], largest, 0.0)


def _none(h: Tensor, lengths: Tensor | None) -> Tensor:
    return h if lengths is None else zero_padding(h, lengths)


_FIXED: dict[str, Callable[[Tensor, Tensor | None], Tensor]] = {
    "last": _last,
    "mean": _mean,
    "max": _max,
    "none": _none,
}


class Pooling(nn.Module):
    r"""Combine the features of all valid steps into one vector.

    With features :math:`h_t` of the valid steps :math:`t = 1, \dots, n`:

    last
        :math:`h_n`
    mean
        :math:`\frac1n \sum_t h_t`
    max
        :math:`\max_t h_t`, separately for each feature
    attention
        :math:`\sum_t a_t h_t` with the weights
        :math:`a_t = \exp(u_t \cdot v) / \sum_s \exp(u_s \cdot v)`, :math:`u_t = \tanh(W h_t + b)`
        (Yang et al., 2016)

    The result is zero for a row without valid steps.

    Initial values of ``attention``: Glorot uniform for W, zero for b and for the query v. So all
    valid steps have the same weight at first, as with ``mean``, and a penalty on v favours that.

    Parameters
    ----------
    kind : {"last", "mean", "max", "attention"}
        How the steps are combined.
    n_features : int
        Size of the last axis of the features.
    return_sequences : bool, default=False
        Whether the features of all steps are returned, zero after the last valid one; `kind` must
        be "last".
    generator : torch.Generator, optional
        Draws the initial values; by default torch's global one.
    """

    def __init__(
        self,
        kind: str,
        n_features: int,
        *,
        return_sequences: bool = False,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        if kind not in ("last", "mean", "max", "attention"):
            raise ValueError(
                f'pooling must be one of "last", "mean", "max", "attention"; got {kind!r}.'
            )
        if return_sequences and kind != "last":
            raise ValueError(
                f'return_sequences=True pools no steps; got pooling={kind!r}, leave it at "last".'
            )
        self.kind = "none" if return_sequences else kind
        if kind == "attention":
            self.affine = linear(n_features, n_features, generator=generator)
            nn.init.xavier_uniform_(self.affine.weight, generator=generator)
            nn.init.zeros_(self.affine.bias)
            self.query = linear(n_features, 1, bias=False, generator=generator)
            nn.init.zeros_(self.query.weight)

    def forward(self, h: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Map h (batch, n_steps, n_features) to (batch, n_features).

        With `return_sequences`, the result has the shape of h.
        """
        if self.kind != "attention":
            return _FIXED[self.kind](h, lengths)
        h = _none(h, lengths)  # a weight of zero times an infinite feature is not zero
        return (self.weights(h, lengths)[:, None] @ h)[:, 0]

    def weights(self, h: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Return how much each step of h (batch, n_steps, n_features) counts: (batch, n_steps).

        A row sums to one, and is zero after its last valid step and where there is none.
        """
        if self.kind != "attention":
            raise ValueError('There are attention weights with pooling="attention" only.')
        scores = self.query(torch.tanh(self.affine(h)))[:, :, 0]  # (batch, n_steps)
        if lengths is None:
            return scores.softmax(1)
        valid = valid_steps(lengths, h.shape[1])[:, :, 0]
        scores = torch.where(valid, scores, torch.finfo(scores.dtype).min)
        return torch.where(valid, scores.softmax(1), 0.0)

    def extra_repr(self) -> str:
        """Show the kind in ``repr``."""
        return repr(self.kind)


def upsample(weights: Tensor, pool_size: int, n_steps: int, lengths: Tensor | None) -> Tensor:
    """Divide the weight of each pool evenly among its valid steps.

    Parameters
    ----------
    weights : Tensor of shape (batch, n_pools)
        The weights of the pools, counted from the first step.
    pool_size : int
        Steps in a pool; the last valid one may be partial.
    n_steps : int
        Steps of the sequences.
    lengths : Tensor of shape (batch,) or None
        The valid steps of each row.

    Returns
    -------
    Tensor of shape (batch, n_steps)
        The weights of the steps; the sum of each row is unchanged.
    """
    steps = torch.arange(n_steps, device=weights.device)
    first = steps[::pool_size]  # of each pool
    end = steps.new_tensor([n_steps]) if lengths is None else lengths
    valid = (end[:, None] - first).clamp(1, pool_size)  # (batch or 1, n_pools)
    shares = (weights / valid)[:, steps // pool_size]
    return torch.where(steps < end[:, None], shares, 0.0)
