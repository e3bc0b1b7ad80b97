"""Parameters of the models that choose their penalty on a path."""

from __future__ import annotations

from collections.abc import Callable
from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike

from sklearn_rnn._sklearn.compat import Interval, StrOptions
from sklearn_rnn._sklearn.parameters import param, parametrized
from sklearn_rnn._sklearn.validation import check_numbers
from sklearn_rnn.linear._design import FloatArray
from sklearn_rnn.linear._parameters import ColumnParameters


def eps_param(*, default: float) -> Any:
    """Declare ``eps``, whose default depends on the model."""
    return param(
        [Interval(Real, 0, 1, closed="neither")],
        "The last penalty of the grid divided by the first.",
        default=default,
    )


@parametrized
class PathParameters(ColumnParameters):
    """Parameters of the models that choose `alpha` by cross-validation."""

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

    def _penalties(self, first_alpha: Callable[[], float]) -> FloatArray:
        """Return the penalties, decreasing; a grid begins at the first."""
        if isinstance(self.alphas, Integral):
            first = first_alpha() or np.finfo(np.float64).resolution  # 0: y is constant
            return np.asarray(first * np.geomspace(1.0, self.eps, int(self.alphas)))
        check_numbers(self.alphas, "alphas")
        alphas = np.sort(np.asarray(self.alphas, dtype=np.float64).ravel())[::-1]
        if not (len(alphas) and np.isfinite(alphas).all() and alphas[-1] >= 0):
            raise ValueError(
                f"alphas must be one or more finite numbers from 0 up; got {self.alphas!r}."
            )
        return alphas
