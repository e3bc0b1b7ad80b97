"""The path of a penalty: one net from the strongest penalty down to weak ones."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from functools import cached_property
from numbers import Integral, Real
from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import Bunch

from sklearn_rnn._modules.base import SequenceModule
from sklearn_rnn._sequences.training_data import Data
from sklearn_rnn._sklearn.compat import Interval, InvalidParameterError, validate_params
from sklearn_rnn._training.batches import Examples
from sklearn_rnn._training.penalties import input_weights
from sklearn_rnn.model_selection._alpha_max import alpha_max
from sklearn_rnn.neural_network._base import BaseSequenceEstimator

DOUBLINGS = 20
"""How often the search for the first alpha of a net doubles or halves it."""


@validate_params(
    {
        "estimator": [BaseSequenceEstimator],
        "alphas": ["array-like", None],
        "n_alphas": [Interval(Integral, 2, None, closed="left")],
        "eps": [Interval(Real, 0, 1, closed="neither")],
        "patience": [Interval(Integral, 1, None, closed="left")],
    },
    prefer_skip_nested_validation=True,
)
def penalty_path(
    estimator: Any,
    X: Any,
    y: Any,
    *,
    sample_weight: Any = None,
    X_val: Any = None,
    y_val: Any = None,
    alphas: Sequence[float] | NDArray[np.float64] | None = None,
    n_alphas: int = 50,
    eps: float = 1e-3,
    patience: int = 1,
) -> Bunch:
    r"""Fit a net at every strength of its penalty, each fit continuing the last.

    The path begins at the smallest `alpha` at which the net reads nothing, and goes down on a
    logarithmic grid, as glmnet's does (Friedman, Hastie and Tibshirani, 2010). Every `alpha` of it
    can also be given to the estimator itself, or a list of them to ``GridSearchCV``.

    **The first alpha.** For a net whose weights all read the input, such as `DenseRegressor`
    without hidden layers, it is exact: with :math:`\nabla L` the gradient of the loss at zero
    weights and the best constant,

    .. math:: \alpha_{max} = \max_g \lVert \nabla_g L \rVert / (\sqrt{p_g} \cdot l1\_ratio)

    over groups (single weights with ``penalty="elasticnet"``). For other nets zero is a local
    minimum at every `alpha` but 0, and what counts is what training finds: from that of the linear
    model on the window, `alpha` is halved or doubled until the fits from the initial weights at
    ``alpha / 2`` and at `alpha` differ: at the one something is read, at the other nothing.

    **Continuing.** A fit that reads nothing leaves nothing to continue: the next one begins at the
    initial weights. All others begin at the weights, and with the optimizer's state, of the last,
    and end when the objective has not improved by `tol` for `patience` epochs. Fits are not ended
    by a validation loss (``early_stopping=False``): on a path the penalty alone holds the net
    back.

    Parameters
    ----------
    estimator : estimator of this package
        With ``l1_ratio > 0``; it is cloned. How near the path of a linear model comes to the
        exact one is a matter of its `tol`: with ``optimizer="lbfgs"`` and 1e-6 to 0.002 in R2,
        with 1e-10, ``dtype="float64"`` and ``patience=2`` to 0.0002 in the weights, while at the
        default single fits stop too early (measured in ``benchmarks/path.py``). The noise of small
        batches keeps some weights from zero.
    X : array-like of shape (n_samples, n_steps, n_channels) or (n_samples, n_columns)
        Sequences, as for `fit`.
    y : array-like of shape (n_samples,) or (n_samples, n_outputs)
        Targets.
    sample_weight : array-like of shape (n_samples,), default=None
        Weights of the losses.
    X_val, y_val : array-like, default=None
        Data for the scores; None takes X and y.
    alphas : array-like of shape (n_alphas,), default=None
        The strengths, positive and in any order; None takes a grid.
    n_alphas : int, default=50
        Length of the grid.
    eps : float, default=1e-3
        The last strength of the grid over the first.
    patience : int, default=1
        The `patience` of the fits that continue another; the others take the estimator's. A larger
        one makes the path more exact and longer.

    Returns
    -------
    Bunch
        alphas : ndarray of shape (n_alphas,)
            The strengths, descending.
        scores : ndarray of shape (n_alphas,)
            ``score`` of the net at each: R2 or accuracy.
        n_channels : ndarray of shape (n_alphas,)
            How many channels it reads.
        n_lags : ndarray of shape (n_alphas,) or None
            How many lags it reads, in a dense net.
        coefficients : ndarray of shape (n_alphas, n_groups)
            The weight of each group on the standardised scale: of a group of one weight the
            weight itself, of others the norm.
        groups : list of str
            Names of the groups: channels, or in dense nets lags of channels.
        n_iter : ndarray of shape (n_alphas,)
            Epochs of each fit.
        n_iter_search : int
            Epochs that finding the first alpha took.

    See Also
    --------
    PathDisplay : The picture.

    Notes
    -----
    Fifty fits take about as many epochs as three to five single ones at the last alpha, up to ten
    with ``tol=1e-10``. In seconds that is so for nets; where a single fit takes 0.1 s, what each
    needs besides its epochs weighs more, and fifty take as long as five to eleven.

    References
    ----------
    Friedman, Hastie and Tibshirani (2010). Regularization paths for generalized linear models via
    coordinate descent. Journal of Statistical Software 33.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_rnn import DenseRegressor
    >>> X = np.random.default_rng(0).normal(size=(200, 2, 3))
    >>> y = X[:, -1, 0] + 0.5 * X[:, -2, 1]
    >>> lasso = DenseRegressor(hidden_layer_sizes=(), l1_ratio=1.0, optimizer="lbfgs")
    >>> path = penalty_path(lasso, X, y, n_alphas=5, eps=0.1)
    >>> path.n_channels.tolist()
    [0, 1, 2, 2, 2]
    >>> path.groups[:3]
    ['x0_lag2', 'x1_lag2', 'x2_lag2']
    """
    _check_arguments(estimator, alphas, X_val, y_val)
    walk = _Walk(estimator, (X, y, sample_weight), patience)
    n_iter_search = 0
    if alphas is None:
        first, n_iter_search = walk.first_alpha()
        alphas = first * np.geomspace(1.0, eps, n_alphas)
        walk.begin()
    descending = np.sort(np.asarray(alphas, dtype=np.float64))[::-1]
    scored = (X, y) if X_val is None else (X_val, y_val)
    scores, coefficients = [], []
    for alpha in descending.tolist():
        model = walk.fit(alpha)
        scores.append(model.score(*scored))
        coefficients.append(_coefficients(model.net_.module_))
    read = np.array(coefficients) != 0  # (n_alphas, n_channels) or (n_alphas, n_steps, n_channels)
    return Bunch(
        alphas=descending,
        scores=np.array(scores),
        n_channels=read.reshape(len(read), -1, read.shape[-1]).any(axis=1).sum(axis=1),
        n_lags=read.any(axis=2).sum(axis=1) if read.ndim == 3 else None,
        coefficients=np.array(coefficients).reshape(len(read), -1),
        groups=_names(model),
        n_iter=np.array(walk.n_iter),
        n_iter_search=n_iter_search,
    )


def _check_arguments(estimator: Any, alphas: Any, X_val: Any, y_val: Any) -> None:
    """Check what can be checked before anything is trained."""
    try:
        estimator._validate_params()
    except InvalidParameterError as error:  # which sklearn would ascribe to this function
        raise ValueError(f"estimator cannot be fitted. {error}") from error
    if not estimator.l1_ratio:
        raise ValueError(
            "estimator has l1_ratio=0, and without the lasso nothing becomes zero; set l1_ratio, "
            "to 0.9 for example."
        )
    if (X_val is None) != (y_val is None):
        raise ValueError("X_val and y_val must be given together; only one of them was.")
    if alphas is None:
        return
    try:
        values = np.asarray(alphas, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(f"alphas must be numbers; got {alphas!r}.") from error
    if values.ndim != 1 or not len(values):
        raise ValueError(f"alphas must be one row of numbers, one at least; got {alphas!r}.")
    if not (np.isfinite(values) & (values > 0)).all():
        raise ValueError(f"alphas must be positive and finite; got {alphas!r}.")


class _Walk:
    """Fits of one estimator to the same data, at one alpha after the other."""

    def __init__(self, estimator: Any, given: tuple[Any, Any, Any], patience: int) -> None:
        self.estimator, self.given, self.patience = estimator, given, patience
        self.begin()

    def begin(self) -> None:
        """Forget all fits."""
        self.model = clone(self.estimator).set_params(early_stopping=False)
        self.n_iter: list[int] = []

    @cached_property
    def data(self) -> Data:
        """What is given, as the model reads it once it is fitted."""
        data: Data = self.model._read(*self.given, reset=False)
        return data

    @cached_property
    def examples(self) -> Examples:
        """The same as tensors."""
        rows = np.flatnonzero(self.data.sample_weight())
        examples: Examples = self.model._examples(self.data, self.model.net_.settings)(rows)
        return examples

    def fit(self, alpha: float, **changed: Any) -> Any:
        """Fit at this alpha, from the last fit if that reads anything."""
        before = 0
        if self.n_iter and _reads(self.model):
            before = self.model.n_iter_
            self._continue(alpha)
        else:
            self.model.set_params(alpha=alpha, patience=self.estimator.patience, **changed)
            self.model.fit(*self.given)
        self.n_iter.append(self.model.n_iter_ - before)
        return self.model

    def _continue(self, alpha: float) -> None:
        """Do what a fit with ``warm_start=True`` does, without reading the data again."""
        model, net = self.model, self.model.net_
        changed = {"alpha": alpha, "patience": self.patience}
        settings = SimpleNamespace(**{**vars(net.settings), **changed})
        model.set_params(**changed)
        model._run(self.examples, None, settings, net.seed, continues=True)
        model._warn_if_unfinished(settings)

    def first_alpha(self) -> tuple[float, int]:
        """Return the least alpha at which nothing is read, and the epochs of the search."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            self.fit(self.estimator.alpha, max_epochs=1, callbacks=None, verbose=0)
        n_iter = self.model.n_iter_
        alpha, exact = alpha_max(self.model, self.data, self.examples)
        if exact:
            return alpha, n_iter
        factor = None
        for _ in range(DOUBLINGS):
            self.begin()
            model = self.fit(alpha)
            n_iter += model.n_iter_
            reads = _reads(model)
            if factor is None:
                factor = 2.0 if reads else 0.5
            if reads != (factor > 1):
                return (2 * alpha if reads else alpha), n_iter
            alpha *= factor
        reading = "nothing" if factor == 0.5 else "something"
        raise ValueError(f"The net read {reading} at every alpha up to {alpha:.3g}; give alphas.")


def _reads(model: Any) -> bool:
    """Return whether any weight on the input is not zero."""
    return bool((input_weights(model.net_.module_) != 0).any())


def _coefficients(module: SequenceModule) -> NDArray[np.float64]:
    """Return the weight of each group, or its norm if it holds several, of the groups' shape."""
    weights = input_weights(module).numpy()  # (*shape, p)
    return weights[..., 0] if weights.shape[-1] == 1 else np.linalg.norm(weights, axis=-1)


def _names(model: Any) -> list[str]:
    """Name the channels, or the lags of channels, as `LagTransformer` does; the oldest first."""
    shape = model.net_.module_.input_groups().shape
    names = list(getattr(model, "feature_names_in_", []))
    if len(names) == np.prod(shape):
        return names
    channels = names if len(names) == shape[-1] else [f"x{c}" for c in range(shape[-1])]
    if len(shape) == 1 or shape[0] == 1:
        return channels
    return [f"{channel}_lag{lag}" for lag in range(shape[0], 0, -1) for channel in channels]
