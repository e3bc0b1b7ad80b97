"""Searches of optuna that end hopeless trials after an epoch: `PruneTrial`."""

from __future__ import annotations

from typing import Any

from skorch.callbacks import Callback


class PruneTrial(Callback):
    """Report the loss of each epoch to a trial of optuna, and end the trial if optuna prunes it.

    One of the `callbacks` of a network. A pruned trial ends its fit by optuna's ``TrialPruned``,
    which the study counts, and leaves the network as it was before.

    Parameters
    ----------
    trial : optuna.Trial
        The trial, or any object with its methods ``report(value, step)`` and ``should_prune()``.
    monitor : str, default="valid_loss"
        The column of the history that is reported: "valid_loss", which needs validation data, or
        "train_loss". The steps are the epochs, from 1.

    Raises
    ------
    TypeError
        If `trial` has not these methods.
    ValueError
        If `monitor` is another column.

    Notes
    -----
    A trial cannot be copied: in a cross-validation or search inside the trial give
    ``callbacks=lambda: [PruneTrial(trial)]``. All its fits then report the same steps, of which
    optuna keeps the first.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_rnn import DenseRegressor
    >>> from sklearn_rnn.model_selection import PruneTrial
    >>> class Trial:  # stands in for that of ``study.optimize(objective)``
    ...     def report(self, value, step):
    ...         print(f"epoch {step} of 2 reported")
    ...     def should_prune(self):
    ...         return False
    >>> X = np.random.default_rng(0).normal(size=(50, 3))
    >>> net = DenseRegressor(max_epochs=2, lr_schedule="cosine", early_stopping=True)
    >>> net = net.set_params(callbacks=[PruneTrial(Trial())]).fit(X, X[:, 0])
    epoch 1 of 2 reported
    epoch 2 of 2 reported
    """

    def __init__(self, trial: Any, monitor: str = "valid_loss") -> None:
        if not (hasattr(trial, "report") and hasattr(trial, "should_prune")):
            raise TypeError(
                "trial must have the methods report and should_prune, as that of optuna's "
                f"study.optimize has; got {trial!r}."
            )
        if monitor not in ("valid_loss", "train_loss"):
            raise ValueError(f"monitor must be 'valid_loss' or 'train_loss'; got {monitor!r}.")
        self.trial = trial
        self.monitor = monitor

    def __sklearn_clone__(self) -> PruneTrial:
        """Refuse to be copied: a copy would report to another trial, which nobody reads."""
        raise TypeError("the trial has to be that of the study")

    def on_epoch_end(self, net: Any, **_: Any) -> None:
        """Report the loss of the epoch, and raise ``TrialPruned`` if the trial is pruned."""
        step = len(net.history)
        self.trial.report(float(net.history[-1][self.monitor]), step)
        if self.trial.should_prune():
            from optuna import TrialPruned  # needed by those alone who have a trial of it

            raise TrialPruned(f"pruned after epoch {step}")
