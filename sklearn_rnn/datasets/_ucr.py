"""Time series classification data sets of the UCR and UEA archives."""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import Bunch

from sklearn_rnn._sklearn.compat import StrOptions, validate_params
from sklearn_rnn.datasets._download import PARAMETERS, PublicFile, fetch, pack

_SOURCE = "https://www.timeseriesclassification.com/aeon-toolkit/"
# Samples per class (training, testing), steps and channels. The archive publishes no checksums;
# these sizes are verified instead.
_KNOWN: dict[str, tuple[tuple[int, ...], tuple[int, ...], int | None, int]] = {
    "GunPoint": ((24, 26), (76, 74), 150, 1),
    "ItalyPowerDemand": ((34, 33), (513, 516), 24, 1),
    "ArrowHead": ((12, 12, 12), (69, 53, 53), 251, 1),
    "ECG200": ((31, 69), (36, 64), 96, 1),
    "JapaneseVowels": ((30,) * 9, (31, 35, 88, 44, 29, 24, 40, 50, 29), None, 12),
    "BasicMotions": ((10,) * 4, (10,) * 4, 100, 6),
}
_DESCRIPTION = """\
{name}: time series classification data of the UCR and UEA archives.

{description}

Dau et al. (2018), "The UCR time series archive"; Bagnall et al. (2018), "The UEA multivariate time
series classification archive". https://www.timeseriesclassification.com, free for research; cite
the archive.
"""


@validate_params(
    {**PARAMETERS, "name": [str], "subset": [StrOptions({"train", "test", "all"})]},
    prefer_skip_nested_validation=True,
)
def fetch_ucr(
    name: str = "JapaneseVowels",
    *,
    subset: str = "train",
    data_home: Any = None,
    download_if_missing: bool = True,
    return_X_y: bool = False,
) -> Bunch | tuple[Any, Any]:
    """Load a time series classification data set of the UCR or UEA archive (downloaded if missing).

    ================= ================= ========== ======== ======= =================
    Name              Training, testing Steps      Channels Classes What
    ================= ================= ========== ======== ======= =================
    GunPoint          50, 150           150        1        2       hand movements
    ItalyPowerDemand  67, 1029          24         1        2       power in a day
    ArrowHead         36, 175           251        1        3       outlines
    ECG200            100, 100          96         1        2       heartbeats
    JapaneseVowels    270, 370          7 to 29    12       9       speakers
    BasicMotions      40, 40            100        6        4       movements
    ================= ================= ========== ======== ======= =================

    Parameters
    ----------
    name : str, default="JapaneseVowels"
        A data set of the table above, whose sizes are verified, or another one of the archives.
    subset : {"train", "test", "all"}, default="train"
        Which series; with "all" those for training come first.
    data_home : str or path-like, default=None
        Folder of the data, with or without sub-folders such as ``ucr``. None uses the environment
        variable ``SKLEARN_RNN_DATA``, or else ``~/sklearn_rnn_data``.
    download_if_missing : bool, default=True
        Whether to download missing files; otherwise FileNotFoundError is raised.
    return_X_y : bool, default=False
        Whether to return ``(data, target)`` instead of a Bunch.

    Returns
    -------
    Bunch or tuple of (data, target)
        The Bunch has the attributes

        data : ndarray of shape (n_samples, n_steps, n_channels), or list of ndarray
            X: a list of arrays of shape (n_steps_i, n_channels) if their lengths differ. Missing
            values (``?`` in the file) are NaN.
        target : ndarray of shape (n_samples,)
            y: class labels.
        target_names : list of str
            Names of the classes.
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
    if not re.fullmatch(r"\w[\w-]*", name, flags=re.ASCII):
        raise ValueError(f"name must be the name of a data set, such as 'GunPoint'; got {name!r}.")
    samples: list[NDArray[np.float64]] = []
    labels: list[str] = []
    classes: list[str] = []
    sums: dict[str, str] = {}
    description = ""
    for part in ("train", "test") if subset == "all" else (subset,):
        file_name = f"{name}_{part.upper()}.ts"
        file = fetch(
            PublicFile(file_name, "ucr", (f"{_SOURCE}{name}.zip",), member=file_name),
            read=partial(_read_known, name=name, part=part),
            data_home=data_home,
            download_if_missing=download_if_missing,
        )
        series, targets, classes, description = file.content
        samples += series
        labels += targets
        sums |= file.checksums
    is_equal = len({len(sample) for sample in samples}) == 1
    bunch = Bunch(
        data=np.stack(samples) if is_equal else samples,
        target=np.array(labels),
        target_names=classes,
        sha256=sums,
        DESCR=_DESCRIPTION.format(name=name, description=description),
    )
    return pack(bunch, return_X_y)


def read_ts(path: Path) -> tuple[list[NDArray[np.float64]], list[str], list[str], str]:
    """Read a file in the .ts format.

    Parameters
    ----------
    path : Path
        Comments (``#``), a header (``@``) up to ``@data``, then one line per series: its channels
        and its class, separated by colons; a channel is comma-separated numbers.

    Returns
    -------
    samples : list of ndarray of shape (n_steps_i, n_channels)
        The series.
    labels : list of str
        The class of each series.
    classes : list of str
        The classes listed in the header.
    about : str
        The comments.
    """
    header: dict[str, list[str]] = {}
    samples: list[NDArray[np.float64]] = []
    description, labels = [], []
    is_data = False
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        line = line.strip()
        if line.startswith("#"):
            description.append(line.lstrip("# "))
        elif line.lower() == "@data":
            is_data = True
            classes = _read_classes(path, header)
        elif line.startswith("@"):
            key, *words = line.split()
            header[key.lower()] = words
        elif line and is_data:
            *channels, label = (text.strip() for text in line.split(":"))
            try:
                sample = np.array([_read_numbers(text) for text in channels], dtype=np.float64).T
            except ValueError as reason:
                raise ValueError(f"{path}, line {number}: {reason}") from reason
            n_channels = samples[0].shape[1] if samples else len(channels)
            if label not in classes or sample.ndim != 2 or sample.shape[1] != n_channels:
                raise ValueError(
                    f"{path}, line {number}: expected {n_channels} channels and a class of "
                    f"{classes}; got {len(channels)} and {label!r}."
                )
            samples.append(sample)
            labels.append(label)
    if not samples:
        raise ValueError(f"{path} contains no series after @data.")
    return samples, labels, classes, "\n".join(description).strip()


def _read_classes(path: Path, header: dict[str, list[str]]) -> list[str]:
    is_timed = header.get("@timestamps", ["false"])[0].lower() == "true"
    has_classes, *classes = header.get("@classlabel", ["false"])
    if is_timed or has_classes.lower() != "true":
        raise ValueError(f"{path} must have classes and no time stamps; its header is {header}.")
    return classes


def _read_numbers(text: str) -> list[float]:
    return [float("nan" if number.strip() == "?" else number) for number in text.split(",")]


def _read_known(path: Path, *, name: str, part: str) -> Any:
    """Read a file, and check it if it is of one of the known data sets."""
    samples, labels, classes, _ = found = read_ts(path)
    if name not in _KNOWN:
        return found
    *of_part, n_steps, n_channels = _KNOWN[name]
    got = {
        "samples of each class": tuple(labels.count(c) for c in classes),
        "channels": samples[0].shape[1],
        "steps": n_steps and (len(samples[0]) if len({*map(len, samples)}) == 1 else "several"),
    }
    wanted = (of_part[part == "test"], n_channels, n_steps)
    expected = dict(zip(got, wanted, strict=True))
    if got != expected:
        raise ValueError(f"expected {expected}, got {got}.")
    return found
