"""What a fitted model uses: the importance of every lag of every channel."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.metrics import check_scoring
from sklearn.utils import Bunch, check_random_state

from sklearn_rnn._sklearn.metaestimators import default_scoring
from sklearn_rnn.inspection._integrated_gradients import attributions
from sklearn_rnn.inspection._permutation import permutation_losses
from sklearn_rnn.inspection._window_model import WindowModel, find_windows

METHODS = ("permutation", "integrated_gradients")


def lag_importance(
    estimator: Any,
    X: Any,
    y: Any = None,
    *,
    method: str = "permutation",
    scoring: Any = None,
    n_repeats: int = 5,
    n_points: int = 32,
    random_state: Any = None,
) -> Bunch:
    r"""Measure how much a fitted model uses each lag of each channel.

    Parameters
    ----------
    estimator : estimator
        A fitted pipeline with a `LagTransformer` and any estimator at its end, or a fitted
        estimator of windows, or a search for one of them. Importance is that of the windows
        which the estimator at the end sees; what stands before it is applied once.
    X : array-like
        What the estimator predicts for: rows for a pipeline with a `LagTransformer`, else
        windows of shape (n_samples, n_steps, n_channels), also for an estimator of
        scikit-learn that was fitted on flat ones.
    y : array-like, default=None
        The targets; ``method='permutation'`` needs them.
    method : {'permutation', 'integrated_gradients'}, default='permutation'
        What importance is: see the notes.
    scoring : str or callable, default=None
        The score of 'permutation'; None takes 'r2' or 'accuracy'.
    n_repeats : int, default=5
        Number of permutations.
    n_points : int, default=32
        Points of the path of 'integrated_gradients'.
    random_state : int, RandomState instance or None, default=None
        Source of the permutations.

    Returns
    -------
    Bunch
        ``importances_mean``, ``importances_std`` : ndarray of shape (n_steps, n_channels)
            Mean and standard deviation: over the permutations, or over the samples.
        ``lags`` : ndarray of shape (n_steps,)
            Rows from each step to the present, the oldest first; for channels that are known
            ahead they are fewer by the delay.
        ``channels`` : list of str
            Names of the channels.
        ``score``, ``importances`` of shape (n_steps, n_channels, n_repeats)
            Only by permutation: the score of the estimator, and its loss by each permutation.
        ``effects`` of shape (n_steps, n_channels) or (n_steps, n_channels, n_outputs)
            Only by integrated gradients: see the notes.

    Notes
    -----
    **Permutation.** The importance of a lag of a channel is what the score loses when its
    values are shuffled over the samples (Breiman, 2001). A linear model fitted by least
    squares and scored by ``'neg_mean_squared_error'`` loses :math:`2 w^2 \sigma^2` on its
    training data, on average over all permutations, with w the coefficient and
    :math:`\sigma` the standard deviation of the column. Successive lags carry much the same
    information: where a model can replace one by others, none is important by itself.

    **Integrated gradients.** For nets of this package and linear models with ``coef_``. With
    z the window in standard deviations of its channels from their means, and f the output of
    the model, the attribution of a prediction to lag l of channel c is

    .. math:: a_{lc} = z_{lc} \int_0^1 \frac{\partial f}{\partial z_{lc}}(u z) \, du,

    and they sum to :math:`f(z) - f(0)`, the prediction less that of the mean window
    (Sundararajan, Taly and Yan, 2017). The importance is the mean of :math:`|a_{lc}|` over
    the samples and outputs, in the units of y; of the logits in classification, and of the
    logarithm of the prediction with ``loss='poisson'``. ``effects`` is the mean of the
    integral, with its sign: by how much the output grows with one standard deviation of the
    channel at that lag. For a net without a hidden layer it is exactly the coefficient times
    the standard deviation, and :math:`a_{lc}` the coefficient times the distance from the
    mean. Means and deviations are those of the training data (``channel_scale_``), and those
    of X for a linear model or a net with ``standardize=False``.

    References
    ----------
    Breiman (2001). Random forests. Machine Learning 45.
    Sundararajan, Taly and Yan (2017). Axiomatic attribution for deep networks. ICML.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_rnn import make_ar
    >>> from sklearn_rnn.inspection import lag_importance
    >>> X = np.random.default_rng(0).normal(size=(500, 2))
    >>> y = np.roll(X[:, 0], 2) - 0.5 * np.roll(X[:, 1], 1)
    >>> found = lag_importance(make_ar(3).fit(X, y), X, method="integrated_gradients")
    >>> found.lags
    array([3, 2, 1])
    >>> found.effects.round(1) + 0.0
    array([[ 0. ,  0. ],
           [ 1. ,  0. ],
           [ 0. , -0.5]])
    """
    if method not in METHODS:
        raise ValueError(f"method must be one of {METHODS}; got {method!r}.")
    if method == "permutation" and y is None:
        raise ValueError("method='permutation' measures by a score, which needs y.")
    model = find_windows(estimator, X)
    if method == "integrated_gradients":
        return Bunch(**_by_gradients(model, n_points), lags=model.lags, channels=model.channels)
    scorer = check_scoring(model.estimator, scoring or default_scoring(model.estimator))
    rng = check_random_state(random_state)
    score, losses = permutation_losses(model, y, scorer, n_repeats, rng)
    return Bunch(
        importances_mean=losses.mean(axis=2),
        importances_std=losses.std(axis=2),
        importances=losses,
        score=score,
        lags=model.lags,
        channels=model.channels,
    )


def _by_gradients(model: WindowModel, n_points: int) -> dict[str, Any]:
    """Average attributions over the samples (and outputs), and gradients over the samples."""
    n, total, squares, gradients = len(model.windows), 0.0, 0.0, 0.0
    for attribution, gradient in attributions(model, n_points):
        size = np.abs(attribution).mean(axis=-1)  # (n_batch, n_steps, n_channels)
        total = total + size.sum(axis=0)
        squares = squares + np.square(size).sum(axis=0)
        gradients = gradients + gradient.sum(axis=0)
    mean, effects = np.asarray(total) / n, np.asarray(gradients) / n
    deviation = np.sqrt(np.clip(np.asarray(squares) / n - mean**2, 0.0, None))
    if effects.shape[-1] == 1:
        effects = effects[..., 0]
    return {"importances_mean": mean, "importances_std": deviation, "effects": effects}
