"""scikit-learn's own callbacks (since 1.9): a fit and each of its epochs are tasks for them."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from sklearn_rnn._training.batches import Examples
from sklearn_rnn._training.skorch_net import SequenceNet
from sklearn_rnn.neural_network._pickling import variant


class FitTasks:
    """The tasks of a fit, or those of one of its members.

    Parameters
    ----------
    estimator : estimator
        The estimator on which ``set_callbacks`` was called.
    context : CallbackContext
        Its context, or that of a member, whose subtasks are epochs.
    data : dict of str to object
        ``X`` and ``y`` of the fit, and the `metadata` that scores need.
    """

    def __init__(self, estimator: Any, context: Any, data: dict[str, Any]) -> None:
        self.context = context
        self.data = {"estimator": estimator, **data}

    @classmethod
    def begin(cls, estimator: Any, X: Any, y: Any, sample_weight: Any, max_epochs: int) -> FitTasks:
        """Begin the task of a fit, of an estimator with such callbacks."""
        several = estimator.n_members > 1
        context = estimator._init_callback_context(
            max_subtasks=estimator.n_members if several else max_epochs
        )
        metadata = None if sample_weight is None else {"sample_weight": sample_weight}
        tasks = cls(estimator, context, {"X": X, "y": y, "metadata": metadata})
        context.call_on_fit_task_begin(**tasks.data)
        return tasks

    def end(self) -> None:
        """End the task of a fit, whose estimator is fitted."""
        self.context.call_on_fit_task_end(**self.data, reconstruction_attributes={})

    def run(
        self,
        epochs: Generator[None],
        net: SequenceNet,
        train: Examples,
        member: Any,
        max_epochs: int,
    ) -> None:
        """Run the epochs of a network, unless a callback stops them.

        Parameters
        ----------
        epochs : generator
            Trains the network by an epoch at each step.
        net : SequenceNet
            The network.
        train : Examples
            Its training data.
        member : estimator
            The estimator, or its member, that the network is of.
        max_epochs : int
            The largest number of epochs.
        """

        def fitted() -> dict[str, Any]:
            copied = variant(member, {})
            copied._keep(net.copied(), train)
            return {**vars(copied), "members_": [copied]}

        context = self.context
        if member is not self.data["estimator"]:
            context = context.subcontext("member", max_subtasks=max_epochs)
            context.call_on_fit_task_begin(**self.data)
        for _ in range(max_epochs):
            epoch = context.subcontext("epoch")
            epoch.call_on_fit_task_begin(**self.data)
            next(epochs)
            if epoch.call_on_fit_task_end(**self.data, reconstruction_attributes=fitted):
                net.stopped_ = True
            if net.stopped_:
                break
        next(epochs, None)  # which has no more of them, but restores the best
        if context is not self.context:
            context.call_on_fit_task_end(**self.data, reconstruction_attributes=fitted)
