"""Fits that leave out rows with incomplete windows: `CompleteRows`."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from sklearn import get_config
from sklearn.base import BaseEstimator, MetaEstimatorMixin, clone
from sklearn.pipeline import Pipeline

from sklearn_rnn._sklearn.compat import HasMethods, StrOptions, fit_context
from sklearn_rnn._sklearn.parameters import param, parametrized
from sklearn_rnn._sklearn.validation import check_labels
from sklearn_rnn.preprocessing._fit_complete import fit_complete, nested_pipelines, select_rows
from sklearn_rnn.preprocessing._incomplete_rows import find_lags
from sklearn_rnn.preprocessing._pipeline_proxy import PipelineProxy


@parametrized
class CompleteRows(PipelineProxy, MetaEstimatorMixin, BaseEstimator):
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
    nothing is left out.

    **In place of the pipeline.** Steps are accessed as in a pipeline, by `named_steps`, `steps`,
    and ``model[0]`` or ``model["ridge"]``; after `fit` these are the fitted ones of ``estimator_``.
    Parameters have their names in the pipeline (``ridge__alpha``) as well as those in a
    meta-estimator (``estimator__ridge__alpha``), so that a grid for the pipeline stays valid.

    **Searches**, transformed targets and ensembles must contain it, not the reverse:
    ``GridSearchCV(CompleteRows(pipeline), grid)``. `compare_models` and `RecursiveForecaster` add
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
            Training rows.
        y : array-like of shape (n_rows,) or (n_rows, n_outputs), default=None
            Targets.
        **params : dict of str to object
            Parameters of ``fit`` of the pipeline, such as ``ridge__sample_weight``, or as steps
            request them with metadata routing. ``sample_weight`` alone goes to the last step.
            Values with one entry per row are selected with the rows.

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
        estimator = clone(self.estimator)
        pipelines = nested_pipelines(estimator)
        _check_nothing_inside(pipelines[-1].steps[-1][1] if pipelines else estimator)
        params = _name_weights(pipelines, params)
        n_omitted = 0 if excluded is None else int(excluded.sum())
        if pipelines:
            omits = self.incomplete == "omit"
            n_omitted = fit_complete(pipelines, X, y, params, omits=omits, excluded=excluded)
        else:
            if excluded is not None and n_omitted:
                X, y, params = select_rows(~excluded, X, y, params)
            estimator.fit(X, y, **params)
        self.estimator_ = estimator
        self.n_rows_omitted_ = n_omitted
        return self


def _check_nothing_inside(final: Any) -> None:
    """Check that the last step is no search, transformed target or ensemble of pipelines."""
    if not (hasattr(final, "predict") and find_lags(final)):
        return
    name = type(final).__name__
    if not any(hasattr(part, "fit") for part in final.get_params().values()):
        raise ValueError(
            f"{name} leaves out rows with incomplete windows itself; give it without CompleteRows."
        )
    raise ValueError(
        f"CompleteRows must be inside of {name}, which contains a LagTransformer, and not around "
        "it: put CompleteRows(pipeline) in place of the pipeline that it contains."
    )


def _name_weights(pipelines: list[Pipeline], params: dict[str, Any]) -> dict[str, Any]:
    """Give ``sample_weight`` the name under which a pipeline passes it to its last step."""
    weight = params.pop("sample_weight", None)
    if weight is None:
        return params
    steps = [] if get_config()["enable_metadata_routing"] else pipelines
    name = "__".join([*(pipeline.steps[-1][0] for pipeline in steps), "sample_weight"])
    if name in params:
        raise ValueError(f"sample_weight and {name} are the same weights; give only one of them.")
    return {**params, name: weight}
