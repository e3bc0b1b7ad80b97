"""Parameters and attention weights of networks that read sequences of any length."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.utils.validation import check_is_fitted

from sklearn_rnn._modules.base import SequenceModule
from sklearn_rnn._sequences.lists import comes_as_list
from sklearn_rnn._sequences.ragged import Ragged
from sklearn_rnn._sequences.step_targets import unflatten_steps
from sklearn_rnn._sequences.windows import Windows
from sklearn_rnn._sklearn.availability import available_if
from sklearn_rnn._sklearn.compat import StrOptions
from sklearn_rnn._sklearn.parameters import param, parametrized
from sklearn_rnn.neural_network._base import Architecture
from sklearn_rnn.neural_network._carried import CarriedNetwork
from sklearn_rnn.neural_network._tokens import Tokens

POOLINGS = {"last", "mean", "max", "attention"}


def _attends(estimator: Stepwise) -> None:
    if estimator.pooling != "attention":
        raise AttributeError(
            f'attention_weights needs pooling="attention"; got pooling={estimator.pooling!r}.'
        )


@parametrized
class Stepwise(Tokens, Architecture):
    """Architecture: sequences of any length, of numbers or tokens, pooled into one vector."""

    all_missing: str = param(
        [StrOptions({"auto", "value", "absent"})],
        """How to read a step at either end of a sequence if all its channels are NaN. ``"absent"``:
        as padding, which is dropped. ``"value"``: as missing values, so that all other steps keep
        their lags. ``"auto"`` is ``"value"`` for windows that share rows, as those of a series do,
        and ``"absent"`` for lists, padded arrays and tokens; it is resolved in `fit`. If a series
        changes slowly, ``"absent"`` can forecast better, since the newest step then holds the last
        observed value.""",
        default="auto",
    )
    pooling: str = param(
        [StrOptions(POOLINGS)],
        """How the outputs of all steps are pooled: the last step, the mean, the maximum of each
        feature, or a learned weighted mean (``"attention"``, Yang et al., 2016), see
        `attention_weights`. Of texts the mean reads better which words there are, such as those of
        praise in a review, and the last step their order.""",
        default="last",
    )

    def _carried(self) -> CarriedNetwork:
        """Return the fitted network, to go on with sequences step by step."""
        check_is_fitted(self)
        return CarriedNetwork(self)

    @available_if(_attends)
    def attention_weights(self, X: Any) -> NDArray[np.float64]:
        """Return the attention weight of each step, with ``pooling="attention"``.

        They are weights of states, each of which has read all earlier steps (in a TCN or CNN, those
        in its receptive field). So they need not point at the steps of `X` that matter;
        `sklearn_rnn.inspection.attributions` leads back to these.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_steps, n_channels) or (n_samples, n_columns), or list
            Sequences.

        Returns
        -------
        ndarray of shape (n_samples, n_steps), or of shape (n_samples,) with arrays if `X` is a list
            Weights that sum to one over each sequence; zero for padding.
        """
        check_is_fitted(self)
        estimator: Any = self
        sequences, _ = estimator._read_sequences(X)
        weights = attention_of(estimator, sequences)
        return unflatten_steps(weights, sequences, ragged=comes_as_list(X), fill=0.0)


def attention_of(estimator: Any, sequences: Windows | Ragged) -> NDArray[np.float64]:
    """Return the attention weight of each valid step of the sequences, the mean over members."""
    weights = torch.stack(estimator._outputs_of(sequences, _Attention))
    return np.asarray(weights.mean(0).numpy()[:, 0])


class _Attention(SequenceModule):
    """A network whose output at each step is the attention weight of another network."""

    def __init__(self, net: SequenceModule) -> None:
        super().__init__()
        self.net = net

    def forward(self, x: torch.Tensor, lengths: torch.Tensor | None = None) -> torch.Tensor:
        """Map x (batch, n_steps, n_channels) to weights (batch, n_steps, 1)."""
        return self.net.attention_weights(x, lengths).unsqueeze(2)
