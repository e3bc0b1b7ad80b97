"""Names of lag columns: channels, their order, and every contradiction in words."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from sklearn_rnn import LagTransformer
from sklearn_rnn._sequences.lag_names import read_lag_names

STYLES = ("{}_lag{}", "{}_lag_{}", "{}_Lag{}")


@given(
    st.lists(st.sampled_from(["a", "b_1", "lag", "x lag2"]), min_size=1, max_size=4, unique=True),
    st.lists(st.integers(0, 500), min_size=1, max_size=6, unique=True),
    st.sampled_from(STYLES),
    st.randoms(),
)
def test_columns_in_any_order_are_read_oldest_first(channels, lags, style, random):
    columns = [(channel, lag) for lag in lags for channel in channels]
    random.shuffle(columns)
    found = read_lag_names([style.format(*column) for column in columns])
    assert set(found.channels) == set(channels)
    expected = [(channel, lag) for lag in sorted(lags, reverse=True) for channel in found.channels]
    assert [columns[position] for position in found.order] == expected
    assert found.is_ordered == (columns == expected)


@pytest.mark.parametrize("n_channels", [None, 1])
@pytest.mark.parametrize("style", ["lag_{}", "lag{}", "LAG_{}"])
def test_lags_without_a_channel_are_one_channel_newest_first_as_others_write_them(
    style, n_channels
):
    found = read_lag_names([style.format(lag) for lag in (1, 2, 7)], n_channels)
    assert found.channels == ("",)
    assert_array_equal(found.order, [2, 1, 0])


@pytest.mark.parametrize("parameters", [{}, {"delay": 3}, {"step": 2}, {"known_ahead": ["b"]}])
def test_tables_of_the_transformer_are_in_order(parameters):
    X = pd.DataFrame(np.random.default_rng(0).normal(size=(30, 3)), columns=["a", "b", "c_lag1"])
    lags = LagTransformer(4, flatten=True, **parameters).set_output(transform="pandas")
    found = read_lag_names(list(lags.fit_transform(X).columns))
    assert found.channels == ("a", "b", "c_lag1")
    assert found.is_ordered


@pytest.mark.parametrize("names", [None, [], ["a", "b"], [0, 1], ["flag_1", "jetlag2", "x_lag"]])
def test_other_names_tell_nothing(names):
    assert read_lag_names(names) is None
    assert read_lag_names(names, 2) is None


@pytest.mark.parametrize(
    ("names", "n_channels", "text"),
    [
        (["lag_1", "lag_2", "price"], None, "^X has .* 'lag_1', and others: 'price'. .*price_l"),
        (["price", "x_lag1"], 1, "'x_lag1', and others: 'price'"),
        (["x_lag1", 3], None, "and others: 3"),
        (["lag_1", "x_lag1", "lag_1"], None, "^X has several columns for the lag of 'lag_1'"),
        (["x_lag1", "x_lag_1"], None, "several columns for the lag of 'x_lag_1'"),
        (["a_lag1", "a_lag2", "b_lag1"], None, "the lags 1, 2 of 'a', but 1 of 'b'"),
        (["a_lag1", "a_lag2", "lag1", "lag3"], None, "the lags 1, 2 of 'a', but 1, 3 of 'lag'"),
        (["a_lag1", "b_lag1"], 1, "^n_channels=1, but the columns .* of 2 channels: 'a', 'b'"),
        (["lag1", "lag2"], 2, "^n_channels=2, but the columns .* of 1 channel: 'lag'. Leave"),
    ],
)
def test_contradictions_are_refused_with_the_columns_and_the_remedy(names, n_channels, text):
    with pytest.raises(ValueError, match=text):
        read_lag_names(names, n_channels)
