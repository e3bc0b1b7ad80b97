"""Daily and monthly weather of De Bilt, as the KNMI writes its file."""

import lzma

import numpy as np
import pandas as pd
import pytest

from sklearn_rnn import datasets
from sklearn_rnn.datasets import _debilt as debilt
from sklearn_rnn.datasets._download import PublicFile
from tests.datasets.files import pack_zip, real
from tests.standins import put

NAMES = "STN,YYYYMMDD,   TG,   TN,   TX,   SQ,   RH,   UG"


def days_of(first, last, **changes):
    """Return lines of the KNMI for days from first to last."""
    lines = []
    for k, day in enumerate(pd.date_range(first, last)):
        row = {"TG": 50 + k, "TN": -k, "TX": 100 + k, "SQ": -1, "RH": 10, "UG": 80}
        row |= changes.get(f"d{day:%Y%m%d}", {})
        values = ",".join(f"{value:>5}" for value in row.values())
        lines.append(f"  260,{day:%Y%m%d},{values}\n")
    return "".join(lines)


@pytest.mark.parametrize("before", ["", "# SOURCE: KNMI\n# YYYYMMDD = Date;\n\n"])
@pytest.mark.parametrize("mark", ["# ", ""])
def test_days_of_de_bilt_are_read(tmp_path, before, mark):
    text = f"{before}{mark}{NAMES}\n\n" + days_of(
        "2000-01-01", "2000-01-02", d20000102={"RH": -1, "SQ": 25, "UG": ""}
    )
    path = put(tmp_path / "d.txt", text.encode())
    days = debilt.read_days(path)
    assert days.to_dict("list") == {
        "temperature_mean": [5.0, 5.1],
        "temperature_min": [0.0, -0.1],
        "temperature_max": [10.0, 10.1],
        "precipitation": [1.0, 0.0],
        "humidity": pytest.approx([80.0, np.nan], nan_ok=True),
        "sunshine": [0.0, 2.5],
    }
    packed = put(tmp_path / "d.txt.xz", lzma.compress(text.encode()))
    pd.testing.assert_frame_equal(debilt.read_days(packed), days)


def test_days_without_column_names_are_refused(tmp_path):
    path = put(tmp_path / "d.txt", days_of("2000-01-01", "2000-01-02").encode())
    with pytest.raises(ValueError, match="no line of column names with YYYYMMDD"):
        debilt.read_days(path)


def test_months_of_de_bilt_are_whole(tmp_path):
    text = f"# {NAMES}\n" + days_of("1999-12-31", "2000-03-30", d20000215={"UG": ""})
    months = debilt.aggregate_months(debilt.read_days(put(tmp_path / "d.txt", text.encode())))
    assert [str(month.date()) for month in months.index] == ["2000-01-01", "2000-02-01"]
    january = months.iloc[0]
    assert january["temperature_mean"] == pytest.approx((51 + 81) / 20)
    assert january["temperature_min"] == -3.1
    assert january["temperature_max"] == 13.1
    assert january["precipitation"] == pytest.approx(31.0)
    assert january["humidity"] == 80
    assert january["sunshine"] == 0
    assert np.isnan(months.loc["2000-02-01", "humidity"])
    assert months.loc["2000-02-01", "temperature_min"] == -6.0


def test_fetch_debilt_from_the_archive_of_the_source(home, tmp_path, monkeypatch):
    text = f"# {NAMES}\n" + days_of("2000-01-01", "2000-02-29")
    archive = put(tmp_path / "d.zip", pack_zip({"etmgeg_260.txt": text.encode()}))
    whole = PublicFile("etmgeg_260.txt", "climate", (archive.as_uri(),), member="etmgeg_260.txt")
    monkeypatch.setattr(debilt, "_WHOLE", whole)
    assert datasets.fetch_debilt().data.shape == (2, 6)
    assert (home / "climate" / "etmgeg_260.txt").exists()
    days = datasets.fetch_debilt(monthly=False, as_frame=True)
    assert days.frame.shape == (60, 6)
    assert days.frame.index.name == "date"


def test_real_debilt():
    months = real("fetch_debilt", as_frame=True).data.loc["2000":"2022-02"]
    assert months.shape == (266, 6)
    assert not months.isna().any(axis=None)
    days = real("fetch_debilt", monthly=False, as_frame=True).data.loc["2000":"2022-03-21"]
    assert days.shape == (8116, 6)
    assert not days.isna().any(axis=None)
    assert days.iloc[0].tolist() == [6.1, 3.5, 8.1, 1.0, 97.0, 0.0]
    july = days.loc["2019-07"]
    assert months.loc["2019-07-01"].tolist() == pytest.approx(
        [
            july["temperature_mean"].mean(),
            july["temperature_min"].min(),
            july["temperature_max"].max(),
            july["precipitation"].sum(),
            july["humidity"].mean(),
            july["sunshine"].sum(),
        ]
    )
