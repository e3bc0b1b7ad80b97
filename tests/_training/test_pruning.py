"""Trials hear of each epoch, and end the fit; optuna itself is in tests/interop."""

from types import SimpleNamespace
from unittest.mock import MagicMock

import numpy as np
import pytest
from sklearn.base import clone

from sklearn_rnn import DenseRegressor
from sklearn_rnn.model_selection import PruneTrial
from tests.nets import few_epochs

pytestmark = few_epochs

X = np.random.default_rng(0).normal(size=(60, 3))


def trial():
    return SimpleNamespace(report=MagicMock(), should_prune=lambda: False)


def net(callbacks, **parameters):
    return DenseRegressor(max_epochs=3, random_state=0, callbacks=callbacks, **parameters)


@pytest.mark.parametrize("monitor", ["valid_loss", "train_loss"])
def test_the_loss_of_each_epoch_is_reported_to_the_trial_that_was_given(monitor):
    given = trial()
    fitted = net([PruneTrial(given, monitor)], early_stopping=True).fit(X, X[:, 0])
    curves = {"valid_loss": fitted.validation_loss_curve_, "train_loss": fitted.loss_curve_}
    reported = [call.args for call in given.report.call_args_list]
    assert reported == [(loss, i + 1) for i, loss in enumerate(curves[monitor])]


def test_without_validation_data_the_loss_to_monitor_is_named():
    with pytest.raises(ValueError, match=r"PruneTrial, which monitors valid_loss, .*X_val and y_v"):
        net([PruneTrial(trial())], early_stopping=False).fit(X, X[:, 0])


def test_copies_are_refused_with_the_function_that_makes_new_ones():
    given = trial()
    with pytest.raises(ValueError, match=r"callbacks=lambda: \[PruneTrial\(\.\.\.\)\]"):
        clone(net([PruneTrial(given)]))
    copy = clone(net(lambda: [PruneTrial(given)], early_stopping=True))
    copy.fit(X, X[:, 0])
    assert given.report.call_count == 3


def test_what_is_no_trial_or_no_loss_is_named():
    with pytest.raises(TypeError, match=r"^trial must have the methods report and .* got 3\.$"):
        PruneTrial(3)
    with pytest.raises(ValueError, match=r"^monitor must be .* got 'epoch'\.$"):
        PruneTrial(trial(), "epoch")
