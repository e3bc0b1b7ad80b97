"""Plot of the losses of each epoch: `TrainingCurveDisplay`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from sklearn_rnn._sklearn.axes import axes_for
from sklearn_rnn._sklearn.compat import validate_params
from sklearn_rnn._sklearn.metaestimators import final_estimator


class TrainingCurveDisplay:
    """Plot of the training and validation losses of a network by epoch.

    Parameters
    ----------
    loss_curve : sequence of float
        Training loss of each epoch, without the penalty.
    validation_loss_curve : sequence of float or None
        Validation loss after each epoch.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The axes of the plot.
    figure_ : matplotlib Figure
        The figure of the plot.
    lines_ : list of Line2D
        The loss curves.
    best_epoch_ : int or None
        Epoch (from 1) with the smallest validation loss; None without validation data.

    See Also
    --------
    PathDisplay : Weights and losses along a path of penalties.
    """

    def __init__(
        self,
        *,
        loss_curve: Sequence[float],
        validation_loss_curve: Sequence[float] | None = None,
    ) -> None:
        self.loss_curve = loss_curve
        self.validation_loss_curve = validation_loss_curve

    @classmethod
    @validate_params({"log_scale": ["boolean"]}, prefer_skip_nested_validation=False)
    def from_estimator(
        cls, estimator: Any, *, log_scale: bool = False, ax: Any = None
    ) -> TrainingCurveDisplay:
        """Plot the losses of a fitted network.

        Parameters
        ----------
        estimator : estimator
            A fitted network, or a pipeline or search that ends with one.
        log_scale : bool, default=False
            Whether to use a logarithmic loss axis.
        ax : matplotlib Axes, default=None
            Axes to plot on; None creates a figure.

        Returns
        -------
        TrainingCurveDisplay
            The display.
        """
        net = final_estimator(estimator)
        if not hasattr(net, "loss_curve_"):
            raise ValueError(
                "TrainingCurveDisplay needs a fitted network with loss_curve_; got "
                f"{type(net).__name__}."
            )
        validation = getattr(net, "validation_loss_curve_", None)
        loss = np.subtract(net.loss_curve_, getattr(net, "penalty_curve_", 0.0)).tolist()
        display = cls(loss_curve=loss, validation_loss_curve=validation)
        return display.plot(log_scale=log_scale, ax=ax)

    def plot(self, *, log_scale: bool = False, ax: Any = None) -> TrainingCurveDisplay:
        """Plot the loss curves.

        Parameters
        ----------
        log_scale : bool, default=False
            Whether to use a logarithmic loss axis.
        ax : matplotlib Axes, default=None
            Axes to plot on; None creates a figure.

        Returns
        -------
        TrainingCurveDisplay
            The display itself.
        """
        ax = axes_for(self, ax, (6.4, 3.6))
        curves = {"training": self.loss_curve}
        if self.validation_loss_curve is not None:
            curves["validation"] = self.validation_loss_curve
        self.lines_ = [
            ax.plot(np.arange(1, len(curve) + 1), curve, marker="" if len(curve) > 1 else "o")[0]
            for curve in curves.values()
        ]
        for line, name in zip(self.lines_, curves, strict=True):
            line.set_label(name)
        self.best_epoch_ = None
        if self.validation_loss_curve is not None:
            self.best_epoch_ = int(np.argmin(self.validation_loss_curve)) + 1
            best_loss = self.validation_loss_curve[self.best_epoch_ - 1]
            label = f"best epoch: {self.best_epoch_}"
            ax.plot(self.best_epoch_, best_loss, "o", color="C1", label=label)
        ax.set_xlabel("epoch")
        ax.xaxis.get_major_locator().set_params(integer=True)
        ax.set_ylabel("loss")
        if log_scale:
            ax.set_yscale("log")
        ax.legend(frameon=False)
        return self
