"""What one model gains on another: its value, its interval, and how it is kept."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from benchmarks.harness.runner import Result, Task
from benchmarks.report.effects import Effect, effect, squared, wrong
from benchmarks.report.study import CV, Study, gains_of, read_study, write_study


def effects_of(losses, y, predictions) -> list[Effect]:
    task = Task("t", None, None, None, np.asarray(y), losses=losses)
    results = [
        Result("t", name, seed, {}, predictions=list(run))
        for name, runs in predictions.items()
        for seed, run in enumerate(runs)
    ]
    return [*gains_of([task], Study(results), lambda study, task: ["none"]).values()]


def test_interval_of_a_gain_holds_the_truth_in_95_percent_of_repetitions():
    """Few seeds and few rows: the quantile of the normal would be too small."""
    rng = np.random.default_rng(0)
    truth, held = 0.3, 0
    for _ in range(1000):
        rows, seeds = rng.normal(size=(1, 8)), rng.normal(size=(4, 1))
        losses = rows + seeds - truth + 0.5 * rng.normal(size=(4, 8))
        gain = effect(losses, 0.1 * rng.normal(size=(1, 8)))
        held += abs(gain.value - truth) <= gain.reach
    assert 0.93 <= held / 1000 <= 0.975


def test_blocks_of_one_row_are_rows():
    losses, reference = np.random.default_rng(0).normal(size=(2, 3, 20))
    found = effect(losses, reference, np.arange(20)[::-1])
    assert dataclasses.astuple(found) == pytest.approx(
        dataclasses.astuple(effect(losses, reference))
    )


def test_rows_that_are_the_same_within_blocks_count_as_the_blocks():
    rng = np.random.default_rng(0)
    of_blocks, reference = rng.normal(size=(1, 9)), np.zeros((1, 9))
    alone = effect(of_blocks, reference)
    blocks = np.repeat(np.arange(9), 5)
    rows = np.repeat(of_blocks, 5, axis=1)
    order = rng.permutation(45)
    found = effect(rows[:, order], np.zeros((1, 45)), blocks[order])
    assert dataclasses.astuple(found) == pytest.approx(dataclasses.astuple(alone))
    assert effect(rows, np.zeros((1, 45))).error < 0.5 * alone.error


def test_gain_of_a_change_is_that_of_the_score():
    rng = np.random.default_rng(0)
    y = rng.normal(size=400)
    noise = rng.normal(size=(3, 400))
    predictions = {"none": y + noise, "half": y + 0.5 * noise, "double": y + 2 * noise}
    half, double = effects_of(squared, y, predictions)
    assert half.value == pytest.approx(0.75 * np.mean(noise**2) / np.var(y))
    assert (half.verdict, double.verdict) == ("helps", "harms")
    labels = (y > 0).astype(int)
    flipped = np.where(rng.uniform(size=(3, 400)) < 0.5, 1 - labels, labels)
    same, right = effects_of(
        wrong, labels, {"none": flipped, "same": flipped, "right": [labels] * 3}
    )
    assert (same.value, same.verdict) == (0.0, "not shown")
    assert right.value == pytest.approx(np.mean(flipped != labels))
    assert right.verdict == "helps"


def test_a_study_is_read_as_it_was_written(tmp_path):
    scores = [{"R2": 0.25, "MAE": 1.5}, {"R2": 0.5, "MAE": 1.25}, {"accuracy": 0.75}]
    results = [
        Result("a, 1", "ols", None, scores[0], None, 3, 0.25, 0.5, "alpha=1 (end)"),
        Result("a, 1", "net", 0, scores[1], 0.125, 9, 1.0, 2.0),
        Result("b", "net", 7, scores[2], 0.5, 9, 1.0, 2.0),
    ]
    gains = {("a, 1", "net", "ols"): Effect(0.25, 0.5, 3.5)}
    study = Study(results, gains, {"a, 1": "40 rows"}, ["c"], "today")
    write_study(tmp_path, "some", study)
    assert read_study(tmp_path, "some") == study
    write_study(tmp_path, "none", dataclasses.replace(study, gains={}))
    assert read_study(tmp_path, "none").gains == {}
    assert (study.nets(), study.simple(), study.nets("b")) == (["net"], ["ols"], ["net"])
    assert study.best("a, 1", ["ols", "net"], "MAE", less=True) == "net"
    assert study.mean("b", "net", CV) == 0.5
    assert study.gain("a, 1", "ols", "net") == Effect(-0.25, 0.5, 3.5)
