"""Plot of the errors of cross-validation along a path of penalties: `PenaltyErrorDisplay`."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.validation import check_is_fitted

from sklearn_rnn._sklearn.axes import axes_for
from sklearn_rnn._sklearn.metaestimators import final_estimator


class PenaltyErrorDisplay:
    """Plot of the errors of cross-validation along a path of penalties, as ``plot(cv.glmnet)``.

    Bars are one standard error to either side. The penalty decreases from left to right. A penalty
    of 0 has no place on the logarithmic axis: it is not drawn, but it counts for both rules.

    Parameters
    ----------
    alphas : ndarray of shape (n_alphas,)
        Penalties in decreasing order.
    mean, error : ndarray of shape (n_alphas,)
        Mean error of each, and its standard error.
    label : str
        Name of the error.

    Attributes
    ----------
    alpha_min_ : float
        The penalty of the smallest mean error, ``lambda.min`` of glmnet.
    alpha_1se_ : float
        The largest within one standard error of it, ``lambda.1se``.
    ax_ : matplotlib Axes
        The axes of the plot.
    figure_ : matplotlib Figure
        The figure of the plot.

    See Also
    --------
    PathDisplay : The coefficients along the path.
    """

    def __init__(
        self,
        *,
        alphas: NDArray[np.float64],
        mean: NDArray[np.float64],
        error: NDArray[np.float64],
        label: str,
    ) -> None:
        self.alphas = alphas
        self.mean = mean
        self.error = error
        self.label = label

    @classmethod
    def from_estimator(cls, estimator: Any, *, ax: Any = None) -> PenaltyErrorDisplay:
        """Plot the errors of a fitted linear model.

        Parameters
        ----------
        estimator : estimator
            A fitted `LagElasticNetCV`, `LagRidgeCV`, `LagLogisticCV` or `LagPoissonCV`, or a
            pipeline (`make_lasso`) or search that ends with one.
        ax : matplotlib Axes, default=None
            Axes to plot on; None creates a figure.

        Returns
        -------
        PenaltyErrorDisplay
            The display.
        """
        model = final_estimator(estimator)
        check_is_fitted(model)
        for name, label in (("mse", "mean squared error"), ("deviance", "mean deviance")):
            if hasattr(model, f"{name}_mean_"):
                mean, error = getattr(model, f"{name}_mean_"), getattr(model, f"{name}_error_")
                display = cls(alphas=model.alphas_, mean=mean, error=error, label=label)
                return display.plot(ax=ax)
        raise ValueError(
            "PenaltyErrorDisplay needs a fitted model with mse_mean_ or deviance_mean_, such as "
            f"LagElasticNetCV; got {type(model).__name__}."
        )

    def plot(self, *, ax: Any = None) -> PenaltyErrorDisplay:
        """Plot the errors.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to plot on; None creates a figure.

        Returns
        -------
        PenaltyErrorDisplay
            The display itself.
        """
        shown = self.alphas > 0
        if not shown.any():
            raise ValueError(
                "PenaltyErrorDisplay has a logarithmic axis and needs alphas with a penalty above "
                f"0; got {self.alphas.tolist()}."
            )
        ax = axes_for(self, ax, (6.4, 3.6))
        best = int(np.argmin(self.mean))
        as_good = self.mean <= self.mean[best] + self.error[best]
        self.alpha_min_ = float(self.alphas[best])
        self.alpha_1se_ = float(self.alphas[int(np.argmax(as_good))])
        style = {"color": "C0", "ecolor": "0.75", "markersize": 3}
        x = -np.log(self.alphas[shown])
        ax.errorbar(x, self.mean[shown], self.error[shown], fmt="o", **style)
        for alpha, name, line in ((self.alpha_min_, "min", "-"), (self.alpha_1se_, "1se", "--")):
            mark = {"color": "C1", "linestyle": line, "label": f"{name}: {alpha:.3g}"}
            if alpha > 0:
                ax.axvline(-np.log(alpha), **mark)
            else:
                ax.plot([], [], **mark)  # in the legend alone
        ax.set_xlabel("-log(alpha), weaker penalty to the right")
        ax.set_ylabel(self.label)
        ax.legend(frameon=False, title="alpha", loc="upper center")
        return self
