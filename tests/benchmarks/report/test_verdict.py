"""The rule by which a net is to be taken, and the standard errors that it asks for."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations

import numpy as np
import pytest
from sklearn.metrics import r2_score

from benchmarks.harness.runner import Result, Task
from benchmarks.report.effects import squared
from benchmarks.report.study import Study, gains_of
from benchmarks.report.verdict import LEAST, best_simple, judge
from benchmarks.report.writer import templates

N_TEST = 400
ERROR = 0.4 / np.sqrt(N_TEST - 1)  # the standard error of every gain of `result_of`
Y = np.tile([1.0, 1.0, -1.0, -1.0], N_TEST // 4)


TASK = Task("task", None, None, Y[:, None], Y, losses=squared)


def judged(*results: Result):
    """Return the verdict on what is told of models, and how it is told."""
    study = Study(results)
    gains = gains_of([TASK], study, lambda study, task: [best_simple(study, task)])
    study = replace(study, gains=gains)
    verdict = judge(study, "task")
    return verdict, templates().get_template("verdict.md").module.verdict(study, verdict, LEAST)


def result_of(model, *, gain=0.0, cv_score=0.5, n_parameters=10, seed=None) -> Result:
    """Gain as many standard errors of R2 on a model whose squared errors are 1."""
    luck = 0.4 * np.tile([1.0, -1.0], N_TEST // 2) if gain else 0.0
    predictions = Y + np.sqrt(1 - gain * ERROR - luck)
    scores = {"R2": r2_score(Y, predictions)}
    return Result(
        "task", model, seed, scores, cv_score, n_parameters, 0.0, 0.0, "", list(predictions)
    )


@pytest.mark.parametrize(("gain", "taken"), [(-3, "ols"), (1.9, "ols"), (2.1, "net")])
def test_a_net_is_taken_if_it_gains_two_standard_errors(gain, taken):
    verdict, sentence = judged(
        result_of("net", gain=gain, n_parameters=99, seed=0), result_of("ols")
    )
    assert verdict.take == taken
    assert verdict.gain.value == pytest.approx(gain * ERROR)
    assert verdict.gain.error == pytest.approx(ERROR)
    assert sentence.startswith(f"take {taken} (R2 ")
    assert f"gains {gain * ERROR:.3f} ± {ERROR:.3f} on ols" in sentence
    assert ("at least 2 standard errors" in sentence) == (taken == "net")
    assert ("less than 2 standard errors" in sentence) == (taken == "ols")


def test_the_net_is_chosen_in_cross_validation_by_the_mean_over_seeds():
    verdict, _ = judged(
        result_of("ols", cv_score=0.9),
        result_of("lucky", gain=9, cv_score=0.7, seed=0),  # the best net of one seed, and in test
        result_of("lucky", gain=9, cv_score=0.1, seed=1),
        result_of("steady", gain=1, cv_score=0.5, seed=0),
        result_of("steady", gain=1, cv_score=0.5, seed=1),
    )
    assert (verdict.net, verdict.take) == ("steady", "ols")


def test_of_simple_models_the_smallest_is_taken_that_is_as_good_as_the_best():
    simple = {
        "constant": result_of("constant", gain=-9, cv_score=0.1, n_parameters=1),
        "small": result_of("small", cv_score=0.4, n_parameters=5),
        "middle": result_of("middle", cv_score=0.3, n_parameters=7),
        "best": result_of("best", gain=1.5, cv_score=0.6, n_parameters=20),
    }
    net = result_of("net", gain=-1, cv_score=0.5, n_parameters=99, seed=0)
    for names in permutations(simple):
        verdict, sentence = judged(net, *(simple[name] for name in names))
        assert (verdict.simple, verdict.take) == ("best", "small")
    assert sentence.startswith("take small (R2 0.000, 5 parameters), the smallest model")


def test_standard_error_is_the_spread_of_the_gain_over_repetitions():
    """Both parts count: rows that happened to be hard for one model, and seeds that were good."""
    rng = np.random.default_rng(0)
    gains, errors = [], []
    for _ in range(400):
        ours = 1 + 0.1 * rng.normal(size=5)[:, None]  # how large the errors of each seed are
        predictions = {"ols": [Y + rng.normal(size=N_TEST)]}
        predictions["net"] = Y + ours * rng.normal(size=N_TEST)
        results = [
            replace(result_of(name), predictions=run)
            for name, runs in predictions.items()
            for run in runs
        ]
        found = gains_of([TASK], Study(results), lambda study, task: ["ols"])
        squares = {name: np.mean((runs - Y) ** 2) for name, runs in predictions.items()}
        gains.append(squares["ols"] - squares["net"])
        errors.append(found["task", "net", "ols"].error)
    assert np.sqrt(np.mean(np.square(errors))) == pytest.approx(np.std(gains), rel=0.1)
