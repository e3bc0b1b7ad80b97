"""Recurrent networks (Elman, LSTM, GRU) for regression and classification."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from sklearn_rnn._modules.base import SequenceModule
from sklearn_rnn._modules.recurrent import Recurrent
from sklearn_rnn._sklearn.compat import StrOptions
from sklearn_rnn._sklearn.parameters import param, parametrized
from sklearn_rnn.neural_network._classifier import SequenceClassifier
from sklearn_rnn.neural_network._regressor import SequenceRegressor
from sklearn_rnn.neural_network._sequential import Stepwise
from sklearn_rnn.neural_network._training_parameters import COUNT, DROPOUT


@parametrized
class _Recurrent(Stepwise):
    """Architecture: stacked recurrent layers, pooled into the input of the output layer."""

    hidden_size: int = param(
        [COUNT],
        "Number of units of each layer and direction.",
        default=32,
        also=("units",),
    )
    num_layers: int = param(
        [COUNT],
        "Number of stacked recurrent layers.",
        default=1,
    )
    bidirectional: bool = param(
        ["boolean"],
        """Whether each layer also reads the sequence in reverse. The states of both directions are
        concatenated.""",
        default=False,
    )
    dropout: float = param(
        [DROPOUT],
        """Dropout probability of the outputs of each layer, before the next layer and before the
        output layer; the recurrent connections are not dropped.""",
        default=0.0,
    )
    recurrent_dropout: float = param(
        [DROPOUT],
        """Dropout probability of the recurrent connections, with one mask for all steps of a
        sequence (variational dropout, Gal and Ghahramani, 2016).""",
        default=0.0,
    )
    return_sequences: bool = param(
        ["boolean"],
        """Whether there is a target for each step: `y` has shape (n_samples, n_steps) or
        (n_samples, n_steps, n_outputs), as do the predictions. Padding is ignored.""",
        default=False,
    )

    _module_class: ClassVar[type[SequenceModule]] = Recurrent


@parametrized
class _Elman(_Recurrent):
    """Architecture: Elman cells."""

    nonlinearity: str = param(
        [StrOptions({"tanh", "relu"})],
        "Activation function of the state.",
        default="tanh",
    )

    def _architecture(self, parameters: Mapping[str, Any]) -> dict[str, Any]:
        return {**super()._architecture(parameters), "cell": f"rnn_{self.nonlinearity}"}


@parametrized
class _LSTM(_Recurrent):
    """Architecture: long short-term memory (LSTM) cells."""

    coupled_gates: bool = param(
        ["boolean"],
        """Whether to couple the input and forget gates: the forget gate is one minus the input
        gate (Greff et al., 2017), which saves a quarter of the weights.""",
        default=False,
    )

    _fixed: ClassVar[dict[str, Any]] = {"cell": "lstm"}


class _GRU(_Recurrent):
    """Architecture: gated recurrent units (GRU)."""

    _fixed: ClassVar[dict[str, Any]] = {"cell": "gru"}


@parametrized
class RNNRegressor(SequenceRegressor, _Elman):
    """Elman recurrent network for regression on sequences.

    At each step the state is ``h_t = tanh(W x_t + U h_{t-1} + b)``; an affine output layer reads
    the last state. It is the smallest of the recurrent networks and learns only short-term
    dependencies: its gradients vanish or explode as the number of steps grows.

    {parameters}

    {attributes}

    See Also
    --------
    RNNClassifier : The same network for classification.

    References
    ----------
    Elman (1990). Finding structure in time. Cognitive Science 14, 179-211.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_rnn import RNNRegressor
    >>> X = np.random.default_rng(0).normal(size=(200, 5, 2))
    >>> y = X[:, -1, 0] + 0.5 * X[:, -2, 1]
    >>> model = RNNRegressor(
    ...     learning_rate=0.02, lr_schedule="onecycle", max_epochs=50, random_state=0
    ... ).fit(X, y)
    >>> model.predict(X[:3]).shape
    (3,)
    >>> bool(model.score(X, y) > 0.9)
    True
    """


@parametrized
class RNNClassifier(SequenceClassifier, _Elman):
    """Elman recurrent network for classification of sequences.

    At each step the state is ``h_t = tanh(W x_t + U h_{t-1} + b)``; an affine output layer reads
    the last state. It is the smallest of the recurrent networks and learns only short-term
    dependencies: its gradients vanish or explode as the number of steps grows.

    {parameters}

    {attributes}

    See Also
    --------
    RNNRegressor : The same network for regression.

    References
    ----------
    Elman (1990). Finding structure in time. Cognitive Science 14, 179-211.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_rnn import RNNClassifier
    >>> X = np.random.default_rng(0).normal(size=(600, 5, 2))
    >>> y = np.where(X[:, -1, 0] * X[:, -2, 0] > 0, "alike", "apart")
    >>> model = RNNClassifier(
    ...     learning_rate=0.02, lr_schedule="onecycle", max_epochs=50, random_state=0
    ... ).fit(X, y)
    >>> model.predict_proba(X[:3]).shape
    (3, 2)
    >>> bool(model.score(X, y) > 0.9)
    True
    """


@parametrized
class LSTMRegressor(SequenceRegressor, _LSTM):
    """Long short-term memory (LSTM) for regression on sequences.

    Input, forget and output gates control what is written to, erased from and read from a cell
    state, so that gradients do not vanish over long sequences; an affine output layer reads the
    last hidden state. The bias of the forget gate is initialised at one.

    {parameters}

    {attributes}

    See Also
    --------
    LSTMClassifier : The same network for classification.

    References
    ----------
    Hochreiter and Schmidhuber (1997). Long short-term memory. Neural Computation 9,
    1735-1780.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_rnn import LSTMRegressor
    >>> X = np.random.default_rng(0).normal(size=(200, 5, 2))
    >>> y = X[:, -1, 0] + 0.5 * X[:, -2, 1]
    >>> model = LSTMRegressor(
    ...     learning_rate=0.02, lr_schedule="onecycle", max_epochs=50, random_state=0
    ... ).fit(X, y)
    >>> model.predict(X[:3]).shape
    (3,)
    >>> bool(model.score(X, y) > 0.9)
    True
    """


@parametrized
class LSTMClassifier(SequenceClassifier, _LSTM):
    """Long short-term memory (LSTM) for classification of sequences.

    Input, forget and output gates control what is written to, erased from and read from a cell
    state, so that gradients do not vanish over long sequences; an affine output layer reads the
    last hidden state. The bias of the forget gate is initialised at one.

    {parameters}

    {attributes}

    See Also
    --------
    LSTMRegressor : The same network for regression.

    References
    ----------
    Hochreiter and Schmidhuber (1997). Long short-term memory. Neural Computation 9,
    1735-1780.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_rnn import LSTMClassifier
    >>> X = np.random.default_rng(0).normal(size=(600, 5, 2))
    >>> y = np.where(X[:, -1, 0] * X[:, -2, 0] > 0, "alike", "apart")
    >>> model = LSTMClassifier(
    ...     learning_rate=0.02, lr_schedule="onecycle", max_epochs=50, random_state=0
    ... ).fit(X, y)
    >>> model.predict_proba(X[:3]).shape
    (3, 2)
    >>> bool(model.score(X, y) > 0.9)
    True
    """


@parametrized
class GRURegressor(SequenceRegressor, _GRU):
    """Gated recurrent units (GRU) for regression on sequences.

    At each step an update gate controls how much of the state is replaced, and a reset gate how
    much the candidate state depends on the previous one; an affine output layer reads the last
    state. A GRU has three quarters of the weights of an LSTM and usually predicts as well.

    {parameters}

    {attributes}

    See Also
    --------
    GRUClassifier : The same network for classification.

    References
    ----------
    Cho et al. (2014). Learning phrase representations using RNN encoder-decoder for
    statistical machine translation. arXiv:1406.1078.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_rnn import GRURegressor
    >>> X = np.random.default_rng(0).normal(size=(200, 5, 2))
    >>> y = X[:, -1, 0] + 0.5 * X[:, -2, 1]
    >>> model = GRURegressor(
    ...     learning_rate=0.02, lr_schedule="onecycle", max_epochs=50, random_state=0
    ... ).fit(X, y)
    >>> model.predict(X[:3]).shape
    (3,)
    >>> bool(model.score(X, y) > 0.9)
    True
    """


@parametrized
class GRUClassifier(SequenceClassifier, _GRU):
    """Gated recurrent units (GRU) for classification of sequences.

    At each step an update gate controls how much of the state is replaced, and a reset gate how
    much the candidate state depends on the previous one; an affine output layer reads the last
    state. A GRU has three quarters of the weights of an LSTM and usually predicts as well.

    {parameters}

    {attributes}

    See Also
    --------
    GRURegressor : The same network for regression.

    References
    ----------
    Cho et al. (2014). Learning phrase representations using RNN encoder-decoder for
    statistical machine translation. arXiv:1406.1078.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_rnn import GRUClassifier
    >>> X = np.random.default_rng(0).normal(size=(600, 5, 2))
    >>> y = np.where(X[:, -1, 0] * X[:, -2, 0] > 0, "alike", "apart")
    >>> model = GRUClassifier(
    ...     learning_rate=0.02, lr_schedule="onecycle", max_epochs=50, random_state=0
    ... ).fit(X, y)
    >>> model.predict_proba(X[:3]).shape
    (3, 2)
    >>> bool(model.score(X, y) > 0.9)
    True
    """
