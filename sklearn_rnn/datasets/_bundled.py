"""Data sets that are included in the package."""

from __future__ import annotations

import gzip
from importlib import resources
from typing import Any

import pandas as pd
from sklearn.utils import Bunch

from sklearn_rnn._sklearn.compat import validate_params

_NYSE_SERIES = ["DJ_return", "log_volume", "log_volatility"]
_NYSE_DAYS = ["mon", "tues", "wed", "thur", "fri"]
_NYSE_DESCRIPTION = """\
Daily trading on the New York Stock Exchange, 1962-12-03 to 1986-12-31: 6051 trading days.

DJ_return       difference of the logarithm of the Dow Jones index, day to day
log_volume      logarithm of the trading volume, relative to its average of the last 100 days
log_volatility  logarithm of the squared DJ_return, smoothed exponentially
day_of_week     mon, tues, wed, thur or fri
train           whether the day is for training (4281 days, to 1979-12-31) or for testing (1770)

Collected by LeBaron and Weigend (1998), "A bootstrap evaluation of the effect of data splitting
on financial time series", IEEE Transactions on Neural Networks 9, 213-220. The file is that of
James, Witten, Hastie, Tibshirani and Taylor, "An Introduction to Statistical Learning",
https://www.statlearning.com, in the package ISLP; see datasets/data/LICENSE-ISLP.md.
"""
_HITTERS_DESCRIPTION = """\
Baseball players of the Major League in 1986 and their salaries in 1987: 322 players, 263 of them
with a known salary.

AtBat, Hits, HmRun, Runs, RBI, Walks   times at bat, hits, home runs, runs, runs batted in and
                                       walks in 1986
Years                                  years in the major leagues
CAtBat, CHits, CHmRun, CRuns, CRBI, CWalks   the same over the career
League, Division                       A or N, E or W, at the end of 1986
PutOuts, Assists, Errors               in 1986
NewLeague                              A or N, at the beginning of 1987
Salary                                 on opening day of 1987, in thousands of dollars

From the StatLib library of Carnegie Mellon University: data of the poster session of the ASA
section on statistical graphics, 1988. The salaries are from Sports Illustrated of April 20, 1987,
the other columns from The 1987 Baseball Encyclopedia Update, Collier Books. The file is that of
James, Witten, Hastie, Tibshirani and Taylor, "An Introduction to Statistical Learning",
https://www.statlearning.com, in the package ISLP; see datasets/data/LICENSE-ISLP.md.
"""
_BOSTON_DESCRIPTION = """\
Values of houses in 506 census tracts of Boston in 1970.

crim      crimes per capita
zn        land zoned for lots over 25,000 square feet, in percent
indus     land of businesses other than retail, in percent
chas      whether the tract bounds the Charles River: 1 or 0
nox       concentration of nitrogen oxides, in parts per 10 million
rm        mean number of rooms per dwelling
age       owner-occupied dwellings built before 1940, in percent
dis       weighted distance to five employment centres
rad       index of accessibility to radial highways
tax       property tax, in dollars per 10,000
ptratio   pupils per teacher
lstat     population of lower status, in percent
medv      median value of owner-occupied houses, in thousands of dollars

Harrison and Rubinfeld (1978), "Hedonic housing prices and the demand for clean air", Journal of
Environmental Economics and Management 5, 81-102. Their column of the share of black residents is
not in the file. The file is that of James, Witten, Hastie, Tibshirani and Taylor, "An
Introduction to Statistical Learning", https://www.statlearning.com, in the package ISLP; see
datasets/data/LICENSE-ISLP.md.
"""


@validate_params(
    {"return_X_y": ["boolean"], "as_frame": ["boolean"], "day_of_week": ["boolean"]},
    prefer_skip_nested_validation=True,
)
def load_nyse(
    *, return_X_y: bool = False, as_frame: bool = False, day_of_week: bool = False
) -> Bunch | tuple[Any, Any]:
    """Load daily trading data of the New York Stock Exchange, 1962 to 1986.

    The task is to forecast the trading volume of a day from earlier days: y is the column
    log_volume of X on the same day, so X must pass through a `LagTransformer`.

    ================= ===========================================
    Days              6051, of which 4281 to 1979 are for training
    Columns of X      DJ_return, log_volume, log_volatility
    Missing values    none
    ================= ===========================================

    Parameters
    ----------
    return_X_y : bool, default=False
        Whether to return ``(data, target)`` instead of a Bunch.
    as_frame : bool, default=False
        Whether to return pandas objects, whose index is the date.
    day_of_week : bool, default=False
        Whether to add five indicator columns to X, day_mon, day_tues, day_wed, day_thur and
        day_fri. They are known future covariates.

    Returns
    -------
    Bunch or tuple of (data, target)
        The Bunch has the attributes

        data : ndarray or DataFrame of shape (6051, 3) or (6051, 8)
            X.
        target : ndarray or Series of shape (6051,)
            y.
        feature_names, target_names : list of str
            Names of the columns of X, and of y.
        day_of_week : ndarray or Series of shape (6051,)
            mon, tues, wed, thur or fri.
        train : ndarray or Series of shape (6051,)
            True for training days.
        date : ndarray of shape (6051,)
            The days, datetime64.
        frame : DataFrame or None
            All columns, indexed by date; None unless ``as_frame=True``.
        DESCR : str
            Description and source.

    Examples
    --------
    >>> from sklearn_rnn.datasets import load_nyse
    >>> X, y = load_nyse(return_X_y=True, as_frame=True)
    >>> X.shape
    (6051, 3)
    >>> X.loc["1962-12-04"].round(3).to_dict()
    {'DJ_return': 0.008, 'log_volume': 0.346, 'log_volatility': -11.749}
    >>> y.name
    'log_volume'
    """
    record = _read("NYSE", index_col="date", parse_dates=["date"])
    data = record[_NYSE_SERIES]
    if day_of_week:
        days = {f"day_{day}": (record["day_of_week"] == day) * 1.0 for day in _NYSE_DAYS}
        data = data.assign(**days)
    nyse = Bunch(
        data=data,
        target=record["log_volume"],
        feature_names=list(data.columns),
        target_names=["log_volume"],
        day_of_week=record["day_of_week"],
        train=record["train"],
        date=record.index.to_numpy(),
        frame=data.join(record[["day_of_week", "train"]]) if as_frame else None,
        DESCR=_NYSE_DESCRIPTION,
    )
    if not as_frame:
        for name in ("data", "target", "day_of_week", "train"):
            nyse[name] = nyse[name].to_numpy()
    return (nyse.data, nyse.target) if return_X_y else nyse


@validate_params(
    {"return_X_y": ["boolean"], "as_frame": ["boolean"], "drop_missing": ["boolean"]},
    prefer_skip_nested_validation=True,
)
def load_hitters(
    *, return_X_y: bool = False, as_frame: bool = False, drop_missing: bool = True
) -> Bunch | tuple[Any, Any]:
    """Load salaries of baseball players in 1987, with their statistics of earlier seasons.

    The task is to predict the salary. There is no time order: each player is a sequence of one
    step. Three columns of X are categorical and must be encoded, with ``OneHotEncoder`` or
    ``pandas.get_dummies``.

    ================= ===========================================
    Players           322, the salary of 263 is known
    Columns of X      19, of which 3 are categorical
    Missing values    59, all of them salaries
    ================= ===========================================

    Parameters
    ----------
    return_X_y : bool, default=False
        Whether to return ``(data, target)`` instead of a Bunch.
    as_frame : bool, default=False
        Whether to return pandas objects.
    drop_missing : bool, default=True
        Whether to drop the players whose salary is unknown.

    Returns
    -------
    Bunch or tuple of (data, target)
        The Bunch has the attributes

        data : ndarray of dtype object, or DataFrame, of shape (263, 19) or (322, 19)
            X.
        target : ndarray or Series of shape (263,) or (322,)
            Salary in thousands of dollars; NaN if unknown.
        feature_names, target_names : list of str
            Names of the columns of X, and of y.
        frame : DataFrame or None
            X and y; None unless ``as_frame=True``.
        DESCR : str
            Description and source.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklearn_rnn.datasets import load_hitters
    >>> X, y = load_hitters(return_X_y=True, as_frame=True)
    >>> pd.get_dummies(X, drop_first=True, dtype=float).shape
    (263, 19)
    >>> load_hitters(drop_missing=False).target.shape
    (322,)
    """
    record = _read("Hitters")
    if drop_missing:
        record = record.dropna(subset="Salary", ignore_index=True)
    hitters = _bunch(record, "Salary", _HITTERS_DESCRIPTION, None if as_frame else object)
    return (hitters.data, hitters.target) if return_X_y else hitters


@validate_params(
    {"return_X_y": ["boolean"], "as_frame": ["boolean"]}, prefer_skip_nested_validation=True
)
def load_boston(*, return_X_y: bool = False, as_frame: bool = False) -> Bunch | tuple[Any, Any]:
    """Load house values in the census tracts of Boston in 1970.

    The task is to predict the median value of a tract. There is no time order: each tract is a
    sequence of one step. This is the version of the book by James et al., without the share of
    black residents, the column for which scikit-learn removed its ``load_boston``.

    ================= ======
    Tracts            506
    Columns of X      12
    Missing values    none
    ================= ======

    Parameters
    ----------
    return_X_y : bool, default=False
        Whether to return ``(data, target)`` instead of a Bunch.
    as_frame : bool, default=False
        Whether to return pandas objects.

    Returns
    -------
    Bunch or tuple of (data, target)
        The Bunch has the attributes

        data : ndarray or DataFrame of shape (506, 12)
            X.
        target : ndarray or Series of shape (506,)
            Median value in thousands of dollars, censored at 50.
        feature_names, target_names : list of str
            Names of the columns of X, and of y.
        frame : DataFrame or None
            X and y; None unless ``as_frame=True``.
        DESCR : str
            Description and source.

    Examples
    --------
    >>> from sklearn_rnn.datasets import load_boston
    >>> X, y = load_boston(return_X_y=True, as_frame=True)
    >>> X.shape
    (506, 12)
    >>> y.name
    'medv'
    """
    boston = _bunch(_read("Boston"), "medv", _BOSTON_DESCRIPTION, None if as_frame else float)
    return (boston.data, boston.target) if return_X_y else boston


def _bunch(record: pd.DataFrame, target: str, description: str, dtype: type | None) -> Bunch:
    """Return a Bunch of arrays, X of the dtype, or of pandas objects if dtype is None."""
    X, y = record.drop(columns=target), record[target]
    return Bunch(
        data=X if dtype is None else X.to_numpy(dtype=dtype),
        target=y if dtype is None else y.to_numpy(),
        feature_names=list(X.columns),
        target_names=[target],
        frame=record if dtype is None else None,
        DESCR=description,
    )


def _read(name: str, **options: Any) -> pd.DataFrame:
    path = resources.files("sklearn_rnn.datasets") / "data" / f"{name}.csv.gz"
    with path.open("rb") as packed, gzip.open(packed) as file:
        return pd.read_csv(file, **options)
