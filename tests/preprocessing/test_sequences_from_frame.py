"""Tables with a row for each step become lists of sequences, and come back."""

import re

import numpy as np
import pandas as pd
import polars as pl
import pytest

from sklearn_rnn import GRUClassifier, frame_from_sequences, sequences_from_frame

RNG = np.random.default_rng(0)
LENGTHS = RNG.integers(1, 7, size=12)
NAMES = np.repeat([f"s{k:02}" for k in range(12)], LENGTHS)
STEPS = np.concatenate([np.arange(n) for n in LENGTHS])
DAYS = pd.Timestamp("2020-01-01") + pd.to_timedelta(STEPS, unit="D")
VALUES = RNG.normal(size=(len(NAMES), 2))
EXPECTED = np.split(VALUES, np.cumsum(LENGTHS)[:-1])
SHUFFLED = RNG.permutation(len(NAMES))
TABLE = pd.DataFrame(VALUES, columns=["a", "b"]).assign(name=NAMES, step=STEPS, day=DAYS)


def assert_equal(found, expected):
    assert len(found) == len(expected)
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("rows", [np.arange(len(NAMES)), SHUFFLED], ids=["sorted", "shuffled"])
@pytest.mark.parametrize("time", ["step", "day"])
def test_all_ways_to_name_sequences_and_times_give_the_same(time, rows):
    table = TABLE[["a", "b", "name", time]].iloc[rows]
    forms = {
        "columns": (table, {"by": "name", "time": time}),
        "levels": (table.set_index(["name", time]), {}),
        "levels the other way": (table.set_index([time, "name"]), {"by": "name", "time": time}),
        "times are the index": (table.set_index(time), {"by": "name"}),
        "names are the index": (table.set_index("name"), {"by": "name", "time": time}),
    }
    for frame, names in forms.values():
        assert_equal(sequences_from_frame(frame, **names), EXPECTED)
    labels = table.set_index(["name", time])["a"].map(lambda value: "up" if value > 0 else "down")
    found = sequences_from_frame(labels)
    assert_equal(found, [np.where(x[:, 0] > 0, "up", "down") for x in EXPECTED])


def test_a_loop_over_groups_gives_the_same():
    grouped = TABLE.iloc[SHUFFLED].groupby("name")
    loop = [rows.sort_values("day")[["a", "b"]].to_numpy() for _, rows in grouped]
    frame = TABLE[["a", "b", "name", "day"]].iloc[SHUFFLED]
    assert_equal(sequences_from_frame(frame, by="name", time="day"), loop)


def test_the_order_of_rows_is_that_of_steps_where_nothing_names_a_time():
    index = pd.Index([f"row {k}" for k in range(len(NAMES))])
    frame = TABLE[["a", "b", "name"]].set_index(index)
    assert_equal(sequences_from_frame(frame, by="name"), EXPECTED)
    backwards = [x[::-1] for x in EXPECTED]
    assert_equal(sequences_from_frame(frame[::-1], by="name"), backwards)


@pytest.mark.parametrize("rows", [np.arange(len(NAMES)), SHUFFLED], ids=["sorted", "shuffled"])
def test_sequences_come_back_as_the_rows_of_the_table(rows):
    frame = TABLE.iloc[rows].set_index(["name", "day"])[["a", "b"]]
    back = frame_from_sequences(sequences_from_frame(frame), frame, columns=frame.columns)
    pd.testing.assert_frame_equal(back, frame)
    series = frame["a"]
    back = frame_from_sequences(sequences_from_frame(series), series)
    pd.testing.assert_series_equal(back, series, check_names=False)
    table, names = TABLE.iloc[rows].drop(columns="step"), {"by": "name", "time": "day"}
    back = frame_from_sequences(sequences_from_frame(table, **names), table, **names)
    pd.testing.assert_frame_equal(back.set_axis(["a", "b"], axis=1), table[["a", "b"]])


def test_a_network_is_fitted_to_sequences_and_its_predictions_come_back():
    frame = TABLE.iloc[SHUFFLED].set_index(["name", "day"])
    X, y = sequences_from_frame(frame[["a", "b"]]), sequences_from_frame(frame["a"] > 0)
    how = {"max_epochs": 50, "learning_rate": 0.05, "lr_schedule": "onecycle", "random_state": 0}
    net = GRUClassifier(return_sequences=True, **how).fit(X, y)
    labels = frame_from_sequences(net.predict(X), frame)
    assert labels.index.equals(frame.index)
    assert (labels == (frame["a"] > 0)).mean() == pytest.approx(net.score(X, y))
    chances = frame_from_sequences(net.predict_proba(X), frame, columns=net.classes_)
    assert (chances.idxmax(axis=1) == labels).all()


@pytest.mark.parametrize(
    ("frame", "names", "error", "text"),
    [
        (VALUES, {}, TypeError, "frame must be a DataFrame of pandas or polars, or a Series"),
        (TABLE[["a"]], {}, ValueError, "by must name the column of the sequences if frame has no"),
        (TABLE, {"by": "unit"}, ValueError, "by='unit' is no column of frame, nor a level of its"),
        (TABLE[["a"]], {"by": "a", "time": "t"}, ValueError, "time='t' is no column of frame, nor"),
        (TABLE[:0], {"by": "name"}, ValueError, "frame has no rows; give at least one sequence."),
        (TABLE, {"by": "step", "time": "name"}, ValueError, "time='name' must hold times or numb"),
        (
            TABLE.assign(step=1),
            {"by": "name", "time": "step"},
            ValueError,
            "The sequence 's00' has",
        ),
        (
            TABLE.assign(step=TABLE["step"].where(TABLE["step"] < 2)),
            {"by": "name", "time": "step"},
            ValueError,
            "Row 2 of frame has no time; leave it out.",
        ),
        (TABLE, {"by": "name", "time": "step"}, TypeError, "frame must hold numbers, but its col"),
    ],
)
def test_a_table_that_is_not_in_long_form_is_refused(frame, names, error, text):
    with pytest.raises(error, match=f"^{re.escape(text)}"):
        sequences_from_frame(frame, **names)


def test_a_table_of_polars_gives_the_same():
    table, names = TABLE.iloc[SHUFFLED].drop(columns="step"), {"by": "name", "time": "day"}
    frame = pl.DataFrame(table.to_dict("list"))
    assert_equal(sequences_from_frame(frame, **names), EXPECTED)
    back = frame_from_sequences(EXPECTED, frame, columns=["a", "b"], **names)
    np.testing.assert_array_equal(back, table[["a", "b"]])
    with pytest.raises(TypeError, match=r"give frame.collect\(\)"):
        sequences_from_frame(frame.lazy(), **names)


def test_values_of_other_steps_do_not_come_back():
    frame = TABLE.set_index(["name", "day"])[["a"]]
    sequences = sequences_from_frame(frame)
    text = (
        f"sequences has 11 sequences of {len(frame) - LENGTHS[-1]} steps, but frame has 12 of "
        f"{len(frame)}, or of other lengths; give one value for each row of frame, in the order "
        "of sequences_from_frame."
    )
    with pytest.raises(ValueError, match=f"^{re.escape(text)}$"):
        frame_from_sequences(sequences[:-1], frame)
