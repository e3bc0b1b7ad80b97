"""The picture of a fit: losses by epoch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from sklearn_rnn._sklearn.compat import check_matplotlib_support
from sklearn_rnn._sklearn.metaestimators import final_estimator


class TrainingCurveDisplay:
    """Losses of a net in training and in validation, epoch by epoch.

    Parameters
    ----------
    loss_curve : sequence of float
        The objective in each epoch, penalty included.
    validation_loss_curve : sequence of float or None
        The loss on the validation data after each epoch.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Where it is drawn.
    figure_ : matplotlib Figure
        The figure of `ax_`.
    lines_ : list of Line2D
        The curves.
    best_epoch_ : int or None
        The epoch, from 1, of the least validation loss; None without validation.
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
    def from_estimator(
        cls, estimator: Any, *, log_scale: bool = False, ax: Any = None
    ) -> TrainingCurveDisplay:
        """Draw the losses of a fitted net.

        Parameters
        ----------
        estimator : estimator
            A fitted net, or a pipeline or search with one at its end.
        log_scale : bool, default=False
            Whether the axis of the losses is logarithmic.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a figure.

        Returns
        -------
        TrainingCurveDisplay
            The display.
        """
        net = final_estimator(estimator)
        if not hasattr(net, "loss_curve_"):
            raise ValueError(
                "TrainingCurveDisplay needs a fitted net, which has loss_curve_; got "
                f"{type(net).__name__}."
            )
        validation = getattr(net, "validation_loss_curve_", None)
        display = cls(loss_curve=net.loss_curve_, validation_loss_curve=validation)
        return display.plot(log_scale=log_scale, ax=ax)

    def plot(self, *, log_scale: bool = False, ax: Any = None) -> TrainingCurveDisplay:
        """Draw.

        Parameters
        ----------
        log_scale : bool, default=False
            Whether the axis of the losses is logarithmic.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a figure.

        Returns
        -------
        TrainingCurveDisplay
            The display itself.
        """
        check_matplotlib_support(f"{type(self).__name__}.plot")
        import matplotlib.pyplot as plt

        if ax is None:
            _, ax = plt.subplots(figsize=(6.4, 3.6), layout="constrained")
        self.ax_, self.figure_ = ax, ax.figure
        curves = {"training (with penalty)": self.loss_curve}
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
            least = self.validation_loss_curve[self.best_epoch_ - 1]
            label = f"best epoch, {self.best_epoch_}"
            ax.plot(self.best_epoch_, least, "o", color="C1", label=label)
        ax.set_xlabel("epoch")
        ax.xaxis.get_major_locator().set_params(integer=True)
        ax.set_ylabel("loss")
        if log_scale:
            ax.set_yscale("log")
        ax.legend(frameon=False)
        return self
