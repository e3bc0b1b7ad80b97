"""Monthly weather at British stations."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.utils import Bunch

from sklearn_rnn._sklearn.compat import validate_params
from sklearn_rnn.datasets._download import PARAMETERS, PublicFile, fetch, pack

_SOURCE = "https://www.metoffice.gov.uk/pub/data/weather/uk/climate/stationdata/"
_VALUE = re.compile(r"(?P<number>---|-?\d+(\.\d+)?)(?P<marks>[*#$]*)")
_DESCRIPTION = """\
Monthly weather at a station of the UK Met Office.

tmax   mean daily maximum temperature (degrees Celsius)
tmin   mean daily minimum temperature (degrees Celsius)
af     days with air frost
rain   precipitation (mm)
sun    sunshine (hours)

Historic station data,
https://www.metoffice.gov.uk/research/climate/maps-and-data/historic-station-data.
Contains public sector information licensed under the Open Government Licence v3.0.
"""


@validate_params(
    {**PARAMETERS, "station": [str], "as_frame": ["boolean"]}, prefer_skip_nested_validation=True
)
def fetch_climate(
    station: str = "oxford",
    *,
    data_home: Any = None,
    download_if_missing: bool = True,
    return_X_y: bool = False,
    as_frame: bool = False,
) -> Bunch | tuple[Any, Any]:
    """Load the monthly weather at a British station (0.1 MB, downloaded if missing).

    The task is to forecast a month from earlier months: y equals X, so X must pass through a
    `LagTransformer`. Select the columns of y, and the months in which they are observed.

    ================= ==============================================================
    Months            2078 at Oxford from 1853-01, 1143 at Lerwick from 1930-12, ...
    Columns           tmax, tmin (degC), af (days of frost), rain (mm), sun (hours)
    Missing values    NaN; none at Oxford from 1929-01, and none at Lerwick
    Licence           Open Government Licence v3
    ================= ==============================================================

    Parameters
    ----------
    station : str, default="oxford"
        Name of the station in the URL of its file: oxford, lerwick, durham, armagh, sheffield,
        heathrow, stornoway, southampton and others.
    data_home : str or path-like, default=None
        Folder of the data, with or without sub-folders such as ``climate``. None uses the
        environment variable ``SKLEARN_RNN_DATA``, or else ``~/sklearn_rnn_data``.
    download_if_missing : bool, default=True
        Whether to download the file if it is missing; otherwise FileNotFoundError is raised.
    return_X_y : bool, default=False
        Whether to return ``(data, target)`` instead of a Bunch.
    as_frame : bool, default=False
        Whether to return pandas objects, whose index is the first day of the month.

    Returns
    -------
    Bunch or tuple of (data, target)
        The Bunch has the attributes

        data, target : ndarray or DataFrame of shape (n_months, 5)
            X and y, one row per month without gaps; months missing in the file are NaN.
        feature_names, target_names : list of str
            Names of the columns.
        estimated : ndarray or DataFrame of shape (n_months, 5)
            True for values that were estimated, not measured.
        provisional : ndarray or Series of shape (n_months,)
            True for months that may still be revised.
        date : ndarray of shape (n_months,)
            The first days of the months, datetime64.
        frame : DataFrame or None
            X; None unless ``as_frame=True``.
        sha256 : dict
            Checksum of each file. The source is updated every month, so no checksum is required:
            report it with your results.
        DESCR : str
            Description and source.

    Raises
    ------
    FileNotFoundError
        If a file is missing and not to be downloaded; the error says where to get it.
    OSError
        If the download fails, or a file is damaged or not the original.
    ValueError
        If an argument is invalid.
    """
    if not re.fullmatch("[a-z]+", station):
        raise ValueError(
            f"station must be the name in the URL of its file, such as 'oxford'; got {station!r}."
        )
    name = f"{station}data.txt"
    file = fetch(
        PublicFile(name, "climate", (f"{_SOURCE}{name}",)),
        read=read_station,
        data_home=data_home,
        download_if_missing=download_if_missing,
    )
    data, estimated, provisional = file.content
    bunch = Bunch(
        data=data,
        target=data,
        feature_names=list(data.columns),
        target_names=list(data.columns),
        estimated=estimated,
        provisional=provisional,
        date=data.index.to_numpy(),
        frame=data,
        sha256=file.checksums,
        DESCR=_DESCRIPTION,
    )
    return pack(bunch, return_X_y, as_frame)


def read_station(path: Path) -> tuple[pd.DataFrame, pd.DataFrame, pd.Series[bool]]:
    """Read a file of the Met Office.

    Parameters
    ----------
    path : Path
        Any lines, the column names, a line of units, then one line per month: year, month, values.
        ``---`` is a missing value, ``*`` marks an estimate, ``#`` a value of an automatic sensor,
        and a line may end with ``Provisional`` or another remark.

    Returns
    -------
    data, estimated : DataFrame of shape (n_months, n_variables)
        Values, and whether they are estimates.
    provisional : Series of shape (n_months,)
        Whether the month may still be revised.
    """
    lines = [
        line.split() for line in path.read_text(encoding="utf-8", errors="replace").split("\n")
    ]
    header = next((k for k, words in enumerate(lines) if words[:2] == ["yyyy", "mm"]), None)
    if header is None:
        raise ValueError(f"{path} has no line of column names that begins with yyyy mm.")
    names = lines[header][2:]
    months, rows, marks, provisional = [], [], [], []
    for number, words in enumerate(lines[header + 1 :], start=header + 2):
        if len(words) < 2 or not (words[0] + words[1]).isdigit():
            continue  # units, or a remark such as "Site Closed"
        values = [match for word in words[2:] if (match := _VALUE.fullmatch(word))]
        is_garbled = any(re.search(r"\d", w) and not _VALUE.fullmatch(w) for w in words[2:])
        if is_garbled or len(values) > len(names):
            raise ValueError(f"{path}, line {number}: {' '.join(words)!r} are not {names}.")
        numbers = [np.nan if m["number"] == "---" else float(m["number"]) for m in values]
        months.append(f"{words[0]}-{int(words[1]):02}")
        rows.append(numbers + [np.nan] * (len(names) - len(numbers)))
        marks.append(["*" in m["marks"] for m in values] + [False] * (len(names) - len(values)))
        provisional.append("Provisional" in words)
    if not months:
        raise ValueError(f"{path} contains no months.")
    index = pd.DatetimeIndex(months, name="month")
    every = pd.date_range(index.min(), index.max(), freq="MS", name="month")
    data = pd.DataFrame(rows, index, names, dtype=float).reindex(every)
    estimated = pd.DataFrame(marks, index, names, dtype=bool).reindex(every, fill_value=False)
    flags = pd.Series(provisional, index, dtype=bool, name="provisional")
    return data, estimated, flags.reindex(every, fill_value=False)
