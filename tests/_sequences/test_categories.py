import numpy as np
import pandas as pd
import polars as pl
import pytest
from numpy.testing import assert_array_equal

from sklearn_rnn import DenseRegressor, LagTransformer, make_lagged
from sklearn_rnn._sequences.categories import as_fitted, as_numbers, learn_labels
from sklearn_rnn.preprocessing._columns import drop_columns

LABELS = np.array(["wet", "dry", None, "ice", "dry", "wet"], dtype=object)
CODES = [3, 1, 0, 2, 1, 3]
NUMBERS = np.arange(6, dtype=np.float32)
TEXT = pd.DataFrame({"x": NUMBERS, "sky": LABELS.tolist()})
POLARS = pl.DataFrame({"x": NUMBERS, "sky": LABELS.tolist()})
FORMS = {
    "text": TEXT,
    "text with NA": TEXT.astype({"sky": "string"}),
    "objects": TEXT.assign(sky=pd.Series(LABELS, dtype=object)),
    "objects with NaN": TEXT.assign(sky=pd.Series(LABELS, dtype=object).fillna(np.nan)),
    "category": TEXT.astype({"sky": "category"}),
    "other order": TEXT.astype({"sky": pd.CategoricalDtype(["wet", "fog", "ice", "dry"])}),
    "polars text": POLARS,
    "polars category": POLARS.with_columns(pl.col("sky").cast(pl.Categorical)),
    "polars enum": POLARS.with_columns(pl.col("sky").cast(pl.Enum(["wet", "fog", "ice", "dry"]))),
}
every_form = pytest.mark.parametrize("form", FORMS)


@every_form
def test_codes_are_the_positions_of_sorted_labels_from_one_in_every_form(form):
    table = FORMS[form]
    labels = learn_labels(table, flatten=False)
    assert {i: list(known) for i, known in labels.items()} == {1: ["dry", "ice", "wet"]}
    coded = np.asarray(as_numbers(table, labels))
    assert coded.dtype == np.float32
    assert_array_equal(coded, np.column_stack([NUMBERS, CODES]))
    assert next(iter(table["sky"])) == "wet", "the table is not changed"


@every_form
def test_a_label_that_fit_has_not_seen_has_the_code_of_a_missing_one(form):
    labels = learn_labels(FORMS[form][:2], flatten=False)
    coded = np.asarray(as_numbers(FORMS[form], labels))
    assert_array_equal(coded[:, 1], [2, 1, 0, 0, 1, 2])


def test_categories_may_be_numbers_and_text_may_be_digits():
    digits = TEXT.assign(sky=["7", "10", "7", "10", "7", "7"])
    assert list(learn_labels(digits, flatten=False)[1]) == ["10", "7"]
    whole = TEXT.assign(sky=pd.Categorical([7, 10, 7, 10, 7, 7]))
    labels = learn_labels(whole, flatten=False)
    assert list(labels[1]) == [7, 10]
    plain = whole.astype({"sky": float})  # by value, whatever the dtype is later
    assert_array_equal(as_numbers(plain, labels)["sky"], [1, 2, 1, 2, 1, 1])


@pytest.mark.parametrize(
    "column",
    [NUMBERS, NUMBERS > 2, np.arange(6), np.array([1, 2.5, None, 3, 4, 5], dtype=object)],
    ids=["floats", "booleans", "integers", "objects"],
)
def test_numbers_are_no_categories(column):
    assert learn_labels(TEXT.assign(sky=column), flatten=False) == {}
    assert learn_labels(np.asarray(TEXT), flatten=False) == {}


def test_a_column_without_any_label_is_one_of_missing_categories():
    labels = learn_labels(TEXT.assign(sky=pd.Categorical([None] * 6)), flatten=False)
    assert_array_equal(as_numbers(TEXT, labels)["sky"], np.zeros(6))


@pytest.mark.parametrize(
    "labels", [["2022-23", "2023-24"], ["2024-01-02", "none"], ["2024-01", "2024-02"]]
)
def test_text_is_dates_only_if_all_labels_are_whole_dates(labels):
    table = TEXT.assign(sky=labels * 3)
    assert list(learn_labels(table, flatten=False)[1]) == labels
    days = TEXT.assign(sky=["2024-01-02", "2024-01-03 12:00"] * 3)
    assert learn_labels(days, flatten=False) == {}
    as_labels = days.astype({"sky": "category"})
    assert list(learn_labels(as_labels, flatten=False)) == [1]


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_text_that_has_hardly_a_value_twice_is_no_category(library):
    table = pd.DataFrame({"x": np.arange(30.0), "day": [f"day {i}" for i in range(30)]})
    if library == "polars":
        table = pl.DataFrame(table.to_dict("list"))
    text = r"^X must hold numbers or categories, but its column 'day' is text with 30 different "
    with pytest.raises(ValueError, match=text):
        LagTransformer(2).fit(table)
    LagTransformer(2).fit(table[:20])
    if library == "pandas":
        LagTransformer(2).fit(table.astype({"day": "category"}))
        LagTransformer(2).fit(pd.concat([table] * 2, ignore_index=True))


@pytest.mark.parametrize("flatten", [False, True])
def test_dates_as_text_are_no_categories(flatten):
    dates = TEXT.assign(sky=["2026-01-01", None] * 3)
    for table in (dates, POLARS.with_columns(sky=pl.lit("2026-01-01"))):
        with pytest.raises(ValueError, match=r"column 'sky'.* could not convert"):
            LagTransformer(2, flatten=flatten).fit(table)


def test_windows_are_those_of_the_codes():
    coded = TEXT.assign(sky=np.float32(CODES))
    for known_ahead in (None, ["sky"]):
        lags = LagTransformer(2, known_ahead=known_ahead, fill_value=0)
        windows = lags.fit_transform(TEXT)
        assert windows.dtype == np.float32
        assert_array_equal(windows, lags.fit_transform(coded))
        assert list(windows.origin.categories) == [1]
        assert list(lags.fit(TEXT).transform(TEXT).origin.categories[1]) == ["dry", "ice", "wet"]
        pairs = make_lagged(TEXT, NUMBERS, 2, known_ahead=known_ahead)[0]
        assert_array_equal(pairs, make_lagged(coded, NUMBERS, 2, known_ahead=known_ahead)[0])
        assert list(pairs[1:].origin.categories) == [1]


@pytest.mark.parametrize("fill_value", ["mean", "nan", 5.0])
def test_lags_before_the_series_are_missing_categories(fill_value):
    lags = LagTransformer(2, fill_value=fill_value).fit(TEXT)
    assert lags.fill_values_[1] == 0
    assert_array_equal(lags.fit_transform(TEXT)[0, :, 1], [0, 0])


def test_new_rows_have_the_categories_and_the_past_of_fit():
    index = pd.date_range("2026", periods=6)
    table = TEXT.set_index(index)
    lags = LagTransformer(2).fit(table[:4])
    windows = lags.transform(table[4:].assign(sky=["fog", "dry"]))
    assert_array_equal(windows[:, :, 1], [[0, 2], [2, 0]])  # the missing, ice, and the unknown
    with pytest.raises(ValueError, match=r"^X must be a DataFrame, since its columns \[1\] were"):
        LagTransformer(2).fit(TEXT.set_axis([0, 1], axis=1)).transform(np.zeros((6, 2)))


def test_positions_are_those_of_channels_beside_times_and_series():
    long = TEXT.assign(shop="a", day=np.arange(6))[["shop", "sky", "day", "x"]]
    lags = LagTransformer(1, time="day", series="shop", known_ahead=["sky"])
    windows = lags.fit_transform(long)
    assert list(windows.origin.categories) == [0]
    assert_array_equal(windows[:, 0, 0], CODES)
    assert list(learn_labels(drop_columns(long, ["shop", "day"]), flatten=False)) == [0]


def test_flat_windows_hold_no_codes():
    text = r"^X has the categories \['sky'\], but flat windows, .* encode them first, by OneHot"
    with pytest.raises(ValueError, match=text):
        LagTransformer(2, flatten=True).fit(TEXT)
    with pytest.raises(ValueError, match=text):
        make_lagged(TEXT, NUMBERS, 2, flatten=True)


def test_codes_of_other_labels_become_those_of_fit():
    fitted = learn_labels(TEXT, flatten=False)
    table = TEXT.assign(sky=["ice", "sun", "wet", "sun", None, "ice"])
    windows = LagTransformer(2, delay=0).fit_transform(table)
    sequences = windows.windows()
    changed = as_fitted(sequences, windows.origin.categories, fitted, None)
    assert_array_equal(changed.rows[1:, 1], [2, 0, 3, 0, 0, 2])
    assert_array_equal(changed.rows[1:, 0], NUMBERS)
    assert as_fitted(sequences, fitted, fitted, None) is sequences, "equal labels take no copy"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (["1", "2", "1", "2", "1", None], [1, 2, 1, 2, 1, 1]),
        (["1", "2", "1", "2", "1", None], ["1", 2, None, "2", "1", "1"]),
        (pd.Categorical([1, 2, 1, 2, 1, None]), ["1", "2", "1", "2", "1", None]),
    ],
    ids=["numbers for text", "numbers among text", "text for numbers"],
)
def test_labels_of_another_type_are_refused_and_not_read_as_unknown(before, after):
    lags = LagTransformer(2).fit(TEXT.assign(sky=before))
    text = "Categories of X must have the type that they had in fit, but the column 'sky' holds"
    with pytest.raises(ValueError, match=text):
        lags.transform(TEXT.assign(sky=after))


def test_windows_with_labels_of_another_type_are_refused_by_a_network():
    table = TEXT.assign(sky=["1", "2", "1", "2", "1", "2"])
    windows, y = make_lagged(table, NUMBERS, 2)
    numbers = table.astype({"sky": int}).astype({"sky": "category"})
    other, _ = make_lagged(numbers, NUMBERS, 2)
    net = DenseRegressor(max_epochs=1, tol=1.0).fit(windows, y)
    with pytest.raises(ValueError, match="'sky' holds labels such as"):
        net.predict(other)
