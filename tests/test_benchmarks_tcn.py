"""What the benchmark `tcn` measures, and what its test sequences are."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("matplotlib")

from benchmarks import _characters, _made_up, _tcn_report, _tcn_tasks
from benchmarks._runner import Result

FORMS = [(_made_up.adding, 40), (_made_up.copying, 30)]


class Sure:
    """Gives all probability to one of its labels."""

    classes_ = np.array([2, 5, 7])

    def __init__(self, label):
        self.label = label

    def predict_proba(self, X):
        return np.tile((self.classes_ == self.label).astype(float), (*X.shape, 1))


def test_bits_of_what_was_held_impossible_are_finite():
    y = np.full((2, _characters.N_STEPS), 5)
    assert _tcn_tasks.character_bits(Sure(5), y, y) == {"score": 0.0}
    assert _tcn_tasks.character_bits(Sure(7), y, y) == {"score": pytest.approx(126)}


@pytest.mark.parametrize("measure", [_tcn_tasks.character_bits, _tcn_tasks.cross_entropy])
def test_a_label_that_was_not_seen_in_training_is_refused(measure):
    y = np.full((2, _characters.N_STEPS), 5)
    y[0, -1], y[1, -1] = 6, 9
    with pytest.raises(ValueError, match=r"seen in training; \[6, 9\] were not"):
        measure(Sure(5), y, y)


@pytest.mark.parametrize(("draw", "n_steps"), FORMS)
def test_made_up_parts_come_of_a_generator_each(draw, n_steps):
    X, y, X_test, y_test = _made_up.parts(draw, 50, n_steps)
    for found, (n, seed) in (((X, y), (50, 0)), ((X_test, y_test), (5, 2026))):
        for array, expected in zip(found, draw(n, n_steps, seed), strict=True):
            np.testing.assert_array_equal(array, expected)
    seen = {row.tobytes() for row in X}
    assert not [row for row in X_test if row.tobytes() in seen]


def test_characters_of_the_test_that_training_lacks_are_left_out(monkeypatch):
    def texts(subset, **kwargs):
        text = np.tile([1, 2, 1, 3], 300)
        if subset == "test":
            text[120] = 4  # in the first of the windows alone, and not in what they share
        return text[:-1], text[1:]

    monkeypatch.setattr(_tcn_tasks, "fetch_ptb", texts)
    n_all = len(_characters.windows(texts("test")[1]))
    assert len(_tcn_tasks.characters(None).parts.y_test) < n_all
    assert len(_tcn_tasks.characters(None).parts.y) == n_all


def test_a_step_that_is_copied_has_a_channel_for_its_symbol_and_a_blank_is_zeros():
    tokens, _ = _made_up.copying(20, 30, seed=0)
    found = _made_up.indicators(tokens)
    assert found.shape == (20, 50, 9)
    np.testing.assert_array_equal(found[:, :10].argmax(axis=2) + 1, tokens[:, :10])
    assert not found[:, 10:39].any()
    assert (found[:, 39:, 8] == _made_up.LOUD).all()
    np.testing.assert_array_equal((found > 0).sum(axis=2), tokens != _made_up.BLANK)


def results_of(problem, *scores_by_model):
    told = {"n_parameters": 1, "fit_seconds": 0.0, "predict_seconds": 0.0, "settings": ""}
    told |= {"cv_score": None, "predictions": []}
    simple = [model.name for model in problem.simple]
    return [
        Result(problem.parts.name, model, seed, scores={"score": score}, **told)
        for model, scores in scores_by_model
        for seed, score in zip([None] if model in simple else range(9), scores, strict=False)
    ]


def test_a_made_up_task_is_solved_below_a_hundredth_of_the_floor():
    problem = _tcn_tasks.copying(100, 20)
    floor, linear = problem.simple
    results = results_of(
        problem,
        (floor.name, [0.5]),
        (linear.name, [0.1]),
        ("RNN", [0.5, 0.5]),
        ("TCN", [0.001, 0.2]),
    )
    raw_output = _tcn_report.solving(problem, results)
    assert "by TCN (1 of 2 seeds), but not by RNN;" in raw_output
    assert "RNN 100.0%, TCN 20.1%, logistic regression 20.0%" in raw_output


@pytest.mark.parametrize("sign", [1, -1])
def test_a_net_is_the_best_if_no_seed_of_another_is_as_good_as_one_of_its_own(sign):
    problem = replace(_tcn_tasks.copying(100, 20), more_is_better=sign < 0)
    simple = [(model.name, [sign * 9.0]) for model in problem.simple]

    def ranking(**scores):
        nets = [(net, [sign * score for score in seeds]) for net, seeds in scores.items()]
        return _tcn_report.ranking([problem], results_of(problem, *simple, *nets))

    task = problem.parts.name
    assert f"is TCN on {task}. A" in ranking(RNN=[3, 4, 4], GRU=[2.1, 5, 6], TCN=[1, 2, 2])
    assert f"states, are the nets on {task}. A" in ranking(RNN=[3, 4], GRU=[2.1, 5], TCN=[1, 2])
    raw_output = ranking(RNN=[3, 4, 4], GRU=[1.9, 5, 5], TCN=[1, 2, 2])
    assert "is not to be found; not told apart by their seeds" in raw_output
    assert f"TCN and GRU on {task}. A" in raw_output
    assert raw_output.endswith("on none.")
    assert ranking(RNN=[10, 9.5], TCN=[8, 11]).endswith(f"on {task}.")
