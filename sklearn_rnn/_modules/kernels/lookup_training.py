"""Training of recurrent layers that look up their steps, in the compiled kernels."""

from __future__ import annotations

import math
from copy import copy

import torch
from torch import Tensor

from sklearn_rnn._modules.kernels.arguments import Ridge
from sklearn_rnn._modules.kernels.layer import table_of
from sklearn_rnn._modules.kernels.projection import Lookup, project
from sklearn_rnn._modules.kernels.threads import n_groups
from sklearn_rnn._modules.kernels.training import RecurrentTraining, Sequences
from sklearn_rnn._modules.memory import check_memory


class LookupTraining:
    """Losses and gradients of recurrent layers whose steps are rows of a matrix, see `Lookup`.

    Each row is projected once. The gradients of its projection are summed over the steps before
    they are multiplied by weights and rows.

    Parameters
    ----------
    training : RecurrentTraining
        Those of the layers.

    Attributes
    ----------
    n_projected : int
        Units that project the input, gate by gate.
    """

    def __init__(self, training: RecurrentTraining) -> None:
        self.training, n = training, training.n_directions
        self._directions = [training.parameters[4 * i : 4 * i + 4] for i in range(n)]
        self.n_projected = sum(len(w_in) for w_in, *_ in self._directions)
        self._workspace = training.parameters[0].new_empty(0)  # memory used for all batches

    def gradient(
        self, batch: Sequences, ridge: Ridge, lookup: Lookup, d_rows: Tensor | None
    ) -> Tensor:
        """Return the objective of a batch, and write its gradient over that of the parameters.

        Parameters
        ----------
        batch : Sequences
            Targets, weights and lengths; x is not read.
        ridge : Ridge
            The penalty.
        lookup : Lookup
            The steps.
        d_rows : Tensor of shape (n_rows, n_channels) or None
            Receives the gradient of the rows.
        """
        rows, apart = lookup.vectors, self.training.kernel == "gru"
        tables = torch.stack([project(rows, tuple(w), apart=apart) for w in self._directions])
        both = [lookup.tokens, lookup.reverse_valid(batch.lengths).tokens][: len(tables)]
        tokens = torch.stack(both)
        # (n_directions, n_groups, n_rows, n_gates * width); the first group receives the sum
        gradients = self._gradients(len(tables), n_groups(len(lookup.tokens)), *tables.shape[1:])
        found = torch.empty(gradients.shape[:-1], dtype=torch.uint8)
        for w_in, *_ in self._directions:
            assert w_in.grad is not None, "the parameters of a network in training have gradients"
            w_in.grad.zero_()
        training = copy(self.training)
        training.lookup = table_of(tokens, tables, gradients.data_ptr(), found)
        x = rows.new_empty(*lookup.tokens.shape, 0)
        objective = training.gradient(batch._replace(x=x), ridge)
        if d_rows is not None:
            d_rows.zero_()
        for (w_in, *_), of_groups in zip(self._directions, gradients, strict=True):
            by_gate = of_groups[0].view(len(rows), len(w_in) // training.hidden, -1)
            d_table = by_gate[:, :, : training.hidden].flatten(1)  # without padded units
            assert w_in.grad is not None, "it was set to zero"
            w_in.grad.addmm_(d_table.T, rows)
            if d_rows is not None:
                d_rows.addmm_(d_table, w_in)
        return objective

    def _gradients(self, *shape: int) -> Tensor:
        n = math.prod(shape)
        if self._workspace.numel() < n:
            n_bytes = n * self._workspace.element_size()
            check_memory(n_bytes, f"gradients of {shape[-2]} distinct tokens")
            self._workspace = self._workspace.new_empty(n)
        return self._workspace[:n].view(shape)
