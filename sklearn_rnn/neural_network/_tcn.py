"""Temporal convolutional networks, for regression and classification."""

from __future__ import annotations

from typing import Any, ClassVar

from sklearn_rnn._modules.base import SequenceModule
from sklearn_rnn._modules.tcn import TCN
from sklearn_rnn._sklearn.compat import StrOptions
from sklearn_rnn._sklearn.parameters import param, parametrized
from sklearn_rnn.neural_network._classifier import SequenceClassifier
from sklearn_rnn.neural_network._regressor import SequenceRegressor
from sklearn_rnn.neural_network._sequential import Stepwise
from sklearn_rnn.neural_network._training_parameters import COUNT, DROPOUT


@parametrized
class _Convolutional(Stepwise):
    """Architecture: residual blocks of dilated causal convolutions, read at the last step."""

    num_channels: int = param(
        [COUNT],
        "Filters of each convolution.",
        default=32,
    )
    num_levels: int | str = param(
        [COUNT, StrOptions({"auto"})],
        """Residual blocks, the dilation of which doubles from one to the next. ``"auto"`` takes
        as many as the last step needs to see the sequence, but for at most a twentieth of it.""",
        default="auto",
    )
    kernel_size: int = param(
        [COUNT],
        "Steps that a filter reads.",
        default=3,
    )
    dropout: float = param(
        [DROPOUT],
        """The probability with which an entry is dropped in training, after each convolution and
        before the output layer.""",
        default=0.0,
    )

    return_sequences: bool = param(
        ["boolean"],
        """Whether there is a target for each step: `y` has the shape (n_samples, n_steps) or
        (n_samples, n_steps, n_outputs), and predictions come in it. Absent steps count nowhere.""",
        default=False,
    )

    _module_class: ClassVar[type[SequenceModule]] = TCN

    def _architecture(self) -> dict[str, Any]:
        return {**super()._architecture(), "selects": self.penalty == "group"}


@parametrized
class TCNRegressor(SequenceRegressor, _Convolutional):
    """Temporal convolutional network for regression on sequences.

    Residual blocks of two causal convolutions, weight-normalised, whose dilation doubles from
    block to block, so that the last step sees ``1 + 2 * (kernel_size - 1) * (2**num_levels -
    1)`` steps. All steps are worked on at once; there is no state to carry.

    Windows of `LagTransformer` share rows. Where the net sees no more steps than a window has (with
    ``kernel_size=3`` and the default `num_levels`, windows of 5, 13, 29, 30, 61 to 64 or 125 to 131
    steps), it convolves the series once, not each window: of 64 steps it predicts about 17 and
    trains about 3 times faster (windows of 5 steps are trained one by one). Training then draws
    short contiguous blocks of the series in random order, not single windows. This needs at least
    half of the windows of the series for training, and a network that reads only the last step: not
    with another `pooling` or `augmentation`.

    {parameters}

    {attributes}

    See Also
    --------
    TCNClassifier : The same network for the other task.

    References
    ----------
    Bai, Kolter and Koltun (2018). An empirical evaluation of generic convolutional and recurrent
    networks for sequence modeling. arXiv:1803.01271.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_rnn import TCNRegressor
    >>> X = np.random.default_rng(0).normal(size=(200, 5, 2))
    >>> y = X[:, -1, 0] + 0.5 * X[:, -2, 1]
    >>> model = TCNRegressor(
    ...     learning_rate=0.02, lr_schedule="onecycle", max_epochs=50, random_state=0
    ... ).fit(X, y)
    >>> model.predict(X[:3]).shape
    (3,)
    >>> bool(model.score(X, y) > 0.9)
    True
    """


@parametrized
class TCNClassifier(SequenceClassifier, _Convolutional):
    """Temporal convolutional network for classification of sequences.

    Residual blocks of two causal convolutions, weight-normalised, whose dilation doubles from
    block to block, so that the last step sees ``1 + 2 * (kernel_size - 1) * (2**num_levels -
    1)`` steps. All steps are worked on at once; there is no state to carry.

    Windows of `LagTransformer` share rows. Where the net sees no more steps than a window has (with
    ``kernel_size=3`` and the default `num_levels`, windows of 5, 13, 29, 30, 61 to 64 or 125 to 131
    steps), it convolves the series once, not each window, to predict and to train, see
    `TCNRegressor`.

    {parameters}

    {attributes}

    See Also
    --------
    TCNRegressor : The same network for the other task.

    References
    ----------
    Bai, Kolter and Koltun (2018). An empirical evaluation of generic convolutional and recurrent
    networks for sequence modeling. arXiv:1803.01271.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_rnn import TCNClassifier
    >>> X = np.random.default_rng(0).normal(size=(200, 5, 2))
    >>> y = np.where(X[:, -1, 0] * X[:, -2, 0] > 0, "alike", "apart")
    >>> model = TCNClassifier(
    ...     learning_rate=0.02, lr_schedule="onecycle", max_epochs=50, random_state=0
    ... ).fit(X, y)
    >>> model.predict_proba(X[:3]).shape
    (3, 2)
    >>> bool(model.score(X, y) > 0.9)
    True
    """
