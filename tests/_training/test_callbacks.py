"""Callbacks of skorch: each works or is refused by name, and is the one that was given."""

import re
import sys
from threading import Lock
from types import SimpleNamespace
from unittest.mock import MagicMock

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from skorch import callbacks as of_skorch
from skorch.callbacks import (
    Callback,
    Checkpoint,
    EarlyStopping,
    EpochScoring,
    LoadInitState,
    LRScheduler,
    TrainEndCheckpoint,
)
from torch.optim.lr_scheduler import OneCycleLR

from sklearn_rnn import DenseRegressor, LSTMRegressor
from tests.nets import few_epochs

pytestmark = few_epochs

RNG = np.random.default_rng(0)
X = RNG.normal(size=(40, 3, 2))
Y = X[:, -1, 0]


class Log(Callback):
    """Note the losses in a list of its own, beside something that cannot be copied."""

    def __init__(self):
        self.losses, self.lock = [], Lock()

    def on_epoch_end(self, net, **_):
        self.losses.append(net.history[-1]["train_loss"])


class Pruned(Exception):
    """Raised to end a trial, as by optuna."""


class Prune(Callback):
    """End the trial after an epoch."""

    def on_epoch_end(self, net, **_):
        raise Pruned(f"after {len(net.history)} epochs")


def net(callbacks, cls=DenseRegressor, **parameters):
    settings = {"max_epochs": 3, "random_state": 0, "device": "cpu", **parameters}
    return cls(callbacks=callbacks, batch_size=16, **settings)


def weights(estimator):
    return [p.detach().numpy() for p in estimator.net_.module_.parameters()]


# What is called when each callback of skorch does its work: of each class that is not refused.
SERVED = {
    "Checkpoint": lambda live: Checkpoint(dirname=live.dir),
    "EarlyStopping": lambda live: EarlyStopping(),
    "EpochTimer": lambda live: of_skorch.EpochTimer(),
    "GradientNormClipping": lambda live: of_skorch.GradientNormClipping(1.0),
    "LRScheduler": lambda live: LRScheduler(OneCycleLR, max_lr=0.1, total_steps=9),
    "LoadInitState": lambda live: LoadInitState(Checkpoint(dirname=live.dir)),
    "MlflowLogger": lambda live: of_skorch.MlflowLogger(live, live, log_on_batch_end=True),
    "NeptuneLogger": lambda live: of_skorch.NeptuneLogger(live, log_on_batch_end=True),
    "PassthroughScoring": lambda live: of_skorch.PassthroughScoring("train_loss", on_train=True),
    "PrintLog": lambda live: of_skorch.PrintLog(sink=live),
    "SacredLogger": lambda live: of_skorch.SacredLogger(live, log_on_batch_end=True),
    "TensorBoard": lambda live: of_skorch.TensorBoard(live),
    "TrainEndCheckpoint": lambda live: TrainEndCheckpoint(dirname=live.dir),
    "WandbLogger": lambda live: of_skorch.WandbLogger(live),
}
LOGGERS = (
    "MlflowLogger",
    "NeptuneLogger",
    "PrintLog",
    "SacredLogger",
    "TensorBoard",
    "WandbLogger",
)
REFUSED = {
    "BatchScoring": of_skorch.BatchScoring("r2"),
    "EpochScoring": EpochScoring("r2"),
    "Freezer": of_skorch.Freezer("head.*"),
    "Initializer": of_skorch.Initializer("head.*", fn=torch.nn.init.zeros_),
    "InputShapeSetter": of_skorch.InputShapeSetter(),
    "ParamMapper": of_skorch.ParamMapper("head.*"),
    "ProgressBar": of_skorch.ProgressBar(),
    "Unfreezer": of_skorch.Unfreezer("head.*"),
}


def test_each_callback_of_skorch_is_tested():
    public = {name: getattr(of_skorch, name) for name in of_skorch.__all__}
    kinds = {name for name, kind in public.items() if issubclass(kind, Callback)}
    assert kinds - {"Callback"} == SERVED.keys() | REFUSED.keys()


@pytest.mark.parametrize("name", SERVED)
@pytest.mark.parametrize("cls", [DenseRegressor, LSTMRegressor])
def test_a_callback_of_skorch_is_served(name, cls, tmp_path, monkeypatch):
    handlers = SimpleNamespace(Handler=type("Handler", (), {}))
    for module, stub in (("types", MagicMock()), ("handler", handlers)):
        monkeypatch.setitem(sys.modules, f"neptune.{module}", stub)
    monkeypatch.setitem(sys.modules, "neptune", MagicMock())
    live = MagicMock(dir=str(tmp_path))
    callback = SERVED[name](live)
    estimator = net([callback], cls, early_stopping=True).fit(X, Y)
    assert dict(estimator.net_.callbacks_)[name] is callback
    assert estimator.n_iter_ == 3
    assert bool(live.mock_calls) == (name in LOGGERS)


@pytest.mark.parametrize("name", REFUSED)
def test_a_callback_that_is_not_served_is_refused_by_name_before_training(name):
    for callbacks in ([REFUSED[name]], [("named", REFUSED[name])], lambda: [REFUSED[name]]):
        estimator = net(callbacks)
        with pytest.raises(ValueError, match=f"^callbacks has a {name}, which "):
            estimator.fit(X, Y)
        assert vars(estimator) == estimator.get_params()


@pytest.mark.parametrize(
    ("callbacks", "text"),
    [
        ([3], "callbacks must be skorch callbacks; got 3."),
        ([("three", 3)], "callbacks must be skorch callbacks; got 3."),
        (lambda: Log, "callbacks must be a list, or a function without arguments that returns"),
        ([EarlyStopping()], "callbacks has a EarlyStopping, which monitors valid_loss, but there"),
        ([EarlyStopping], "callbacks has a EarlyStopping, which monitors valid_loss, but there"),
        ([of_skorch.WandbLogger(None)], "callbacks has a WandbLogger, which monitors valid_loss_"),
    ],
    ids=["number", "named", "no list", "nothing to watch", "class", "no best"],
)
def test_callbacks_that_cannot_be_used_are_refused_before_training(callbacks, text):
    estimator = net(callbacks)
    with pytest.raises(ValueError, match=f"^{re.escape(text)}"):
        estimator.fit(X, Y)
    assert vars(estimator) == estimator.get_params()


def test_only_one_schedule_sets_the_learning_rate():
    estimator = net([LRScheduler("StepLR", step_size=1)], warm_start=True).fit(X, Y)
    text = "callbacks has a LRScheduler, and lr_schedule='cosine' sets the learning rate too; set"
    for other in (clone(estimator), estimator):
        with pytest.raises(ValueError, match=re.escape(text)):
            other.set_params(lr_schedule="cosine").fit(X, Y)
    assert estimator.partial_fit(X, Y).n_iter_ == 4  # which has no schedule


def test_checkpoints_hold_the_best_and_the_last_weights_and_a_fit_begins_with_them(tmp_path):
    best = Checkpoint(dirname=tmp_path / "best", load_best=True)
    last = TrainEndCheckpoint(dirname=tmp_path / "last", f_optimizer=None)
    estimator = net([best, last], early_stopping=True).fit(X, Y)
    for name in ("best/params.pt", "last/train_end_params.pt"):
        saved = torch.load(tmp_path / name)
        for key, value in estimator.net_.module_.state_dict().items():
            assert_array_equal(saved[key], value)
    still = net([LoadInitState(last)], random_state=1, learning_rate=1e-12).fit(X, Y)
    for value, loaded in zip(weights(estimator), weights(still), strict=True):
        assert_allclose(loaded, value, atol=1e-9)


# --- which object is used ------------------------------------------------------------------------


def test_a_fit_uses_the_callback_itself():
    log, named = Log(), ("named", Log())
    given = [log, named]
    estimator = net(given).fit(X, Y)
    assert estimator.callbacks is given
    assert estimator.net_.callbacks_ == [("Log", log), named]
    assert log.losses == named[1].losses == estimator.loss_curve_
    estimator.partial_fit(X, Y)
    assert log.losses[:3] == estimator.loss_curve_[:3]


def test_what_a_callback_raises_reaches_the_user_and_changes_nothing():
    estimator = net([Prune()])
    with pytest.raises(Pruned, match="after 1 epochs"):
        estimator.fit(X, Y)
    assert vars(estimator) == estimator.get_params()
    estimator.set_params(callbacks=None).fit(X, Y)
    before = weights(estimator)
    with pytest.raises(Pruned, match="after 4 epochs"):
        estimator.set_params(callbacks=[Prune()]).partial_fit(X, Y)
    assert all(map(np.array_equal, weights(estimator), before))


@pytest.mark.parametrize("n_members", [1, 3])
def test_a_function_makes_callbacks_for_each_network_once(n_members):
    made = []

    def make():
        made.append(Log())
        return [made[-1]]

    estimator = net(make, n_members=n_members).fit(X, Y)
    members = getattr(estimator, "members_", [estimator])
    curves = [member.loss_curve_ for member in members]
    assert [log.losses for log in made] == curves
    assert [dict(member.net_.callbacks_)["Log"] for member in members] == made
    for log, curve in zip(made, curves, strict=True):  # callbacks keep what they have seen
        assert log.losses == curve
    estimator.partial_fit(X, Y)
    assert len(made) == n_members
    assert {len(log.losses) for log in made} == {4}
    without = net(None, n_members=n_members).fit(X, Y).partial_fit(X, Y)
    assert_array_equal(estimator.predict(X), without.predict(X))


def test_members_have_clones_of_the_callbacks():
    stop = EarlyStopping(monitor="train_loss", patience=2)
    before = dict(vars(stop))
    estimator = net([stop], n_members=2).fit(X, Y)
    clones = [dict(member.net_.callbacks_)["EarlyStopping"] for member in estimator.members_]
    assert len({id(callback) for callback in [stop, *clones]}) == 3
    assert vars(stop) == before


@pytest.mark.parametrize("given", [[Log()], [("named", Log())]], ids=["plain", "named"])
def test_where_clones_are_needed_the_error_has_the_fix_and_the_fix_works(given):
    text = r"^callbacks has a Log that cannot be cloned, .* callbacks=lambda: \[Log\(\.\.\.\)\]"
    grid, fix = {"alpha": [0.0, 0.1]}, lambda: [Log()]
    for use in (
        lambda callbacks: GridSearchCV(net(callbacks), grid, cv=2).fit(X, Y),
        lambda callbacks: net(callbacks, n_members=2).fit(X, Y),
        lambda callbacks: clone(net(callbacks)),
    ):
        with pytest.raises(ValueError, match=text):
            use(given)
        use(fix)


def test_members_share_no_files(tmp_path):
    folders = (TrainEndCheckpoint(dirname=tmp_path / str(i)) for i in range(2))
    given = [TrainEndCheckpoint(dirname=tmp_path)]
    text = "callbacks has a TrainEndCheckpoint, whose files all members would share; set n_members"
    with pytest.raises(ValueError, match=text):
        net(given, n_members=2).fit(X, Y)
    net(lambda: [next(folders)], n_members=2).fit(X, Y)
    assert (tmp_path / "1" / "train_end_params.pt").exists()
