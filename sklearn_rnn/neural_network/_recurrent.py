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
        (n_samples, n_steps, n_outputs), as do the predictions. Padding is ignored; predictions
        for it are NaN, of labels the first class, without a meaning.""",
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
    >>> X = np.random.default_rng(0).normal(size=(300, 5, 2))
    >>> y = 1000 + 100 * X[:, -2, 0]  # in units of its own
    >>> how = {"learning_rate": 0.02, "lr_schedule": "onecycle", "max_epochs": 50}
    >>> model = RNNRegressor(**how, random_state=0).fit(X, y)
    >>> new = np.zeros((3, 5, 2))
    >>> new[:, -2, 0] = [-1, 0, 1]
    >>> model.predict(new).round(-1)
    array([ 900., 1000., 1100.])
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
    A label for each step:

    >>> import numpy as np
    >>> from sklearn_rnn import RNNClassifier
    >>> X = np.random.default_rng(0).normal(size=(300, 6, 1))
    >>> y = np.where(np.diff(X[..., 0], axis=1, prepend=0) > 0, "up", "down")
    >>> how = {"learning_rate": 0.02, "lr_schedule": "onecycle", "max_epochs": 50}
    >>> model = RNNClassifier(return_sequences=True, **how, random_state=0).fit(X, y)
    >>> model.predict(np.array([[[0.0], [1.0], [3.0], [2.0], [2.5], [0.5]]]))
    array([['down', 'up', 'up', 'down', 'up', 'down']], dtype='<U4')
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
    The first value of sequences of different length is remembered to their ends:

    >>> import numpy as np
    >>> from sklearn_rnn import LSTMRegressor
    >>> rng = np.random.default_rng(0)
    >>> X = [rng.normal(size=(n, 1)) for n in rng.integers(3, 9, size=400)]
    >>> how = {"learning_rate": 0.02, "lr_schedule": "onecycle", "max_epochs": 50}
    >>> model = LSTMRegressor(**how, random_state=0).fit(X, [x[0, 0] for x in X])
    >>> model.predict([[[2.0], [0.0], [0.0]], [[-1.0]] + 6 * [[0.0]]]).round(1)
    array([ 2., -1.])
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
    >>> X = np.random.default_rng(0).normal(size=(400, 6, 1))
    >>> y = np.where(X[:, 0, 0] > X[:, -1, 0], "fell", "rose")
    >>> how = {"learning_rate": 0.02, "lr_schedule": "onecycle", "max_epochs": 50}
    >>> model = LSTMClassifier(**how, random_state=0).fit(X, y)
    >>> model.predict_proba(np.array([[[1.0], [0], [0], [0], [0], [-1.0]]])).round(1)
    array([[1., 0.]])
    >>> model.classes_
    array(['fell', 'rose'], dtype='<U4')
    """


@parametrized
class GRURegressor(SequenceRegressor, _GRU):
    """Gated recurrent units (GRU) for regression on sequences.

    At each step an update gate controls how much of the state is replaced, and a reset gate how
    much the candidate state depends on the previous one; an affine output layer reads the last
    state. A GRU has three quarters of the weights of an LSTM and usually predicts as well. The
    update gates are initialised so that the units remember from one step to the whole sequence.

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
    A target for each step, the sum so far:

    >>> import numpy as np
    >>> from sklearn_rnn import GRURegressor
    >>> X = np.random.default_rng(0).normal(size=(200, 6, 1))
    >>> how = {"learning_rate": 0.02, "lr_schedule": "onecycle", "max_epochs": 50}
    >>> model = GRURegressor(return_sequences=True, **how, random_state=0)
    >>> model.fit(X, X[..., 0].cumsum(axis=1)).predict(np.ones((1, 6, 1))).round()
    array([[1., 2., 3., 4., 5., 6.]])
    """


@parametrized
class GRUClassifier(SequenceClassifier, _GRU):
    """Gated recurrent units (GRU) for classification of sequences.

    At each step an update gate controls how much of the state is replaced, and a reset gate how
    much the candidate state depends on the previous one; an affine output layer reads the last
    state. A GRU has three quarters of the weights of an LSTM and usually predicts as well. The
    update gates are initialised so that the units remember from one step to the whole sequence.

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
    The value counts at the step that the second channel marks:

    >>> import numpy as np
    >>> from sklearn_rnn import GRUClassifier
    >>> rng = np.random.default_rng(0)
    >>> value, place = rng.normal(size=(600, 5)), rng.integers(5, size=600)
    >>> marked = np.arange(5) == place[:, np.newaxis]
    >>> how = {"learning_rate": 0.02, "lr_schedule": "onecycle", "max_epochs": 50}
    >>> model = GRUClassifier(**how, random_state=0)
    >>> model = model.fit(np.stack([value, marked], axis=2), value[marked] > 0)
    >>> model.predict(np.array([[[2.0, 0], [-1, 1], [2, 0], [2, 0], [2, 0]]]))
    array([False])
    """
