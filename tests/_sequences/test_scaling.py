"""Means and scales of columns against twins: long double, and scikit-learn's StandardScaler."""

from functools import reduce

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.preprocessing import StandardScaler

from sklearn_rnn._sequences import storage
from sklearn_rnn._sequences.scaling import Moments, Scale, bound, is_scaled, scaled_rows

DTYPES = (np.float32, np.float64, np.int64)
NONE = np.arange(0)
WIDE = np.finfo(np.longdouble).maxexp > np.finfo(np.float64).maxexp
needs_wide_exponents = pytest.mark.skipif(not WIDE, reason="long double is only as wide as double")


@st.composite
def tables(draw, largest=300):
    """Draw rows and weights: types, magnitudes by column, missing values, weights of zero."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    n, k = draw(st.integers(2, 60)), draw(st.integers(1, 4))
    dtype = draw(st.sampled_from(DTYPES))
    limit = min(largest, {np.float32: 36, np.int64: 17}.get(dtype, largest))
    least = 0 if dtype == np.int64 else -limit
    powers = draw(st.lists(st.integers(least, limit), min_size=k, max_size=k))
    rows = rng.normal(rng.choice([0, 3, -50], size=k), 1, size=(n, k)) * 10.0 ** np.array(powers)
    rows = np.asarray(rows.astype(dtype), order=draw(st.sampled_from("CF")))
    if dtype != np.int64 and draw(st.booleans()):
        rows[rng.random(rows.shape) < 0.2] = np.nan
    weight = rng.choice([0, 1, 1, 2.5], size=n) if draw(st.booleans()) else np.ones(n)
    weight[0] = 1
    return rows, weight


def naive(rows, weight, dtype=np.longdouble):
    """Return the means and deviations as they are defined."""
    mean, deviation = np.zeros((2, rows.shape[1]), dtype)
    for j in range(rows.shape[1]):
        there = (weight > 0) & ~np.isnan(rows[:, j])
        x, w = rows[there, j].astype(dtype), weight[there].astype(dtype)
        if there.any():
            mean[j] = (w * x).sum() / w.sum()
            deviation[j] = np.sqrt((w * (x - mean[j]) ** 2).sum() / w.sum())
    return mean, deviation


@needs_wide_exponents
@settings(max_examples=300)
@given(tables(), st.integers(-1000, 1000))
def test_means_and_deviations_are_those_of_long_doubles_at_every_magnitude(table, of_weight):
    rows, weight = table
    mean, deviation = naive(rows, weight)
    scale = Scale.of(rows, weight * 2.0**of_weight)
    used = np.where((weight[:, None] > 0) & ~np.isnan(rows), rows, 0).astype(np.longdouble)
    size = np.abs(used).max(axis=0)
    assert (np.abs(scale.mean - mean) <= 1e-13 * size).all()
    varies = deviation > 1e-13 * size
    assert_allclose(scale.scale[varies], deviation[varies].astype(float), rtol=1e-10)
    assert_array_equal(scale.scale[~varies], 1)


@settings(max_examples=200)
@given(tables(largest=30), st.integers(-800, 800), st.integers(-1000, 1000))
def test_powers_of_two_as_units_and_weights_leave_every_bit(table, of_rows, of_weight):
    rows, weight = table[0].astype(np.float64), table[1]
    scale = Scale.of(rows, weight)
    other = Scale.of(rows * 2.0**of_rows, weight * 2.0**of_weight)
    assert_array_equal(other.mean, scale.mean * 2.0**of_rows)
    is_one = np.fmax.reduce(rows) == np.fmin.reduce(rows)
    varies = ~is_one & (scale.scale != 1)
    assert_array_equal(other.scale[varies], scale.scale[varies] * 2.0**of_rows)
    for dtype in ("float32", "float64"):
        of_other = scaled_rows(rows * 2.0**of_rows, other, dtype, NONE)
        assert_array_equal(of_other[:, varies], scaled_rows(rows, scale, dtype, NONE)[:, varies])


@settings(max_examples=200)
@given(tables(largest=60), st.integers(1, 59), st.integers(-700, 700))
def test_moments_of_two_pieces_are_those_of_all_their_rows(table, at, of_rows):
    rows, weight = table
    rows = np.ldexp(rows.astype(np.float64), of_rows)
    pieces = [part for part in (slice(None, at), slice(at, None)) if weight[part].any()]
    merged = reduce(Moments.merged, (Moments.of(rows[part], weight[part]) for part in pieces))
    whole = Moments.of(rows, weight)
    size = np.maximum(np.fmax.reduce(np.abs(np.nan_to_num(rows[weight > 0]))), 5e-324)
    assert_array_equal(merged.count, whole.count)
    assert_array_equal(merged.low, whole.low)
    assert_array_equal(merged.high, whole.high)
    assert (np.abs(merged.scale.mean - whole.scale.mean) <= 1e-13 * size).all()
    found, true = (np.ldexp(m.deviation, m.exponent) for m in (merged, whole))
    assert (np.abs(found - true) <= 1e-7 * size).all()  # as the root of a rounding


def test_moments_of_pieces_keep_the_digits_of_a_column_far_from_zero():
    rows = 1e8 + np.random.default_rng(0).normal(size=(3000, 1))
    pieces = [Moments.of(part, np.full(len(part), 2.0**30)) for part in np.split(rows, [1, 40])]
    merged, whole = reduce(Moments.merged, pieces), Moments.of(rows, np.ones(len(rows)))
    assert_allclose(merged.scale.scale, whole.scale.scale, rtol=1e-7)
    assert_allclose(merged.total, 2.0**30 * whole.total)


@settings(max_examples=200)
@given(tables(largest=15))
def test_ordinary_columns_have_the_bits_of_the_plain_formulas(table):
    rows, weight = table
    used = weight > 0
    total = np.maximum(weight[used] @ ~np.isnan(rows[used]), np.finfo(float).tiny)
    mean = weight[used] @ np.nan_to_num(rows[used].astype(float)) / total
    deviation = np.sqrt(weight[used] @ np.nan_to_num(rows[used] - mean) ** 2 / total)
    scale = Scale.of(rows, weight)
    varies = scale.scale != 1
    assert_array_equal(scale.mean[varies], mean[varies])
    assert_array_equal(scale.scale[varies], deviation[varies])
    for dtype in ("float32", "float64"):
        centred = (rows - scale.mean).astype(dtype)
        expected = np.nan_to_num((centred / scale.scale).astype(dtype))
        expected = np.clip(expected, -bound(dtype), bound(dtype))  # where a column is constant
        assert_array_equal(scaled_rows(rows, scale, dtype, NONE), expected)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("n", [1, 10, 1000, 30_000])
def test_a_constant_has_itself_as_mean_and_the_scale_one(dtype, n):
    values = [1.99, 0.1, -1 / 3, 1e-310, 5e-324, 1e-38, 3e38, 0.0]
    values += [1.7e308, -1e300] if dtype == "float64" else []
    rows = np.tile(np.array(values, dtype), (n, 1))
    for weight in (np.ones(n), np.random.default_rng(0).random(n), np.full(n, 1e-320)):
        scale = Scale.of(rows, weight)
        assert_array_equal(scale.mean, rows[0])
        assert_array_equal(scale.scale, 1)
        assert not scaled_rows(rows, scale, dtype, NONE).any()


@pytest.mark.parametrize("n", [10, 1000, 30_000])
@pytest.mark.parametrize("noise", [0, 1, 3, 10, 1e3, 1e4, 1e6, 1e8, 1e12])
def test_what_is_constant_up_to_rounding_is_what_standard_scaler_says(n, noise):
    rng = np.random.default_rng(n)
    level = rng.uniform(0.01, 100, size=40)
    rows = level * (1 + noise * np.finfo(float).eps * rng.choice([-1, 1], size=(n, 40)))
    twin = StandardScaler().fit(rows)
    scale = Scale.of(rows, np.ones(n))
    assert_allclose(scale.mean, twin.mean_, rtol=1e-12)
    border = np.abs(noise / max(n, 10) - 1) < 0.5
    if not border:
        assert_allclose(scale.scale, twin.scale_, rtol=1e-3 if noise < 1e6 else 1e-7)


@settings(max_examples=200)
@given(tables(), st.sampled_from([1e5, 1e39, 1e300, np.finfo(float).max]), st.booleans())
def test_finite_rows_are_finite_and_within_the_bound_of_their_type(table, extreme, learned):
    rows, weight = table
    scale = Scale.of(rows, weight) if learned else Scale.identity(rows.shape[1])
    new = np.vstack([rows.astype(np.float64), np.full((1, rows.shape[1]), extreme), -rows])
    for dtype in ("float32", "float64"):
        z = scaled_rows(new, scale, dtype, NONE)
        assert np.isfinite(z).all()
        assert np.abs(z).max() <= bound(dtype)
        assert np.isfinite(np.square(np.square(z, dtype=dtype) / 2)).all()
    if learned:
        z = scaled_rows(rows, scale, "float64", NONE)
        there = (weight > 0)[:, np.newaxis] & ~np.isnan(rows)
        variance = np.array([weight @ (z[:, j] ** 2 * there[:, j]) for j in range(z.shape[1])])
        count = weight @ there
        varies = (scale.scale != 1) & (count > 0)
        assert_allclose(variance[varies], count[varies], rtol=1e-6)


def test_values_beyond_the_bound_need_a_copy():
    rows = np.ones((4, 2), np.float32)
    assert is_scaled(rows, Scale.identity(2), "float32")
    for value in (1e30, -1e30):
        rows[1, 1] = value
        assert not is_scaled(rows, Scale.identity(2), "float32")


def test_chunks_of_rows_change_nothing_but_roundings(monkeypatch):
    rng = np.random.default_rng(0)
    rows, weight = rng.normal(size=(500, 3)) * [1, 1e200, 1e-200], rng.random(500)
    whole = Scale.of(rows, weight)
    monkeypatch.setattr(storage, "CHUNK_VALUES", 30)
    parts = Scale.of(rows, weight)
    assert_allclose(parts.mean, whole.mean, rtol=1e-12)
    assert_allclose(parts.scale, whole.scale, rtol=1e-12)
