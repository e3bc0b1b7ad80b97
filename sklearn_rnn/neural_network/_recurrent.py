"""Recurrent networks: Elman's, LSTM and GRU, for regression and classification."""

from __future__ import annotations

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
    """Architecture: layers of recurrent cells, read at the last step."""

    hidden_size: int = param(
        [COUNT],
        "Units of each layer and direction.",
        default=32,
    )
    num_layers: int = param(
        [COUNT],
        "Layers, each of which reads the states of the one before.",
        default=1,
    )
    bidirectional: bool = param(
        ["boolean"],
        """Whether each layer also reads the sequence from its end. The states of both directions
        are put side by side.""",
        default=False,
    )
    dropout: float = param(
        [DROPOUT],
        """The probability with which an entry of a layer's output is dropped in training, before
        the next layer and before the output layer; the recursion is untouched.""",
        default=0.0,
    )
    recurrent_dropout: float = param(
        [DROPOUT],
        """The probability with which an entry of the state is dropped from the recursion in
        training, the same at all steps of a sequence (Gal and Ghahramani, 2016).""",
        default=0.0,
    )
    return_sequences: bool = param(
        ["boolean"],
        """Whether there is a target for each step: `y` has the shape (n_samples, n_steps) or
        (n_samples, n_steps, n_outputs), and predictions come in it. Absent steps count nowhere.""",
        default=False,
    )

    _module_class: ClassVar[type[SequenceModule]] = Recurrent


@parametrized
class _Elman(_Recurrent):
    """Architecture: Elman's cell."""

    nonlinearity: str = param(
        [StrOptions({"tanh", "relu"})],
        "What is applied to the state at each step.",
        default="tanh",
    )

    def _architecture(self) -> dict[str, Any]:
        return {**super()._architecture(), "cell": f"rnn_{self.nonlinearity}"}


@parametrized
class _LSTM(_Recurrent):
    """Architecture: the cell of long short-term memory."""

    coupled_gates: bool = param(
        ["boolean"],
        """Whether the cell forgets as much as it takes in: the forget gate is one minus the input
        gate (Greff et al., 2017), which saves a quarter of the weights.""",
        default=False,
    )

    def _architecture(self) -> dict[str, Any]:
        return {**super()._architecture(), "cell": "lstm"}


class _GRU(_Recurrent):
    """Architecture: the gated recurrent unit."""

    def _architecture(self) -> dict[str, Any]:
        return {**super()._architecture(), "cell": "gru"}


@parametrized
class RNNRegressor(SequenceRegressor, _Elman):
    """Elman's recurrent network for regression on sequences.

    At each step the state is ``h_t = tanh(W x_t + U h_{t-1} + b)``, and the last state is
    read by an affine layer. It is the smallest of the recurrent nets and learns short memories
    only: its gradient vanishes, or explodes, with the number of steps.

    {parameters}

    {attributes}

    See Also
    --------
    RNNClassifier : The same network for the other task.

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
    """Elman's recurrent network for classification of sequences.

    At each step the state is ``h_t = tanh(W x_t + U h_{t-1} + b)``, and the last state is
    read by an affine layer. It is the smallest of the recurrent nets and learns short memories
    only: its gradient vanishes, or explodes, with the number of steps.

    {parameters}

    {attributes}

    See Also
    --------
    RNNRegressor : The same network for the other task.

    References
    ----------
    Elman (1990). Finding structure in time. Cognitive Science 14, 179-211.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_rnn import RNNClassifier
    >>> X = np.random.default_rng(0).normal(size=(200, 5, 2))
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
    """Long short-term memory for regression on sequences.

    A cell state that gates write to, erase and read is carried along the steps, so that
    gradients survive long sequences; the last state is read by an affine layer. The bias of
    the forget gate starts at one.

    {parameters}

    {attributes}

    See Also
    --------
    LSTMClassifier : The same network for the other task.

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
    """Long short-term memory for classification of sequences.

    A cell state that gates write to, erase and read is carried along the steps, so that
    gradients survive long sequences; the last state is read by an affine layer. The bias of
    the forget gate starts at one.

    {parameters}

    {attributes}

    See Also
    --------
    LSTMRegressor : The same network for the other task.

    References
    ----------
    Hochreiter and Schmidhuber (1997). Long short-term memory. Neural Computation 9,
    1735-1780.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_rnn import LSTMClassifier
    >>> X = np.random.default_rng(0).normal(size=(200, 5, 2))
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
    """Gated recurrent units for regression on sequences.

    Two gates decide at each step how much of the state is replaced and how much of the
    past the new state sees; the last state is read by an affine layer. It has three quarters
    of the weights of an LSTM and mostly predicts as well.

    {parameters}

    {attributes}

    See Also
    --------
    GRUClassifier : The same network for the other task.

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
    """Gated recurrent units for classification of sequences.

    Two gates decide at each step how much of the state is replaced and how much of the
    past the new state sees; the last state is read by an affine layer. It has three quarters
    of the weights of an LSTM and mostly predicts as well.

    {parameters}

    {attributes}

    See Also
    --------
    GRURegressor : The same network for the other task.

    References
    ----------
    Cho et al. (2014). Learning phrase representations using RNN encoder-decoder for
    statistical machine translation. arXiv:1406.1078.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_rnn import GRUClassifier
    >>> X = np.random.default_rng(0).normal(size=(200, 5, 2))
    >>> y = np.where(X[:, -1, 0] * X[:, -2, 0] > 0, "alike", "apart")
    >>> model = GRUClassifier(
    ...     learning_rate=0.02, lr_schedule="onecycle", max_epochs=50, random_state=0
    ... ).fit(X, y)
    >>> model.predict_proba(X[:3]).shape
    (3, 2)
    >>> bool(model.score(X, y) > 0.9)
    True
    """
