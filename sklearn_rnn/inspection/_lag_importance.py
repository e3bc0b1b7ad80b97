"""Importance of every lag of every channel: `lag_importance`."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.metrics import check_scoring
from sklearn.utils import Bunch, check_random_state

from sklearn_rnn._sklearn.compat import StrOptions, validate_params
from sklearn_rnn._sklearn.metaestimators import default_scoring, open_search, refuse_forecaster
from sklearn_rnn.inspection._integrated_gradients import COUNT, attributions
from sklearn_rnn.inspection._permutation import permutation_importances
from sklearn_rnn.inspection._ragged_gradients import ragged_importances
from sklearn_rnn.inspection._window_model import RaggedModel, WindowModel, find_windows


@validate_params(
    {
        "y": ["array-like", None],
        "method": [StrOptions({"permutation", "integrated_gradients"})],
        "scoring": [str, callable, None],
        "n_repeats": COUNT,
        "n_points": COUNT,
        "random_state": ["random_state"],
    },
    prefer_skip_nested_validation=False,
)
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
    r"""Compute the importance of each lag of each channel for a fitted model.

    Parameters
    ----------
    estimator : estimator
        A fitted pipeline with a `LagTransformer` and any final estimator, such as that of
        `make_ar`; a fitted estimator that predicts from windows, or from a table whose columns are
        named by channel and lag (``price_lag3``); or a search for one of them. The importances
        refer to the input of the final estimator; the steps before it are applied once.
    X : array-like or list
        Input of the estimator: rows for a pipeline with a `LagTransformer`, otherwise windows of
        shape (n_samples, n_steps, n_channels), even if a scikit-learn estimator was fitted on
        flattened windows. Of networks also sequences of different length, as a list or with
        padding, whose lags count from their newest step; and tokens, for 'permutation'.
    y : array-like, default=None
        Targets; required for ``method='permutation'``.
    method : {'permutation', 'integrated_gradients'}, default='permutation'
        Definition of importance; see Notes.
    scoring : str or callable, default=None
        Score for 'permutation'; None uses 'r2' or 'accuracy'.
    n_repeats : int, default=5
        Number of permutations.
    n_points : int, default=32
        Number of quadrature nodes of 'integrated_gradients', see `attributions`.
    random_state : int, RandomState instance or None, default=None
        Random number generator of the permutations. Pass an integer for reproducible results.

    Returns
    -------
    Bunch
        ``importances_mean``, ``importances_std`` : ndarray of shape (n_steps, n_channels)
            Mean and standard deviation over permutations, or over samples.
        ``lags`` : ndarray of shape (n_steps,)
            Lag of each step in rows before the target, oldest first; smaller by the delay for
            known future covariates. Without a `LagTransformer` the newest step has lag 1. Where
            channels have different lags, as with ``seasonal_lags`` or ``exogenous`` of `make_ar`,
            these are all lags, of known future covariates, too, and importances are NaN where a
            channel has not the lag. Columns that are not lagged have lag 0.
        ``channels`` : list of str
            Names of the channels.
        ``score``, ``importances`` of shape (n_steps, n_channels, n_repeats)
            With permutation only: the score, and its decrease by each permutation.
        ``effects`` of shape (n_steps, n_channels) or (n_steps, n_channels, n_outputs)
            With integrated gradients only; see Notes.

    Warns
    -----
    ConvergenceWarning
        If integrated gradients do not add up as below, with the largest difference.

    See Also
    --------
    attributions : What each single prediction owes to each step.
    sklearn_rnn.plotting.LagImportanceDisplay : Plot of the importances.

    Notes
    -----
    **Permutation.** The importance of a lag of a channel is the decrease of the score when its
    values are shuffled over samples (Breiman, 2001). For a linear model fitted by least squares,
    ``'neg_mean_squared_error'`` on the training data decreases by :math:`2 w^2 \sigma^2` on
    average over all permutations, where w is the coefficient and :math:`\sigma` the standard
    deviation of the column. Adjacent lags are often strongly correlated: if other lags can
    replace one, its importance is small. Of sequences of different length, those that have a lag
    exchange its values.

    **Integrated gradients.** For networks of this package and linear models with ``coef_``. With
    z the standardised window and f the output of the model, the attribution of a prediction to
    lag l of channel c is

    .. math:: a_{lc} = z_{lc} \int_0^1 \frac{\partial f}{\partial z_{lc}}(u z) \, du,

    and the attributions sum to :math:`f(z) - f(0)`, the prediction minus that of the mean window
    (Sundararajan, Taly and Yan, 2017). The importance is the mean of :math:`|a_{lc}|` over
    samples and outputs, in units of y; for classifiers of the logits, and with ``loss='poisson'``
    or ``'negative_binomial'`` of the logarithm of the prediction; of several quantiles, of the
    median. ``effects`` is the mean of the integral, with its sign: the average change of the output
    per standard deviation of the channel at that lag. For a network without hidden layers it is
    exactly the coefficient times the standard deviation, and :math:`a_{lc}` the coefficient times
    the deviation from the mean. Means and standard deviations are those of the training data
    (``channel_scale_``), or those of X for a linear model or a network with
    ``standardize=False`` (with sequences of different length then 0 and 1). To a lag that a
    sequence does not have, the attribution is zero; its ``effects`` are the mean over those that
    have it.

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
    refuse_forecaster(open_search(estimator), "lag_importance")
    if method == "permutation" and y is None:
        raise ValueError("method='permutation' needs y to compute a score.")
    if method == "permutation" and getattr(estimator, "horizon", 1) > 1:
        raise ValueError(
            f"method='permutation' scores y of one step, but estimator predicts horizon="
            f"{estimator.horizon} steps; take its last step with the windows and targets of "
            "make_lagged(horizon=...), or method='integrated_gradients'."
        )
    model = find_windows(estimator, X)
    if method == "integrated_gradients":
        if isinstance(model, RaggedModel):
            found = ragged_importances(model, n_points)
        else:
            found = _gradient_importances(model, n_points)
        return _arranged(model, **found)
    scorer = check_scoring(model.estimator, scoring or default_scoring(model.estimator))
    rng = check_random_state(random_state)
    score, importances = permutation_importances(model, y, scorer, n_repeats, rng)
    mean, std = importances.mean(axis=2), importances.std(axis=2)
    found = {"importances_mean": mean, "importances_std": std, "importances": importances}
    return Bunch(**_arranged(model, **found), score=score)


def _arranged(model: WindowModel | RaggedModel, **found: Any) -> Bunch:
    """Return importances with their lags and channels, NaN where a channel has not the lag."""
    of_lags: Any = model
    if isinstance(model, WindowModel) and model.grid is not None:
        of_lags, found = model.grid, {name: model.grid.unflatten(v) for name, v in found.items()}
    return Bunch(**found, lags=of_lags.lags, channels=of_lags.channels)


def _gradient_importances(model: WindowModel, n_points: int) -> dict[str, Any]:
    """Average attributions over samples and outputs, and gradients over samples."""
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
