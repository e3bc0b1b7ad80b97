"""Perturbed tables keep what is not perturbed; differences are found in all containers."""

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_array

from sklearn_rnn import make_lagged
from sklearn_rnn.model_selection._perturbation import (
    TOLERANCE,
    changed_rows,
    draw_rows,
    perturb,
    value_columns,
    with_rows_of,
)

RNG = np.random.default_rng(0)
ROWS = np.arange(40) >= 30
TABLE = pd.DataFrame(
    {
        "signed": RNG.normal(size=40),
        "positive": RNG.lognormal(size=40),
        "single": RNG.normal(size=40).astype(np.float32),
        "share": RNG.uniform(size=40),
        "count": RNG.integers(0, 9, 40),
        "label": RNG.integers(0, 2, 40).astype(float),
        "flag": RNG.uniform(size=40) < 0.5,
        "whole": pd.array([None, *range(39)], dtype="Int64"),
        "gaps": np.where(np.arange(40) % 4, RNG.normal(size=40), np.nan),
        "text": list("ab") * 20,
        "category": pd.Categorical([7, None, 8, 9] * 10),
        "day": [f"2024-01-{1 + t // 4:02}" for t in range(40)],
        "name": [f"row {t}" for t in range(40)],
        "constant": 1.5,
    },
    index=pd.date_range("2024-01-01", periods=40),
)
VALUES = value_columns(TABLE)


def perturbed(table, columns, seed=0):
    return perturb(table, ROWS, columns, np.random.RandomState(seed))


def test_only_chosen_rows_and_values_change():
    fixed = ["day", "name"]
    assert [TABLE.columns[c] for c in VALUES] == [name for name in TABLE if name not in fixed]
    assert [TABLE.columns[c] for c in value_columns(TABLE, {"flag"})] == [
        name for name in TABLE if name not in (*fixed, "flag")
    ]
    found = perturbed(TABLE, VALUES)
    assert found.dtypes.equals(TABLE.dtypes)
    pd.testing.assert_frame_equal(found[~ROWS], TABLE[~ROWS])
    pd.testing.assert_frame_equal(found[fixed], TABLE[fixed])
    pd.testing.assert_frame_equal(found.isna(), TABLE.isna())
    for name in TABLE.columns[VALUES]:
        known = ROWS & TABLE[name].notna().to_numpy()
        assert (found[name] != TABLE[name])[known].all(), name


@pytest.mark.parametrize("seed", range(5))
def test_values_keep_their_kind(seed):
    found = perturbed(TABLE, VALUES, seed)
    assert (found["positive"] > 0).all()
    assert found["share"].between(0, 1).all()
    for name in ("count", "label", "flag", "whole", "text", "category"):
        assert set(found[name].dropna()) <= set(TABLE[name].dropna())


def test_fractions_leave_their_range():
    for name in ("signed", "positive"):
        column = [TABLE.columns.get_loc(name)]
        found = [perturbed(TABLE, column, seed)[name].max() for seed in range(5)]
        assert max(found) > TABLE[name].max()


@pytest.mark.parametrize("values", [RNG.normal(size=40), RNG.normal(size=(40, 2))])
def test_arrays_and_series_are_tables(values):
    found = perturbed(values, value_columns(values))
    np.testing.assert_array_equal(changed_rows(values, found), ROWS)
    if values.ndim == 1:
        series = pd.Series(values, TABLE.index, name="a")
        pd.testing.assert_series_equal(
            perturbed(series, value_columns(series)), pd.Series(found, TABLE.index, name="a")
        )


def test_rows_of_sequences_are_drawn():
    windows = make_lagged(TABLE[["signed"]], TABLE["signed"], 3)[0]
    rows = np.arange(len(windows)) >= 30
    found = draw_rows(windows, rows, np.random.RandomState(0))
    assert type(found) is type(windows)
    assert not changed_rows(windows, found)[~rows].any()
    assert changed_rows(windows, found)[rows].any()


def test_rows_of_another_table_replace_those_of_a_table():
    found = perturbed(TABLE, VALUES)
    pd.testing.assert_frame_equal(with_rows_of(found, TABLE, ROWS), TABLE)
    values = TABLE[["signed", "share"]].to_numpy()
    np.testing.assert_array_equal(with_rows_of(values + 1, values, ROWS)[ROWS], values[ROWS])
    np.testing.assert_array_equal(with_rows_of(values + 1, values, ROWS)[~ROWS], values[~ROWS] + 1)


def containers():
    numbers = RNG.normal(size=(5, 3))
    numbers[1, 1] = np.nan
    yield "array", numbers
    yield "windows", np.stack([numbers, 2 * numbers], axis=1)
    yield "sparse", csr_array(np.nan_to_num(numbers))
    yield "objects", np.array([["a", None, 1.0]] * 5, dtype=object)
    yield "list", [numbers[:2], numbers[:3], numbers, numbers[:1], numbers[:2]]
    yield "texts", list("abcde")


@pytest.mark.parametrize(("name", "data"), list(containers()))
def test_a_changed_row_is_found_in_any_container(name, data):
    other = [a.copy() if hasattr(a, "copy") else a for a in data] if name == "list" else data.copy()
    assert not changed_rows(data, other).any()
    if name == "sparse":
        other = other.toarray()
    if name in ("objects", "texts"):
        other[2] = "other"
    else:
        other[2] += 1.0
    other = csr_array(other) if name == "sparse" else other
    assert changed_rows(data, other).tolist() == [False, False, True, False, False]


def test_frames_are_compared_by_column():
    other = TABLE.copy()
    other.loc[other.index[3], "text"] = "z"
    other.loc[other.index[5], "signed"] += TOLERANCE / 2  # rounding: the range is above 1
    other.loc[other.index[7], "signed"] += 10 * TOLERANCE
    other.loc[other.index[9], "gaps"] = np.nan
    other.loc[other.index[0], "whole"] = 4
    assert np.flatnonzero(changed_rows(TABLE, other)).tolist() == [0, 3, 7, 9]
    assert np.flatnonzero(changed_rows(TABLE["whole"], other["whole"])).tolist() == [0]


def test_many_rows_are_compared_in_blocks():
    values = np.zeros((3 * 2**19, 1))
    values[0] = 1.0
    other = values.copy()
    other[[5, -1]] = 0.5
    assert np.flatnonzero(changed_rows(values, other)).tolist() == [5, len(values) - 1]
