"""A comparison that was interrupted or killed and started again does not repeat what has ended."""

import math
import os
import signal
import subprocess
import sys
import warnings
from pathlib import Path
from typing import ClassVar

import numpy as np
import pandas as pd
import pytest
from joblib import parallel_config, register_parallel_backend
from joblib.parallel import ThreadingBackend
from pandas.testing import assert_frame_equal
from sklearn.base import clone
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import KFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_rnn import DenseRegressor
from sklearn_rnn._training import checkpoint
from sklearn_rnn._training.loop import Trainer
from sklearn_rnn.model_selection import compare_models
from tests.model_selection.examples import LINEAR, Random, X, Y
from tests.nets import few_epochs

ROOT = Path(__file__).parents[2]
TIMES = ["fit_seconds", "predict_seconds"]


class Counted(LinearRegression):
    """Notes each fit, and ends with an error, or with the process, instead of some."""

    fits: ClassVar[list[int]] = []
    ends: ClassVar[dict[int, BaseException | signal.Signals]] = {}

    def fit(self, X, y, sample_weight=None):
        self.fits.append(len(X))
        end = self.ends.get(len(self.fits))
        if isinstance(end, signal.Signals):
            os.kill(os.getpid(), end)
        if end is not None:
            raise end
        return super().fit(X, y, sample_weight)


MODELS = {**LINEAR, "counted": Counted(), "drawn": make_pipeline(StandardScaler(), Random())}


@pytest.fixture(autouse=True)
def _nothing_counted(monkeypatch):
    monkeypatch.setattr(Counted, "fits", [])
    monkeypatch.setattr(Counted, "ends", {})


def compared(models=MODELS, data=(X, Y), **how):
    return compare_models(models, *data, **{"cv": 4, "seeds": [0, 3], "verbose": 0, **how})


def assert_same(one, other):
    assert_frame_equal(
        one.runs.drop(columns=TIMES), other.runs.drop(columns=TIMES), check_exact=True
    )
    assert_frame_equal(one.losses, other.losses, check_exact=True)
    assert one.verdict() == other.verdict()


def test_an_interrupted_comparison_goes_on_and_leaves_nothing(tmp_path):
    expected = compared()
    Counted.fits, Counted.ends = [], {3: KeyboardInterrupt()}
    with pytest.raises(KeyboardInterrupt):
        compared(checkpoint=tmp_path)
    kept = {path.name for path in tmp_path.iterdir()}
    assert len(kept) == 2 * 7 + 4  # of two folds, and of the models before
    Counted.fits, Counted.ends = [], {}
    assert_same(compared(checkpoint=tmp_path), expected)
    assert len(Counted.fits) == 2
    assert list(tmp_path.iterdir()) == []


def test_a_comparison_goes_on_after_its_process_was_killed(tmp_path):
    program = f"""
import signal
import {__name__} as t
t.Counted.ends = {{3: signal.SIGKILL}}
t.compared(checkpoint={str(tmp_path)!r})
"""
    ended = subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=False)
    assert ended.returncode == -signal.SIGKILL
    again = compared(checkpoint=tmp_path)
    assert len(Counted.fits) == 2
    assert list(tmp_path.iterdir()) == []
    assert_same(again, compared())


def of_one_size(model):
    return 1.0


@pytest.mark.parametrize(
    "change",
    [
        {"data": (X + 1, Y)},
        {"data": (X, -Y)},
        {"cv": 5},
        {"scoring": "neg_mean_absolute_error"},
        {"loss": "absolute_error"},
        {"complexity": of_one_size},
        {"params": {"sample_weight": np.linspace(1, 2, len(X))}},
        {"models": {"counted": Counted(fit_intercept=False)}},
        {"models": {"renamed": Counted()}},
    ],
    ids=lambda change: next(iter(change)),
)
def test_what_is_kept_belongs_to_model_data_fold_score_and_metadata(tmp_path, change):
    models = {"counted": Counted()}
    Counted.ends[2] = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt):
        compared(models, checkpoint=tmp_path)
    Counted.ends.clear()
    compared(**{"models": models, **change}, checkpoint=tmp_path)
    assert len(list(tmp_path.iterdir())) == 1
    compared({**models, "mean": LINEAR["mean"]}, checkpoint=tmp_path)  # other models may be added
    assert list(tmp_path.iterdir()) == []


def test_failed_fits_are_not_kept(tmp_path):
    models = {"counted": Counted()}
    Counted.ends.update({1: ValueError("by chance"), 2: KeyboardInterrupt()})
    with pytest.raises(KeyboardInterrupt):
        compared(models, checkpoint=tmp_path)
    assert list(tmp_path.iterdir()) == []
    Counted.ends.clear()
    assert compared(models, checkpoint=tmp_path).runs["error"].isna().all()


def test_tables_panels_and_parallel_runs(tmp_path):
    frame = pd.DataFrame(X, columns=list("abcd"), index=pd.date_range("2026", periods=len(X)))
    expected = compared(LINEAR, (frame, Y))
    with parallel_config("threading"):
        again = compared(LINEAR, (frame, pd.Series(Y, frame.index)), n_jobs=2, checkpoint=tmp_path)
    assert_same(again, expected)
    assert list(tmp_path.iterdir()) == []


class AllAtTheEnd(ThreadingBackend):
    """A backend that returns no result before all, as that of Ray."""

    supports_return_generator = False


def test_a_backend_that_returns_all_results_at_the_end_gives_the_same_table():
    register_parallel_backend("all at the end", AllAtTheEnd)
    expected = compare_models(LINEAR, X, Y, cv=3)
    with parallel_config("all at the end"):
        found = compare_models(LINEAR, X, Y, cv=3, n_jobs=2)
    assert_frame_equal(found.scores, expected.scores, check_exact=True)


@few_epochs
def test_a_network_goes_on_within_its_fit(tmp_path, monkeypatch):
    net = DenseRegressor(max_epochs=4, checkpoint=tmp_path)
    expected = compared({"net": clone(net).set_params(checkpoint=None)}, cv=2)
    trained, step = [], Trainer.step

    def interrupted(self, *args):
        trained.append(self.state.epoch)
        if len(trained) == 7:
            raise KeyboardInterrupt
        return step(self, *args)

    monkeypatch.setattr(checkpoint, "SHARE_OF_TIME", math.inf)
    monkeypatch.setattr(Trainer, "step", interrupted)
    with pytest.raises(KeyboardInterrupt):
        compared({"net": net}, cv=2, checkpoint=tmp_path)
    assert_same(compared({"net": net}, cv=2, checkpoint=tmp_path), expected)
    assert trained[6:9] == [2, 2, 3]
    assert list(tmp_path.iterdir()) == []


def test_a_truncated_file_is_refused_by_name_and_left_alone(tmp_path):
    Counted.ends[2] = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt):
        compared({"counted": Counted()}, checkpoint=tmp_path)
    (file,) = tmp_path.iterdir()
    file.write_bytes(found := file.read_bytes()[:-1])
    with pytest.raises(ValueError, match=f"^checkpoint has the file .*{file.name}, which is"):
        compared({"counted": Counted()}, checkpoint=tmp_path)
    assert file.read_bytes() == found


def test_what_is_no_folder_or_has_no_fingerprint_is_refused_before_any_fit(tmp_path):
    with pytest.raises(ValueError, match="The 'checkpoint' parameter of compare_models must be"):
        compared({"counted": Counted()}, checkpoint=3)
    with pytest.raises(ValueError, match=r"^checkpoint needs parameters and data"):
        compared({"counted": Counted()}, complexity=lambda model: 1.0, checkpoint=tmp_path)
    assert Counted.fits == []


def test_folds_that_nobody_could_repeat_are_refused(tmp_path):
    with pytest.raises(ValueError, match="cv must have the same folds again with a checkpoint"):
        compared(cv=KFold(3, shuffle=True), checkpoint=tmp_path)
    assert not list(tmp_path.iterdir())


def test_threads_leave_what_shows_warnings():
    before = warnings._showwarnmsg_impl  # what catch_warnings replaces to record them
    with parallel_config("threading", n_jobs=4):
        for _ in range(5):
            compared()
    assert warnings._showwarnmsg_impl is before
