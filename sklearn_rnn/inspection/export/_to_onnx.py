"""`to_onnx`: a fitted model as a graph of ONNX."""

from __future__ import annotations

import json
import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from io import StringIO
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
import torch
from sklearn.utils.validation import check_is_fitted

from sklearn_rnn._sklearn.compat import validate_params
from sklearn_rnn._sklearn.metaestimators import open_search, refuse_forecaster
from sklearn_rnn.inspection.export._as_module import MODELS
from sklearn_rnn.inspection.export._network_source import network_source
from sklearn_rnn.inspection.export._pipelines import read_pipeline
from sklearn_rnn.inspection.export._row_source import linear_source, pipeline_source
from sklearn_rnn.inspection.export._source import Labelled, Source
from sklearn_rnn.linear._base import WindowModel

TOLERANCE = 1e-5
"""Largest difference from predictions in standard deviations of the target, or of probabilities."""

OPSET = 18
"""The version of the operators."""


@validate_params(
    {"path": [str, PathLike], "ragged": ["boolean", None]}, prefer_skip_nested_validation=True
)
def to_onnx(estimator: Any, path: str | PathLike[str], *, ragged: bool | None = None) -> None:
    """Write a fitted model as a graph of ONNX, from raw X to predictions in the units of y.

    The graph holds all that `as_module` does, and is checked before it is written: onnxruntime
    runs it on random inputs of two shapes, and the results are compared with those of `predict`.

    Parameters
    ----------
    estimator : estimator or Pipeline
        A fitted model that `as_module` takes.
    path : str or path-like
        The file to write.
    ragged : bool, default=None
        Whether the graph of a network has the input ``lengths``. None adds it if X was a list of
        sequences in `fit`.

    Raises
    ------
    ImportError
        If onnx, onnxruntime or onnxscript is not installed.
    TypeError
        If it is another kind of model.
    ValueError
        If the results differ from those of `predict` by more than 1e-5 standard deviations of the
        target, or probabilities by more than 1e-5.

    Notes
    -----
    The inputs, ``X`` and for some models ``lengths`` or ``known_ahead``, are those of `as_module`,
    in double precision, tokens and lengths in int64. Batch and steps have any length; of models
    whose inputs have weights of their own, and with `linear_skip`, the steps are those of `fit`,
    and of pipelines the rows are those of a window.

    The output is ``y``, or ``quantiles`` with a list of quantiles. Of a classifier the outputs are
    ``probabilities`` and ``label``, the position of the most probable class; of a multilabel
    target zeros and ones. The metadata hold the names of classes, channels and categories, and the
    levels of quantiles, as JSON.

    Scales are applied in double precision, and the network in single precision whatever its
    `dtype`: onnxruntime has no LSTM, GRU, RNN and convolution of double precision.

    See Also
    --------
    as_module : The same as a module of torch.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import mkdtemp
    >>> import numpy as np
    >>> from onnxruntime import InferenceSession
    >>> from sklearn_rnn import make_lasso
    >>> from sklearn_rnn.inspection.export import to_onnx
    >>> rows = np.arange(100.0)[:, np.newaxis] % 4  # 0, 1, 2, 3, 0, ...
    >>> path = Path(mkdtemp(), "lasso.onnx")
    >>> to_onnx(make_lasso(4).fit(rows, rows[:, 0]), path)
    >>> session = InferenceSession(path, providers=["CPUExecutionProvider"])
    >>> last = np.array([[[2.0], [3.0], [0.0], [1.0]]])
    >>> session.run(["y"], {"X": last})[0].round(1)
    array([2.])
    """
    check_is_fitted(estimator)
    try:
        import onnx
        import onnxruntime  # noqa: F401 - the check would fail after the longest part
        import onnxscript  # noqa: F401 - torch makes the graph of its operators
    except ImportError as error:
        raise ImportError(
            f'to_onnx needs {error.name}: pip install "sklearn-rnn[export]".'
        ) from error
    estimator = open_search(estimator)
    source = _source_of(estimator, ragged=ragged)
    model = _graph(source)
    metadata = {name: json.dumps(value, default=str) for name, value in source.metadata.items()}
    onnx.helper.set_model_props(model, metadata)
    graph = model.SerializeToString()
    _check(source, graph, type(estimator).__name__)
    Path(path).write_bytes(graph)


def _source_of(estimator: Any, *, ragged: bool | None) -> Source:
    """Return what to export of a model."""
    if hasattr(estimator, "net_"):
        return network_source(estimator, ragged=ragged)
    if ragged:
        raise ValueError(
            f"ragged=True is for networks that read step by step; got {type(estimator).__name__}."
        )
    parts = read_pipeline(estimator)
    if parts is not None:
        return pipeline_source(estimator, parts)
    if not isinstance(estimator, WindowModel):
        refuse_forecaster(estimator, "to_onnx")
        raise TypeError(f"to_onnx takes {MODELS}; got {type(estimator).__name__}.")
    return linear_source(estimator)


def _graph(source: Source) -> Any:
    """Return the graph of a module, made by torch."""
    module, outputs = source.module, [source.output]
    if source.output == "probabilities":
        module = Labelled(module, multilabel=source.metadata["multilabel"])
        outputs.append("label")
    inputs = source.examples[0][0]
    with _quiet(), redirect_stdout(StringIO()):  # onnxscript 0.6 prints which rules it applied
        program = torch.onnx.export(
            module.eval(),
            tuple(torch.from_numpy(inputs[name]) for name in source.axes),
            input_names=list(source.axes),
            output_names=outputs,
            dynamic_shapes=tuple(dict(axes) for axes in source.axes.values()),
            opset_version=OPSET,
            dynamo=True,
            verbose=False,
            external_data=False,
        )
    assert program is not None, "no file is written"
    return program.model_proto


def _check(source: Source, graph: bytes, name: str) -> None:
    """Check that onnxruntime computes what the estimator predicts."""
    import onnxruntime

    session = onnxruntime.InferenceSession(graph, providers=["CPUExecutionProvider"])
    for inputs, expected in source.examples:
        computed = session.run([source.output], inputs)[0]
        same = computed.shape == expected.shape
        if same and np.array_equal(np.isnan(computed), np.isnan(expected)):
            error = float(np.nanmax(np.abs(computed - expected))) / source.unit
            if error <= TOLERANCE:
                continue
            unit = "standard deviations of the target"
            unit = "in probability" if source.output == "probabilities" else unit
            why = f"they differ by {error:.2g} {unit}, and at most {TOLERANCE:g} is allowed"
        else:
            why = f"it has the shape {computed.shape}, and predict {expected.shape}"
        raise ValueError(
            f"{name} cannot be exported: onnxruntime does not compute what it predicts; {why}. The "
            'graph is in single precision, in which a network with dtype="float32" predicts.'
        )


@contextmanager
def _quiet() -> Iterator[None]:
    """Leave out what torch tells of itself: packages not found, and names that it changed."""
    logger = logging.getLogger("torch.onnx")
    before = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)
            warnings.filterwarnings("ignore", "# The axis name", UserWarning)  # that inputs share
            yield
    finally:
        logger.setLevel(before)
