"""Attribution of each prediction of a network to the steps of its sequence: `attributions`."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import Bunch
from sklearn.utils.validation import check_is_fitted

from sklearn_rnn._sequences.lag_names import channel_names
from sklearn_rnn._sequences.lists import comes_as_list
from sklearn_rnn._sequences.ragged import Ragged
from sklearn_rnn._sequences.step_targets import unflatten_steps, valid_lengths
from sklearn_rnn._sequences.window_array import WindowArray
from sklearn_rnn._sequences.windows import Windows
from sklearn_rnn._sklearn.compat import Interval, validate_params
from sklearn_rnn._sklearn.metaestimators import open_pipelines, open_search, refuse_forecaster
from sklearn_rnn.inspection._attribution_modules import AtShare, IntegratedGradients
from sklearn_rnn.inspection._completeness import warn_if_inexact
from sklearn_rnn.inspection._integrated_gradients import COUNT

FloatArray = NDArray[np.float64]

OUTPUT = [Interval(Integral, 0, None, closed="left"), None]
"""What a parameter `output`, of `of_output`, admits."""


@validate_params({"n_points": COUNT}, prefer_skip_nested_validation=False)
def attributions(estimator: Any, X: Any, *, n_points: int = 32) -> Bunch:
    r"""Attribute each prediction of a network to the steps and channels that it has read.

    Parameters
    ----------
    estimator : estimator
        A fitted network, a pipeline that ends with one, or a search for either.
    X : array-like or list
        Input of the estimator: sequences as arrays, lists of arrays or tokens, texts before a
        `TextSequencer`, or rows before a `LagTransformer`.
    n_points : int, default=32
        Number of quadrature nodes, on the whole path and on each half of a part of it where the
        attributions do not add up.

    Returns
    -------
    Bunch
        attributions : ndarray of shape (n_samples, n_steps, n_channels)
            Attributions, 0 at steps of padding; for a list of sequences of shape (n_samples,) with
            arrays of shape (n_steps_i, n_channels). For tokens there is no axis of channels. For
            several outputs (targets, or more than two classes) there is a last axis for them.
        base_values : ndarray of shape (n_samples,) or (n_samples, n_outputs)
            Output for the baseline.
        channels : list of str
            Names of the channels.

    Raises
    ------
    ValueError
        If the estimator is no network, reads documents of sentences, predicts each step, or
        normalises windows by their own values.
    TypeError
        If the estimator is a forecaster: the error names its models.

    Warns
    -----
    ConvergenceWarning
        If attributions do not add up as below, with the largest difference.

    See Also
    --------
    lag_importance : Importance of each lag over all samples, for any estimator.
    sklearn_rnn.plotting.AttributionsDisplay : Plot for steps.
    sklearn_rnn.plotting.WordAttributionsDisplay : Texts with coloured words.

    Notes
    -----
    These are integrated gradients (Sundararajan, Taly and Yan, 2017). With z the standardised
    sequence, so that the baseline is 0 (all channels at their means in training), and f the output,

    .. math:: a_{tc} = z_{tc} \int_0^1 \frac{\partial f}{\partial z_{tc}}(u z) \, du, \qquad
        \sum_{t, c} a_{tc} = f(z) - f(0).

    f is the prediction, in units of y; of a classifier the ``decision_function``, the logit of
    the second class if there are two; with ``loss='poisson'`` or ``'negative_binomial'`` the
    logarithm of the prediction; of several quantiles, the median. With ``standardize=False`` the
    baseline is 0 in units of X. Tokens and categories are replaced by their vectors, and their
    baseline is a vector of zeros; a missing value counts by its indicator. The baseline has as many
    steps as the sequence.

    The integral is computed by Gauss-Legendre quadrature. A recurrent network may jump from one of
    its stable states to another on the way from the baseline, where the gradient is thousands of
    times as large as elsewhere: parts of the path on which the attributions miss the change of f
    are halved, up to 20 times. With several members the values and the baseline are the means of
    theirs: the mean of their logits or logarithms is not quite that of their predictions.

    Unlike `attention_weights`, whose weights are those of states that have read all earlier steps,
    attributions lead back to the input itself.

    References
    ----------
    Sundararajan, Taly and Yan (2017). Axiomatic attribution for deep networks. ICML.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_rnn import GRURegressor
    >>> from sklearn_rnn.inspection import attributions
    >>> rng = np.random.default_rng(0)
    >>> X = [rng.normal(size=(n, 2)) for n in rng.integers(3, 8, size=200)]
    >>> net = GRURegressor(max_epochs=20, lr_schedule="cosine", random_state=0)
    >>> net = net.fit(X, [x[-2, 1] for x in X])
    >>> found = attributions(net, X)
    >>> found.attributions[0].shape == X[0].shape
    True
    >>> total = found.base_values + [a.sum() for a in found.attributions]
    >>> bool(np.allclose(total, net.predict(X), atol=1e-3))
    True
    >>> size = np.mean([np.abs(a[-3:]) for a in found.attributions], axis=0)  # of the newest steps
    >>> (size == size.max()).astype(int)
    array([[0, 0],
           [0, 1],
           [0, 0]])
    """
    network, X = _network_and_input(estimator, X)
    check_is_fitted(network)
    sequences, _ = network._read_sequences(X)
    values, base, sums, changes = attributions_of_steps(network, sequences, n_points)
    warn_if_inexact("attributions", sums, changes, n_points, level=4)
    if values.shape[-1] == 1:
        values, base = values[..., 0], base[:, 0]
    if network._reader.reading.tokens:
        values = values[:, 0]
    values = unflatten_steps(values, sequences, ragged=comes_as_list(X), fill=0.0)
    given = X.channels if isinstance(X, WindowArray) else None
    names = channel_names(given or getattr(network, "feature_names_in_", None), network.n_channels_)
    return Bunch(attributions=values, base_values=base, channels=names)


def _network_and_input(estimator: Any, X: Any) -> tuple[Any, Any]:
    """Return the network inside of pipelines and searches, and the input that it gets there."""
    refuse_forecaster(open_search(estimator), "attributions")
    inside, X = open_pipelines(estimator, X)
    name = type(inside).__name__
    if not hasattr(inside, "_outputs_of"):
        raise ValueError(
            "attributions needs a network of sklearn_rnn, or a pipeline that ends with one; got "
            f"{name}. lag_importance(method='permutation') accepts any estimator."
        )
    if hasattr(inside, "word_attention_weights"):
        raise ValueError(
            f"attributions needs sequences, but {name} reads documents of sentences; use "
            "TextSequencer without sentence_end, and a network for sequences."
        )
    if inside.return_sequences:
        raise ValueError(
            "attributions needs one prediction for each sequence; got return_sequences=True."
        )
    if isinstance(inside.standardize, str):
        raise ValueError(
            "attributions needs a network with one scale for all windows; got "
            f'standardize="{inside.standardize}". Use lag_importance(method="permutation").'
        )
    return inside, X


def attributions_of_steps(
    network: Any, sequences: Windows | Ragged, n_points: int
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Return the attributions to steps, and what they add up to.

    Returns
    -------
    values : ndarray of shape (n_valid_steps, n_channels, n_outputs)
        Attributions.
    base, sums, changes : ndarray of shape (n_samples, n_outputs)
        Outputs for the baseline, sums of the attributions, and outputs minus those for the
        baseline.
    """
    n_outputs = n_predicted(network)
    integrated = partial(IntegratedGradients, n_outputs=n_outputs, n_points=n_points)
    values = mean_of_members(network, sequences, integrated, by_channel)
    base, predicted = (
        mean_of_members(
            network, sequences, partial(AtShare, n_outputs=n_outputs, share=share), _in_units_of_y
        )
        for share in (0.0, 1.0)
    )
    lengths, sums = valid_lengths(sequences), np.zeros_like(base)
    np.add.at(sums, np.repeat(np.arange(len(lengths)), lengths), values.sum(axis=1))
    return values, base, sums, predicted - base


def n_predicted(network: Any) -> int | None:
    """Return how many outputs of a network are predictions, the first, or None for all."""
    return len(network.target_scale_.scale) if hasattr(network, "target_scale_") else None


def mean_of_members(
    network: Any,
    sequences: Windows | Ragged,
    through: Callable[[Any], Any],
    convert: Callable[[Any, Any], FloatArray],
) -> FloatArray:
    """Return the mean over members of what `convert` makes of outputs, see `_outputs_of`."""
    members = getattr(network, "members_", [network])
    raw = network._outputs_of(sequences, through)
    return np.asarray(np.mean([convert(*of) for of in zip(members, raw, strict=True)], axis=0))


def by_channel(member: Any, raw: Any) -> FloatArray:
    """Return attributions (n_valid_steps, n_channels, n_outputs) in units of y.

    The indicator of missing values of a channel counts as part of it.
    """
    reader, outputs = member._reader, raw.numpy()
    n_outputs = outputs.shape[1] // reader.n_inputs
    of_inputs = outputs.reshape(len(outputs), reader.n_inputs, n_outputs)
    values: FloatArray = of_inputs[:, : reader.form.n_channels].copy()
    values[:, reader.missing_channels] += of_inputs[:, reader.form.n_channels :]
    is_scaled = hasattr(member, "target_scale_") and not member._encoder.loss.log_link
    return values * member.target_scale_.scale if is_scaled else values


def _in_units_of_y(member: Any, raw: Any) -> FloatArray:
    """Return raw outputs in units of y, or their logarithm, or logits."""
    outputs: FloatArray = raw.numpy()
    if not hasattr(member, "target_scale_"):
        return outputs
    scale = member.target_scale_
    if member._encoder.loss.log_link:
        return np.asarray(outputs + np.log(scale.scale))
    return np.asarray(outputs * scale.scale + scale.mean)


def chosen_output(values: FloatArray, base: Any, output: int | None) -> int | None:
    """Return which of several outputs of a prediction is meant: by default the largest."""
    n_outputs = np.size(base)
    if output is not None and output >= n_outputs:
        which = f"one of the {n_outputs} outputs" if n_outputs > 1 else "0, the only output"
        raise ValueError(f"output must be {which}; got {output}.")
    if not np.ndim(base):
        return None
    sums = base + values.reshape(-1, len(base)).sum(axis=0)
    return int(np.argmax(sums)) if output is None else output


def of_output(values: FloatArray, base: Any, output: int | None) -> FloatArray:
    """Return the attributions of one output of a prediction, if it has several."""
    chosen = chosen_output(values, base, output)
    return values if chosen is None else np.asarray(values[..., chosen])
