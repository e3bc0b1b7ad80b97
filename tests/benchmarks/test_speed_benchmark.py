"""The benchmark of speed: peers, bare loops, searches, parts of a fit, report and README."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch

from benchmarks.__main__ import main
from benchmarks.question import Measurement
from benchmarks.questions import memory
from benchmarks.speed import _where_time_goes, beside_mlp, grid_search, options
from benchmarks.speed.first_fit import FIRST_FITS, first_fits
from benchmarks.speed.peers import Peer
from benchmarks.speed.peers.bare_torch import BareLoop
from benchmarks.speed.peers.process import running
from benchmarks.speed.workloads import WORKLOADS
from tests.nets import few_epochs

pytest.importorskip("matplotlib")
report = importlib.import_module("benchmarks.questions.speed")
RESULTS = report.README.parent / "results"


def test_a_peer_works_in_its_own_process_and_raises_its_errors_in_ours():
    peer = Peer("bare_torch:BareLoop", ("torch",), ["W1"])
    missing = replace(peer, packages=("torch", "no-such-package"))
    with running({"bare": peer, "missing": missing}) as processes:
        (process,) = processes.values()
        with pytest.raises(RuntimeError, match="has no attribute 'train'"):
            process.call("train")
        process.call(replace(WORKLOADS["W1"], n_samples=64, epochs=1))
        process.call("train")
        process.call("predict")
    assert process.process.poll() is not None


def test_windows_of_a_series_are_a_view_for_us_and_copies_for_the_bare_loop():
    workload = replace(WORKLOADS["W5 windows of a series"], n_samples=10)
    X, y = workload.data()
    assert X.shape == (10, workload.n_steps, workload.n_channels)
    assert y.shape == (10,)
    np.testing.assert_array_equal(X[1:, :-1], X[:-1, 1:])
    assert np.shares_memory(X[1, 0], X[0, 1])
    np.testing.assert_array_equal(BareLoop(workload).x.numpy(), X)


def test_both_loops_start_from_the_same_data_and_the_bare_one_predicts_what_it_is_asked():
    workload = replace(WORKLOADS["W1"], n_samples=70, epochs=1)
    X, y = workload.data()
    loop = BareLoop(workload, (X[:60], y[:60]))
    loop.train()
    assert loop.predict().shape == (60,)
    np.testing.assert_allclose(loop.predict(X[:10]), loop.predict()[:10], rtol=1e-5)


@few_epochs
def test_searches_of_all_competitors_find_about_the_same_error(monkeypatch):
    monkeypatch.setattr(grid_search, "RATES", [8e-3])
    monkeypatch.setattr(grid_search, "BATCHES", [48])
    workload = replace(WORKLOADS["W1"], n_samples=300, epochs=8)
    X, y = workload.data()
    torch.manual_seed(0)
    found = {name: search(X, y) for name, search in grid_search.searches(workload, 1).items()}
    assert set(found) == {"bare torch", "skorch", "sklearn_rnn"}
    assert max(found.values()) < 2 * min(found.values())
    assert max(found.values()) < y.var() / 4


def test_the_first_fit_is_compared_with_the_second_in_a_process_and_in_a_worker():
    table = pd.DataFrame(first_fits(replace(WORKLOADS["W1"], n_samples=20, epochs=1), 1))
    assert table["measure"].unique().tolist() == list(FIRST_FITS)
    assert (table["seconds"] > 0).all()
    assert (table.loc[table["competitor"] == "the second", "ratio"] == 1).all()
    table = pd.concat([pd.read_csv(RESULTS / "speed.csv"), table])
    text = report.render("speed", report.facts(table, None) | {"run": "", "peers": ""})
    assert text.count("first fit of a worker of joblib") == 2


def test_parts_of_a_fit_are_timed_without_those_within_them(monkeypatch):
    with monkeypatch.context() as clock:
        clock.setattr(_where_time_goes, "perf_counter", iter([0.0, 1.0, 4.0, 6.0]).__next__)
        watch = _where_time_goes.Stopwatch()
        with watch.within("all"):
            assert watch.within("part")(abs)(-3) == 3
    assert watch.seconds == {"part": 3.0, "all": 1.0 + 2.0}


def test_every_part_of_a_fit_takes_time():
    parts = _where_time_goes.seconds_of_parts(
        replace(WORKLOADS["W6"], n_samples=20, n_channels=50), 1
    )
    assert min(parts.values()) > 0
    assert list(parts) == [*_where_time_goes.PARTS, "all else"]


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="memory in use is read from /proc")
def test_growth_of_memory_is_that_of_all_processes():
    code = "import time; x = b'1' * 50_000_000; time.sleep(0.5)"

    def task():
        ours = np.ones(50_000_000, np.uint8)
        subprocess.run([sys.executable, "-c", code], check=True)
        return ours

    label, grown, limit, seconds = memory.growth("both", task, 200)
    assert (label, limit) == ("both", "200")
    assert 100 <= float(grown) < 150  # an interpreter takes some
    assert float(seconds) >= 0.5


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="memory in use is read from /proc")
def test_what_is_done_with_a_panel_is_measured_beside_its_size():
    label, grown, limit, _ = memory.on_panel("windows", "quick")
    assert memory.panel_size("quick") == (10, 1000, 0.64)
    assert (label, limit) == (f"panel: windows ({float(grown) / 0.64:.1f} tables)", "2")


def test_readme_has_the_table_of_all_figures():
    readme = report.README.read_text(encoding="utf-8")
    table = pd.read_csv(RESULTS / "speed.csv")
    assert report.between_marks(readme, table) == readme
    committed = (RESULTS / "speed.md").read_text(encoding="utf-8")
    assert sum(line in committed for line in readme.splitlines() if line.startswith("| W")) == 8


def test_only_what_is_between_the_marks_of_the_readme_is_written():
    table = pd.read_csv(RESULTS / "speed.csv")
    text = f"before\n{report.BEGIN}\nold\n{report.END}\nafter\n"
    new = report.between_marks(text, table)
    assert new.startswith(f"before\n{report.BEGIN}\n\n| workload")
    assert new.endswith(f".\n\n{report.END}\nafter\n")
    assert "old" not in new
    assert report.between_marks(new, table) == new
    with pytest.raises(ValueError, match="no marks"):
        report.between_marks("before", table)


def test_missed_targets_of_speed_are_named():
    rows = [("train", "W1", "sklearn_rnn", 0.2), ("predict", "W1", "sklearn_rnn", 0.41)]
    rows.append(("train", "W3", "sklearn_rnn without kernels", 1.3))
    table = pd.DataFrame(rows, columns=["measure", "workload", "competitor", "ratio"])
    late = ["predict W1 (0.41, target 0.4)", "train W3 without kernels (1.3, target 0.9)"]
    assert report.missed(table) == (late, 3)
    assert report.missed(table[:1]) == ([], 1)


@few_epochs
@pytest.mark.parametrize("name", ["5 to 60 steps", "missing values, indicated", "3 classes"])
def test_options_are_measured_beside_a_bare_loop_over_the_same_sequences(name, monkeypatch):
    net = replace(options.NETS[name], shape=(40, *options.NETS[name].shape[1:]))
    assert len(options.Bare(net).predict()) == len(net.data()[0]) == 40
    monkeypatch.setattr(options, "NETS", {name: net})
    table = pd.DataFrame(options.options(1, quick=True))
    assert table["competitor"].tolist() == ["bare torch", "sklearn_rnn"] * 2
    assert (table["seconds"] > 0).all()


@few_epochs
def test_dense_networks_are_measured_beside_those_of_scikit_learn(monkeypatch):
    (name, size), *_ = beside_mlp.SIZES.items()
    monkeypatch.setattr(beside_mlp, "SIZES", {name: size})
    monkeypatch.setattr(beside_mlp, "CALLS", 1)
    table = pd.DataFrame(beside_mlp.beside_mlp(1, quick=True))
    assert table["measure"].unique().tolist() == list(beside_mlp.MLP_MEASURES)
    assert (table.loc[table["competitor"] == "MLPRegressor", "ratio"] == 1).all()


def test_a_part_replaces_its_own_rows_alone_and_tells_when(elsewhere, monkeypatch):
    old = pd.DataFrame({"measure": ["a", "b", "b"], "ratio": ["1.50", "2", ""]})
    (elsewhere / "it.json").write_text('{"run": "before"}')
    old.to_csv(elsewhere / "it.csv", index=False)
    monkeypatch.setattr("benchmarks.question.RESULTS", elsewhere)
    monkeypatch.setattr("benchmarks.question.folder", lambda size: elsewhere)
    monkeypatch.setattr("benchmarks.question.write_report", lambda *_: None)
    new = pd.DataFrame({"measure": ["b"], "ratio": ["3"]})
    question = Measurement(lambda size: (old, {}), parts={"b only": lambda size: new})
    question.answer_part("it", "quick", "b only")
    assert (elsewhere / "it.csv").read_text() == "measure,ratio\na,1.50\nb,3\n"
    kept = json.loads((elsewhere / "it.json").read_text())
    assert kept["run"] == "before"
    assert kept["b only_run"].startswith("20")


def test_a_part_that_does_not_exist_is_refused(capsys):
    with pytest.raises(SystemExit):
        main(["speed", "--part", "nothing"])
    assert "--part must be one of ['options']" in capsys.readouterr().err
