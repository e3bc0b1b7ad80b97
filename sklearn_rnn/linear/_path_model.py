"""What linear models on windows that choose their penalty by cross-validation share."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike
from sklearn import get_config
from sklearn.model_selection import check_cv
from sklearn.utils.metadata_routing import MetadataRouter, MethodMapping, process_routing
from typing_extensions import Self

from sklearn_rnn._sklearn.compat import Interval, StrOptions, fit_context, raise_for_params
from sklearn_rnn._sklearn.parameters import param, parametrized
from sklearn_rnn._sklearn.validation import check_numbers, restore_on_error
from sklearn_rnn.linear._base import WindowModel
from sklearn_rnn.linear._design import FloatArray
from sklearn_rnn.linear._folds import Fold, make_folds
from sklearn_rnn.linear._training_set import TrainingSet


def eps_param(*, default: float) -> Any:
    """Declare ``eps``, whose default depends on the model."""
    return param(
        [Interval(Real, 0, 1, closed="neither")],
        "The last penalty of the grid divided by the first.",
        default=default,
    )


@parametrized
class PathModel(WindowModel):
    """Base class of linear models on windows that choose `alpha` by cross-validation."""

    alphas: int | ArrayLike = param(
        [Interval(Integral, 1, None, closed="left"), "array-like"],
        """Penalties in any order, or their number: they then decrease on a logarithmic grid, as in
        glmnet, by the factor `eps` in total.""",
        default=100,
    )
    eps: float = eps_param(default=1e-3)
    cv: Any = param(
        ["cv_object"],
        """Splitter, or iterable of splits. Splitters by groups get these by ``fit(X, y,
        groups=groups)``, with metadata routing of scikit-learn enabled. An integer is a number of
        folds in time order, as in ``TimeSeriesSplit(cv)``: of the times if `X` is windows of
        `LagTransformer` or `make_lagged` with times, all series at once, otherwise of the samples.
        It splits those that are fitted: with complete windows and a positive weight. None is 5.""",
        default=None,
    )
    rule: str = param(
        [StrOptions({"min", "1se"})],
        """Which penalty to choose: that of the smallest mean error, or the largest within one
        standard error of it (``lambda.1se`` of glmnet).""",
        default="min",
    )

    _learned: ClassVar[dict[str, str]] = {
        "alpha_ : float": "The chosen penalty.",
        "alphas_ : ndarray of shape (n_alphas,)": "All penalties, decreasing.",
        "scale_ : ndarray of shape (n_columns,)": (
            "Standard deviations by which columns are divided; one without `standardize`."
        ),
    }

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

    def _penalties(self, first_alpha: Callable[[], float]) -> FloatArray:
        """Return the penalties, decreasing; a grid begins at the first."""
        if isinstance(self.alphas, Integral):
            first = first_alpha() or np.finfo(np.float64).resolution  # 0: y is constant
            return np.asarray(first * np.geomspace(1.0, self.eps, int(self.alphas)))
        check_numbers(self.alphas, "alphas")
        alphas = np.sort(np.atleast_1d(np.asarray(self.alphas, dtype=np.float64)))[::-1]
        if not (alphas.ndim == 1 and len(alphas) and np.isfinite(alphas).all() and alphas[-1] >= 0):
            raise ValueError(
                f"alphas must be one or more finite numbers from 0 up; got {self.alphas!r}."
            )
        return alphas

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
