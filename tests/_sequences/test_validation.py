"""Steps of which all channels are missing: absent, or at their place."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator
from sklearn.utils.validation import validate_data

from sklearn_rnn._sequences.input_form import Reading
from sklearn_rnn._sequences.ragged import Ragged
from sklearn_rnn._sequences.validation import check_sequences
from sklearn_rnn._sequences.windows import Windows, lag_windows

ROWS = np.random.default_rng(0).normal(size=(40, 2))


def read(X, all_missing, form=None, *, tokens=False):
    """Return the sequences and the form of X."""

    def validate(X, y="no_validation", **checks):
        return validate_data(BaseEstimator(), X, **checks)

    reading = Reading(None, "steps", tokens, all_missing=all_missing)
    sequences, _, form = check_sequences(validate, X, name="Net", reading=reading, form=form)
    return sequences, form


def with_missing_newest(X):
    """Return a copy of which the newest step is missing in some sequences."""
    X = X.copy()
    X[::3, -1] = np.nan
    return X


@pytest.mark.parametrize("all_missing", ["value", "auto"])
def test_windows_of_a_series_keep_their_lags(all_missing):
    windows = lag_windows(ROWS, 5)
    _, form = read(windows, all_missing)
    assert form.keeps_missing_steps
    later = with_missing_newest(windows)
    sequences, _ = read(later, all_missing, form)
    assert isinstance(sequences, Windows)
    np.testing.assert_array_equal(sequences.array(), later)


@pytest.mark.parametrize("all_missing", ["absent", "auto"])
def test_padded_arrays_lose_their_padding(all_missing):
    padded = with_missing_newest(ROWS.reshape(8, 5, 2))
    sequences, form = read(padded, all_missing)
    assert not form.keeps_missing_steps
    assert isinstance(sequences, Ragged)
    np.testing.assert_array_equal(sequences.lengths, [4, 5, 5] * 2 + [4, 5])


def test_the_reading_of_fit_is_kept():
    padded = with_missing_newest(ROWS.reshape(8, 5, 2))
    _, form = read(padded, "auto")
    sequences, _ = read(lag_windows(np.vstack([ROWS, np.full((1, 2), np.nan)]), 5), "auto", form)
    assert isinstance(sequences, Ragged)
    assert sequences.lengths[-1] == 4
    _, form = read(padded, "value")
    assert isinstance(read(padded, "value", form)[0], Windows)


@pytest.mark.parametrize("all_missing", ["absent", "value", "auto"])
def test_the_padding_of_tokens_is_always_absent(all_missing):
    sequences, form = read(np.array([[3, 4, 0], [2, 2, 2]]), all_missing, tokens=True)
    assert not form.keeps_missing_steps
    np.testing.assert_array_equal(sequences.lengths, [2, 3])


@pytest.mark.parametrize("n_channels", [1, 2])
def test_the_memory_layout_of_an_array_says_nothing_about_its_padding(n_channels):
    padded = with_missing_newest(ROWS.reshape(8, 5, 2))[:, :, :n_channels]
    expected, _ = read(np.ascontiguousarray(padded), "auto")
    for layout in (np.asfortranarray(padded), np.ascontiguousarray(padded.T).T, padded[::-1][::-1]):
        sequences, form = read(layout, "auto")
        assert not form.keeps_missing_steps
        np.testing.assert_array_equal(sequences.lengths, expected.lengths)
    if n_channels == 1:  # pandas stores the columns of a table one after the other
        _, form = read(pd.DataFrame(padded[:, :, 0]), "auto")
        assert not form.keeps_missing_steps


@pytest.mark.parametrize("step", [1, 2, 3, 7])
@pytest.mark.parametrize("every", [1, 2, 4])
def test_windows_that_share_rows_are_of_a_series(step, every):
    windows = lag_windows(ROWS, 5, step=step)[::every]
    _, form = read(windows, "auto")
    rows = np.arange(len(windows))[:, np.newaxis] * every + np.arange(5) * step
    assert form.keeps_missing_steps == (len(np.unique(rows)) < rows.size)
