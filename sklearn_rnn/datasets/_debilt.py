"""Daily and monthly weather at De Bilt."""

from __future__ import annotations

import lzma
from pathlib import Path
from typing import Any

import pandas as pd
from sklearn.utils import Bunch

from sklearn_rnn._sklearn.compat import validate_params
from sklearn_rnn.datasets._download import PARAMETERS, PublicFile, fetch, pack

_SOURCE = "https://cdn.knmi.nl/knmi/map/page/klimatologie/gegevens/daggegevens/etmgeg_260.zip"
_WHOLE = PublicFile("etmgeg_260.txt", "climate", (_SOURCE,), member="etmgeg_260.txt")
_FROM_2000_TO_2022 = PublicFile(
    "etmgeg_260_2000_2022.txt.xz",
    "climate",
    sha256=("291ac1c454c183c2d517e69736f0004b42f9862aaf4f7ca8b83188b80754ff2e",),
)
# Column of the file, its unit as a multiple of ours, and the monthly aggregate.
_VARIABLES = {
    "temperature_mean": ("TG", 0.1, "mean"),
    "temperature_min": ("TN", 0.1, "min"),
    "temperature_max": ("TX", 0.1, "max"),
    "precipitation": ("RH", 0.1, "sum"),
    "humidity": ("UG", 1.0, "mean"),
    "sunshine": ("SQ", 0.1, "sum"),
}
_DESCRIPTION = """\
Weather at De Bilt, Netherlands (KNMI, station 260).

                   of a day                           of a month
temperature_mean   mean (degrees Celsius)             mean of the days
temperature_min    minimum (degrees Celsius)          the lowest
temperature_max    maximum (degrees Celsius)          the highest
precipitation      sum (mm)                           sum
humidity           mean relative humidity (percent)   mean of the days
sunshine           sum (hours)                        sum

Royal Netherlands Meteorological Institute, daily data,
https://www.knmi.nl/nederland-nu/klimatologie/daggegevens, CC BY 4.0.
"""


@validate_params(
    {**PARAMETERS, "monthly": ["boolean"], "as_frame": ["boolean"]},
    prefer_skip_nested_validation=True,
)
def fetch_debilt(
    *,
    monthly: bool = True,
    data_home: Any = None,
    download_if_missing: bool = True,
    return_X_y: bool = False,
    as_frame: bool = False,
) -> Bunch | tuple[Any, Any]:
    """Load six variables of the weather at De Bilt, by month or by day (downloaded if missing).

    The task is to forecast a month from earlier months: y equals X, so X must pass through a
    `LagTransformer`. The file at the source begins in 1901 and is updated daily. If it is not found
    but ``etmgeg_260_2000_2022.txt.xz`` is (2000-01-01 to 2022-03-21), the latter is read.

    ================= ======================================================================
    Months (days)     266 (8116) from 2000-01; more in the file of the source
    Columns           temperature_mean, temperature_min, temperature_max (degC),
                      precipitation (mm), humidity (percent), sunshine (hours)
    Missing values    none from 2000 to 2022; NaN in earlier years
    Licence           CC BY 4.0
    ================= ======================================================================

    Parameters
    ----------
    monthly : bool, default=True
        Whether to aggregate days to months: mean temperature, lowest minimum, highest maximum,
        total precipitation, mean humidity, total sunshine.
    data_home : str or path-like, default=None
        Folder of the data, with or without sub-folders such as ``climate``. None uses the
        environment variable ``SKLEARN_RNN_DATA``, or else ``~/sklearn_rnn_data``.
    download_if_missing : bool, default=True
        Whether to download the file if it is missing; otherwise FileNotFoundError is raised.
    return_X_y : bool, default=False
        Whether to return ``(data, target)`` instead of a Bunch.
    as_frame : bool, default=False
        Whether to return pandas objects, whose index is the day, or the first day of the month.

    Returns
    -------
    Bunch or tuple of (data, target)
        The Bunch has the attributes

        data, target : ndarray or DataFrame of shape (n_months, 6) or (n_days, 6)
            X and y, one row per month or day without gaps. With months, a variable is NaN if a day
            of the month is missing.
        feature_names, target_names : list of str
            Names of the columns.
        date : ndarray of shape (n_months,) or (n_days,)
            The days, or the first days of the months, datetime64.
        frame : DataFrame or None
            X; None unless ``as_frame=True``.
        sha256 : dict
            Checksum of each file; report it with your results.
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

    Notes
    -----
    The file has tenths of units, and -1 for precipitation below 0.05 mm and sunshine below 0.05
    hours, which is returned as 0.
    """
    file = fetch(
        *(_WHOLE, _FROM_2000_TO_2022),
        read=read_days,
        data_home=data_home,
        download_if_missing=download_if_missing,
    )
    data = file.content
    if monthly:
        data = aggregate_months(data)
    bunch = Bunch(
        data=data,
        target=data,
        feature_names=list(data.columns),
        target_names=list(data.columns),
        date=data.index.to_numpy(),
        frame=data,
        sha256=file.checksums,
        DESCR=_DESCRIPTION,
    )
    return pack(bunch, return_X_y, as_frame)


def read_days(path: Path) -> pd.DataFrame:
    """Read a file of the KNMI.

    Parameters
    ----------
    path : Path
        Any lines, the column names, then one line per day; plain text or compressed by xz.

    Returns
    -------
    DataFrame of shape (n_days, 6)
        The six variables, in degC, mm, percent and hours.
    """
    with (lzma.open if path.suffix == ".xz" else open)(path, "rt", encoding="latin-1") as file:
        for line in file:
            if "YYYYMMDD," in line:
                names = [name.strip() for name in line.lstrip("# ").split(",")]
                break
        else:
            raise ValueError(f"{path} has no line of column names with YYYYMMDD.")
        # A blank value is missing.
        days = pd.read_csv(file, header=None, names=names, skipinitialspace=True, comment="#")
    index = pd.to_datetime(days["YYYYMMDD"].astype(str), format="%Y%m%d").rename("date")
    data = pd.DataFrame(index=pd.DatetimeIndex(index))
    for name, (code, unit, how) in _VARIABLES.items():
        values = days[code].astype(float).to_numpy()
        # Sums of less than half a tenth are written as -1.
        data[name] = (values.clip(min=0) if how == "sum" else values) * unit
    return data.asfreq("D").round(1)


def aggregate_months(days: pd.DataFrame) -> pd.DataFrame:
    """Aggregate a table of days to months.

    Parameters
    ----------
    days : DataFrame of shape (n_days, 6)
        The result of `read_days`.

    Returns
    -------
    DataFrame of shape (n_months, 6)
        NaN for a variable with missing days in the month. Months at either end in which all
        variables are NaN are dropped.
    """
    by_month = days.resample("MS")
    months = by_month.agg({name: how for name, (_, _, how) in _VARIABLES.items()})
    is_whole = by_month.count().eq(pd.DatetimeIndex(months.index).days_in_month, axis=0)
    months = months.where(is_whole).rename_axis(index="month")
    observed = months.index[months.notna().any(axis=1)]
    return months.loc[observed.min() : observed.max()] if len(observed) else months.iloc[:0]
