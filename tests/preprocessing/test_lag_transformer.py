"""Laws of `LagTransformer` on one series; series, breaks and history are in another file."""

import pickle
import re

import joblib
import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from sklearn_rnn._sequences.window_array import WindowArray
from sklearn_rnn._sequences.windows import window_rows
from sklearn_rnn.preprocessing._lag_transformer import LagTransformer

RNG = np.random.default_rng(0)
X = RNG.normal(size=(30, 3))
FRAME = pd.DataFrame(X, columns=["return", "volume", "day"])
SHAPES = [
    # n_lags, delay, step
    (1, 0, 1),
    (1, 1, 1),
    (5, 1, 1),
    (4, 0, 3),
    (3, 2, 1),
    (4, 3, 2),
    (2, 27, 1),
    (8, 1, 4),
]
BY_NATURE = "a lag looks at the rows before: it depends on the order and the choice of rows"


@parametrize_with_checks(
    [LagTransformer(), LagTransformer(flatten=True), LagTransformer(2, fill_value="nan")],
    expected_failed_checks=lambda _: {
        "check_methods_sample_order_invariance": BY_NATURE,
        "check_methods_subset_invariance": BY_NATURE,
    },
)
def test_estimator_checks(estimator, check):
    check(estimator)


def by_loop(rows, n_lags, delay, step, fill, known=()):
    """Write down the definition, as slowly as it reads."""
    windows = np.empty((len(rows), n_lags, rows.shape[1]))
    for t in range(len(rows)):
        for j in range(n_lags):
            for channel in range(rows.shape[1]):
                source = t - delay - (n_lags - 1 - j) * step
                if channel in known:
                    source += delay
                windows[t, j, channel] = rows[source, channel] if source >= 0 else fill[channel]
    return windows


@pytest.mark.parametrize(("n_lags", "delay", "step"), SHAPES)
@pytest.mark.parametrize("known", [None, [2], [0, 1], ["day"], []])
def test_windows_equal_a_loop(n_lags, delay, step, known):
    lags = LagTransformer(n_lags, delay=delay, step=step, known_ahead=known)
    positions = [2] if known == ["day"] else known or []
    expected = by_loop(X, n_lags, delay, step, X.mean(axis=0), positions)
    windows = lags.fit_transform(FRAME if known == ["day"] else X)
    np.testing.assert_allclose(windows, expected, rtol=1e-12)
    flat = lags.set_params(flatten=True).transform(FRAME if known == ["day"] else X)
    np.testing.assert_array_equal(flat, windows.reshape(len(X), -1))


@pytest.mark.parametrize("fill_value", ["mean", "nan", 7, -0.5])
def test_a_past_that_does_not_exist_is_filled(fill_value):
    fill = X.mean(axis=0) if fill_value == "mean" else np.full(3, float(fill_value))
    lags = LagTransformer(4, fill_value=fill_value).fit(X)
    np.testing.assert_allclose(lags.fill_values_, fill)
    np.testing.assert_allclose(lags.transform(X), by_loop(X, 4, 1, 1, fill))


def test_the_mean_ignores_missing_values_and_missing_values_pass():
    holes = X.copy()
    holes[3:6, 0] = np.nan
    holes[:, 2] = np.nan
    lags = LagTransformer(2).fit(holes)
    np.testing.assert_allclose(lags.fill_values_[:2], [np.nanmean(holes[:, 0]), X[:, 1].mean()])
    assert np.isnan(lags.fill_values_[2])
    np.testing.assert_allclose(
        lags.transform(holes), by_loop(holes, 2, 1, 1, lags.fill_values_), rtol=1e-12
    )


@pytest.mark.parametrize(("n_lags", "delay", "step"), SHAPES)
def test_shifted_rows_give_shifted_windows(n_lags, delay, step):
    lags = LagTransformer(n_lags, delay=delay, step=step).fit(X)
    lookback = delay + (n_lags - 1) * step
    whole, later = lags.transform(X), lags.transform(X[4:])
    np.testing.assert_array_equal(later[lookback:], whole[4 + lookback :])


@pytest.mark.parametrize("flatten", [False, True])
def test_permuting_columns_commutes(flatten):
    order = [2, 0, 1]
    lags = LagTransformer(4, flatten=flatten)
    permuted = lags.fit_transform(X[:, order])
    windows = lags.fit_transform(X).reshape(30, 4, 3)[:, :, order]
    np.testing.assert_allclose(permuted.reshape(30, 4, 3), windows)


@pytest.mark.parametrize(("n_lags", "delay", "step"), SHAPES)
@pytest.mark.parametrize("known", [None, [1]])
def test_no_row_sees_the_present_or_the_future(n_lags, delay, step, known):
    lags = LagTransformer(n_lags, delay=delay, step=step, known_ahead=known).fit(X)
    before = lags.transform(X)
    for t in range(len(X)):
        changed = X.copy()
        seen_until = max(0, t - delay + 1)
        changed[seen_until:] += 1
        if known:
            changed[: t + 1, 1] = X[: t + 1, 1]
        np.testing.assert_array_equal(lags.transform(changed)[: t + 1], before[: t + 1])


def test_the_newest_step_is_the_row_delay_rows_back():
    windows = LagTransformer(3, delay=2).fit_transform(X)
    np.testing.assert_array_equal(windows[2:, -1], X[:-2])


def test_windows_share_the_memory_of_one_padded_copy():
    windows = LagTransformer(12, delay=2, step=2).fit_transform(X)
    assert np.shares_memory(windows[1:, 0], windows[:-1, 0])
    assert np.shares_memory(windows[2:, 0], windows[:-2, 1])
    assert not np.shares_memory(windows, X)
    assert not windows.flags.writeable
    assert len(window_rows(windows).rows) == 30 + 11 * 2


def test_flat_windows_are_an_ordinary_table():
    flat = LagTransformer(3, flatten=True).fit_transform(X)
    assert flat.shape == (30, 9)
    assert flat.flags.c_contiguous
    assert flat.flags.writeable


@pytest.mark.parametrize(
    ("given", "returned"),
    [("float32", "float32"), ("float64", "float64"), ("int64", "float64"), ("bool", "float64")],
)
def test_single_precision_is_kept(given, returned):
    table = (X > 0).astype(given)
    for flatten in (False, True):
        lags = LagTransformer(2, flatten=flatten).fit(table)
        assert lags.transform(table).dtype == returned
        assert lags.fill_values_.dtype == "float64"


def test_feature_names_tell_column_and_rows_back():
    lags = LagTransformer(2, delay=2, step=3, known_ahead=["day"], flatten=True).fit(FRAME)
    assert lags.get_feature_names_out().tolist() == [
        "return_lag5",
        "volume_lag5",
        "day_lag3",
        "return_lag2",
        "volume_lag2",
        "day_lag0",
    ]
    assert LagTransformer(2, flatten=True).fit(X[:, :1]).get_feature_names_out().tolist() == [
        "x0_lag2",
        "x0_lag1",
    ]


def test_names_belong_to_their_columns():
    lags = LagTransformer(3, delay=2, step=2, known_ahead=["day"], flatten=True)
    table = lags.set_output(transform="pandas").fit_transform(FRAME)
    assert table.index.equals(FRAME.index)
    for name in table.columns:
        column, back = name.split("_lag")
        expected = FRAME[column].shift(int(back))
        pd.testing.assert_series_equal(table[name][6:], expected[6:], check_names=False)


@pytest.mark.parametrize("container", ["pandas", "polars", "default"])
@pytest.mark.parametrize("flatten", [False, True])
def test_set_output_names_flat_windows_and_leaves_others_arrays(container, flatten):
    pipe = make_pipeline(StandardScaler(), LagTransformer(2, flatten=flatten))
    pipe.set_output(transform=container)
    out = clone(pipe).fit_transform(FRAME)
    if flatten and container != "default":
        assert list(out.columns) == pipe.fit(FRAME)[-1].get_feature_names_out().tolist()
    else:
        assert isinstance(out, np.ndarray | WindowArray)
        assert out.shape == ((30, 6) if flatten else (30, 2, 3))


def test_names_need_flat_windows():
    lags = LagTransformer().fit(X)
    assert not hasattr(lags, "get_feature_names_out")
    with pytest.raises(AttributeError) as error:
        lags.get_feature_names_out()
    assert str(error.value) == (
        "LagTransformer gives an array of three dimensions, whose columns have no names; "
        "set flatten=True."
    )


def test_any_table_is_read():
    expected = LagTransformer(2).fit_transform(X)
    polars = pytest.importorskip("polars")
    for table in (X.tolist(), FRAME, polars.DataFrame(X, schema=["a", "b", "c"])):
        np.testing.assert_allclose(LagTransformer(2).fit_transform(table), expected)


def test_copies_give_the_same_bits(tmp_path):
    lags = LagTransformer(4, known_ahead=["day"], max_gap=2).fit(FRAME[:20])
    joblib.dump(lags, tmp_path / "lags.joblib")
    for copy in (pickle.loads(pickle.dumps(lags)), joblib.load(tmp_path / "lags.joblib")):
        np.testing.assert_array_equal(copy.transform(FRAME[20:]), lags.transform(FRAME[20:]))
    again = clone(lags).fit(FRAME[:20])
    np.testing.assert_array_equal(again.transform(FRAME[20:]), lags.transform(FRAME[20:]))


def test_any_estimator_can_follow_flat_windows():
    pipe = make_pipeline(StandardScaler(), LagTransformer(2, flatten=True), LinearRegression())
    assert pipe.fit(X, X[:, 0]).predict(X).shape == (30,)
    assert pipe[:-1].get_feature_names_out().shape == (6,)


def test_a_failed_fit_leaves_what_was_learned():
    lags = LagTransformer(2, known_ahead=["day"]).fit(FRAME)
    before = dict(vars(lags))
    for bad in (FRAME.replace(X[0, 0], np.inf), FRAME[["return", "volume"]], X, X[0]):
        with pytest.raises(ValueError, match=r".*"):
            lags.fit(bad)
        assert vars(lags) == before


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("n_lags", 0),
        ("n_lags", 2.0),
        ("delay", -1),
        ("step", 0),
        ("known_ahead", 1),
        ("flatten", "yes"),
        ("fill_value", "median"),
        ("fill_value", np.inf),
        ("history", "none"),
        ("max_gap", 0),
        ("max_gap", [1]),
    ],
)
def test_scikit_learn_words_the_errors_about_parameters(name, value):
    with pytest.raises(ValueError, match=f"The '{name}' parameter of LagTransformer must be"):
        LagTransformer(**{name: value}).fit(X)


@pytest.mark.parametrize(
    ("table", "error", "words"),
    [
        (X[:, 0], ValueError, "Expected 2D array, got 1D array instead"),
        (X.reshape(5, 6, 3), ValueError, "Found array with dim 3"),
        (X[:0], ValueError, "Found array with 0 sample(s)"),
        (X[:, :0], ValueError, "Found array with 0 feature(s)"),
        (np.where(X > 2, np.inf, X) + 1j, ValueError, "Complex data not supported"),
        (np.where(X[3, 1] == X, -np.inf, X), ValueError, "Input X contains infinity"),
        (sparse.csr_array(X), TypeError, "Sparse data was passed"),
        (FRAME.assign(day=["mon", 1.0] * 15), ValueError, "could not convert string to float"),
    ],
    ids=["1-D", "3-D", "no rows", "no columns", "complex", "infinite", "sparse", "mixed"],
)
def test_scikit_learn_words_the_errors_about_tables(table, error, words):
    for flatten in (False, True):
        with pytest.raises(error, match=re.escape(words)):
            LagTransformer(flatten=flatten).fit(table)
        fitted = LagTransformer(flatten=flatten).fit(FRAME if hasattr(table, "columns") else X)
        with pytest.raises(error, match=re.escape(words)):
            fitted.transform(table)


def test_transform_needs_fit_and_the_same_columns():
    with pytest.raises(NotFittedError):
        LagTransformer().transform(X)
    with pytest.raises(ValueError, match="X has 2 features, but LagTransformer is expecting 3"):
        LagTransformer().fit(X).transform(X[:, :2])


@pytest.mark.parametrize(("n_lags", "delay", "step"), [(5, 1, 1), (2, 27, 1), (8, 1, 4)])
def test_a_series_too_short_for_one_whole_window_is_refused(n_lags, delay, step):
    needed = delay + (n_lags - 1) * step + 1
    lags = LagTransformer(n_lags, delay=delay, step=step)
    lags.fit(X[:needed])
    text = f"X has n_samples={needed - 1}, too few for n_lags={n_lags}: with delay={delay}"
    with pytest.raises(ValueError, match=f"^{text}"):
        lags.fit(X[: needed - 1])
    assert len(lags.transform(X[:1])) == 1


@pytest.mark.parametrize("library", ["pandas", "polars"])
@pytest.mark.parametrize("dates", ["times", "strings"])
def test_columns_of_a_long_table_order_and_group_rows_and_are_no_features(library, dates):
    days = pd.date_range("2020-03-01", periods=20)
    panel = pd.DataFrame(
        {"a": RNG.normal(size=60), "b": RNG.normal(size=60)},
        index=pd.MultiIndex.from_product([["x", "y", "z"], days], names=["store", "date"]),
    )
    panel = panel.sort_index(level="date", sort_remaining=False, kind="stable")
    names = ["a_lag2", "b_lag1", "a_lag1", "b_lag0"]
    expected = panel.assign(
        **{f"a_lag{k}": panel.groupby("store").a.shift(k).fillna(-9) for k in (1, 2)},
        b_lag0=panel.b,
        b_lag1=panel.groupby("store").b.shift(1).fillna(-9),
    )[names].to_numpy()
    long = panel.reset_index()[["a", "date", "b", "store"]]
    long["date"] = long["date"].astype(str) if dates == "strings" else long["date"]
    if library == "polars":
        long = pytest.importorskip("polars").DataFrame(long.to_dict("list"))
    lags = LagTransformer(
        2, time="date", series="store", known_ahead=["b"], fill_value=-9, flatten=True
    )
    np.testing.assert_array_equal(lags.fit_transform(long), expected)
    np.testing.assert_array_equal(lags.fit(long[:36]).transform(long[36:]), expected[36:])
    assert lags.n_features_in_ == 4
    assert lags.feature_names_in_.tolist() == ["a", "date", "b", "store"]
    assert lags.get_feature_names_out().tolist() == names
    table = lags.set_output(transform=library).transform(long)
    assert list(table.columns) == names
    with pytest.raises(ValueError, match="time='date' is not a column of X"):
        clone(lags).fit(long[["a", "b", "store"]])


def _frames():
    """Return frames of one series, with a gap, and of two series whose rows alternate."""
    rows = np.random.default_rng(1).normal(size=(90, 3))
    days = pd.date_range("2020", periods=90)
    frame = pd.DataFrame(rows, index=days)
    pairs = pd.MultiIndex.from_product([days[:45], ["A", "B"]])
    holes = frame.drop(index=days[12:15])
    return {"array": rows, "days": frame, "gap": holes, "pairs": frame.set_index(pairs)}


@pytest.mark.parametrize("kind", list(_frames()))
@pytest.mark.parametrize(("n_lags", "delay", "step"), [(3, 1, 1), (2, 0, 3), (2, 3, 2)])
@pytest.mark.parametrize("known", [None, [1]])
def test_incomplete_rows_are_those_with_a_filled_lag(kind, n_lags, delay, step, known):
    table = _frames()[kind]
    reading = {"delay": delay, "step": step, "known_ahead": known, "fill_value": "nan"}
    lags = LagTransformer(n_lags, lag_unit="time", **reading)
    filled = np.isnan(lags.fit_transform(table)).any(axis=(1, 2))
    assert filled.any()
    np.testing.assert_array_equal(lags.incomplete_rows_, np.flatnonzero(filled))


@pytest.mark.parametrize("kind", list(_frames()))
def test_a_missing_value_does_not_make_a_row_incomplete(kind):
    table = _frames()[kind].copy()
    before = LagTransformer(3).fit(table).incomplete_rows_
    table[8:9] = np.nan
    np.testing.assert_array_equal(LagTransformer(3).fit(table).incomplete_rows_, before)


@pytest.mark.parametrize("kind", list(_frames()))
@pytest.mark.parametrize("flatten", [False, True])
def test_fit_transform_equals_fit_and_transform(kind, flatten):
    table = _frames()[kind]
    once = LagTransformer(3, delay=2, flatten=flatten).set_output(transform="pandas")
    pd.testing.assert_frame_equal(
        *(
            pd.DataFrame(np.reshape(windows, (len(table), -1)))
            for windows in (once.fit_transform(table), clone(once).fit(table).transform(table))
        )
    )
    assert isinstance(once.fit_transform(table), pd.DataFrame) == flatten
