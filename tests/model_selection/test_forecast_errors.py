"""Errors of groups of forecasts: limits, proper scores, and the CRPS in closed form."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sklearn.metrics import mean_pinball_loss

from sklearn_rnn.model_selection._forecast_errors import forecast_errors, level_of_endings

LEVELS = level_of_endings([0.5, 0.8, 0.9])
Y = stats.norm.ppf((np.arange(4000) + 0.5) / 4000)  # means over these are expectations


def test_smape_has_its_limits_and_rows_without_an_actual_or_a_scale_are_left_out():
    table = pd.DataFrame(
        {
            "actual": [0.0, 0.0, 1.0, np.nan, 2.0],
            "forecast": [0.0, 3.0, -1.0, 5.0, 3.0],
            "scale": [1.0, 2.0, 0.0, 1.0, np.nan],
            "weight": 1.0,
            "row": range(5),
        }
    )
    each = forecast_errors(table, ["row"])
    assert each["smape"].tolist() == [0.0, 200.0, 200.0, 40.0]
    assert each["mase"].fillna(-1).tolist() == [0.0, 1.5, -1.0, -1.0]
    together = forecast_errors(table.assign(all=0), ["all"]).iloc[0]
    assert (together["n"], together["mase"], together["mae"]) == (4, 0.75, 1.5)


@pytest.mark.parametrize("level", [0.5, np.float32(0.5), np.float64(0.5)])
def test_a_number_of_any_type_is_a_single_level(level):
    assert level_of_endings(level) == {"": 0.5}
    assert level_of_endings([level]) == {"_0.5": 0.5}


def test_a_series_without_a_name_is_one_as_well():
    columns = {"actual": [1.0, 2.0, 4.0], "forecast": 0.0, "scale": 1.0, "weight": 1.0}
    table = pd.DataFrame(columns | {"series": ["a", None, None], "model": "m"})
    for by in (["series"], ["model", "series"]):
        found = forecast_errors(table, by)
        assert found["mae"].tolist() == [1.0, 3.0]
        assert found["n"].tolist() == [1, 2]
        assert found.index.get_level_values("series").isna().tolist() == [False, True]


def errors(center, scale, levels=LEVELS, actual=Y, weight=1.0):
    """Return the errors of normal distributions, given by their median and intervals."""
    columns = {"actual": actual, "forecast": center, "scale": 1.0, "weight": weight, "all": 0}
    for ending, level in levels.items():
        half = scale * stats.norm.ppf((1 + level) / 2)
        columns |= {f"lower{ending}": center - half, f"upper{ending}": center + half}
    return forecast_errors(pd.DataFrame(columns), ["all"], levels).iloc[0]


def test_the_pinball_losses_and_their_integral_are_those_of_a_loop():
    weight = np.random.default_rng(1).integers(0, 3, size=len(Y))
    found = errors(0.3, 2.0, weight=weight)
    quantiles, crps = [0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95], 0.0
    for k, q in enumerate(quantiles):
        predicted = np.full(len(Y), 0.3 + 2.0 * stats.norm.ppf(q))
        loss = mean_pinball_loss(Y, predicted, alpha=q, sample_weight=weight)
        expected = found["mae"] / 2 if q == 0.5 else found[f"pinball_{q}"]
        assert loss == pytest.approx(expected)
        left = (quantiles[k - 1] + q) / 2 if k else 0.0
        right = (q + quantiles[k + 1]) / 2 if k + 1 < len(quantiles) else 1.0
        crps += 2 * (right - left) * loss
    assert found["crps"] == pytest.approx(crps)


@pytest.mark.parametrize("levels", [LEVELS, level_of_endings(0.8)])
def test_true_quantiles_have_the_least_losses(levels):
    best = errors(0.0, 1.0, levels)
    scores = [name for name in best.index if name.startswith(("pinball", "interval", "crps"))]
    for center, scale in ((0.1, 1.0), (-0.1, 1.0), (0.0, 0.9), (0.0, 1.1)):
        assert (errors(center, scale, levels)[scores] > best[scores]).all()


@pytest.mark.parametrize("levels", [LEVELS, level_of_endings(0.3)])
def test_the_crps_of_forecasts_without_a_width_is_the_mae(levels):
    found = errors(0.3, 0.0, levels)
    assert found["crps"] == pytest.approx(found["mae"])


def test_the_crps_of_many_levels_is_that_of_the_distribution():
    z = (Y - 0.3) / 1.5  # Gneiting and Raftery (2007), equation 21
    each = z * (2 * stats.norm.cdf(z) - 1) + 2 * stats.norm.pdf(z) - 1 / np.sqrt(np.pi)
    exact = 1.5 * each.mean()
    many = errors(0.3, 1.5, level_of_endings(np.arange(1, 100) / 100))
    assert many["crps"] == pytest.approx(exact, rel=1e-3)


@pytest.mark.parametrize(("level", "ratio"), [(0.9, 0.84), ([0.5, 0.8, 0.9], 0.98)])
def test_the_crps_of_few_levels_is_as_close_as_documented(level, ratio):
    found = errors(0.0, 1.0, level_of_endings(level))["crps"]
    assert found * np.sqrt(np.pi) == pytest.approx(ratio, abs=0.005)


def test_the_crps_has_the_units_of_the_target():
    changed = errors(3.0, 20.0, actual=10.0 * Y)
    np.testing.assert_allclose(changed["crps"], 10.0 * errors(0.3, 2.0)["crps"])


def test_an_infinite_interval_has_an_infinite_score():
    found = errors(0.0, np.inf)
    assert found[["crps", "pinball_0.05", "interval_score_0.9", "width_0.5"]].eq(np.inf).all()
    assert found["coverage_0.5"] == 1.0
