"""MNIST: handwritten digits as sequences of pixels."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import Bunch

from sklearn_rnn._sklearn.compat import StrOptions, validate_params
from sklearn_rnn.datasets._download import PARAMETERS, PublicFile, fetch, pack

_SOURCES = (
    "http://yann.lecun.com/exdb/mnist/",
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
)
_SUMS = {
    "train-images-idx3-ubyte.gz": (
        "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609"
    ),
    "train-labels-idx1-ubyte.gz": (
        "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c"
    ),
    "t10k-images-idx3-ubyte.gz": "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
    "t10k-labels-idx1-ubyte.gz": "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
}
_PREFIXES = {"train": ["train"], "test": ["t10k"], "all": ["train", "t10k"]}
_UNSIGNED_BYTES = 8
_DESCRIPTION = """\
MNIST: handwritten digits of 28 by 28 pixels, 60000 for training and 10000 for testing.

LeCun, Bottou, Bengio and Haffner (1998), "Gradient-based learning applied to document recognition",
Proceedings of the IEEE 86, 2278-2324. http://yann.lecun.com/exdb/mnist/, commonly given as
CC BY-SA 3.0.
"""


@validate_params(
    {**PARAMETERS, "subset": [StrOptions({*_PREFIXES})]}, prefer_skip_nested_validation=True
)
def fetch_mnist(
    *,
    subset: str = "train",
    data_home: Any = None,
    download_if_missing: bool = True,
    return_X_y: bool = False,
) -> Bunch | tuple[Any, Any]:
    """Load handwritten digits as sequences of 784 pixels (11.6 MB, downloaded if missing).

    Parameters
    ----------
    subset : {"train", "test", "all"}, default="train"
        Which digits; with "all" those for training come first.
    data_home : str or path-like, default=None
        Folder of the data, with or without sub-folders such as ``mnist``. None uses the
        environment variable ``SKLEARN_RNN_DATA``, or else ``~/sklearn_rnn_data``.
    download_if_missing : bool, default=True
        Whether to download missing files; otherwise FileNotFoundError is raised.
    return_X_y : bool, default=False
        Whether to return ``(data, target)`` instead of a Bunch.

    Returns
    -------
    Bunch or tuple of (data, target)
        The Bunch has the attributes

        data : ndarray of shape (n_digits, 784)
            X: grey values from 0 to 255, row by row; 60000 training and 10000 test digits.
        target : ndarray of shape (n_digits,)
            y: 0 to 9.
        sha256 : dict
            Checksum of each file.
        DESCR : str
            Meaning and source; the data are commonly given as CC BY-SA 3.0.

    Raises
    ------
    FileNotFoundError
        If a file is missing and not to be downloaded; the error says where to get it.
    OSError
        If the download fails, or a file is damaged or not the original.
    ValueError
        If an argument is invalid.
    """
    images: list[NDArray[np.uint8]] = []
    labels: list[NDArray[np.uint8]] = []
    sums: dict[str, str] = {}
    for prefix in _PREFIXES[subset]:
        for name, found in (("images-idx3", images), ("labels-idx1", labels)):
            name = f"{prefix}-{name}-ubyte.gz"
            file = fetch(
                PublicFile(name, "mnist", tuple(s + name for s in _SOURCES), (_SUMS[name],)),
                data_home=data_home,
                download_if_missing=download_if_missing,
            )
            found.append(read_idx(file.path))
            sums |= file.checksums
    data = np.concatenate(images)
    bunch = Bunch(
        data=data.reshape(len(data), -1),
        target=np.concatenate(labels).astype(np.int64),
        sha256=sums,
        DESCR=_DESCRIPTION,
    )
    return pack(bunch, return_X_y)


def read_idx(path: Path) -> NDArray[np.uint8]:
    """Read a gzip-compressed file in the IDX format.

    Parameters
    ----------
    path : Path
        Two zero bytes, the type, the number of dimensions, their sizes as big-endian 32-bit
        integers, and the values.

    Returns
    -------
    ndarray
        The values, in the shape stated by the file.
    """
    content = gzip.decompress(path.read_bytes())
    n_dimensions = content[3]
    shape = np.frombuffer(content, ">u4", count=n_dimensions, offset=4)
    values = np.frombuffer(content, np.uint8, offset=4 + 4 * n_dimensions)
    if content[:2] != b"\0\0" or content[2] != _UNSIGNED_BYTES or len(values) != shape.prod():
        raise ValueError(f"{path} is not an idx file of bytes of the stated shape {shape}.")
    return values.reshape(shape)
