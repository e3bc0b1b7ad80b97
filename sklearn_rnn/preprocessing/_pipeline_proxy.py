"""Attributes, parameters and methods of the pipeline inside of a meta-estimator."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sklearn.utils import Bunch, Tags, get_tags
from sklearn.utils.metadata_routing import MetadataRouter, MethodMapping
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from sklearn_rnn._sklearn.containers import as_numpy
from sklearn_rnn._sklearn.estimator import Estimator

_ROUTED = (
    *("fit", "predict", "predict_proba", "predict_log_proba", "decision_function"),
    *("transform", "score"),
)
_RETURNS = {
    "predict": "Predictions, of shape (n_rows,) or (n_rows, n_outputs).",
    "predict_proba": "Probabilities, of shape (n_rows, n_classes).",
    "predict_log_proba": "Logarithms of probabilities, of shape (n_rows, n_classes).",
    "decision_function": "Decision function, of shape (n_rows,) or (n_rows, n_classes).",
    "transform": "Transformed rows.",
}


def has_inside(name: str) -> Callable[[Any], bool]:
    """Return a check that the estimator inside has a method."""

    def check(self: Any) -> bool:
        getattr(self._inside, name)  # its AttributeError tells the reason
        return True

    return check


def _forward(name: str) -> Any:
    """Return a method that calls the one of the fitted estimator inside."""

    def method(self: Any, X: Any, **params: Any) -> Any:
        check_is_fitted(self)
        return getattr(self.estimator_, name)(as_numpy(X), **params)

    method.__name__ = name
    method.__qualname__ = f"PipelineProxy.{name}"
    method.__doc__ = f"""Call ``{name}`` of the fitted estimator on all rows.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_columns)
            Rows; lags that are missing are filled.
        **params : dict of str to object
            Parameters of ``{name}`` of the estimator.

        Returns
        -------
        array-like
            {_RETURNS[name]}
        """
    return available_if(has_inside(name))(method)


class PipelineProxy(Estimator):
    """Stands for a pipeline, its parameter ``estimator``, and when fitted for ``estimator_``."""

    estimator: Any
    estimator_: Any
    fit: Callable[..., Any]

    predict = _forward("predict")
    predict_proba = _forward("predict_proba")
    predict_log_proba = _forward("predict_log_proba")
    decision_function = _forward("decision_function")
    transform = _forward("transform")

    @available_if(has_inside("transform"))
    def fit_transform(self, X: Any, y: Any = None, **params: Any) -> Any:
        """Fit, and transform all rows.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_columns)
            Training rows.
        y : array-like of shape (n_rows,) or (n_rows, n_outputs), default=None
            Targets.
        **params : dict of str to object
            Parameters of ``fit``.

        Returns
        -------
        array-like
            Transformed rows.
        """
        return self.fit(X, y, **params).transform(X)

    @available_if(has_inside("get_feature_names_out"))
    def get_feature_names_out(self, input_features: Any = None) -> Any:
        """Return the names of the columns of transformed rows.

        Parameters
        ----------
        input_features : array-like of str, default=None
            Names of the columns of X.

        Returns
        -------
        ndarray of str
            Names.
        """
        check_is_fitted(self)
        return self.estimator_.get_feature_names_out(input_features)

    @available_if(has_inside("set_output"))
    def set_output(self, *, transform: str | None = None) -> Any:
        """Set the container of the output of all steps.

        Parameters
        ----------
        transform : {'default', 'pandas', 'polars'}, default=None
            The container; None leaves it unchanged.

        Returns
        -------
        estimator
            The estimator itself.
        """
        for estimator in {id(e): e for e in (self.estimator, self._inside)}.values():
            estimator.set_output(transform=transform)
        return self

    @property
    def steps(self) -> list[tuple[str, Any]]:
        """Steps of the pipeline, the fitted ones after `fit`."""
        return self._inside.steps

    @property
    def named_steps(self) -> Bunch:
        """Steps of the pipeline by name, the fitted ones after `fit`."""
        return self._inside.named_steps

    def __getitem__(self, index: int | str | slice) -> Any:
        """Return a step by position or name, or a pipeline of several steps by a slice."""
        return self._inside[index]

    def __len__(self) -> int:
        """Return the number of steps."""
        return len(self._inside)

    def __bool__(self) -> bool:
        """Return True, even if the pipeline has no steps."""
        return True

    @property
    def classes_(self) -> Any:
        """Class labels."""
        return self._learned_inside("classes_")

    @property
    def n_features_in_(self) -> int:
        """Number of columns of X."""
        return int(self._learned_inside("n_features_in_"))

    @property
    def feature_names_in_(self) -> Any:
        """Names of the columns of X."""
        return self._learned_inside("feature_names_in_")

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the parameters.

        Parameters
        ----------
        deep : bool, default=True
            Whether to include those of the estimator, as ``estimator__name`` and as ``name``.

        Returns
        -------
        dict of str to object
            Values by name.
        """
        own: dict[str, Any] = super().get_params(deep)
        inside = self.estimator
        if not deep or isinstance(inside, type) or not hasattr(inside, "get_params"):
            return own
        return {**inside.get_params(), **own}

    def set_params(self, **params: Any) -> Any:
        """Set parameters, of the estimator as ``estimator__name`` or as ``name``.

        Parameters
        ----------
        **params : dict of str to object
            Values by name.

        Returns
        -------
        estimator
            The estimator itself.
        """
        names = self.get_params(deep=False)
        inner = self.estimator.get_params() if "estimator" not in params else {}
        own = {  # a step of the pipeline may have the name of a parameter
            name: value
            for name, value in params.items()
            if name.split("__")[0] in names and (name in names or name not in inner)
        }
        if unknown := [
            name for name in params if name not in own and name.split("__")[0] not in inner
        ]:
            alike = [name for name in inner if name.endswith(f"__{unknown[0]}")]
            if alike:
                raise ValueError(
                    f"{type(self).__name__} has no parameter {unknown[0]!r}; that of its step is "
                    f"{' or '.join(map(repr, sorted(alike)))}."
                )
        super().set_params(**own)
        if inside := {name: value for name, value in params.items() if name not in own}:
            self.estimator.set_params(**inside)
        return self

    def get_metadata_routing(self) -> MetadataRouter:
        """Return which metadata the estimator requests.

        Returns
        -------
        MetadataRouter
            Every method passes its metadata to the same method of the estimator.
        """
        mapping = MethodMapping()
        for method in _ROUTED:
            mapping.add(caller=method, callee=method)
        router = MetadataRouter(owner=type(self).__name__)
        return router.add(estimator=self.estimator, method_mapping=mapping)

    def __sklearn_tags__(self) -> Tags:
        """Return the tags of the estimator inside."""
        return get_tags(self.estimator)

    def __sklearn_is_fitted__(self) -> bool:
        """Return whether the estimator is fitted."""
        return hasattr(self, "estimator_")

    @property
    def _inside(self) -> Any:
        """The fitted estimator, or before `fit` the parameter."""
        return getattr(self, "estimator_", self.estimator)

    def _learned_inside(self, name: str) -> Any:
        if not hasattr(self, "estimator_"):
            raise AttributeError(f"{type(self).__name__} has {name} only after fit.")
        return getattr(self.estimator_, name)
