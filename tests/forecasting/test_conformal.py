import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sklearn_rnn.forecasting._conformal import Calibration, conformal_quantile, smallest_sample

RNG = np.random.default_rng(0)


@given(st.integers(1, 60), st.floats(0.01, 0.99))
def test_the_quantile_is_an_order_statistic(n_scores, level):
    scores = np.random.default_rng(n_scores).normal(size=n_scores)
    number = math.ceil(round((n_scores + 1) * level, 9))
    expected = [-math.inf, *np.sort(scores), math.inf][min(number, n_scores + 1)]
    assert conformal_quantile(scores, level) == expected


@pytest.mark.parametrize("level", [0.5, 0.8, 0.9, 0.95, 0.99])
def test_the_smallest_sample_is_the_first_with_a_finite_quantile(level):
    n = smallest_sample(level)
    assert math.isfinite(conformal_quantile(np.arange(float(n)), level))
    assert conformal_quantile(np.arange(n - 1.0), level) == math.inf


@pytest.mark.parametrize("level", [0.5, 0.9])
def test_a_new_score_of_the_same_distribution_is_below_with_the_level(level):
    scores = RNG.normal(size=(20_000, 40))
    below = [new <= conformal_quantile(np.array(old), level) for *old, new in scores]
    share = math.ceil(40 * level) / 40
    assert np.mean(below) == pytest.approx(share, abs=4 * (share * (1 - share) / 20_000) ** 0.5)


def drifting(n_rows=4000):
    """Errors whose size grows tenfold, after a calibration on small ones."""
    return np.abs(RNG.normal(size=n_rows)) * np.linspace(1, 10, n_rows)


@pytest.mark.parametrize("delay", [1, 5])
@pytest.mark.parametrize("step_size", [0.005, 0.05])
def test_the_share_of_misses_has_the_bound_of_gibbs_and_candes(step_size, delay):
    """Proposition 4.1: whatever the scores, it is off by at most (0.9 + g) / (g * n); with a delay
    the scores of that many more rows are still to be learned."""
    scores = drifting()
    margins = Calibration(np.abs(RNG.normal(size=200)), 0.1, step_size).run(scores, delay)
    bound = (0.9 + step_size * delay) / (step_size * len(scores))
    assert abs((scores > margins).mean() - 0.1) <= bound


def test_without_a_step_the_level_is_missed_on_the_same_errors():
    scores = drifting()
    margin = Calibration(np.abs(RNG.normal(size=200)), 0.1, 0.0).margin()
    assert (scores > margin).mean() > 0.5


def test_a_run_equals_a_loop_of_margins_and_observations():
    scores, start = drifting(50), np.abs(RNG.normal(size=30))
    calibration, twin = (Calibration(start.copy(), 0.1, 0.05) for _ in range(2))
    margins = calibration.run(scores, 1)
    for score, margin in zip(scores, margins, strict=True):
        assert twin.margin() == margin
        twin.observe(score, margin)
    assert calibration.margin() == twin.margin()
    assert sorted(calibration.scores) == sorted([*start, *scores][-30:])  # the last ones remain
