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
    >>> import numpy as np
    >>> from sklearn_rnn import CNNRegressor
    >>> X = np.random.default_rng(0).normal(size=(200, 5, 2))
    >>> y = X[:, -1, 0] + 0.5 * X[:, -2, 1]
    >>> model = CNNRegressor(
    ...     learning_rate=0.02, lr_schedule="onecycle", max_epochs=50, random_state=0
    ... ).fit(X, y)
    >>> model.predict(X[:3]).shape
    (3,)
    >>> bool(model.score(X, y) > 0.9)
    True
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
    >>> import numpy as np
    >>> from sklearn_rnn import CNNClassifier
    >>> X = np.random.default_rng(0).normal(size=(600, 5, 2))
    >>> y = np.where(X[:, -1, 0] * X[:, -2, 0] > 0, "alike", "apart")
    >>> model = CNNClassifier(
    ...     learning_rate=0.02, lr_schedule="onecycle", max_epochs=50, random_state=0
    ... ).fit(X, y)
    >>> model.predict_proba(X[:3]).shape
    (3, 2)
    >>> bool(model.score(X, y) > 0.9)
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
    >>> import numpy as np
    >>> from sklearn_rnn import CNNLSTMRegressor
    >>> X = np.random.default_rng(0).normal(size=(200, 5, 2))
    >>> y = X[:, -1, 0] + 0.5 * X[:, -2, 1]
    >>> model = CNNLSTMRegressor(
    ...     learning_rate=0.02, lr_schedule="onecycle", max_epochs=50, random_state=0
    ... ).fit(X, y)
    >>> model.predict(X[:3]).shape
    (3,)
    >>> bool(model.score(X, y) > 0.9)
    True
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
    >>> X = np.random.default_rng(0).normal(size=(600, 5, 2))
    >>> y = np.where(X[:, -1, 0] * X[:, -2, 0] > 0, "alike", "apart")
    >>> model = CNNLSTMClassifier(
    ...     learning_rate=0.02, lr_schedule="onecycle", max_epochs=50, random_state=0
    ... ).fit(X, y)
    >>> model.predict_proba(X[:3]).shape
    (3, 2)
    >>> bool(model.score(X, y) > 0.9)
    True
    """
