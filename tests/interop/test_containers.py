"""Arrow, dask and xarray: what they hold is read, or refused with the call to make."""

import dask.array as da
import dask.bag as db
import dask.dataframe as dd
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import xarray as xr

from sklearn_rnn import GRURegressor, LagTransformer, make_ar, make_lagged, make_lasso
from tests.nets import few_epochs

N = 40
RNG = np.random.default_rng(0)
DAYS = pd.date_range("2026-01-01", periods=N)
FRAME = pd.DataFrame(RNG.normal(size=(N, 2)), DAYS, ["a", "b"])
SEQUENCES = RNG.normal(size=(30, 5, 2))
Y = SEQUENCES[:, -1, 0]
PIECES = [SEQUENCES[i, : 1 + i % 5] for i in range(30)]


def net():
    return GRURegressor(max_epochs=2, early_stopping=False, random_state=0)


def first_test_window(X, **parameters):
    """Return the window of the first row after those of fit, which hold its lags."""
    lags = LagTransformer(2, **parameters).fit(X[:30])
    return np.asarray(lags.transform(X[30:]))[0]


def test_columns_of_arrow_are_read():
    arrow = FRAME.convert_dtypes(dtype_backend="pyarrow")
    arrow["flag"] = pd.array([True, False] * 20, dtype="bool[pyarrow]")
    arrow.iloc[29, 1] = pd.NA
    plain = FRAME.assign(flag=[1.0, 0.0] * 20)
    plain.iloc[29, 1] = np.nan
    assert all(isinstance(dtype, pd.ArrowDtype) for dtype in arrow.dtypes)
    assert np.array_equal(first_test_window(arrow), first_test_window(plain), equal_nan=True)
    model = make_lasso(2).fit(arrow[["a"]], arrow["b"].fillna(0))
    expected = make_lasso(2).fit(plain[["a"]], plain["b"].fillna(0)).predict(plain[["a"]])
    assert np.array_equal(model.predict(arrow[["a"]]), expected)


@pytest.mark.parametrize("dtype", ["dictionary", "string"])
def test_columns_of_text_of_arrow_are_categories(dtype):
    text = pa.string() if dtype == "string" else pa.dictionary(pa.int32(), pa.string())
    sky = pd.Series(["dry", "fog"] * 20, DAYS)
    arrow, plain = (FRAME.assign(sky=sky.astype(t)) for t in (pd.ArrowDtype(text), "category"))
    assert np.array_equal(first_test_window(arrow), first_test_window(plain))
    windows = LagTransformer(2).fit_transform(arrow)
    assert windows.origin.categories[2].tolist() == ["dry", "fog"]


TIMES = {
    "timestamp": DAYS.astype("timestamp[ns][pyarrow]"),
    "timestamp with a zone": DAYS.astype(pd.ArrowDtype(pa.timestamp("us", "Europe/Berlin"))),
    "date": pd.Index(DAYS.date, dtype=pd.ArrowDtype(pa.date32())),
    "duration": (DAYS - DAYS[0]).astype("duration[ns][pyarrow]"),
    "integer": pd.Index(np.arange(N), dtype="int64[pyarrow]"),
    "string": DAYS.astype(str).astype("string[pyarrow]"),
}


@pytest.mark.parametrize("kind", TIMES)
def test_times_of_arrow_are_known_so_that_test_rows_have_their_lags(kind):
    assert np.array_equal(first_test_window(FRAME.set_axis(TIMES[kind])), FRAME[28:30])
    long = FRAME.reset_index(drop=True).assign(when=TIMES[kind])
    assert np.array_equal(first_test_window(long, time="when"), FRAME[28:30])
    levels = pd.MultiIndex.from_arrays([["one"] * N, TIMES[kind]])
    assert np.array_equal(first_test_window(FRAME.set_axis(levels)), FRAME[28:30])


@few_epochs
def test_lists_of_arrow_are_sequences_of_different_length():
    expected = net().fit(PIECES, Y).predict(PIECES)
    lists = [piece.tolist() for piece in PIECES]
    nested = pd.ArrowDtype(pa.list_(pa.list_(pa.float64())))
    chunked = pa.chunked_array([lists[:12], lists[12:]])
    for X in (pa.array(lists), chunked, pd.Series(lists, dtype=nested)):
        assert np.array_equal(net().fit(X, Y).predict(X), expected)
    column = pd.DataFrame({"x": pd.Series(lists, dtype=nested)})
    with pytest.raises(TypeError, match=r"its column 'x' hold sequences; give X\['x'\]"):
        net().fit(column, Y)
    with pytest.raises(ValueError, match=r"X\[2\] is None; leave that sample out"):
        net().fit(pa.array([*lists[:2], None, *lists[3:]]), Y)


def test_a_table_of_arrow_is_refused_with_the_call_to_make():
    table = pa.Table.from_pandas(FRAME)
    for fit in (lambda: LagTransformer(2).fit(table), lambda: net().fit(table, FRAME["a"])):
        with pytest.raises(TypeError, match=r"got a pyarrow Table: give X\.to_pandas\(\)\.$"):
            fit()
    assert np.array_equal(first_test_window(table.to_pandas()), FRAME[28:30])


def test_times_of_xarray_are_not_lost():
    array = xr.DataArray(FRAME, dims=("time", "channel"))
    for fit in (
        lambda: LagTransformer(2).fit(array),
        lambda: make_lagged(array, FRAME["a"], 2),
        lambda: make_ar(2).fit(array, FRAME["a"]),
        lambda: net().fit(array, FRAME["a"]),
    ):
        with pytest.raises(TypeError, match=r"\['time', 'channel'\].*; give X\.to_pandas\(\)\.$"):
            fit()
    assert np.array_equal(first_test_window(array.to_pandas()), FRAME[28:30])
    single = array[:, 0].drop_vars("channel")
    with pytest.raises(TypeError, match=r"give X\.to_series\(\)\.to_frame\(\)\.$"):
        LagTransformer(2).fit(single)
    assert np.array_equal(first_test_window(single.to_series().to_frame("a")), FRAME[["a"]][28:30])
    with pytest.raises(TypeError, match=r"got a Dataset: give X\.to_dataframe\(\)\.$"):
        LagTransformer(2).fit(array.to_dataset("channel"))
    assert np.array_equal(
        first_test_window(array.to_dataset("channel").to_dataframe()), FRAME[28:30]
    )


@few_epochs
def test_sequences_of_xarray_are_read_unless_their_steps_come_last():
    times = {"time": DAYS[:5]}
    array = xr.DataArray(SEQUENCES, dims=("sample", "time", "channel"), coords=times)
    expected = net().fit(SEQUENCES, Y).predict(SEQUENCES)
    assert np.array_equal(net().fit(array, xr.DataArray(Y)).predict(array), expected)
    turned = array.transpose("sample", "channel", "time")
    with pytest.raises(TypeError, match=r"give X\.transpose\('sample', 'time', 'channel'\)\.$"):
        net().fit(turned, Y)


@few_epochs
def test_arrays_of_dask_are_read_and_its_tables_refused():
    X, y = da.from_array(SEQUENCES, chunks=(10, 5, 2)), da.from_array(Y, chunks=10)
    assert np.array_equal(net().fit(X, y).predict(X), net().fit(SEQUENCES, Y).predict(SEQUENCES))
    frame = dd.from_pandas(FRAME, npartitions=2)
    for kind, given in {
        "DataFrame": frame,
        "Array": frame.values,  # of unknown length
        "Bag": db.from_sequence(FRAME["a"].tolist()),
    }.items():
        for fit in (LagTransformer(2).fit, make_ar(2).fit, net().fit):
            with pytest.raises(TypeError, match=rf"got a dask {kind}: give X\.compute\(\)\.$"):
                fit(given, FRAME["a"])
    with pytest.raises(TypeError, match=r"^y must .* dask Series: give y\.compute\(\)\.$"):
        make_ar(2).fit(FRAME, frame["a"])
