"""Products with a design that is kept, or read anew, against the written-out windows."""

import numpy as np
import pytest

from sklearn_rnn import LagLogistic
from sklearn_rnn._sequences.windows import lag_windows, window_rows
from sklearn_rnn.linear import _design
from sklearn_rnn.linear._design import CenteredDesign, Design


@pytest.mark.parametrize("kept_values", [0, 2**21])
def test_products_are_those_of_written_out_windows(kept_values, monkeypatch):
    monkeypatch.setattr(_design, "KEPT_VALUES", kept_values)
    monkeypatch.setattr("sklearn_rnn._sequences.storage.CHUNK_VALUES", 100)
    rng = np.random.default_rng(0)
    rows, center = rng.normal(size=(90, 2)), rng.normal(size=2)
    rows[rng.random(rows.shape) < 0.1] = np.nan
    windows = lag_windows(rows, 4, step=2)
    flat = np.nan_to_num(windows - center).reshape(len(windows), -1)
    design = CenteredDesign(Design.of(window_rows(windows)), center, keep=True)
    for k in ((), (3,)):
        coef, values = rng.normal(size=(flat.shape[1], *k)), rng.normal(size=(len(flat), *k))
        np.testing.assert_allclose(design.dot(coef), flat @ coef, atol=1e-12)
        np.testing.assert_allclose(design.transposed_dot(values), flat.T @ values, atol=1e-12)


@pytest.mark.parametrize(("kept_values", "is_read_once"), [(0, False), (2**21, True)])
def test_small_designs_are_read_once(kept_values, is_read_once, monkeypatch):
    monkeypatch.setattr(_design, "KEPT_VALUES", kept_values)
    n_read, blocks = [], Design.blocks
    monkeypatch.setattr(Design, "blocks", lambda self, *a: n_read.append(1) or blocks(self, *a))
    rng = np.random.default_rng(0)
    windows = rng.normal(size=(200, 3, 2))
    y = windows[:, -1, 0] + rng.normal(size=200) > 0
    LagLogistic(1e-3, tol=1e-6).fit(windows, y)
    assert (len(n_read) <= 5) == is_read_once
