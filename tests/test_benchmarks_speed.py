"""The benchmark of speed: peers, bare loops, searches, parts of a fit, and what the README says."""

from __future__ import annotations

import importlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from benchmarks import _grid_search, _where_time_goes
from benchmarks._peers import Kind, running
from benchmarks._workloads import WORKLOADS, BareLoop

pytest.importorskip("matplotlib")
_speed_report = importlib.import_module("benchmarks._speed_report")

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"


def test_a_peer_of_the_speed_benchmark_works_in_its_own_process_and_tells_of_errors():
    kind = Kind("benchmarks._workloads", "BareLoop", ("torch",), ["W1"])
    missing = replace(kind, packages=("torch", "no-such-package"))
    with running({"bare": kind, "missing": missing}) as peers:
        (peer,) = peers.values()
        with pytest.raises(RuntimeError, match="has no attribute 'train'"):
            peer.train()
        peer.prepare(replace(WORKLOADS["W1"], used=64, epochs=1))
        peer.train()
        peer.predict()
    assert peer.process.poll() is not None


def test_windows_of_a_series_are_a_view_for_us_and_copies_for_the_bare_loop():
    workload = replace(WORKLOADS["W5 windows of a series"], used=10)
    X, y = workload.data()
    assert X.shape == (10, workload.n_steps, workload.n_channels)
    assert y.shape == (10,)
    np.testing.assert_array_equal(X[1:, :-1], X[:-1, 1:])
    assert np.shares_memory(X[1, 0], X[0, 1])
    np.testing.assert_array_equal(BareLoop(workload).x.numpy(), X)


def test_both_loops_start_from_the_same_data_and_the_bare_one_predicts_what_it_is_asked():
    workload = replace(WORKLOADS["W1"], used=70, epochs=1)
    X, y = workload.data()
    loop = BareLoop(workload, (X[:60], y[:60]))
    loop.train()
    assert loop.predict().shape == (60,)
    np.testing.assert_allclose(loop.predict(X[:10]), loop.predict()[:10], rtol=1e-5)


# eight epochs are no end, but enough to be compared
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_searches_of_all_competitors_find_about_the_same_error(monkeypatch):
    monkeypatch.setattr(_grid_search, "RATES", [8e-3])
    monkeypatch.setattr(_grid_search, "BATCHES", [48])
    workload = replace(WORKLOADS["W1"], used=300, epochs=8)
    X, y = workload.data()
    torch.manual_seed(0)
    found = {name: search(X, y) for name, search in _grid_search.searches(workload, 1).items()}
    assert set(found) == {"bare torch", "skorch", "sklearn_rnn"}
    assert max(found.values()) < 2 * min(found.values())
    assert max(found.values()) < y.var() / 4


def test_parts_of_a_fit_are_timed_without_those_within_them(monkeypatch):
    with monkeypatch.context() as clock:
        clock.setattr(_where_time_goes, "perf_counter", iter([0.0, 1.0, 4.0, 6.0]).__next__)
        watch = _where_time_goes.Stopwatch()
        with watch.within("all"):
            assert watch.timed("part", abs)(-3) == 3
    assert watch.seconds == {"part": 3.0, "all": 1.0 + 2.0}


def test_every_part_of_a_fit_takes_time():
    parts = _where_time_goes.seconds_of_parts(replace(WORKLOADS["W6"], used=20, n_channels=50), 1)
    assert min(parts.values()) > 0
    assert list(parts) == [*_where_time_goes.PARTS, "all else"]


def test_the_table_of_the_readme_is_that_of_the_results_of_speed():
    results = (BENCHMARKS / "results" / "speed.md").read_text(encoding="utf-8")
    readme = (BENCHMARKS / "README.md").read_text(encoding="utf-8")
    spot = readme.partition(_speed_report.BEGIN)[2].partition(_speed_report.END)[0]
    table = [line for line in spot.splitlines() if line.startswith("|")]
    assert len(table) > 10
    assert [line for line in table if line not in results] == []


def test_only_what_is_between_the_marks_of_the_readme_is_written():
    marks = _speed_report.BEGIN, _speed_report.END
    text = f"before\n{marks[0]}\nold\n{marks[1]}\nafter\n"
    new = _speed_report.between_marks(text, "new")
    assert new == f"before\n{marks[0]}\n\nnew\n\n{marks[1]}\nafter\n"
    assert _speed_report.between_marks(new, "new") == new
    with pytest.raises(ValueError, match="no marks"):
        _speed_report.between_marks("before", "new")


def test_missed_targets_of_speed_are_named():
    rows = [("train", "W1", "sklearn_rnn", 0.2), ("predict", "W1", "sklearn_rnn", 0.41)]
    rows.append(("train", "W3", "sklearn_rnn without kernels", 1.3))
    table = pd.DataFrame(rows, columns=["measure", "workload", "competitor", "ratio"])
    assert _speed_report.missed(table) == (
        "Of 3 targets 2 are missed: predict W1 (0.41, 0.4 asked), "
        "train W3 without kernels (1.3, 0.9 asked)."
    )
    assert _speed_report.missed(table[:1]) == "Of 1 targets 0 are missed."
