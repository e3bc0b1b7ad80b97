"""A fitted network from raw sequences to predictions, as one torch module."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import torch
from torch import Tensor, nn

from sklearn_rnn._modules.hierarchical_attention import HierarchicalAttention
from sklearn_rnn._modules.masking import valid_steps
from sklearn_rnn.inspection.export._inputs import Numbers, Tokens
from sklearn_rnn.inspection.export._outputs import Probabilities, Targets
from sklearn_rnn.neural_network._label_encoder import LabelEncoder


class Network(nn.Module):
    """The networks of a fitted estimator, between its scales; in their own dtype by default."""

    def __init__(self, estimator: Any, dtype: torch.dtype | None = None) -> None:
        super().__init__()
        if estimator.net_.config.mixed:
            raise ValueError(
                f"{type(estimator).__name__} computes in bfloat16, which it does not outside of "
                'predict; fit it with dtype="float32".'
            )
        members = getattr(estimator, "members_", [estimator])
        networks = [deepcopy(member.net_.module_).to("cpu", dtype) for member in members]
        dtype = next(networks[0].parameters()).dtype
        self.inputs = nn.ModuleList(
            Tokens(m._reader) if m._reader.reading.tokens else Numbers(m._reader, dtype)
            for m in members
        )
        self.networks = nn.ModuleList(
            Documents(net) if isinstance(net, HierarchicalAttention) else net for net in networks
        )
        encoder = estimator._encoder
        is_labels = isinstance(encoder, LabelEncoder)
        self.outputs = Probabilities(encoder) if is_labels else Targets(encoder)
        self.eval().requires_grad_(False)

    def forward(self, X: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Map X (batch, n_steps, n_channels) to predictions, see `as_module`."""
        raw, levels = [], None
        for read, network in zip(self.inputs, self.networks, strict=True):
            x, of_input = read(X, lengths)
            levels = of_input if levels is None else levels
            raw.append(network(x, lengths).double())
        outputs = torch.stack(raw)
        if outputs.dim() == 3:
            result: Tensor = self.outputs(outputs, levels)
            return result
        by_step = self.outputs(outputs.flatten(1, 2), levels).unflatten(0, outputs.shape[1:3])
        if lengths is None:
            return by_step
        valid = valid_steps(lengths, by_step.shape[1])
        valid = valid.view(*by_step.shape[:2], *[1] * (by_step.dim() - 2))
        return torch.where(valid, by_step, torch.nan)


class Documents(nn.Module):
    """Hierarchical attention, which reads documents as sequences, on arrays of sentences."""

    def __init__(self, network: HierarchicalAttention) -> None:
        super().__init__()
        self.network = network

    def forward(self, X: Tensor, lengths: None) -> Tensor:
        """Map X (batch, n_sentences, n_words), padded at the ends by 0, to outputs."""
        n_words = (X != 0).sum(2)
        vectors = self.network.words(X.flatten(0, 1), n_words.flatten()).unflatten(0, X.shape[:2])
        outputs: Tensor = self.network.head(self.network.sentences(vectors, (n_words > 0).sum(1)))
        return outputs
