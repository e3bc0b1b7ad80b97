"""Multilayer perceptrons on the flattened window, for regression and classification."""

from __future__ import annotations

from collections.abc import Mapping
from numbers import Integral
from typing import Any, ClassVar

from sklearn_rnn._modules.base import SequenceModule
from sklearn_rnn._modules.mlp import ACTIVATIONS, Dense
from sklearn_rnn._sklearn.compat import StrOptions
from sklearn_rnn._sklearn.parameters import param, parametrized
from sklearn_rnn.neural_network._base import Architecture
from sklearn_rnn.neural_network._classifier import SequenceClassifier
from sklearn_rnn.neural_network._regressor import SequenceRegressor
from sklearn_rnn.neural_network._training_parameters import COUNT, DROPOUT


@parametrized
class _Dense(Architecture):
    """Architecture: affine layers with an activation function between them."""

    hidden_layer_sizes: tuple[int, ...] = param(
        ["array-like"],
        """Number of units of each hidden layer. ``()`` gives a linear model: with the penalty an
        elastic net or a penalised logistic regression.""",
        default=(32,),
        also=("units",),
    )
    activation: str = param(
        [StrOptions(set(ACTIVATIONS))],
        "Activation function of the hidden layers.",
        default="relu",
    )
    dropout: float = param(
        [DROPOUT],
        "Dropout probability of the hidden units.",
        default=0.0,
    )
    embedding_dim: int | None = param(
        [COUNT, None],
        """Dimension of the learned vectors of categories, see `LagTransformer`; None means
        ``min(600, round(1.6 * n**0.56))`` for n categories.""",
        default=None,
    )

    _module_class: ClassVar[type[SequenceModule]] = Dense
    _any_length: ClassVar[bool] = False

    def _architecture(self, parameters: Mapping[str, Any]) -> dict[str, Any]:
        for units in self.hidden_layer_sizes:
            if not isinstance(units, Integral) or units < 1:
                raise ValueError(
                    "hidden_layer_sizes must hold integers of at least 1; got "
                    f"{self.hidden_layer_sizes!r}."
                )
        return super()._architecture(parameters)


@parametrized
class DenseRegressor(SequenceRegressor, _Dense):
    """Dense network (multilayer perceptron, MLP) for regression on sequences.

    The sequence is flattened into one vector, so that each channel at each step has weights of
    its own; if the steps are lags, this is a nonlinear autoregression. All sequences must have
    the same number of steps.

    {parameters}

    {attributes}

    See Also
    --------
    DenseClassifier : The same network for classification.

    Examples
    --------
    Without hidden layer and penalty it is a linear model, whose coefficients are differences of its
    predictions:

    >>> import numpy as np
    >>> from sklearn_rnn import DenseRegressor
    >>> X = np.random.default_rng(0).normal(size=(200, 3, 1))
    >>> y = 7 + X[..., 0] @ [0.0, 0.5, 2.0]
    >>> net = DenseRegressor(hidden_layer_sizes=(), alpha=0, optimizer="lbfgs", random_state=0)
    >>> ones, zeros = np.eye(3)[..., np.newaxis], np.zeros((1, 3, 1))
    >>> (net.fit(X, y).predict(ones) - net.predict(zeros)).round(2) + 0.0
    array([0. , 0.5, 2. ])

    A series that leaves the range of the training data, in windows minus their last value:

    >>> from sklearn_rnn import make_lagged
    >>> series = np.arange(300.0) + np.random.default_rng(0).normal(size=300)
    >>> X, y = make_lagged(series[:, None], series, 5)
    >>> model = DenseRegressor(
    ...     standardize="last", learning_rate=0.02, lr_schedule="onecycle", max_epochs=50,
    ...     random_state=0,
    ... ).fit(X[:200], y[:200])
    >>> bool(model.score(X[200:], y[200:]) > 0.9)
    True

    Quantiles that do not cross, and a distribution:

    >>> net = DenseRegressor(loss="quantile", quantile=[0.1, 0.5, 0.9], standardize="last")
    >>> net = net.set_params(max_epochs=20, lr_schedule="onecycle", random_state=0).fit(X, y)
    >>> net.predict(X[:3], quantiles=[0.1, 0.9]).shape
    (3, 2)
    >>> mean, std = net.set_params(loss="normal").fit(X, y).predict(X[:3], return_std=True)
    >>> std.shape
    (3,)
    >>> bool(net.log_score(X, y) > -3)
    True
    """


@parametrized
class DenseClassifier(SequenceClassifier, _Dense):
    """Dense network (multilayer perceptron, MLP) for classification of sequences.

    The sequence is flattened into one vector, so that each channel at each step has weights of
    its own; if the steps are lags, this is a nonlinear autoregression. All sequences must have
    the same number of steps.

    {parameters}

    {attributes}

    See Also
    --------
    DenseRegressor : The same network for regression.

    Examples
    --------
    Two columns whose signs must be read together:

    >>> import numpy as np
    >>> from sklearn_rnn import DenseClassifier
    >>> X = np.random.default_rng(0).uniform(-1, 1, size=(400, 2))
    >>> y = np.where(X.prod(axis=1) > 0, "same sign", "other")
    >>> how = {"learning_rate": 0.02, "lr_schedule": "onecycle", "max_epochs": 50}
    >>> model = DenseClassifier(**how, random_state=0).fit(X, y)
    >>> model.predict([[0.5, 0.5], [-0.5, 0.5], [-0.5, -0.5]])
    array(['same sign', 'other', 'same sign'], dtype='<U9')
    """
