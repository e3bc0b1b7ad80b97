"""Convolutional networks that read sequences step by step: `CNNFeatures`."""

from __future__ import annotations

from copy import deepcopy
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from sklearn_rnn._modules.cnn import CNN
from sklearn_rnn._modules.convolution import Branches, Convolution

Array = NDArray[Any]


class CNNState(NamedTuple):
    """What is needed of the steps of some sequences so far.

    Attributes
    ----------
    tail : ndarray of shape (batch, n_tail, n_channels)
        The newest steps, from the first of a pool on.
    n_dropped : int
        Number of pools before them.
    n_final : int
        Number of pools whose features no later step changes.
    pooled : ndarray of shape (batch, n_features)
        Mean or maximum of these features, zero if there are none.
    """

    tail: Array
    n_dropped: int
    n_final: int
    pooled: Array


class CNNFeatures:
    r"""The pooled features of a CNN, given one step of each sequence at a time.

    A pool of p steps is read by filters that see l steps before and r after their own, and its
    features depend on l pools before and r after it. So those of pool s are final when there are
    :math:`(s + r + 1) p + r` steps. The newest steps are convolved anew at each step: as many as
    the features that are not final depend on.

    Parameters
    ----------
    net : CNN
        The network, which is copied.
    """

    def __init__(self, net: CNN) -> None:
        self.net = deepcopy(net).cpu().eval()
        size, self.pool_size = _kernel_size(net.conv1), net.conv1.pool_size
        left, self.right = (size - 1) // 2, size // 2
        self.n_margin = left + -(-left // self.pool_size)  # pools that see the start of the tail

    def step(self, x: Array, state: CNNState | None) -> tuple[Array, CNNState]:
        """Return the features (batch, n_features) of the steps up to x (batch, n_channels)."""
        if state is None:
            nothing = np.zeros((len(x), self.net.conv2.n_out), x.dtype)
            state = CNNState(np.empty((len(x), 0, x.shape[1]), x.dtype), 0, 0, nothing)
        tail = np.concatenate([state.tail, x[:, np.newaxis]], axis=1)
        with torch.inference_mode():
            found = self.net._pools(torch.from_numpy(tail), None)[0].numpy()
        n_dropped = state.n_dropped
        n_steps = n_dropped * self.pool_size + tail.shape[1]
        n_final = max(0, (n_steps - self.right) // self.pool_size - self.right)
        newly, rest = np.split(found[:, state.n_final - n_dropped :], [n_final - state.n_final], 1)
        pooled = self._combine(state.pooled, state.n_final, newly)
        features = self._combine(pooled, n_final, rest)
        if self.net.pooling.kind == "last":
            features = found[:, -1]
        n_kept = max(n_dropped, n_final - self.n_margin)
        tail = tail[:, (n_kept - n_dropped) * self.pool_size :]
        return features, CNNState(tail, n_kept, n_final, pooled)

    def _combine(self, pooled: Array, n_pools: int, features: Array) -> Array:
        """Return the mean or maximum of pools, of which some are pooled already."""
        if self.net.pooling.kind != "mean":
            return np.asarray(np.maximum(pooled, features.max(axis=1, initial=0)))  # of relu
        changes = (features - pooled[:, np.newaxis]).sum(axis=1)
        return np.asarray(pooled + changes / max(1, n_pools + features.shape[1]))


def _kernel_size(convolution: Convolution | Branches) -> int:
    """Return the number of taps of the longest filter."""
    filters: Any = [convolution]
    if isinstance(convolution, Branches):
        filters = convolution.branches
    return max(of_one.weight.shape[2] for of_one in filters)
