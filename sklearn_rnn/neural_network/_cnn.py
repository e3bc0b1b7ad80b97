"""Convolutional networks with pooling, alone or in front of a recurrent layer, for both tasks."""

from __future__ import annotations

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
"""The public names of the cells, and those of the module."""


@parametrized
class _Pooling(Stepwise):
    """Architecture: convolution along the steps, then max pooling."""

    num_channels: int = param(
        [COUNT],
        "Filters of each convolution.",
        default=32,
    )
    kernel_size: int = param(
        [COUNT],
        """Steps that a filter reads, half of them before and half behind its own, zeros beyond
        the ends: it may be larger than the number of steps.""",
        default=5,
    )
    pool_size: int = param(
        [COUNT],
        """Steps of which the largest value of each filter is passed on; 1 passes on all. It may be
        larger than the number of steps.""",
        default=2,
    )
    dropout: float = param(
        [DROPOUT],
        "The probability with which an input of the output layer is dropped in training.",
        default=0.0,
    )


@parametrized
class _CNN(_Pooling):
    """Architecture: a second convolution, and the largest value of each filter over all steps."""

    pooling: str = param(
        [StrOptions(POOLINGS)],
        """What of all steps is passed on: the largest value of each filter, the mean, the last
        one, or the mean with weights that the net finds itself (``"attention"``, Yang et al.,
        2016), see `attention_weights`.""",
        default="max",
    )

    _module_class: ClassVar[type[SequenceModule]] = CNN


@parametrized
class _CNNRecurrent(_Pooling):
    """Architecture: a recurrent layer behind the pools, read at the last one."""

    cell: str = param(
        [StrOptions(set(CELLS))],
        "The recurrent layer: long short-term memory, gated recurrent units, or Elman's.",
        default="lstm",
    )
    hidden_size: int = param(
        [COUNT],
        "Units of the recurrent layer.",
        default=32,
    )

    _module_class: ClassVar[type[SequenceModule]] = CNNRecurrent

    def _architecture(self) -> dict[str, Any]:
        return {**super()._architecture(), "cell": CELLS[self.cell]}


@parametrized
class CNNRegressor(SequenceRegressor, _CNN):
    """Convolutional network with pooling for regression on sequences.

    A convolution, max pooling, a second convolution, and of each of its filters the largest value
    over all steps, which an affine layer reads. So the net looks for patterns wherever they occur:
    of their place it knows no more than a filter sees of the zeros beyond the ends, and the
    recurrent and temporal convolutional nets do better where the place, such as the newest step,
    is what matters. A filter of the second convolution sees ``(kernel_size - 1) * (pool_size + 1)
    + pool_size`` steps, 14 by default, enough for windows of 5 and fewer steps too.

    {parameters}

    {attributes}

    See Also
    --------
    CNNClassifier : The same network for the other task.

    References
    ----------
    Chollet (2017). Deep learning with Python. Manning. Section 6.4.

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

    A convolution, max pooling, a second convolution, and of each of its filters the largest value
    over all steps, which an affine layer reads. So the net looks for patterns wherever they occur:
    of their place it knows no more than a filter sees of the zeros beyond the ends, and the
    recurrent and temporal convolutional nets do better where the place, such as the newest step,
    is what matters. A filter of the second convolution sees ``(kernel_size - 1) * (pool_size + 1)
    + pool_size`` steps, 14 by default, enough for windows of 5 and fewer steps too.

    {parameters}

    {attributes}

    See Also
    --------
    CNNRegressor : The same network for the other task.

    References
    ----------
    Chollet (2017). Deep learning with Python. Manning. Section 6.4.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_rnn import CNNClassifier
    >>> X = np.random.default_rng(0).normal(size=(200, 5, 2))
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
    """Convolution and pooling in front of a recurrent layer, for regression on sequences.

    A convolution finds local patterns, max pooling keeps the strongest of every `pool_size` steps,
    and a recurrent layer, an LSTM unless `cell` says otherwise, reads the pools in order; its last
    state is read by an affine layer. The recurrent layer, the slow part of such a net, has
    ``pool_size`` times fewer steps than on the sequence itself, and as many fewer to carry
    a gradient over.

    {parameters}

    {attributes}

    See Also
    --------
    CNNLSTMClassifier : The same network for the other task.

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
    """Convolution and pooling in front of a recurrent layer, for classification of sequences.

    A convolution finds local patterns, max pooling keeps the strongest of every `pool_size` steps,
    and a recurrent layer, an LSTM unless `cell` says otherwise, reads the pools in order; its last
    state is read by an affine layer. The recurrent layer, the slow part of such a net, has
    ``pool_size`` times fewer steps than on the sequence itself, and as many fewer to carry
    a gradient over.

    {parameters}

    {attributes}

    See Also
    --------
    CNNLSTMRegressor : The same network for the other task.

    References
    ----------
    Wang, Jiang and Luo (2016). Combination of convolutional and recurrent neural network for
    sentiment analysis of short texts. COLING.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_rnn import CNNLSTMClassifier
    >>> X = np.random.default_rng(0).normal(size=(200, 5, 2))
    >>> y = np.where(X[:, -1, 0] * X[:, -2, 0] > 0, "alike", "apart")
    >>> model = CNNLSTMClassifier(
    ...     learning_rate=0.02, lr_schedule="onecycle", max_epochs=50, random_state=0
    ... ).fit(X, y)
    >>> model.predict_proba(X[:3]).shape
    (3, 2)
    >>> bool(model.score(X, y) > 0.9)
    True
    """
