"""The parameter n_lags: which lags of which columns, in which order."""

import re

import numpy as np
import pandas as pd
import pytest

from sklearn_rnn.forecasting._lag_terms import read_terms

TABLE = pd.DataFrame(columns=["a", "b", "c"])


def terms(n_lags, *, X=TABLE, known=(), delay=1, step=1, max_lags=3):
    return read_terms(
        n_lags, max_lags, X, 3, np.array(known, dtype=np.intp), delay=delay, step=step
    )


def pairs(found):
    return list(zip(found.columns.tolist(), found.lags.tolist(), strict=True))


def test_a_number_is_of_every_column_newest_lag_first():
    found = terms(2, delay=3, step=4)
    assert pairs(found) == [(0, 3), (1, 3), (2, 3), (0, 7), (1, 7), (2, 7)]
    window = found.window(3)
    assert (window.n_lags, window.delay, window.step) == (2, 3, 4)
    assert (found.n_orders, found.criterion) == (1, None)


@pytest.mark.parametrize("n_lags", [{"c": [12, 1], "a": 2}, {2: [1, 12], 0: 2}, (2, 0, [1, 12])])
def test_columns_have_lags_of_their_own(n_lags):
    found = terms(n_lags)
    assert pairs(found) == [(0, 1), (2, 1), (0, 2), (2, 12)]
    assert found.window(1).lookback == 12


def test_columns_known_ahead_begin_with_their_present_value():
    found = terms({"a": 2, "b": [0, 4]}, known=[1], delay=2, step=2)
    assert pairs(found) == [(1, 0), (0, 2), (0, 4), (1, 4)]
    window = found.window(2)
    assert (window.n_lags, window.step) == (3, 2)
    assert terms({"a": [1, 13]}).window(1).n_lags == 2  # of few rows


def test_a_criterion_adds_a_lag_to_its_columns_at_each_order():
    found = terms({"a": "bic", "b": "bic", "c": [5]})
    assert pairs(found)[0] == (2, 5)
    assert [found.count(order) for order in range(found.n_orders)] == [1, 3, 5, 7]
    assert pairs(found.first(3)) == [(2, 5), (0, 1), (1, 1)]
    assert found.criterion == "bic"
    assert terms("aic").count(0) == 0


@pytest.mark.parametrize(
    ("n_lags", "text"),
    [
        ({"d": 1}, "n_lags names the column 'd', which X does not have; its columns are ['a', 'b'"),
        ({3: 1}, "n_lags must hold names of columns or positions from 0 to 2; got 3"),
        ({"a": 1, 0: 2}, "n_lags must name each column once"),
        ([1, 2], "n_lags has 2 entries, but X has 3 columns; give one for each"),
        ({"a": -1}, "n_lags must hold for each column a number of lags from 0, a list of lags, or"),
        ({"b": "hqic"}, "one of ['aic', 'bic', 'cv']; got 'hqic' for column 'b'"),
        ({"b": [1.5]}, "got [1.5] for column 'b'"),
        ({"b": True}, "got True for column 'b'"),
        (
            {"b": [0, 1]},
            "n_lags: the lags of column 'b' must differ and be at least 1, which",
        ),
        ({"b": [2, 2]}, "must differ"),
        ({"a": "aic", "b": "bic"}, "n_lags must have the same criterion for all columns"),
        ({"a": 0}, "n_lags must give at least one lag of one column; got {'a': 0}"),
        ([[], [], []], "n_lags must give at least one lag"),
    ],
)
def test_errors_name_the_column_and_what_is_allowed(n_lags, text):
    with pytest.raises(ValueError, match=re.escape(text)):
        terms(n_lags)
