"""The one-standard-error rule for scikit-learn's searches."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sklearn_rnn._sklearn.compat import validate_params

N_PARAMETERS = "mean_test_n_parameters"
"""Entry of ``cv_results_`` with the sizes of the candidates, if the scoring records them."""


@dataclass(frozen=True)
class OneStandardError:
    """The rule as a callable for the parameter ``refit``; see `one_standard_error`."""

    param: str | None
    key: Callable[[Mapping[str, Any]], Any] | None
    larger_is_simpler: bool
    metric: str

    def __call__(self, cv_results: Mapping[str, Any]) -> int:
        """Return the index of the chosen candidate.

        Parameters
        ----------
        cv_results : mapping
            ``cv_results_`` of a search.
        """
        folds = self._fold_scores(cv_results)  # (n_folds, n_candidates)
        means = np.asarray(cv_results[f"mean_test_{self.metric}"], dtype=float)
        if not np.isfinite(means).any():
            raise ValueError("No candidate has a finite mean score.")
        best = int(np.nanargmax(means))
        n_folds = len(folds)
        error = folds[:, best].std(ddof=1) / np.sqrt(n_folds) if n_folds > 1 else 0.0
        as_good = [int(i) for i in np.flatnonzero(means >= means[best] - error)]
        simplicity = {i: self._complexity(cv_results, i) for i in as_good}
        unknown = [i for i, value in simplicity.items() if value != value]  # NaN
        if unknown:
            raise ValueError(
                f"The size of the candidate {cv_results['params'][unknown[0]]} is unknown (NaN), "
                "so the simplest candidate cannot be determined; give param or key."
            )
        extreme = (max if self.larger_is_simpler else min)(simplicity.values())
        return max((i for i in as_good if simplicity[i] == extreme), key=lambda i: means[i])

    def _fold_scores(self, cv_results: Mapping[str, Any]) -> NDArray[np.float64]:
        if f"mean_test_{self.metric}" not in cv_results:
            known = [name[10:] for name in cv_results if name.startswith("mean_test_")]
            raise ValueError(
                f"metric={self.metric!r} is not among the scores of the search, {sorted(known)}."
            )
        ending = f"_test_{self.metric}"
        names = [n for n in cv_results if n.startswith("split") and n.endswith(ending)]
        numbered = [n for n in names if n[len("split") : -len(ending)].isdigit()]
        return np.array([cv_results[n] for n in numbered], dtype=float)

    def _complexity(self, cv_results: Mapping[str, Any], candidate: int) -> Any:
        """Return the value that orders a candidate."""
        params = cv_results["params"][candidate]
        if self.key is not None:
            return self.key(params)
        if self.param is None:
            if N_PARAMETERS not in cv_results:
                raise ValueError(
                    "one_standard_error() cannot order the candidates by size: give param or key, "
                    "or record the sizes in the search by scoring={'score': ..., "
                    "'n_parameters': sklearn_rnn.model_selection.n_parameters}."
                )
            return float(cv_results[N_PARAMETERS][candidate])
        if self.param not in params:
            raise ValueError(
                f"param={self.param!r} is not set by the candidate {params}; give a parameter that "
                "every candidate sets, or key."
            )
        return params[self.param]


@validate_params(
    {
        "param": [str, None],
        "larger_is_simpler": ["boolean"],
        "key": [callable, None],
        "metric": [str],
    },
    prefer_skip_nested_validation=True,
)
def one_standard_error(
    param: str | None = None,
    *,
    larger_is_simpler: bool = False,
    key: Callable[[Mapping[str, Any]], Any] | None = None,
    metric: str = "score",
) -> OneStandardError:
    r"""Make a search choose the simplest candidate within one standard error of the best.

    With :math:`m_i` the mean score of candidate i over J folds and :math:`s` the standard
    deviation of the scores of the best, the choice is the simplest candidate with

    .. math:: m_i \ge m_{best} - \frac{s}{\sqrt J}, \qquad
        s^2 = \frac{1}{J - 1} \sum_j (m_{best, j} - m_{best})^2,

    the rule behind glmnet's ``lambda.1se``. Pass the result as ``refit`` to ``GridSearchCV`` or
    ``RandomizedSearchCV``.

    Parameters
    ----------
    param : str, default=None
        Name of the parameter that orders the candidates, such as ``"lasso__alpha"``. None
        uses the size of the model, which the scoring must record as ``"n_parameters"``.
    larger_is_simpler : bool, default=False
        Whether larger values give simpler models, as for a penalty; the default is for numbers of
        units and the like.
    key : callable, default=None
        Maps the parameters of a candidate, a dict, to the value that orders the candidates;
        replaces `param`.
    metric : str, default='score'
        Name of the score to use, if the search has several.

    Returns
    -------
    OneStandardError
        A callable that maps ``cv_results_`` to the index of a candidate. It can be pickled
        and cloned wherever `key` can.

    See Also
    --------
    n_parameters : The size of a model, which a search can record.

    Notes
    -----
    scikit-learn's ``std_test_score`` divides by J, not by J - 1; the standard error here is
    ``std_test_score / sqrt(J - 1)``, like ``cvsd`` of glmnet. Among equally simple candidates the
    best is chosen. A search with a callable ``refit`` has no ``best_score_``.

    References
    ----------
    Breiman, Friedman, Olshen and Stone (1984). Classification and Regression Trees.
    Friedman, Hastie and Tibshirani (2010). Regularization paths for generalized linear models
    via coordinate descent. Journal of Statistical Software 33.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import Lasso
    >>> from sklearn.model_selection import GridSearchCV
    >>> from sklearn_rnn.model_selection import one_standard_error
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(100, 5))
    >>> y = X[:, 0] + rng.normal(size=100)
    >>> grid = {"alpha": [0.05, 0.1, 0.2, 0.4]}
    >>> GridSearchCV(Lasso(), grid).fit(X, y).best_params_
    {'alpha': 0.1}
    >>> rule = one_standard_error("alpha", larger_is_simpler=True)
    >>> GridSearchCV(Lasso(), grid, refit=rule).fit(X, y).best_params_
    {'alpha': 0.2}
    """
    if param is not None and key is not None:
        raise ValueError("param and key both order the candidates; give only one of them.")
    return OneStandardError(param, key, larger_is_simpler, metric)
