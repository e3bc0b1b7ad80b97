"""Regularisation paths: one network fitted at increasing penalties, with warm starts."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from numbers import Integral, Real
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.utils import Bunch

from sklearn_rnn._modules.base import SequenceModule
from sklearn_rnn._sequences.training_data import Data
from sklearn_rnn._sklearn.compat import Interval, InvalidParameterError, validate_params
from sklearn_rnn._training.batches import Examples
from sklearn_rnn._training.penalties import input_weights
from sklearn_rnn.model_selection._alpha_max import alpha_max
from sklearn_rnn.model_selection._group_names import group_names
from sklearn_rnn.neural_network._base import BaseSequenceEstimator

DOUBLINGS = 20
"""How often the search for the first alpha may halve it."""

MAX_GROWTH = 2.0**DOUBLINGS
"""How far above that of the linear model the first alpha may be."""


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
    r"""Fit a network along a sequence of penalties, with warm starts.

    The path leads from the smallest `alpha` at which all weights on the input are zero down a
    logarithmic grid, as in glmnet (Friedman, Hastie and Tibshirani, 2010). Each `alpha` can also
    be given to the estimator itself, or a list of them to ``GridSearchCV``.

    **The first alpha.** For a linear model, such as `DenseRegressor` without hidden layers, it is
    exact: with :math:`\nabla L` the gradient of the loss at zero weights and the best constant,

    .. math:: \alpha_{max} = \max_g \lVert \nabla_g L \rVert / (\sqrt{p_g} \cdot l1\_ratio)

    over groups g of :math:`p_g` weights (single weights with ``penalty="elasticnet"``). For other
    networks zero is a local minimum at every `alpha` > 0, so the first `alpha` depends on training:
    the grid is that of the linear model on the same windows, and goes on above it until no input is
    left; the largest `n_alphas` penalties are returned.

    **Warm starts.** The fits begin at the smallest `alpha` and lose inputs as it grows, as in
    LassoNet (Lemhadri et al., 2021): an input that counts only together with others has no
    gradient while these are not read, so that it is never found from the other end. The first fit
    starts from the initial weights. All others start from the weights and the optimizer state of
    the fit before, and stop when the objective has not improved by `tol` for `patience` epochs.
    There is no early stopping on validation data (``early_stopping=False``): on a path only the
    penalty regularises.

    Parameters
    ----------
    estimator : estimator of this package
        With ``l1_ratio > 0``; it is cloned. Its `tol` determines the accuracy of the path. For
        linear models with ``optimizer="lbfgs"``, 1e-6 gives R2 within 0.002 of the exact path, and
        1e-10 with ``dtype="float64"`` and ``patience=2`` gives weights within 0.0002; with the
        default some fits stop too early (measured in ``benchmarks/results/path.md``). With
        mini-batches, gradient noise keeps some weights from being exactly zero.
    X : array-like of shape (n_samples, n_steps, n_channels) or (n_samples, n_columns)
        Sequences, as for `fit`.
    y : array-like of shape (n_samples,) or (n_samples, n_outputs)
        Targets.
    sample_weight : array-like of shape (n_samples,), default=None
        Sample weights.
    X_val, y_val : array-like, default=None
        Data for the scores; None uses X and y.
    alphas : array-like of shape (n_alphas,), default=None
        Positive penalties in any order; None uses a grid.
    n_alphas : int, default=50
        Number of penalties on the grid.
    eps : float, default=1e-3
        Last penalty of the grid divided by the first.
    patience : int, default=1
        The `patience` of warm-started fits; other fits use that of the estimator. Larger values
        give a more accurate path, and take longer.

    Returns
    -------
    Bunch
        alphas : ndarray of shape (n_alphas,)
            Penalties in decreasing order.
        scores : ndarray of shape (n_alphas,)
            ``score`` of each fit: R2 or accuracy.
        n_channels : ndarray of shape (n_alphas,)
            Number of selected channels.
        n_lags : ndarray of shape (n_alphas,) or None
            Number of selected lags in a dense network (MLP).
        coefficients : ndarray of shape (n_alphas, n_groups)
            Weight of each group on the standardised scale; the norm for groups of several weights.
        groups : list of str
            Names of the groups: channels, or lags of channels in dense networks, such as
            ``"price_lag3"``. Channels with missing values have an indicator, too:
            ``"missingindicator_price"``, as in scikit-learn's ``MissingIndicator``.
        n_iter : ndarray of shape (n_alphas,)
            Number of epochs of each fit.
        n_iter_search : int
            Number of epochs of other fits: below the grid, and to find the first alpha.

    Raises
    ------
    ValueError
        If an argument is invalid, y is constant, or no first alpha is found.

    See Also
    --------
    PathDisplay : Plot of the path.

    Notes
    -----
    Fifty fits take about as many epochs as two to four single fits at the last alpha, or nine with
    ``tol=1e-10``. For networks the same holds for the time; for linear models, whose single fit
    takes about 0.1 s, the overhead of each fit makes it six to ten.

    References
    ----------
    Friedman, Hastie and Tibshirani (2010). Regularization paths for generalized linear models via
    coordinate descent. Journal of Statistical Software 33.

    Lemhadri, Ruan, Abraham and Tibshirani (2021). LassoNet: a neural network with feature sparsity.
    Journal of Machine Learning Research 22.

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
    warm_starts = WarmStartPath(estimator, (X, y, sample_weight), patience)
    scored = (X, y) if X_val is None else (X_val, y_val)
    n_kept, is_exact, n_iter_search = 0, False, 0
    if alphas is None:
        first, is_exact, n_iter_search = warm_starts.first_alpha(eps)
        alphas = first * np.geomspace(1.0, eps, n_alphas)
        n_kept = n_alphas
    extends = n_kept > 0 and not is_exact
    used, scores, coefficients = [], [], []
    ascending = np.sort(np.asarray(alphas, dtype=np.float64))
    order = 1 if is_exact else -1  # a linear model begins at the alpha that selects nothing
    following = deque(ascending[::-order].tolist())
    while following:
        used.append(following.popleft())
        model = warm_starts.fit(used[-1])
        scores.append(model.score(*scored))
        coefficients.append(_coefficients(model.net_.module_))
        if extends and not following and coefficients[-1].any():
            if not used[-1] < first * MAX_GROWTH:  # nor with a first alpha of zero
                raise _without_first_alpha("some input", "up to", used[-1])
            following.append(used[-1] * eps ** (-1 / (n_alphas - 1)))
    kept = slice(-n_kept, None)
    n_iter = warm_starts.n_iter[-len(used) :]
    n_iter_search += sum(n_iter) - sum(n_iter[kept])
    norms = np.array(coefficients[kept][::order])  # (n_alphas, n_channels), or with steps before
    selected = norms != 0
    return Bunch(
        alphas=np.array(used[kept][::order]),
        scores=np.array(scores[kept][::order]),
        n_channels=selected.reshape(len(selected), -1, selected.shape[-1]).any(axis=1).sum(axis=1),
        n_lags=selected.any(axis=2).sum(axis=1) if selected.ndim == 3 else None,
        coefficients=norms.reshape(len(norms), -1),
        groups=group_names(model, model.net_.module_.input_groups().shape),
        n_iter=np.array(n_iter[kept][::order]),
        n_iter_search=n_iter_search,
    )


def _check_arguments(estimator: Any, alphas: Any, X_val: Any, y_val: Any) -> None:
    """Check the arguments before any training."""
    try:
        estimator._validate_params()
    except InvalidParameterError as error:  # scikit-learn would name this function in it
        raise ValueError(f"estimator has invalid parameters. {error}") from error
    if not estimator.l1_ratio:
        raise ValueError(
            "estimator has l1_ratio=0, so no weight becomes exactly zero; set l1_ratio, to 0.9 for "
            "example."
        )
    if estimator.n_members > 1:
        raise ValueError(
            f"estimator has n_members={estimator.n_members}, but the path is that of one network; "
            "set n_members=1."
        )
    if (X_val is None) != (y_val is None):
        raise ValueError("X_val and y_val must be given together; got only one of them.")
    if alphas is None:
        return
    try:
        values = np.asarray(alphas, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(f"alphas must be numbers; got {alphas!r}.") from error
    if values.ndim != 1 or not len(values):
        raise ValueError(f"alphas must be a non-empty one-dimensional array; got {alphas!r}.")
    if not (np.isfinite(values) & (values > 0)).all():
        raise ValueError(f"alphas must be positive and finite; got {alphas!r}.")


class WarmStartPath:
    """Successive fits of one estimator to the same data, each at another alpha."""

    def __init__(self, estimator: Any, given: tuple[Any, Any, Any], patience: int) -> None:
        self.estimator, self.given, self.patience = estimator, given, patience
        self.begin()

    def begin(self) -> None:
        """Discard all fits."""
        self.model = clone(self.estimator).set_params(early_stopping=False, checkpoint=None)
        self.n_iter: list[int] = []

    @cached_property
    def data(self) -> Data:
        """The training data, as a fitted model reads them."""
        data: Data = self.model._read(*self.given, reset=False)
        return data

    @cached_property
    def examples(self) -> Examples:
        """The training data as tensors, without samples of weight zero."""
        rows = np.flatnonzero(self.data.sample_weight)
        examples: Examples = self.model._examples(self.data, self.model.net_.config)(rows)
        return examples

    def fit(self, alpha: float) -> Any:
        """Fit at this alpha, starting from the last fit if there is one."""
        before = 0
        if self.n_iter:
            before = self.model.n_iter_
            self._continue(alpha)
        else:
            self.model.set_params(alpha=alpha, patience=self.estimator.patience)
            self.model.fit(*self.given)
        self.n_iter.append(self.model.n_iter_ - before)
        return self.model

    def _continue(self, alpha: float) -> None:
        """Continue as a fit with ``warm_start=True``, without validating the data again."""
        model, net = self.model, self.model.net_
        changed = {"alpha": alpha, "patience": self.patience}
        model.set_params(**changed)
        model._run(net, self.examples, None, replace(net.config, **changed), continues=True)
        net.warn_if_unfinished(type(model).__name__)

    def first_alpha(self, eps: float) -> tuple[float, bool, int]:
        """Return a first alpha, whether it is exact, and the number of epochs used.

        For a linear model it is exact. For others it is that of the linear model, halved until a
        fit at `eps` times alpha selects any input; that fit is kept.
        """
        self.model.set_params(max_epochs=1, callbacks=None, verbose=0)
        self.model._fit(*self.given, continues=False)  # without the warning of ``fit``
        alpha, exact = alpha_max(self.model, self.data, self.examples)
        self.begin()
        n_iter = 1
        for _ in range(0 if exact else DOUBLINGS):
            n_iter += self.fit(alpha * eps).n_iter_
            if input_weights(self.model.net_.module_).any():
                break
            alpha /= 2
            self.begin()
        if not (exact or self.n_iter):
            raise _without_first_alpha("no input", "down to", 2 * alpha * eps)
        return alpha, exact, n_iter


def _without_first_alpha(selected: str, where: str, alpha: float) -> ValueError:
    return ValueError(
        f"The network selected {selected} at every alpha {where} {alpha:.3g}; give alphas."
    )


def _coefficients(module: SequenceModule) -> NDArray[np.float64]:
    """Return the weight of each group, or the norm if it has several, in the shape of groups."""
    weights = input_weights(module).numpy()  # (*shape, p)
    return weights[..., 0] if weights.shape[-1] == 1 else np.linalg.norm(weights, axis=-1)
