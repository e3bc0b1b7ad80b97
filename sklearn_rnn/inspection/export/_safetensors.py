"""Fitted estimators in files of safetensors, which hold arrays and text, and no code."""

from __future__ import annotations

import json
from os import PathLike
from typing import Any

from sklearn.utils.validation import check_is_fitted

from sklearn_rnn._sklearn.compat import validate_params
from sklearn_rnn.inspection.export._json_state import Arrays, from_json, to_json

STATE = "sklearn_rnn"
"""The name of the text in a file that tells what the arrays are."""


@validate_params({"path": [str, PathLike]}, prefer_skip_nested_validation=True)
def to_safetensors(estimator: Any, path: str | PathLike[str]) -> None:
    """Write a fitted estimator to a file of safetensors.

    Parameters
    ----------
    estimator : estimator
        A fitted estimator of this package.
    path : str or path-like
        The file to write.

    Raises
    ------
    ImportError
        If safetensors is not installed.
    TypeError
        If it is or holds something else, such as callbacks, or steps of scikit-learn; files of
        skops hold pipelines.

    Notes
    -----
    The tensors have the names of attributes: ``net_.layers.0.weight_ih_l0`` is a parameter of a
    network, ``members_.1.net_.layers.0.weight_ih_l0`` one of its second member,
    ``channel_scale_.mean`` the means of the channels, ``_encoder.scale.scale`` the scales of the
    targets. All else, such as the classes, is JSON in the metadata.

    See Also
    --------
    from_safetensors : Reads the file.
    to_onnx : A graph of the predictions, for programs without Python.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import mkdtemp
    >>> import numpy as np
    >>> from safetensors.numpy import load_file
    >>> from sklearn_rnn import LagRidge
    >>> from sklearn_rnn.inspection.export import from_safetensors, to_safetensors
    >>> X = np.random.default_rng(0).normal(size=(50, 3, 1))
    >>> path = Path(mkdtemp(), "ridge.safetensors")
    >>> to_safetensors(LagRidge(alpha=0).fit(X, 2 * X[:, -1, 0]), path)
    >>> load_file(path)["coef_"].round(3) + 0.0  # other programs can read it
    array([0., 0., 2.])
    >>> from_safetensors(path).predict(np.ones((1, 3, 1))).round(3)
    array([2.])
    """
    check_is_fitted(estimator)
    arrays: Arrays = {}
    text = json.dumps(to_json(estimator, arrays))
    _imported().numpy.save_file(arrays, path, metadata={STATE: text})


@validate_params({"path": [str, PathLike]}, prefer_skip_nested_validation=True)
def from_safetensors(path: str | PathLike[str]) -> Any:
    """Return the estimator in a file that `to_safetensors` has written.

    Parameters
    ----------
    path : str or path-like
        The file. It cannot make Python run code, whoever wrote it.

    Returns
    -------
    estimator
        The fitted estimator, with the same predictions.

    Raises
    ------
    ImportError
        If safetensors is not installed.
    ValueError
        If the file has no estimator of this package.

    Warns
    -----
    StoredVersionWarning
        If other versions of sklearn_rnn, torch or numpy wrote it.

    See Also
    --------
    to_safetensors : Writes the file, with an example.
    """
    with _imported().safe_open(path, "numpy") as file:
        text = (file.metadata() or {}).get(STATE)
        arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - no mapping
    if text is None:
        raise ValueError(
            f"{path} has no estimator of sklearn_rnn; to_safetensors makes such files."
        )
    return from_json(json.loads(text), arrays)


def _imported() -> Any:
    try:
        import safetensors.numpy
    except ImportError as error:
        raise ImportError(
            'Files of safetensors need safetensors: pip install "sklearn-rnn[export]".'
        ) from error
    return safetensors
