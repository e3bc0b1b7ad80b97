"""What linear models on windows that choose their penalty by cross-validation share."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

from numpy.typing import ArrayLike
from sklearn import get_config
from sklearn.model_selection import check_cv
from sklearn.utils.metadata_routing import MetadataRouter, MethodMapping, process_routing
from typing_extensions import Self

from sklearn_rnn._sklearn.compat import fit_context, raise_for_params
from sklearn_rnn._sklearn.parameters import parametrized
from sklearn_rnn._sklearn.validation import restore_on_error
from sklearn_rnn.linear._base import WindowModel
from sklearn_rnn.linear._folds import Fold, make_folds
from sklearn_rnn.linear._path_parameters import PathParameters
from sklearn_rnn.linear._training_set import TrainingSet


@parametrized
class PathModel(WindowModel, PathParameters):
    """Base class of models that choose `alpha` on a path."""

    @fit_context(prefer_skip_nested_validation=True)
    def fit(
        self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None, **params: Any
    ) -> Self:
        """Choose the penalty, and fit the coefficients.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_lags, n_channels) or (n_samples, n_columns)
            Windows, as `LagTransformer` gives them, or flattened ones.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Targets.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the samples, in the fits and in the errors of cross-validation.
        **params : dict
            Metadata of the samples that the splitter `cv` requests, such as `groups`. They need
            ``sklearn.set_config(enable_metadata_routing=True)``.

        Returns
        -------
        object
            The fitted estimator.
        """
        raise_for_params(params, self, "fit")
        of_splitter: dict[str, Any] = {}
        if get_config()["enable_metadata_routing"]:
            routed = process_routing(self, "fit", sample_weight=sample_weight, **params)
            of_splitter = routed.splitter.split
        with restore_on_error(self):
            data = self._read_training_set(X, y, sample_weight)
            self._fit(data, make_folds(self.cv, X, data, of_splitter))
        return self

    @abstractmethod
    def _fit(self, data: TrainingSet, folds: list[Fold]) -> None:
        """Set the learned attributes."""

    def get_metadata_routing(self) -> MetadataRouter:
        """Return which metadata the splitter requests.

        Returns
        -------
        MetadataRouter
            `fit` passes its metadata to ``cv.split``.
        """
        splitter = self.cv if hasattr(self.cv, "split") else check_cv()  # splits request nothing
        mapping = MethodMapping().add(caller="fit", callee="split")
        router = MetadataRouter(owner=type(self).__name__).add_self_request(self)
        return router.add(splitter=splitter, method_mapping=mapping)
