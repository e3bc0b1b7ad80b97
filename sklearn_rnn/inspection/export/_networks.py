"""A fitted network from raw sequences to predictions, as one torch module."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import torch
from torch import Tensor, nn

from sklearn_rnn._modules.base import SequenceModule
from sklearn_rnn._modules.hierarchical_attention import HierarchicalAttention
from sklearn_rnn._modules.masking import valid_steps
from sklearn_rnn.inspection.export._inputs import Numbers, Tokens
from sklearn_rnn.inspection.export._outputs import Probabilities, Targets
from sklearn_rnn.neural_network._label_encoder import LabelEncoder


class Network(nn.Module):
    """The networks of an estimator, between its scales.

    Parameters
    ----------
    estimator : estimator
        A fitted network, of several members.
    dtype : torch.dtype, optional
        Dtype of the network; by default its own.
    """

    def __init__(self, estimator: Any, dtype: torch.dtype | None = None) -> None:
        super().__init__()
        if estimator.net_.config.mixed:
            raise ValueError(
                f"{type(estimator).__name__} computes in bfloat16, which it does not outside of "
                'predict; fit it with dtype="float32".'
            )
        members = getattr(estimator, "members_", [estimator])
        networks = [deepcopy(member.net_.module_).to("cpu", dtype) for member in members]
        self.inputs = nn.ModuleList(map(_input, [m._reader for m in members], networks))
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
    """Hierarchical attention on documents in one array, of sentences in one array each.

    Parameters
    ----------
    network : HierarchicalAttention
        The network, which itself reads each document as one sequence.
    """

    def __init__(self, network: HierarchicalAttention) -> None:
        super().__init__()
        self.network = network

    def forward(self, X: Tensor, lengths: None) -> Tensor:
        """Map X (batch, n_sentences, n_words), padded at the ends by 0, to outputs."""
        n_words = (X != 0).sum(2)
        vectors = self.network.words(X.flatten(0, 1), n_words.flatten()).unflatten(0, X.shape[:2])
        outputs: Tensor = self.network.head(self.network.sentences(vectors, (n_words > 0).sum(1)))
        return outputs


def _input(reader: Any, network: SequenceModule) -> nn.Module:
    """Return what reads X for a network."""
    if reader.reading.tokens:
        return Tokens(reader)
    return Numbers(reader, next(network.parameters()).dtype)
