"""Temporal convolutional networks, for regression and classification."""

from __future__ import annotations

from collections.abc import Mapping
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
    """Architecture: residual blocks of dilated causal convolutions, then pooling."""

    num_channels: int = param(
        [COUNT],
        "Number of filters of each convolution.",
        default=32,
        also=("units", "filters"),
    )
    num_levels: int | str = param(
        [COUNT, StrOptions({"auto"})],
        """Number of residual blocks; the dilation doubles from one to the next. ``"auto"`` uses
        the smallest number whose receptive field covers at least 95 % of the sequence.""",
        default="auto",
    )
    kernel_size: int = param(
        [COUNT],
        "Number of steps that a filter covers.",
        default=3,
    )
    dropout: float = param(
        [DROPOUT],
        """Dropout probability, after each convolution and before the output layer.""",
        default=0.0,
    )

    return_sequences: bool = param(
        ["boolean"],
        """Whether there is a target for each step: `y` has shape (n_samples, n_steps) or
        (n_samples, n_steps, n_outputs), as do the predictions. Padding is ignored; predictions
        for it are NaN, of labels the first class, without a meaning.""",
        default=False,
    )

    _module_class: ClassVar[type[SequenceModule]] = TCN

    def _architecture(self, parameters: Mapping[str, Any]) -> dict[str, Any]:
        return {**super()._architecture(parameters), "selects": self.penalty == "group"}


@parametrized
class TCNRegressor(SequenceRegressor, _Convolutional):
    """Temporal convolutional network for regression on sequences.

    Residual blocks of two weight-normalised causal convolutions, with dilation doubling from
    block to block; the receptive field is ``1 + 2 * (kernel_size - 1) * (2**num_levels - 1)``
    steps. Unlike a recurrent network, it processes all steps in parallel.

    Windows of `LagTransformer` overlap. If the receptive field is at most the length of a window,
    the network convolves the series once, not each window: with windows of 64 steps, prediction is
    about 17 times and training about 3 times faster; see Notes for the conditions.

    {parameters}

    {attributes}

    See Also
    --------
    TCNClassifier : The same network for classification.

    Notes
    -----
    With ``kernel_size=3`` and the default `num_levels`, the receptive field fits into
    windows of 5, 13, 29, 30, 61 to 64 and 125 to 131 steps, but no others of up to 250 steps
    (windows of 5 steps are trained one by one). Convolving the series once also requires
    ``pooling="last"``, no `augmentation`, and that at least half of the windows of the series are
    used for training, which then draws short contiguous blocks of the series in random order, not
    single windows.

    References
    ----------
    Bai, Kolter and Koltun (2018). An empirical evaluation of generic convolutional and recurrent
    networks for sequence modeling. arXiv:1803.01271.

    Examples
    --------
    Two levels of filters of two steps see the last ``1 + 2 * (2 - 1) * (2**2 - 1)`` steps:

    >>> import numpy as np
    >>> from sklearn_rnn import TCNRegressor
    >>> X = np.random.default_rng(0).normal(size=(200, 10, 1))
    >>> how = {"learning_rate": 0.02, "lr_schedule": "onecycle", "max_epochs": 20}
    >>> model = TCNRegressor(kernel_size=2, num_levels=2, **how, random_state=0)
    >>> model = model.fit(X, X[:, -3, 0])
    >>> changed = X[0] + np.eye(10)[:, :, np.newaxis]  # one step in each
    >>> (abs(model.predict(changed) - model.predict(X[:1])) > 1e-5).astype(int)
    array([0, 0, 0, 1, 1, 1, 1, 1, 1, 1])
    """


@parametrized
class TCNClassifier(SequenceClassifier, _Convolutional):
    """Temporal convolutional network for classification of sequences.

    Residual blocks of two weight-normalised causal convolutions, with dilation doubling from
    block to block; the receptive field is ``1 + 2 * (kernel_size - 1) * (2**num_levels - 1)``
    steps. Unlike a recurrent network, it processes all steps in parallel.

    Windows of `LagTransformer` overlap. If the receptive field is at most the length of a window,
    the network convolves the series once, not each window, in prediction and in training; see the
    Notes of `TCNRegressor`.

    {parameters}

    {attributes}

    See Also
    --------
    TCNRegressor : The same network for regression.

    References
    ----------
    Bai, Kolter and Koltun (2018). An empirical evaluation of generic convolutional and recurrent
    networks for sequence modeling. arXiv:1803.01271.

    Examples
    --------
    A wave is told from noise by its shape, whatever its phase:

    >>> import numpy as np
    >>> from sklearn_rnn import TCNClassifier
    >>> rng, is_wave = np.random.default_rng(0), np.arange(300) % 2 == 1
    >>> waves = 2 * np.sin(np.arange(20) + rng.uniform(0, 6, size=(300, 1)))
    >>> X = rng.normal(size=(300, 20)) + waves * is_wave[:, np.newaxis]
    >>> how = {"learning_rate": 0.02, "lr_schedule": "onecycle", "max_epochs": 20}
    >>> model = TCNClassifier(**how, random_state=0).fit(X[:200], is_wave[:200])
    >>> bool(model.score(X[200:], is_wave[200:]) > 0.9)
    True
    """
