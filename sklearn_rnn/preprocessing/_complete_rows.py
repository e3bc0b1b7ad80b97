"""Fits that leave out rows with incomplete windows: `CompleteRows`."""

from __future__ import annotations

from numbers import Integral
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from sklearn import get_config
from sklearn.base import MetaEstimatorMixin, clone
from sklearn.pipeline import Pipeline
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from sklearn_rnn._sklearn.compat import HasMethods, Interval, StrOptions, fit_context
from sklearn_rnn._sklearn.containers import as_numpy
from sklearn_rnn._sklearn.estimator import Estimator
from sklearn_rnn._sklearn.parameters import param, parametrized
from sklearn_rnn._sklearn.validation import check_labels
from sklearn_rnn.preprocessing._fit_complete import (
    as_complete,
    fit_complete,
    nested_pipelines,
    select_rows,
)
from sklearn_rnn.preprocessing._following_targets import following_targets
from sklearn_rnn.preprocessing._incomplete_rows import find_lags
from sklearn_rnn.preprocessing._pipeline_proxy import PipelineProxy, has_inside


@parametrized
class CompleteRows(PipelineProxy, MetaEstimatorMixin, Estimator):
    """Fit a pipeline to the rows whose windows are complete, and predict all rows.

    `LagTransformer` keeps the number of rows and fills lags before the start of a series, or in a
    gap. Rows with filled lags are misleading examples for training. This meta-estimator fits the
    transformers of a pipeline to all rows, but its last step only to rows with complete windows. A
    missing value (NaN) in a row does not make a window incomplete.

    {parameters}

    {attributes}

    See Also
    --------
    make_ar : Linear autoregression, fitted to complete rows.
    make_lagged : Complete windows outside a pipeline.

    Notes
    -----
    **Which rows.** A row must have a complete window in every LagTransformer before the last step,
    also inside a FeatureUnion, a ColumnTransformer or another pipeline. After a second
    LagTransformer, a window of windows is complete if all of these are. Without a LagTransformer
    nothing is left out, except by networks that are given incomplete windows; these are counted.

    **In place of the pipeline.** Steps are accessed as in a pipeline, by `named_steps`, `steps`,
    and ``model[0]`` or ``model["ridge"]``; after `fit` these are the fitted ones of ``estimator_``.
    Parameters have their names in the pipeline (``ridge__alpha``) as well as those in a
    meta-estimator (``estimator__ridge__alpha``), so that a grid for the pipeline stays valid.

    **Several steps.** With ``horizon=h`` `predict` returns the forecasts of rows t, ..., t + h - 1
    in the columns of row t. `fit` and `score` take y of one step, so that no target comes from
    after the training rows, and make the targets themselves. Scores by name, such as
    ``"neg_mean_squared_error"``, compare y itself and do not apply. The last step must support
    several targets.

    **Searches**, transformed targets and ensembles must contain it, not the reverse:
    ``GridSearchCV(CompleteRows(pipeline), grid)``. `compare_models` and `Forecaster` add
    it to models with a LagTransformer.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import Ridge
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn_rnn import CompleteRows, LagTransformer
    >>> series = 100.0 + np.arange(30.0)
    >>> X = series[:, np.newaxis]
    >>> pipeline = make_pipeline(LagTransformer(2, flatten=True), Ridge(alpha=1e-6))
    >>> model = CompleteRows(pipeline).fit(X, series)
    >>> model.n_rows_omitted_
    2
    >>> model.predict(X)[-2:].round(2), pipeline.fit(X, series).predict(X)[-2:].round(2)
    (array([128., 129.]), array([127.4, 128.4]))
    >>> model.set_params(ridge__alpha=1.0).fit(X, series)["ridge"].alpha
    1.0
    """

    estimator: Any = param(
        [HasMethods(["fit"])],
        "A pipeline with one or more LagTransformers before its last step.",
        kw_only=False,
    )
    incomplete: str = param(
        [StrOptions({"omit", "fit"})],
        "Whether rows with incomplete windows are left out of the fit of the last step, or fitted.",
        default="omit",
    )
    horizon: int = param(
        [Interval(Integral, 1, None, closed="left")],
        """
        Number of steps that are predicted at once. The targets of row t are y in row t and in the
        ``horizon - 1`` rows that follow it in its series, an output each; rows without them are not
        fitted either, nor scored.
        """,
        default=1,
    )

    _learned: ClassVar[dict[str, str]] = {
        "estimator_ : estimator": "The fitted pipeline.",
        "n_rows_omitted_ : int": "Number of training rows left out of the fit of the last step.",
        "classes_ : ndarray of shape (n_classes,)": "Class labels, of a classifier.",
        "n_features_in_ : int": "Number of columns of X.",
        "feature_names_in_ : ndarray of shape (n_features_in_,)": (
            "Names of the columns of X, if all are strings."
        ),
    }

    def fit(self, X: Any, y: Any = None, **params: Any) -> CompleteRows:
        """Fit the transformers to all rows, and the last step to complete rows.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_columns)
            Training rows; a Series with a name, of pandas or polars, is one column.
        y : array-like of shape (n_rows,) or (n_rows, n_outputs), default=None
            Targets.
        **params : dict of str to object
            Parameters of ``fit`` of the pipeline, such as ``ridge__sample_weight``, or as steps
            request them with metadata routing. ``sample_weight`` alone goes to the last step, and
            so does ``groups``. Values with one entry per row are selected with the rows.

        Returns
        -------
        CompleteRows
            The fitted estimator.

        Raises
        ------
        ValueError
            If no row is complete, or the last step is a search around a LagTransformer.
        """
        return self._fit_rows(X, y, params)

    @fit_context(prefer_skip_nested_validation=False)
    def _fit_rows(
        self, X: Any, y: Any, params: dict[str, Any], excluded: NDArray[np.bool_] | None = None
    ) -> CompleteRows:
        """Fit, with further rows that the last step does not see."""
        check_labels(y, X)
        X, y = as_numpy(X), as_numpy(y, "y")
        estimator = clone(self.estimator)
        if self.horizon > 1:
            y, lacks = following_targets(X, y, self.horizon, find_lags(estimator))
            excluded = lacks if excluded is None else excluded | lacks
        pipelines = nested_pipelines(estimator)
        _check_nothing_inside(pipelines[-1].steps[-1][1] if pipelines else estimator)
        params = _name_for_last_step(pipelines, params)
        n_omitted = 0 if excluded is None else int(excluded.sum())
        if pipelines:
            omits = self.incomplete == "omit"
            n_omitted = fit_complete(pipelines, X, y, params, omits=omits, excluded=excluded)
        else:
            if excluded is not None and n_omitted:
                X, y, params = select_rows(~excluded, X, y, params)
            estimator.fit(as_complete(X) if self.incomplete == "fit" else X, y, **params)
        last = pipelines[-1].steps[-1][1] if pipelines else estimator
        n_omitted += getattr(last, "n_rows_omitted_", 0)  # of windows that come ready
        self.estimator_ = estimator
        self.n_rows_omitted_ = n_omitted
        return self

    @available_if(has_inside("score"))
    def score(self, X: Any, y: Any = None, sample_weight: Any = None, **params: Any) -> float:
        """Return the score of the last step, such as R2 or accuracy.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_columns)
            Rows; lags that are missing are filled.
        y : array-like of shape (n_rows,) or (n_rows, n_outputs), default=None
            Targets. With ``horizon > 1`` of one step, and rows without all their targets are left
            out.
        sample_weight : array-like of shape (n_rows,), default=None
            Sample weights.
        **params : dict of str to object
            Parameters of ``score`` of the estimator.

        Returns
        -------
        float
            The score.
        """
        if sample_weight is not None:
            params["sample_weight"] = sample_weight
        check_is_fitted(self)
        estimator = self.estimator_
        if self.horizon > 1:
            y, lacks = following_targets(X, y, self.horizon, find_lags(estimator))
            while isinstance(estimator, Pipeline):
                X = estimator[:-1].transform(X) if len(estimator) > 1 else X
                estimator = estimator[-1]
            X, y, params = select_rows(~lacks, X, y, params)
        return float(estimator.score(as_numpy(X), as_numpy(y, "y"), **params))


def _check_nothing_inside(final: Any) -> None:
    """Check that the last step is not a search, transformed target or ensemble of pipelines."""
    if not (hasattr(final, "predict") and find_lags(final)):
        return
    name = type(final).__name__
    if not any(hasattr(part, "fit") for part in final.get_params().values()):
        raise ValueError(
            f"estimator {name} leaves out rows with incomplete windows itself; give it without "
            "CompleteRows."
        )
    raise ValueError(
        f"estimator: CompleteRows must be inside of {name}, which contains a LagTransformer, and "
        "not around it: put CompleteRows(pipeline) in place of the pipeline that it contains."
    )


def _name_for_last_step(pipelines: list[Pipeline], params: dict[str, Any]) -> dict[str, Any]:
    """Give weights and groups the names under which a pipeline passes them to its last step."""
    steps = [] if get_config()["enable_metadata_routing"] else pipelines
    for short in ("sample_weight", "groups"):
        given = params.pop(short, None)
        if given is None:
            continue
        name = "__".join([*(pipeline.steps[-1][0] for pipeline in steps), short])
        if name in params:
            raise ValueError(f"{short} and {name} are the same; give only one of them.")
        params[name] = given
    return params
