import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import mean_pinball_loss

from sklearn_rnn.model_selection import interval_coverage, interval_score

RNG = np.random.default_rng(0)
Y = RNG.normal(size=2000)


def intervals(lower, upper):
    return np.column_stack([np.full(len(Y), lower), np.full(len(Y), upper)])


def test_coverage_is_the_share_inside_with_ends_and_weights():
    ends = intervals(Y[0], 1.0)
    inside = (Y[0] <= Y) & (Y <= 1.0)
    assert inside[0]
    assert interval_coverage(Y, ends) == pytest.approx(inside.mean())
    weight = RNG.integers(1, 4, size=len(Y))
    repeated = interval_coverage(np.repeat(Y, weight), np.repeat(ends, weight, axis=0))
    assert interval_coverage(Y, ends, sample_weight=weight) == pytest.approx(repeated)


@pytest.mark.parametrize("level", [0.5, 0.9])
def test_the_score_is_the_pinball_loss_of_both_ends(level):
    ends, alpha = intervals(-1.0, 1.5), 1 - level
    pinball = sum(
        mean_pinball_loss(Y, end, alpha=q)
        for end, q in zip(ends.T, (alpha / 2, 1 - alpha / 2), strict=True)
    )
    assert interval_score(Y, ends, level=level) == pytest.approx(2 / alpha * pinball)


def test_the_true_quantiles_have_the_least_score():
    best = stats.norm.interval(0.9)
    score = interval_score(Y, intervals(*best))
    for factor in (0.7, 1.4):
        assert interval_score(Y, intervals(*(factor * np.array(best)))) > score


def test_several_outputs_count_the_same():
    ends = np.stack([intervals(-1, 1), intervals(-2, 2)], axis=1)
    both = np.column_stack([Y, Y])
    for metric in (interval_coverage, interval_score):
        alone = [metric(Y, ends[:, j]) for j in range(2)]
        assert metric(both, ends) == pytest.approx(np.mean(alone))


def test_intervals_of_another_shape_or_order_are_refused():
    with pytest.raises(ValueError, match=r"intervals must have the shape of y_true and two ends"):
        interval_coverage(Y, intervals(0, 1)[:-1])
    with pytest.raises(ValueError, match=r"intervals must have ascending ends; .* in row 0"):
        interval_score(Y, intervals(1, 0))
    with pytest.raises(ValueError, match=r"'level' parameter .* range \(0\.0, 1\.0\). Got 90"):
        interval_score(Y, intervals(0, 1), level=90)
    with pytest.raises(ValueError, match="intervals must hold numbers"):
        interval_coverage(Y, intervals(0, 1).astype(str))
    with pytest.raises(ValueError, match=r"(?i)^sample.weights? must"):
        interval_coverage(Y, intervals(0, 1), sample_weight=np.zeros(len(Y)))
