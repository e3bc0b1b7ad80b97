"""What the benchmark `tcn` measures, and what its test sequences are."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("matplotlib")

from benchmarks.harness import characters, long_sequences, made_up
from benchmarks.harness.runner import Result
from benchmarks.questions import tcn
from benchmarks.report.study import Study
from benchmarks.report.writer import render

FORMS = [(made_up.adding, 40), (made_up.copying, 30)]


class Sure:
    """Gives all probability to one of its labels."""

    classes_ = np.array([2, 5, 7])

    def __init__(self, label):
        self.label = label

    def predict_proba(self, X):
        return np.tile((self.classes_ == self.label).astype(float), (*X.shape, 1))


def test_bits_of_what_was_held_impossible_are_finite():
    y = np.full((2, characters.N_STEPS), 5)
    assert long_sequences.character_bits(Sure(5), y, y) == {"score": 0.0}
    assert long_sequences.character_bits(Sure(7), y, y) == {"score": pytest.approx(126)}


@pytest.mark.parametrize("measure", [long_sequences.character_bits, long_sequences.cross_entropy])
def test_a_label_that_was_not_seen_in_training_is_refused(measure):
    y = np.full((2, characters.N_STEPS), 5)
    y[0, -1], y[1, -1] = 6, 9
    with pytest.raises(ValueError, match=r"seen in training; \[6, 9\] were not"):
        measure(Sure(5), y, y)


@pytest.mark.parametrize(("draw", "n_steps"), FORMS)
def test_made_up_parts_come_of_a_generator_each(draw, n_steps):
    X, y, X_test, y_test = made_up.parts(draw, 50, n_steps)
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

    monkeypatch.setattr(long_sequences, "fetch_ptb", texts)
    n_all = len(characters.windows(texts("test")[1]))
    assert len(long_sequences.characters(None).y_test) < n_all
    assert len(long_sequences.characters(None).y) == n_all


def test_a_step_that_is_copied_has_a_channel_for_its_symbol_and_a_blank_is_zeros():
    tokens, _ = made_up.copying(20, 30, seed=0)
    found = made_up.indicators(tokens)
    assert found.shape == (20, 50, 9)
    np.testing.assert_array_equal(found[:, :10].argmax(axis=2) + 1, tokens[:, :10])
    assert not found[:, 10:39].any()
    assert (found[:, 39:, 8] == made_up.LOUD).all()
    np.testing.assert_array_equal((found > 0).sum(axis=2), tokens != made_up.BLANK)


def study_of(task, **scores_by_model) -> Study:
    """Return what is told of a task whose simple models have one score, and no random state."""
    return Study(
        [
            Result(task, model.replace("_", " "), seed, {"score": score})
            for model, scores in scores_by_model.items()
            for seed, score in enumerate(scores if isinstance(scores, list) else [scores])
            for seed in [seed if isinstance(scores, list) else None]
        ]
    )


def told(study: Study) -> str:
    """Return the conclusion."""
    notes = dict.fromkeys(study.tasks, "")
    study = replace(study, notes=notes, run="today")
    text = render("tcn", {"study": study, "without": "", **tcn.facts(study)})
    return text.partition("**Conclusion.** ")[2].partition("\n\n")[0]


def test_a_made_up_task_is_solved_below_a_hundredth_of_the_floor():
    task = "copying after 20 steps"
    study = study_of(task, floor=0.5, logistic_regression=0.1, RNN=[0.5, 0.5], TCN=[0.001, 0.2])
    sentence = told(study)
    assert "of the loss of the floor, by TCN (1 of 2 seeds), but not by RNN;" in sentence
    assert "RNN 100.0%, TCN 20.1%, logistic regression 20.0%" in sentence


@pytest.mark.parametrize(("sign", "task"), [(1, "Nottingham"), (-1, "sequential MNIST")])
def test_a_net_is_the_best_if_no_seed_of_another_is_as_good_as_one_of_its_own(sign, task):
    def ranking(**scores):
        nets = {net: [sign * score for score in seeds] for net, seeds in scores.items()}
        return told(study_of(task, floor=sign * 9.0, linear=sign * 9.0, **nets))

    assert f"is TCN on {task}. A" in ranking(RNN=[3, 4, 4], GRU=[2.1, 5, 6], TCN=[1, 2, 2])
    assert f"states, are the nets on {task}. A" in ranking(RNN=[3, 4], GRU=[2.1, 5], TCN=[1, 2])
    raw_output = ranking(RNN=[3, 4, 4], GRU=[1.9, 5, 5], TCN=[1, 2, 2])
    assert "is not to be found; not told apart by their seeds" in raw_output
    assert f"TCN and GRU on {task}. A" in raw_output
    assert raw_output.endswith("on none.")
    assert ranking(RNN=[10, 9.5], TCN=[8, 11]).endswith(f"on {task}.")
