"""Plot of a regularisation path: `PathDisplay`."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.pipeline import Pipeline
from sklearn.utils import Bunch
from sklearn.utils.validation import check_is_fitted

from sklearn_rnn._sklearn.axes import axes_for, spread_ticks
from sklearn_rnn._sklearn.compat import Interval, validate_params
from sklearn_rnn._sklearn.metaestimators import final_estimator, open_search
from sklearn_rnn.model_selection._group_names import group_names
from sklearn_rnn.model_selection._penalty_path import penalty_path
from sklearn_rnn.neural_network._base import BaseSequenceEstimator
from sklearn_rnn.preprocessing._pipeline_layout import pipeline_layout


class PathDisplay:
    """Plot of the weights of channels, or of lags of channels, along a regularisation path.

    The penalty decreases from left to right, as in glmnet; the upper axis shows the number of
    selected inputs.

    Parameters
    ----------
    alphas : ndarray of shape (n_alphas,)
        Penalties in decreasing order.
    coefficients : ndarray of shape (n_alphas, n_groups)
        Weight of each group, or the norm of its weights.
    groups : sequence of str
        Names of the groups: columns and lags, such as ``"price_lag3"``.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The axes of the plot.
    top_ax_ : matplotlib Axes
        Twin axes with the number of selected inputs on the upper side.
    figure_ : matplotlib Figure
        The figure of the plot.
    lines_ : list of Line2D
        One line for each group.

    See Also
    --------
    penalty_path : Computation of the path.

    References
    ----------
    Friedman, Hastie and Tibshirani (2010). Regularization paths for generalized linear models via
    coordinate descent. Journal of Statistical Software 33.
    """

    def __init__(
        self,
        *,
        alphas: NDArray[np.float64],
        coefficients: NDArray[np.float64],
        groups: Sequence[str],
    ) -> None:
        self.alphas = alphas
        self.coefficients = coefficients
        self.groups = groups

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any = None,
        y: Any = None,
        *,
        alphas: Any = None,
        n_alphas: int = 50,
        eps: float = 1e-3,
        patience: int = 1,
        n_labels: int = 8,
        ax: Any = None,
    ) -> PathDisplay:
        """Compute and plot the path of a network, or plot that of a fitted linear model.

        Parameters
        ----------
        estimator : estimator
            A network of this package with ``l1_ratio > 0``, which is cloned; or a fitted
            `LagElasticNetCV`, `LagRidgeCV`, `LagLogisticCV` or `LagPoissonCV`, or a pipeline
            (`make_lasso`) or search that ends with one, whose path is known.
        X, y : array-like
            Training data of a network.
        alphas, n_alphas, eps, patience : object
            See `penalty_path`.
        n_labels : int, default=8
            Number of groups in the legend, those with the largest weights at the end.
        ax : matplotlib Axes, default=None
            Axes to plot on; None creates a figure.

        Returns
        -------
        PathDisplay
            The display.
        """
        model = final_estimator(estimator)
        if not isinstance(model, BaseSequenceEstimator):
            check_is_fitted(model)
        if hasattr(model, "coefs_"):
            return cls.from_path(_path_of(model, estimator), n_labels=n_labels, ax=ax)
        path = penalty_path(
            estimator, X, y, alphas=alphas, n_alphas=n_alphas, eps=eps, patience=patience
        )
        return cls.from_path(path, n_labels=n_labels, ax=ax)

    @classmethod
    @validate_params(
        {"n_labels": [Interval(Integral, 0, None, closed="left")]},
        prefer_skip_nested_validation=False,
    )
    def from_path(cls, path: Any, *, n_labels: int = 8, ax: Any = None) -> PathDisplay:
        """Plot a path.

        Parameters
        ----------
        path : Bunch
            Result of `penalty_path`.
        n_labels : int, default=8
            Number of groups in the legend, those with the largest weights at the end.
        ax : matplotlib Axes, default=None
            Axes to plot on; None creates a figure.

        Returns
        -------
        PathDisplay
            The display.
        """
        display = cls(alphas=path.alphas, coefficients=path.coefficients, groups=path.groups)
        return display.plot(n_labels=n_labels, ax=ax)

    def plot(self, *, n_labels: int = 8, ax: Any = None) -> PathDisplay:
        """Plot the path.

        Parameters
        ----------
        n_labels : int, default=8
            Number of groups in the legend, those with the largest weights at the end.
        ax : matplotlib Axes, default=None
            Axes to plot on; None creates a figure.

        Returns
        -------
        PathDisplay
            The display itself.
        """
        ax = axes_for(self, ax, (6.4, 4.0))
        x = -np.log(self.alphas)
        self.lines_ = ax.plot(x, self.coefficients, color="0.8", linewidth=1.0)
        named = np.argsort(-np.abs(self.coefficients[-1]), kind="stable")[:n_labels].tolist()
        for rank, number in enumerate(named):
            style = {"color": f"C{rank % 10}", "linestyle": "-" if rank < 10 else "--"}
            self.lines_[number].set(label=self.groups[number], zorder=3, linewidth=1.5, **style)
        ax.axhline(0.0, color="0.7", linewidth=0.8, zorder=0)
        ax.set_xlabel("-log(alpha), weaker penalty to the right")
        ax.set_ylabel(
            "standardised weight"
            if (self.coefficients < 0).any()
            else "norm of standardised weights"
        )
        if named:
            ax.legend(frameon=False, fontsize="small")
        n_selected = (self.coefficients != 0).sum(axis=1)
        shown = spread_ticks(len(x), 7)
        self.top_ax_ = ax.twiny()
        self.top_ax_.set_xlim(ax.get_xlim())
        self.top_ax_.set_xticks(x[shown], [str(n) for n in n_selected[shown]])
        self.top_ax_.set_xlabel("number of selected inputs")
        return self


def _path_of(model: Any, estimator: Any) -> Bunch:
    """Return the path of a linear model on the standardised scale, over all its targets.

    The names are those that the pipeline around it gives, or those that the model knows.

    Least squares, ``alpha=0``, has no place on a logarithmic axis.
    """
    shown = model.alphas_ > 0
    if not shown.any():
        raise ValueError(
            "PathDisplay has a logarithmic axis and needs alphas with a penalty above 0; got "
            f"{model.alphas_.tolist()}."
        )
    coefs = model.coefs_[shown] * model.scale_
    coefficients = coefs if coefs.ndim == 2 else np.sqrt((coefs**2).sum(axis=1))
    around = open_search(estimator)
    in_pipeline = isinstance(around, Pipeline) and len(around) > 1
    layout, _ = (pipeline_layout(around) if in_pipeline else None) or (None, None)
    groups = group_names(model, model.lag_coef_.shape[-2:], layout and layout[1])
    if (columns := model._form.columns) is not None:  # the order of coefs_
        groups = [groups[i] for i in np.argsort(columns.order)]
    if in_pipeline:
        with suppress(AttributeError, ValueError):  # of steps that do not name their output
            names = around[:-1].get_feature_names_out().tolist()
            groups = names if len(names) == len(groups) else groups
    return Bunch(alphas=model.alphas_[shown], coefficients=coefficients, groups=groups)
