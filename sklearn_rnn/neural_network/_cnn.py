"""Convolutional networks with pooling, with or without a recurrent layer after it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from numbers import Integral
from typing import Any, ClassVar

from sklearn_rnn._modules.base import SequenceModule
from sklearn_rnn._modules.cnn import CNN
from sklearn_rnn._modules.cnn_lstm import CNNRecurrent
from sklearn_rnn._sklearn.compat import StrOptions
from sklearn_rnn._sklearn.parameters import param, parametrized
from sklearn_rnn.neural_network._classifier import SequenceClassifier
from sklearn_rnn.neural_network._regressor import SequenceRegressor
from sklearn_rnn.neural_network._sequential import POOLINGS, Stepwise
from sklearn_rnn.neural_network._training_parameters import COUNT, DROPOUT

CELLS = {"lstm": "lstm", "gru": "gru", "rnn": "rnn_tanh"}
"""Names of the cells in the torch module, by their public names."""


@parametrized
class _Pooling(Stepwise):
    """Architecture: convolution along the steps, then max pooling."""

    num_channels: int = param(
        [COUNT],
        "Number of filters of each convolution; with several kernel sizes, of each size.",
        default=32,
        also=("filters",),
    )
    kernel_size: int | Sequence[int] = param(
        [COUNT, "array-like"],
        """Number of steps that a filter covers, centred on its own step; the ends are padded with
        zeros. It may exceed the number of steps. Several numbers, such as ``(9, 19, 39)``,
        replace each convolution by parallel convolutions, each with `num_channels` filters of its
        own size, plus a linear map of the step itself, the residual connection (InceptionTime,
        Ismail Fawaz et al., 2020). The receptive field is that of the largest.""",
        default=5,
    )
    pool_size: int = param(
        [COUNT],
        """Number of steps in each pool of the max pooling; 1 does not pool. It may exceed the
        number of steps.""",
        default=2,
    )
    dropout: float = param(
        [DROPOUT],
        "Dropout probability of the inputs of the output layer.",
        default=0.0,
    )

    def _architecture(self, parameters: Mapping[str, Any]) -> dict[str, Any]:
        sizes = parameters["kernel_size"]
        several = not isinstance(sizes, Integral)
        if several and not (len(sizes) and all(map(COUNT.is_satisfied_by, sizes))):
            raise ValueError(
                "kernel_size must be an integer of at least 1, or several of them; got "
                f"{self.kernel_size!r}."
            )
        return super()._architecture(parameters)


@parametrized
class _CNN(_Pooling):
    """Architecture: a second convolution, and pooling over all steps."""

    pooling: str = param(
        [StrOptions(POOLINGS)],
        """How the outputs of all steps are pooled: the maximum of each filter, the mean, the last
        step, or a learned weighted mean (``"attention"``, Yang et al., 2016), see
        `attention_weights`.""",
        default="max",
    )

    _module_class: ClassVar[type[SequenceModule]] = CNN


@parametrized
class _CNNRecurrent(_Pooling):
    """Architecture: a recurrent layer after the max pooling, read at its last step."""

    cell: str = param(
        [StrOptions(set(CELLS))],
        "The recurrent layer: long short-term memory, gated recurrent units, or Elman cells.",
        default="lstm",
    )
    hidden_size: int = param(
        [COUNT],
        "Number of units of the recurrent layer.",
        default=32,
        also=("units",),
    )

    _module_class: ClassVar[type[SequenceModule]] = CNNRecurrent

    def _architecture(self, parameters: Mapping[str, Any]) -> dict[str, Any]:
        return {**super()._architecture(parameters), "cell": CELLS[self.cell]}


@parametrized
class CNNRegressor(SequenceRegressor, _CNN):
    """Convolutional network with pooling for regression on sequences.

    A convolution, max pooling and a second convolution; the maximum of each of its filters over
    all steps is the input of an affine output layer. The network thus detects local patterns
    wherever they occur, but hardly sees at which step: where the position matters, such as the
    newest step in forecasting, recurrent and temporal convolutional networks do better. The
    receptive field of the second convolution is ``(kernel_size - 1) * (pool_size + 1) +
    pool_size`` steps, 14 by default, with the largest of several kernel sizes. Windows may be
    shorter.

    {parameters}

    {attributes}

    See Also
    --------
    CNNClassifier : The same network for classification.

    References
    ----------
    Chollet (2017). Deep learning with Python. Manning. Section 6.4.
    Ismail Fawaz et al. (2020). InceptionTime: Finding AlexNet for time series classification. Data
    Mining and Knowledge Discovery 34, 1936-1962.

    Examples
    --------
    The largest value, wherever it stands:

    >>> import numpy as np
    >>> from sklearn_rnn import CNNRegressor
    >>> X = np.random.default_rng(0).normal(size=(400, 20, 1))
    >>> how = {"learning_rate": 0.02, "lr_schedule": "onecycle", "max_epochs": 30}
    >>> model = CNNRegressor(**how, random_state=0).fit(X, X.max(axis=(1, 2)))
    >>> peaks = np.zeros((2, 20, 1))
    >>> peaks[0, 3] = peaks[1, 15] = 2
    >>> model.predict(peaks).round()
    array([2., 2.])
    """


@parametrized
class CNNClassifier(SequenceClassifier, _CNN):
    """Convolutional network with pooling for classification of sequences.

    A convolution, max pooling and a second convolution; the maximum of each of its filters over
    all steps is the input of an affine output layer. The network thus detects local patterns
    wherever they occur, but hardly sees at which step: where the position matters, such as the
    newest step in forecasting, recurrent and temporal convolutional networks do better. The
    receptive field of the second convolution is ``(kernel_size - 1) * (pool_size + 1) +
    pool_size`` steps, 14 by default, with the largest of several kernel sizes. Windows may be
    shorter.

    {parameters}

    {attributes}

    See Also
    --------
    CNNRegressor : The same network for regression.

    References
    ----------
    Chollet (2017). Deep learning with Python. Manning. Section 6.4.
    Ismail Fawaz et al. (2020). InceptionTime: Finding AlexNet for time series classification. Data
    Mining and Knowledge Discovery 34, 1936-1962.

    Examples
    --------
    A bump that may stand anywhere: no single step tells the classes apart.

    >>> import numpy as np
    >>> from sklearn_rnn import CNNClassifier
    >>> rng, has_bump = np.random.default_rng(0), np.arange(400) % 2 == 1
    >>> X, start = rng.normal(size=(400, 30)), rng.integers(24, size=(400, 1))
    >>> inside = (np.arange(30) >= start) & (np.arange(30) < start + 6)
    >>> X = X + 2.5 * (inside & has_bump[:, np.newaxis])
    >>> how = {"learning_rate": 0.02, "lr_schedule": "onecycle", "max_epochs": 20}
    >>> model = CNNClassifier(**how, random_state=0).fit(X[:300], has_bump[:300])
    >>> bool(model.score(X[300:], has_bump[300:]) > 0.95)
    True
    """


@parametrized
class CNNLSTMRegressor(SequenceRegressor, _CNNRecurrent):
    """Convolution, max pooling and a recurrent layer for regression on sequences.

    A convolution detects local patterns, max pooling keeps the strongest response in every
    `pool_size` steps, and a recurrent layer (`cell`) reads the pooled sequence; an affine output
    layer reads its last state. The recurrent layer, the slow part of such a network, thus has
    `pool_size` times fewer steps, over which gradients also propagate better.

    {parameters}

    {attributes}

    See Also
    --------
    CNNLSTMClassifier : The same network for classification.

    References
    ----------
    Wang, Jiang and Luo (2016). Combination of convolutional and recurrent neural network for
    sentiment analysis of short texts. COLING.

    Examples
    --------
    Of 40 steps the LSTM reads ten, after pooling by four:

    >>> import numpy as np
    >>> from sklearn_rnn import CNNLSTMRegressor
    >>> X = np.random.default_rng(0).normal(size=(200, 40, 1))
    >>> how = {"learning_rate": 0.02, "lr_schedule": "onecycle", "max_epochs": 20}
    >>> model = CNNLSTMRegressor(pool_size=4, hidden_size=8, **how, random_state=0)
    >>> model.fit(X, X[:, -20:, 0].mean(axis=1)).summary()
    layer               type          output       parameters
    conv                Convolution   (*, 32, 10)         192
    recurrent.layers.0  LSTM          (*, 10, 8)        1,344
    recurrent.head      Identity      (*, 8)                0
    head.dropout        Dropout       (*, 8)                0
    head.linear         Linear        (*, 1)                9
    total               CNNRecurrent                    1,545
    """


@parametrized
class CNNLSTMClassifier(SequenceClassifier, _CNNRecurrent):
    """Convolution, max pooling and a recurrent layer for classification of sequences.

    A convolution detects local patterns, max pooling keeps the strongest response in every
    `pool_size` steps, and a recurrent layer (`cell`) reads the pooled sequence; an affine output
    layer reads its last state. The recurrent layer, the slow part of such a network, thus has
    `pool_size` times fewer steps, over which gradients also propagate better.

    {parameters}

    {attributes}

    See Also
    --------
    CNNLSTMRegressor : The same network for regression.

    References
    ----------
    Wang, Jiang and Luo (2016). Combination of convolutional and recurrent neural network for
    sentiment analysis of short texts. COLING.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_rnn import CNNLSTMClassifier
    >>> X = np.random.default_rng(0).normal(size=(400, 40, 1))
    >>> y = np.where(X[:, :20].mean(axis=(1, 2)) > X[:, 20:].mean(axis=(1, 2)), "fell", "rose")
    >>> how = {"learning_rate": 0.02, "lr_schedule": "onecycle", "max_epochs": 30}
    >>> model = CNNLSTMClassifier(**how, random_state=0).fit(X, y)
    >>> model.predict(np.repeat([[-1.0, 1.0], [1.0, -1.0]], 20, axis=1)[..., np.newaxis])
    array(['rose', 'fell'], dtype='<U4')
    """
