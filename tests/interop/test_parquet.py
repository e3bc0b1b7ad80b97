"""A panel of parquet files, which `fit_batches` reads one at a time."""

from functools import partial

import numpy as np
import pandas as pd
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.pipeline import make_pipeline

from sklearn_rnn import GRURegressor, LagTransformer
from sklearn_rnn.model_selection import fit_batches
from tests.nets import few_epochs


def read(path):
    frame = pd.read_parquet(path)
    return frame, frame["sales"]


def read_long(path):
    frame = pd.read_parquet(path, dtype_backend="pyarrow").reset_index()
    return frame[["shop", "day", "sales", "kind"]], frame["sales"]


@few_epochs
def test_a_panel_of_parquet_files_is_fitted_file_by_file(tmp_path):
    days = pd.date_range("2026-01-01", periods=40)
    for number in range(4):
        shops = [f"shop {10 * number + i}" for i in range(5)]
        index = pd.MultiIndex.from_product([shops, days], names=["shop", "day"])
        sales = np.random.default_rng(number).normal(size=len(index))
        frame = pd.DataFrame({"sales": sales, "kind": "abcde"[number]}, index)
        frame.to_parquet(tmp_path / f"{number}.parquet")
    paths = sorted(tmp_path.glob("*.parquet"))
    net = GRURegressor(max_epochs=3, early_stopping=False, random_state=0)
    whole = pd.concat([pd.read_parquet(path) for path in paths])
    expected = make_pipeline(LagTransformer(5), clone(net)).fit(whole, whole["sales"])
    found = []
    for function, lags in (
        (read, LagTransformer(5)),
        (read_long, LagTransformer(5, time="day", series="shop")),
    ):
        pieces = [partial(function, path) for path in paths]
        model = fit_batches(make_pipeline(lags, clone(net)), pieces)
        assert model[-1].n_rows_omitted_ == expected[-1].n_rows_omitted_ == 100
        assert_allclose(model[-1].channel_scale_.scale, expected[-1].channel_scale_.scale)
        found.append(model.predict(function(paths[2])[0]))
    assert_array_equal(*found)
