"""The channel of past values of y is found where rows tell it, and never guessed."""

import pickle
import re

import numpy as np
import pandas as pd
import pytest

from sklearn_rnn import LagTransformer, make_lagged
from sklearn_rnn._sequences.target_channel import channels_known_ahead, find_target_channels

ROWS = np.random.default_rng(0).normal(size=(120, 3)).cumsum(axis=0)
DAYS = pd.date_range("2020-01-01", periods=123).delete([40, 41, 42])
TABLES = {
    "array": ROWS,
    "single precision": ROWS.astype(np.float32),
    "gap": pd.DataFrame(ROWS, DAYS, ["a", "b", "c"]),
    "panel": pd.DataFrame(
        ROWS, pd.MultiIndex.from_product([["A", "B"], DAYS[:40].append(DAYS[60:80])])
    ),
}


def found(W, y, given=None, **more):
    target = np.asarray(y).reshape(len(y), -1)
    known = {"standardize": "last", "n_channels": W.shape[-1], "columns": None, **more}
    return find_target_channels(given, W, target, **known).tolist()


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("window", [{}, {"delay": 4, "step": 2}, {"delay": 7}])
def test_y_is_a_column_of_the_table(table, window):
    W = LagTransformer(5, lag_unit="rows", **window).fit_transform(TABLES[table])
    for c in range(3):
        assert found(W, ROWS[:, c]) == [c]
    some = np.random.default_rng(1).permutation(120)[:50]
    assert found(W[some], ROWS[some, 1]) == [1]
    assert found(W[60:80], ROWS[60:80, 1]) == [1]
    for chosen in (slice(60, 80), np.r_[5:20, 90:110]):  # without the rows of others
        assert found(pickle.loads(pickle.dumps(W[chosen])), ROWS[chosen, 1]) == [1]
    assert found(W, ROWS[:, [2, 0]]) == [2, 0]


@pytest.mark.parametrize("delay", [1, 3])
def test_several_horizons_have_one_channel(delay):
    W, y = make_lagged(ROWS, ROWS[:, 1], 4, delay=delay, horizon=5)
    assert found(W, y) == [1] * 5


def test_a_name_or_a_position_is_taken_as_it_is():
    W = LagTransformer(3).fit_transform(TABLES["gap"])
    assert found(W, ROWS[:, 0] ** 2, "b") == [1]
    assert found(np.asarray(W), ROWS[:, :2], 2) == [2, 2]
    assert found(np.asarray(W), ROWS[:, :2], [2, 0]) == [2, 0]


@pytest.mark.parametrize(
    ("y", "twice", "given", "got"),
    [
        (ROWS[:, 0] + 1e-9, False, None, "None, and y equals no channel row by row"),
        (np.roll(ROWS[:, 0], 1), False, None, "None, and y equals no channel row by row"),
        (ROWS[:, 0], True, None, "None, and y equals the channels [0, 3] row by row"),
        (ROWS[:, 0], False, "d", "'d'"),
        (ROWS[:, 0], False, 3, "3"),
    ],
)
def test_it_is_never_guessed(y, twice, given, got):
    rows = np.hstack([ROWS, ROWS[:, :1]]) if twice else ROWS
    W = LagTransformer(3).fit_transform(rows)
    text = (
        'standardize="last" needs target_channel, the channel of X with past values of y: a '
        f"position below {rows.shape[1]}; got {got}."
    )
    with pytest.raises(ValueError, match=f"^{re.escape(text)}$"):
        found(W, y, given)


def test_arrays_do_not_tell_it():
    X = np.asarray(LagTransformer(3).fit_transform(ROWS))
    with pytest.raises(ValueError, match=r"target_channel.*got None, and X is not windows of"):
        found(X, ROWS[:, 0])


def test_one_channel_for_each_output():
    W = LagTransformer(3).fit_transform(ROWS)
    with pytest.raises(ValueError, match="target_channel has 3 channels, but y has 2 outputs"):
        found(W, ROWS[:, :2], [0, 1, 2])


def test_a_channel_known_ahead_is_not_the_past():
    W = LagTransformer(3, known_ahead=["b"]).fit_transform(TABLES["gap"])
    assert channels_known_ahead(W, None) == (1,)
    with pytest.raises(ValueError, match="got 'b', which is in known_ahead"):
        found(W, ROWS[:, 0], "b")
    with pytest.raises(ValueError, match="got None, and y equals no channel"):
        found(W, ROWS[:, 1])
