import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sklearn_rnn._sequences.hold_out import last_of_each


@given(
    st.lists(st.integers(0, 3), min_size=2, max_size=40),
    st.floats(0.05, 0.95),
    st.randoms(use_true_random=False),
)
def test_each_series_loses_its_share_of_rows_from_the_end(series, fraction, random):
    time = list(range(len(series)))
    random.shuffle(time)
    series, time = np.array(series), np.array(time)
    held = last_of_each(series, time, fraction)
    assert held.sum() == min(np.ceil(fraction * len(series)), len(series) - 1)
    for one in np.unique(series):
        kept, last = time[(series == one) & ~held], time[(series == one) & held]
        assert abs(len(last) - fraction * (series == one).sum()) <= 1
        assert not len(kept) or not len(last) or kept.max() < last.min()


@pytest.mark.parametrize("n_rows", [1, 2])
def test_at_least_one_row_is_not_among_the_last(n_rows):
    rows = np.arange(n_rows)
    assert last_of_each(np.zeros(n_rows, int), rows, 0.99).sum() == n_rows - 1
