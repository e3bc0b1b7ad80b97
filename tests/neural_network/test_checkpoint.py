"""A fit that was interrupted or killed and started again learns the same, bit for bit."""

import math
import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from joblib import parallel_config
from sklearn.base import clone, is_classifier
from sklearn.model_selection import GridSearchCV
from skorch.callbacks import Callback

from sklearn_rnn import DenseRegressor, GRUClassifier, GRURegressor, LSTMRegressor, TCNRegressor
from sklearn_rnn._sklearn import safe_files
from sklearn_rnn._training import checkpoint
from sklearn_rnn._training.checkpoint import Checkpoint
from sklearn_rnn._training.loop import Trainer
from sklearn_rnn._training.optimizers import OPTIMIZERS
from sklearn_rnn.model_selection import penalty_path
from tests.nets import NETS, few_epochs

pytestmark = few_epochs
ROOT = Path(__file__).parents[2]
RNG = np.random.default_rng(0)
X = RNG.normal(size=(60, 5, 2))
Y = X[:, -1, 0] * X[:, -2, 1] + X[:, 0, 0]
SHORT = {"max_epochs": 6, "batch_size": 16, "random_state": 0, "device": "cpu"}
SCHEDULES = ("constant", "plateau", "cosine", "onecycle")
OTHERS = (
    *({}, {"alpha": 0.1, "l1_ratio": 0.5}, {"linear_skip": True}, {"max_grad_norm": 0.1}),
    *({"augmentation": {"jitter": 0.1}}, {"shuffle": False}, {"dtype": "float32"}),
    *({"n_members": 3}, {"standardize": False}, {"patience": 1, "tol": 10.0}),
)


def drawn(n_cases):
    """Return drawn pairs of a network and parameters, and the epoch after which it is stopped."""
    rng = np.random.default_rng(0)
    for _ in range(n_cases):
        cls, other = NETS[rng.integers(len(NETS))], OTHERS[rng.integers(len(OTHERS))]
        parameters = {
            "optimizer": str(rng.choice(list(OPTIMIZERS))),
            "lr_schedule": str(rng.choice(SCHEDULES)),
            "early_stopping": bool(rng.integers(2)),
            **other,
        }
        yield pytest.param(cls, parameters, int(rng.integers(1, 6)), id=f"{cls.__name__}{other}")


CASES = list(drawn(60))


class Stop(Exception):
    pass


@pytest.fixture(autouse=True)
def every_epoch(monkeypatch):
    """Save each epoch, however long that takes."""
    monkeypatch.setattr(checkpoint, "SHARE_OF_TIME", math.inf)


@pytest.fixture
def epochs(monkeypatch):
    """Count the epochs that are trained."""
    trained, step = [], Trainer.step

    def counted(self, *args):
        trained.append(self.state.epoch)
        return step(self, *args)

    monkeypatch.setattr(Trainer, "step", counted)
    return trained


def made(cls, **parameters):
    return cls(**{**SHORT, **parameters})


def target_of(net):
    return (Y > 0).astype(int) if is_classifier(net) else Y


def interrupt(net, *data, after=3, n_ended=0, **how):
    """Let a fit end by an exception after an epoch, of the network after some that have ended."""
    save, ended = Checkpoint.save, []

    def stopped(self, seed, history, state):
        save(self, seed, history, state)
        if state.epoch == after and len(ended) == n_ended:
            raise Stop
        if state.epoch == net.max_epochs:
            ended.append(seed)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Checkpoint, "save", stopped)
        with pytest.raises(Stop):
            net.fit(*data, **how)


def learned(net, *data):
    """Return what a net has learned, and what it learns next from the state of its optimizer."""
    members = getattr(net, "members_", [net])
    now = [[p.detach().numpy().tobytes() for p in m.net_.module_.parameters()] for m in members]
    curves = (net.loss_curve_, net.validation_loss_curve_, net.n_iter_)
    outcome = [(m.net_.stopped_, m.net_.final_loss_, m.net_.constant_loss_) for m in members]
    before = net.predict(data[0]).tobytes()
    return now, curves, outcome, before, net.partial_fit(*data).predict(data[0]).tobytes()


def test_the_cases_are_of_all_networks_optimizers_and_schedules():
    nets, parameters, after = zip(*(case.values for case in CASES), strict=True)
    assert set(nets) == set(NETS)
    assert {p["optimizer"] for p in parameters} == set(OPTIMIZERS)
    assert {p["lr_schedule"] for p in parameters} == set(SCHEDULES)
    assert {p["early_stopping"] for p in parameters} == {False, True}
    assert all(any(o.items() <= p.items() for p in parameters) for o in OTHERS)
    assert set(after) == {1, 2, 3, 4, 5}


@pytest.mark.parametrize(("cls", "parameters", "after"), CASES)
def test_an_interrupted_fit_goes_on_to_the_same_bits(cls, parameters, after, tmp_path, epochs):
    net = made(cls, **parameters)
    data = X, target_of(net)
    expected = learned(net.fit(*data), *data)
    n_epochs, n_members = net.net_.history[-1]["epoch"] - 1, parameters.get("n_members", 1)
    after = min(after, n_epochs)
    interrupt(made(cls, **parameters, checkpoint=tmp_path), *data, after=after)
    assert len(list(tmp_path.iterdir())) >= 1
    epochs.clear()
    again = made(cls, **parameters, checkpoint=tmp_path).fit(*data)
    first = 0 if parameters.get("linear_skip") or n_members > 1 else after
    assert min(epochs, default=after) >= first
    assert learned(again, *data) == expected
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("cls", "parameters", "until"), CASES)
def test_a_fit_that_pauses_goes_on_to_the_same_bits(cls, parameters, until, epochs):
    data = X, target_of(made(cls))
    ends = [until, SHORT["max_epochs"]]
    n_epochs, states, paused = [], {}, []
    for end in ends:
        net = made(cls, **parameters)
        net._pause = pause = checkpoint.Pause(end, states)
        epochs.clear()
        paused.append(clone(net).fit(*data))  # as a pipeline does
        states, paused[-1]._pause = pause.states, None
        n_epochs.append(len(epochs))
    epochs.clear()
    expected = made(cls, **parameters).fit(*data)
    alone = 0 if not parameters.get("linear_skip") else 2 * len(epochs)  # of the linear models
    assert len(epochs) <= sum(n_epochs) <= len(epochs) + alone
    assert learned(paused[1], *data) == learned(expected, *data)
    if parameters["lr_schedule"] in ("constant", "plateau"):  # the others depend on max_epochs
        short = made(cls, **parameters).set_params(max_epochs=until).fit(*data)
        assert paused[0].predict(X).tobytes() == short.predict(X).tobytes()


def test_a_pause_is_no_end_to_be_warned_of():
    short = made(DenseRegressor, max_epochs=4).fit(X, Y)
    net = made(DenseRegressor, max_epochs=200)
    net._pause = checkpoint.Pause(4, {})
    net.fit(X, Y)
    assert net.n_iter_ == short.n_iter_ == 4
    assert short.net_.constant_loss_ is not None
    assert net.net_.constant_loss_ is None


def test_members_that_have_ended_are_not_trained_again(tmp_path, epochs):
    data = X, Y
    expected = learned(made(DenseRegressor, n_members=3, verbose=1).fit(*data), *data)
    net = made(DenseRegressor, n_members=3, verbose=1, checkpoint=tmp_path)  # one after the other
    interrupt(net, *data, after=2, n_ended=2)
    assert len(list(tmp_path.iterdir())) == 3
    epochs.clear()
    assert learned(net.fit(*data), *data) == expected
    assert epochs[:-3] == [2, 3, 4, 5]  # and an epoch of each by partial_fit


def test_without_a_folder_nothing_is_written(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for cls in NETS:
        net = cls(max_epochs=1)
        assert net.checkpoint is None
        net.fit(X, target_of(net))
    made(DenseRegressor, checkpoint=tmp_path, random_state=None).partial_fit(X, Y)
    assert list(tmp_path.iterdir()) == []


def test_each_fit_has_a_file_of_its_own(tmp_path):
    weights, half = np.linspace(1, 2, len(X)), np.r_[np.zeros(30), np.ones(30)]
    fits = [
        (made(GRURegressor), X, Y),
        *((made(GRURegressor, **p), X, Y) for p in [{"random_state": 1}, {"hidden_size": 4}]),
        *((made(GRURegressor, **p), X, Y) for p in [{"max_epochs": 7}, {"warm_start": True}]),
        (made(LSTMRegressor), X, Y),
        (made(GRURegressor), X + 1, Y),
        (made(GRURegressor), X, 2 * Y),
        (made(GRURegressor), X[:, ::-1], Y),
        (made(GRURegressor), list(X), Y),
        *((made(GRURegressor), X, Y, w) for w in (weights, half)),
        (made(GRUClassifier), X, Y > 0),
        (made(GRUClassifier, class_weight="balanced"), X, Y > 0),
        (made(GRURegressor, random_state=np.random.RandomState(0)), X, Y),
    ]
    for n_before, (net, *data) in enumerate(fits):
        interrupt(net.set_params(checkpoint=tmp_path), *data)
        assert len(list(tmp_path.iterdir())) == n_before + 1, net
    for net, *data in fits[1:-1]:
        net.set_params(verbose=0, checkpoint=str(tmp_path)).fit(*data)
    assert len(list(tmp_path.iterdir())) == 2
    fits[-1][0].set_params(random_state=np.random.RandomState(0)).fit(X, Y)
    made(GRURegressor, checkpoint=tmp_path, verbose=2).fit(X.copy(), Y.tolist())
    assert list(tmp_path.iterdir()) == []


def test_validation_data_and_classes_are_part_of_a_fit(tmp_path):
    for n_before, how in enumerate(({}, {"classes": [0, 1, 2]}, {"X_val": X, "y_val": Y > 0})):
        interrupt(made(GRUClassifier, checkpoint=tmp_path), X, (Y > 0).astype(int), **how)
        assert len(list(tmp_path.iterdir())) == n_before + 1


def test_a_folder_is_used_by_one_run_and_by_none_of_a_path(tmp_path):
    net = made(DenseRegressor, l1_ratio=1.0, warm_start=True, checkpoint=tmp_path).fit(X, Y)
    assert net.net_.checkpoint_ is None
    net.set_params(checkpoint=None).fit(X, Y)
    penalty_path(net.set_params(checkpoint=tmp_path / "path"), X, Y, n_alphas=2)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("n_members", [1, 2])
def test_a_fit_that_continues_is_known_by_what_it_continues_from(tmp_path, epochs, n_members):
    def fitted(folder=None):
        net = made(TCNRegressor, warm_start=True, n_members=n_members, checkpoint=folder)
        return net.fit(X, Y).set_params(max_epochs=4)

    expected = learned(fitted().fit(X, Y), X, Y)
    interrupt(fitted(tmp_path), X, Y)
    later = fitted(tmp_path).partial_fit(X, Y)  # which continues from other weights
    interrupt(later, X, Y, after=2)
    assert len({path.name.rpartition("-")[0] for path in tmp_path.iterdir()}) == 2
    again = fitted(tmp_path)
    epochs.clear()
    assert learned(again.fit(X, Y), X, Y) == expected
    assert len(epochs) < (4 + 1) * n_members
    assert len({path.name.rpartition("-")[0] for path in tmp_path.iterdir()}) == 1


def test_rows_on_disk_and_overlapping_windows_resume(tmp_path, monkeypatch):
    monkeypatch.setattr("sklearn_rnn._training.tensors.stays_on_disk", lambda rows: True)
    rows = np.lib.format.open_memmap(tmp_path / "rows.npy", "w+", shape=(64, 2))
    rows[:] = RNG.normal(size=rows.shape)
    windows = np.lib.stride_tricks.sliding_window_view(rows, 5, axis=0).transpose(0, 2, 1)
    expected = learned(made(TCNRegressor).fit(windows, Y), windows, Y)
    net = made(TCNRegressor, checkpoint=tmp_path / "new" / "folder")
    interrupt(net, windows, Y)
    assert learned(net.fit(windows, Y), windows, Y) == expected


def test_a_search_trains_all_candidates_as_without_files(tmp_path):
    grid, results = {"hidden_size": [2, 3, 2]}, []  # two candidates are the same
    for folder in (None, tmp_path):
        net = made(GRURegressor, checkpoint=folder)
        with parallel_config("threading"):
            results.append(GridSearchCV(net, grid, cv=2, n_jobs=2).fit(X, Y))
    scores = [search.cv_results_["mean_test_score"].tolist() for search in results]
    assert scores[0] == scores[1]
    assert list(tmp_path.iterdir()) == []


def test_the_same_fit_in_another_thread_waits(tmp_path):
    expected = made(GRURegressor).fit(X, Y).predict(X)
    with ThreadPoolExecutor(4) as pool:
        nets = list(pool.map(lambda _: made(GRURegressor, checkpoint=tmp_path).fit(X, Y), range(8)))
    assert all(np.array_equal(net.predict(X), expected) for net in nets)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", [b"", b"not of this run"])
def test_a_file_of_another_origin_is_refused_and_the_fit_changes_nothing(tmp_path, content):
    net = made(GRURegressor, checkpoint=tmp_path)
    interrupt(net, X, Y)
    (file,) = tmp_path.iterdir()
    file.write_bytes(content or file.read_bytes()[:-1])
    found = file.read_bytes()
    with pytest.raises(ValueError, match=f"^checkpoint has the file .*{file.name}, which is"):
        net.fit(X, Y)
    assert not hasattr(net, "net_")
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [found]


@pytest.mark.parametrize(
    ("parameters", "text"),
    [
        ({"random_state": None}, "^checkpoint needs a random_state: .* to an integer"),
        ({"callbacks": [Callback()]}, "^checkpoint cannot save .* callbacks has some; leave them"),
        (
            {"callbacks": lambda: []},
            "^checkpoint cannot save .* callbacks has some.*verbose=1 prints",
        ),
    ],
)
def test_what_would_not_go_on_to_the_same_is_refused(tmp_path, parameters, text):
    net = made(DenseRegressor, checkpoint=tmp_path, **parameters)
    with pytest.raises(ValueError, match=text):
        net.fit(X, Y)
    assert list(tmp_path.iterdir()) == []
    net.set_params(checkpoint=None).fit(X, Y)


# --- killed processes ----------------------------------------------------------------------------


def fit_until_killed(folder, moment):
    """Fit, in a process of its own, until it kills itself in the fourth epoch or its write."""
    checkpoint.SHARE_OF_TIME = math.inf
    calls = []

    def kill_at_fourth(owner, name):
        original = getattr(owner, name)

        def counted(*args):
            calls.append(name)
            if len(calls) == 4:
                os.kill(os.getpid(), signal.SIGKILL)
            return original(*args)

        setattr(owner, name, counted)

    kill_at_fourth(*{"epoch": (Trainer, "epoch"), "write": (safe_files.os, "replace")}[moment])
    made(LSTMRegressor, checkpoint=folder).fit(X, Y)


@pytest.mark.parametrize("moment", ["epoch", "write"])
def test_a_fit_goes_on_after_its_process_was_killed(tmp_path, moment, epochs):
    expected = learned(made(LSTMRegressor).fit(X, Y), X, Y)
    program = f"import {__name__} as t; t.fit_until_killed({str(tmp_path)!r}, {moment!r})"
    ended = subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=False)
    assert ended.returncode == -signal.SIGKILL
    assert {path.suffix for path in tmp_path.iterdir()} == (
        {"", ".lock"} if moment == "epoch" else {"", ".lock", ".part"}
    )
    epochs.clear()
    assert learned(made(LSTMRegressor, checkpoint=tmp_path).fit(X, Y), X, Y) == expected
    assert epochs[:-1] == [3, 4, 5]
    assert list(tmp_path.iterdir()) == []
