"""Raw outputs of networks as predictions, in torch: what the encoders compute in NumPy."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from sklearn_rnn.inspection.export._inputs import Levels, register
from sklearn_rnn.neural_network._label_encoder import LabelEncoder
from sklearn_rnn.neural_network._target_encoder import RegressionEncoder


class Targets(nn.Module):
    """Predictions in the units of y; with several quantiles all of them, along a last axis."""

    mean: Tensor
    scale: Tensor

    def __init__(self, encoder: RegressionEncoder) -> None:
        super().__init__()
        self.encoder = encoder
        register(self, mean=encoder.scale.mean, scale=encoder.scale.scale)
        self.channels = None if encoder.channels is None else encoder.channels.tolist()

    def forward(self, raw: Tensor, levels: Levels | None) -> Tensor:
        """Map raw outputs (n_members, n, n_outputs) to predictions."""
        loss = self.encoder.loss
        # (n, n_targets), of quantiles (n_levels, n, n_targets)
        values = loss.quantiles(raw).mean(1) if loss.levels else self.encoder.averaged(raw)
        values = values.exp() if loss.log_link else values
        values = values * self.scale + self.mean
        if levels is not None and self.channels is not None:
            level, scale = (of_channels[:, self.channels] for of_channels in levels)
            values = values * scale + level
        values = values.movedim(0, -1) if loss.levels else values
        return values[:, 0] if self.encoder.shape == () else values


class Probabilities(nn.Module):
    """Probabilities of the classes, or of the labels of a multilabel target."""

    def __init__(self, encoder: LabelEncoder) -> None:
        super().__init__()
        self.encoder = encoder

    def forward(self, raw: Tensor, levels: Levels | None) -> Tensor:
        """Map raw outputs (n_members, n, n_logits) to probabilities (n, n_classes)."""
        logits = self.encoder.averaged(raw) if len(raw) > 1 else raw[0]
        if self.encoder.multilabel:
            return logits.sigmoid()
        if self.encoder.is_binary:
            logits = torch.cat([torch.zeros_like(logits), logits], 1)
        return logits.softmax(1)
