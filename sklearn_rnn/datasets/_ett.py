"""Electricity transformer temperature: two hourly series."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from sklearn.utils import Bunch

from sklearn_rnn._sklearn.compat import StrOptions, validate_params
from sklearn_rnn.datasets._download import PARAMETERS, PublicFile, fetch, pack

_SUMS = {
    "ETTh1": "f18de3ad269cef59bb07b5438d79bb3042d3be49bdeecf01c1cd6d29695ee066",
    "ETTh2": "a3dc2c597b9218c7ce1cd55eb77b283fd459a1d09d753063f944967dd6b9218b",
}
_SOURCE = "https://raw.githubusercontent.com/zhouhaoyi/ETDataset/main/ETT-small/"
_HOURS = {"train": 12 * 30 * 24, "validation": 4 * 30 * 24, "test": 4 * 30 * 24}
_DESCRIPTION = """\
Electricity transformer temperature, hourly, 2016-07-01 00:00 to 2018-06-26 19:00: 17420 hours.

HUFL, HULL   high useful load, high useless load
MUFL, MULL   middle useful load, middle useless load
LUFL, LULL   low useful load, low useless load
OT           oil temperature (degrees Celsius)
part         train (8640 hours, 12 months of 30 days), validation (2880), test (2880), or rest

Zhou, Zhang, Peng, Zhang, Li, Xiong and Zhang (2021), "Informer: beyond efficient transformer for
long sequence time-series forecasting", AAAI. https://github.com/zhouhaoyi/ETDataset, CC BY-ND 4.0.
"""


@validate_params(
    {**PARAMETERS, "name": [StrOptions({*_SUMS})], "as_frame": ["boolean"]},
    prefer_skip_nested_validation=True,
)
def fetch_ett(
    name: str = "ETTh1",
    *,
    data_home: Any = None,
    download_if_missing: bool = True,
    return_X_y: bool = False,
    as_frame: bool = False,
) -> Bunch | tuple[Any, Any]:
    """Load the hourly temperature of an electricity transformer (2.6 MB, downloaded if missing).

    The task is to forecast the oil temperature from earlier hours: y is the column OT of X in the
    same hour, so X must pass through a `LagTransformer`.

    ================= ====================================================
    Hours             17420, from 2016-07-01 00:00 to 2018-06-26 19:00
    Columns of X      HUFL, HULL, MUFL, MULL, LUFL, LULL (loads), OT (degC)
    Missing values    none
    Licence           CC BY-ND 4.0
    ================= ====================================================

    Parameters
    ----------
    name : {"ETTh1", "ETTh2"}, default="ETTh1"
        Name of the transformer.
    data_home : str or path-like, default=None
        Folder of the data, with or without sub-folders such as ``ett``. None uses the environment
        variable ``SKLEARN_RNN_DATA``, or else ``~/sklearn_rnn_data``.
    download_if_missing : bool, default=True
        Whether to download the file if it is missing; otherwise FileNotFoundError is raised.
    return_X_y : bool, default=False
        Whether to return ``(data, target)`` instead of a Bunch.
    as_frame : bool, default=False
        Whether to return pandas objects, whose index is the hour.

    Returns
    -------
    Bunch or tuple of (data, target)
        The Bunch has the attributes

        data : ndarray or DataFrame of shape (17420, 7)
            X.
        target : ndarray or Series of shape (17420,)
            y.
        feature_names, target_names : list of str
            Names of the columns of X, and of y.
        part : ndarray or Series of shape (17420,)
            The standard split: train, validation, test, or rest for the later hours.
        date : ndarray of shape (17420,)
            The hours, datetime64.
        frame : DataFrame or None
            X and `part`; None unless ``as_frame=True``.
        sha256 : dict
            Checksum of each file.
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
    file = fetch(
        PublicFile(f"{name}.csv", "ett", (f"{_SOURCE}{name}.csv",), (_SUMS[name],)),
        data_home=data_home,
        download_if_missing=download_if_missing,
    )
    data = pd.read_csv(file.path, index_col="date", parse_dates=["date"])
    rest = {"rest": len(data) - sum(_HOURS.values())}
    hours = {**_HOURS, **rest}
    part = pd.Series(np.repeat([*hours], [*hours.values()]), index=data.index, name="part")
    bunch = Bunch(
        data=data,
        target=data["OT"],
        feature_names=list(data.columns),
        target_names=["OT"],
        part=part,
        date=data.index.to_numpy(),
        frame=data.join(part),
        sha256=file.checksums,
        DESCR=_DESCRIPTION,
    )
    return pack(bunch, return_X_y, as_frame)
