"""Monthly weather of British stations, as the Met Office writes its files."""

import hashlib

import numpy as np
import pandas as pd
import pytest

from sklearn_rnn import LagTransformer, datasets
from sklearn_rnn.datasets import _climate as climate
from tests.datasets.files import real
from tests.standins import put

STATION = """\
Oxford
Location: 450900E 207200N, Lat 51.761 Lon -1.262, 63 metres amsl
Estimated data is marked with a * after the value.
   yyyy  mm   tmax    tmin      af    rain     sun
              degC    degC    days      mm   hours
   1853  11    8.4     2.7       4    62.8     ---
   1853  12    3.2*   -1.8      19*   29.3    10.0#
   1854   2    3.2    -0.1       0     0.0
   1854   3    7.0     1.0       2     1.0    99.4#  Provisional
   1854   4    9.0     ---       2     1.0    99.4*# || Change to Monckton Ave
Site Closed
"""


def test_station_is_read(tmp_path):
    path = put(tmp_path / "s.txt", STATION.encode())
    data, estimated, provisional = climate.read_station(path)
    nan = np.nan
    assert data.to_dict("list") == {
        "tmax": pytest.approx([8.4, 3.2, nan, 3.2, 7.0, 9.0], nan_ok=True),
        "tmin": pytest.approx([2.7, -1.8, nan, -0.1, 1.0, nan], nan_ok=True),
        "af": pytest.approx([4, 19, nan, 0, 2, 2], nan_ok=True),
        "rain": pytest.approx([62.8, 29.3, nan, 0, 1, 1], nan_ok=True),
        "sun": pytest.approx([nan, 10, nan, nan, 99.4, 99.4], nan_ok=True),
    }
    assert [str(month.date()) for month in data.index[[0, 2, -1]]] == [
        "1853-11-01",
        "1854-01-01",
        "1854-04-01",
    ]
    assert np.argwhere(estimated.to_numpy()).tolist() == [[1, 0], [1, 2], [5, 4]]
    assert provisional.tolist() == [False, False, False, False, True, False]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("yyyy  mm", "year  mm", r"no line of column names that begins with yyyy mm"),
        (
            "    62.8     ---",
            "    6x.8     ---",
            r"line 6: '1853 11 .* 6x\.8 ---' are not \['tmax'",
        ),
        ("     ---\n", "     ---  1.0\n", "line 6: "),
        ("   1854   2", "   1853  12", "duplicate"),
    ],
)
def test_a_garbled_station_is_refused(tmp_path, old, new, message):
    path = put(tmp_path / "s.txt", STATION.replace(old, new, 1).encode())
    with pytest.raises(ValueError, match=message):
        climate.read_station(path)


def test_a_station_without_months_is_refused(tmp_path):
    path = put(tmp_path / "s.txt", "".join(STATION.splitlines(True)[:5]).encode())
    with pytest.raises(ValueError, match="contains no months"):
        climate.read_station(path)


def test_fetch_climate(home):
    put(home / "oxforddata.txt", STATION.encode())
    framed, arrays = datasets.fetch_climate(as_frame=True), datasets.fetch_climate()
    assert framed.frame.shape == arrays.data.shape == (6, 5)
    assert arrays.frame is None
    for name in ("data", "target", "estimated", "provisional"):
        assert isinstance(arrays[name], np.ndarray)
        np.testing.assert_array_equal(arrays[name], framed[name])
    assert (arrays.date == framed.data.index).all()
    X, y = datasets.fetch_climate(return_X_y=True)
    np.testing.assert_array_equal(X, arrays.data)
    np.testing.assert_array_equal(y, arrays.target)
    assert arrays.feature_names == list(framed.data.columns)
    assert arrays.sha256 == {"oxforddata.txt": hashlib.sha256(STATION.encode()).hexdigest()}


def test_months_adjoin_for_windows(home):
    put(home / "oxforddata.txt", STATION.encode())
    rain = datasets.fetch_climate(as_frame=True).data[["rain"]]
    lags = LagTransformer(1, fill_value=-1).fit(rain[:2])
    np.testing.assert_array_equal(lags.transform(rain[2:])[:2, 0, 0], [29.3, np.nan])


@pytest.mark.parametrize("station", ["../oxford", "Oxford", "", "ox/ford"])
def test_a_station_that_is_no_name_is_refused(station):
    with pytest.raises(ValueError, match="station must be the name"):
        datasets.fetch_climate(station)


@pytest.mark.parametrize(
    ("station", "first", "last", "n_months", "n_complete"),
    [
        ("oxford", "1853-01", "2026-02", 2078, 1166),
        ("lerwick", "1930-12", "2026-02", 1143, 1143),
        ("durham", "1880-01", "2026-02", 1754, 1317),
        ("armagh", "1853-01", "2026-02", 2078, 1150),
        ("sheffield", "1883-01", "2026-02", 1718, 1165),
        ("heathrow", "1948-01", "2026-02", 938, 830),
        ("stornoway", "1873-07", "2021-10", 1780, 1112),
        ("southampton", "1855-01", "2000-03", 1743, 1135),
    ],
)
def test_real_climate(station, first, last, n_months, n_complete):
    # The files grow: these facts hold up to the months given.
    data = real("fetch_climate", station, as_frame=True).data.loc[:last]
    assert (data.index == pd.date_range(first, last, freq="MS")).all()
    assert len(data) == n_months
    assert data.notna().all(axis=1).sum() == n_complete
    assert list(data.columns) == ["tmax", "tmin", "af", "rain", "sun"]
    assert (data["tmax"] >= data["tmin"])[data["tmin"].notna() & data["tmax"].notna()].all()
    if station == "oxford":
        assert data.loc["1929-01":].notna().all(axis=None)
