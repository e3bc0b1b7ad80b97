"""A search by successive halving of the epochs: `SuccessiveHalving`."""

from __future__ import annotations

import time
from functools import partial
from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
from sklearn.base import is_classifier
from sklearn.metrics import check_scoring, get_scorer_names
from sklearn.utils import Tags, get_tags, indexable

from sklearn_rnn._sklearn.compat import (
    BaseSearchCV,
    HasMethods,
    Interval,
    StrOptions,
    check_method_params,
    fit_context,
    num_samples,
    report_failed_fits,
)
from sklearn_rnn._sklearn.estimator import Estimator
from sklearn_rnn._sklearn.folds import check_folds
from sklearn_rnn._sklearn.parameters import param, parametrized
from sklearn_rnn._sklearn.validation import check_labels, restore_on_error
from sklearn_rnn.model_selection._comparison_warnings import warn_of_fold_order
from sklearn_rnn.model_selection._default_split import make_splitter, times_of
from sklearn_rnn.model_selection._halving_candidates import make_candidates, set_max_epochs
from sklearn_rnn.model_selection._rungs import (
    Climb,
    check_scores,
    epochs_of_rungs,
    first_error,
    mean_scores,
)

COUNT = Interval(Integral, 1, None, closed="left")


@parametrized
class SuccessiveHalving(BaseSearchCV, Estimator):
    """Search over parameters of a network, training only the best candidates to the end.

    All candidates are trained for a few epochs on every fold. The best third of them (with
    ``factor=3``) go on to three times as many, and the best third of these to all `max_epochs`.
    Training pauses between the rungs, and does not start again.

    {parameters}

    {attributes}

    See Also
    --------
    sklearn.model_selection.HalvingGridSearchCV : Trains from the start in every rung; by default on
        rows drawn at random, which windows of a series must not be.
    compare_models : Compares few models, with tests.

    Notes
    -----
    **Scores** of a candidate in the last rung are, bit for bit, those of one fit with `max_epochs`;
    those in an earlier rung are those of a fit that ends there. With `early_stopping` that is a fit
    that returns to the best of its epochs so far, and a network that has stopped keeps its scores
    at no cost. ``lr_schedule="onecycle"`` and ``"cosine"`` run over all `max_epochs`; so in earlier
    rungs candidates are compared at a rate that has not yet fallen. Without `early_stopping` those
    that learn fast lead at first, and may overfit later: give a larger `min_epochs`.

    **Rows.** Folds are those of `cv` in every rung; no row is drawn or moved.

    **Pipelines.** Steps before the network are fitted once for each fold and setting of theirs, and
    what they return is kept in memory until the search ends, unless the pipeline has a `memory` of
    its own. The weights and the state of the optimizer of each candidate are kept, too.

    **Random numbers.** A network whose `random_state` is no integer gets one drawn from that of the
    search, the same for all candidates, since a fit that goes on must be the same.

    References
    ----------
    Jamieson and Talwalkar (2016). Non-stochastic best arm identification and hyperparameter
    optimization. AISTATS.

    Examples
    --------
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn_rnn import GRURegressor, LagTransformer
    >>> from sklearn_rnn.datasets import load_nyse
    >>> from sklearn_rnn.model_selection import SuccessiveHalving
    >>> X, y = load_nyse(return_X_y=True, as_frame=True)
    >>> model = make_pipeline(LagTransformer(5), GRURegressor(lr_schedule="cosine", random_state=0))
    >>> grid = {"gruregressor__learning_rate": [0.0001, 0.001, 0.01, 0.1]}
    >>> search = SuccessiveHalving(model, grid, max_epochs=9, cv=2).fit(X[:1000], y[:1000])
    >>> search.n_candidates_, search.n_resources_
    ([4, 2], [3, 9])
    >>> search.best_params_
    {'gruregressor__learning_rate': 0.01}
    """

    estimator: Any = param(
        [HasMethods(["fit"])],
        """A network, or a ``Pipeline``, ``TransformedTargetRegressor`` or `CompleteRows` that ends
        in one.""",
        kw_only=False,
    )
    param_grid: Any = param(
        [dict, list],
        """Lists of values by the names of parameters, or a list of such dicts, as in
        ``GridSearchCV``; with `n_candidates` also distributions, as in ``RandomizedSearchCV``.""",
        kw_only=False,
    )
    n_candidates: int | None = param(
        [COUNT, None],
        "Number of candidates that are drawn from `param_grid`; None takes all.",
        default=None,
    )
    factor: int = param(
        [Interval(Integral, 2, None, closed="left")],
        """One of so many candidates goes on to the next rung, which has so many times as many
        epochs.""",
        default=3,
    )
    min_epochs: int | None = param(
        [COUNT, None],
        """Least number of epochs of a rung. If that leaves too few rungs, the last has more
        candidates. None is ``max_epochs // factor**2``, which admits three rungs: with more the
        first has so few epochs that it tells little of the score after all of them.""",
        default=None,
    )
    max_epochs: int | None = param(
        [COUNT, None],
        "Number of epochs of the last rung. None takes `max_epochs` of the network.",
        default=None,
    )
    scoring: Any = param(
        [StrOptions(set(get_scorer_names())), callable, None],
        "Score, greater is better. None uses the method ``score`` of the estimator.",
        default=None,
    )
    n_jobs: int | None = param(
        [Interval(Integral, None, None, closed="neither"), None],
        "Number of parallel fits, as in joblib; scores do not depend on it.",
        default=None,
    )
    refit: bool = param(
        ["boolean"],
        "Whether to fit the best candidate to all rows, with `max_epochs`.",
        default=True,
    )
    cv: Any = param(
        ["cv_object"],
        """Folds, as in `compare_models`: an integer splits in the order of time if X has times,
        all series of a panel at once; otherwise it is the default of scikit-learn. None is 5.""",
        default=None,
    )
    verbose: int = param(
        ["verbose"],
        "If positive, print a line for each rung.",
        default=0,
    )
    random_state: Any = param(
        ["random_state"],
        """Random state of the candidates with `n_candidates`, and of networks without a seed. Pass
        an integer for reproducible results.""",
        default=None,
    )
    error_score: Any = param(
        [StrOptions({"raise"}), Real],
        """Score of a fit that fails, with a warning; "raise" raises the error. Candidates with such
        a fit, or whose mean score is not finite, do not go on.""",
        default=np.nan,
    )
    return_train_score: bool = param(
        ["boolean"],
        "Whether `cv_results_` has scores on the training rows.",
        default=False,
    )

    _learned: ClassVar[dict[str, str]] = {
        "cv_results_ : dict of ndarray": """
            A row for each candidate in each rung, with the columns of ``GridSearchCV``, the number
            of the rung, ``iter``, and its epochs, ``n_resources``. Times are those of the rung.""",
        "best_index_ : int": "Row of the candidate with the best mean score in the last rung.",
        "best_params_ : dict": "Its parameters.",
        "best_score_ : float": "Its mean score.",
        "best_estimator_ : estimator": "The best candidate, fitted to all rows; only with `refit`.",
        "refit_time_ : float": "Seconds of this fit.",
        "n_resources_ : list of int": "Epochs of a candidate after each rung.",
        "n_candidates_ : list of int": "Number of candidates in each rung.",
        "n_iterations_ : int": "Number of rungs.",
        "n_splits_ : int": "Number of folds.",
        "scorer_ : callable": "The scorer.",
    }

    @fit_context(prefer_skip_nested_validation=False)
    def fit(self, X: Any, y: Any = None, **params: Any) -> SuccessiveHalving:
        """Search, and fit the best candidate to all rows.

        Parameters
        ----------
        X : array-like
            Input of the estimator.
        y : array-like
            Targets.
        **params : dict of str to object
            ``groups`` of the splitter, and parameters of ``fit`` of the estimator, as in
            ``GridSearchCV``.

        Returns
        -------
        self : object
            The fitted search. If an error is raised, it is left unchanged.

        Raises
        ------
        TypeError, ValueError
            Before any training, if a candidate has no network at its end, an invalid parameter,
            or `callbacks` or a `checkpoint`, which cannot follow a training that pauses.

        Warns
        -----
        UserWarning
            If windows have folds with training rows later than test rows.
        """
        if getattr(self, "_skl_callbacks", None):
            raise ValueError("SuccessiveHalving takes no callbacks; leave out set_callbacks.")
        if y is None:
            raise ValueError(
                "SuccessiveHalving requires y to be passed, but the target y is None; give the "
                "targets."
            )
        check_labels(y, X)
        X, y = indexable(X, y)
        with restore_on_error(self):
            for name in [name for name in vars(self) if name.endswith("_")]:  # of an earlier fit
                delattr(self, name)
            self.scorer_, self.multimetric_ = check_scoring(self.estimator, self.scoring), False
            candidates, models = make_candidates(
                self.estimator, self.param_grid, self.n_candidates, self.random_state
            )
            most = set_max_epochs(models, self.max_epochs)
            least = most // self.factor**2 if self.min_epochs is None else self.min_epochs
            if least > most:
                raise ValueError(f"min_epochs={least} must be at most max_epochs={most}.")
            routed = self._get_routed_params_for_fit(check_method_params(X, params=params))
            climb = self._climb(models, candidates, X, y, routed)
            warn_of_fold_order(climb.folds, X, models)
            self.n_splits_ = len(climb.folds)
            epochs = epochs_of_rungs(len(models), self.factor, least, most)
            best = self._search(climb, epochs)
            if self.refit:
                start = time.perf_counter()
                self.best_estimator_ = models[best].fit(X, y, **routed.estimator.fit)
                self.refit_time_ = time.perf_counter() - start
                if hasattr(self.best_estimator_, "feature_names_in_"):
                    self.feature_names_in_ = self.best_estimator_.feature_names_in_
        return self

    @property
    def n_features_in_(self) -> int:
        """Number of columns, or of channels, of X in `fit`."""
        n_features: int = super().n_features_in_
        return n_features

    def __sklearn_tags__(self) -> Tags:
        """Return the tags of the estimator inside."""
        return get_tags(self.estimator)

    def _climb(
        self, models: list[Any], candidates: list[dict[str, Any]], X: Any, y: Any, routed: Any
    ) -> Climb:
        """Return the candidates with their folds, before any training."""
        times, is_panel = times_of(X, models)
        of = {"is_panel": is_panel, "is_classifier": is_classifier(self.estimator)}
        splitter = make_splitter(self.cv, X, y, times, **of)
        folds = check_folds(splitter.split(X, y, **routed.splitter.split), num_samples(X))
        return Climb(
            *(models, candidates, X, y, folds, self.n_jobs),
            scorer=partial(_scored, self.scorer_, self.scoring),
            fit_params=routed.estimator.fit,
            score_params=routed.scorer.score,
            return_train_score=self.return_train_score,
            error_score=self.error_score,
            verbose=0,
        )

    def _search(self, climb: Climb, epochs: list[int]) -> int:
        """Train the candidates from rung to rung, and return the best of the last."""
        self.n_resources_, self.n_iterations_, self.n_candidates_ = epochs, len(epochs), []
        chosen = list(range(len(climb.candidates)))
        results: list[dict[str, Any]] = []
        rows: list[tuple[int, int]] = []
        for rung, until in enumerate(epochs):
            self.n_candidates_.append(len(chosen))
            if self.verbose:
                print(f"rung {rung + 1}/{len(epochs)}: {len(chosen)} candidates, {until} epochs")
            found = climb.to(until, chosen)
            report_failed_fits(found, self.error_score)
            check_scores(found, self.scoring)
            rows += [(candidate, rung) for candidate in chosen]
            results += found
            scores = mean_scores(found, len(chosen))
            ranked = [i for i in np.argsort(-scores, kind="stable") if np.isfinite(scores[i])]
            if not ranked:
                raise ValueError(
                    f"scoring={self.scoring!r} is finite for no candidate.{first_error(found)}"
                )
            n_chosen = -(-len(chosen) // self.factor)
            last = len(rows) - len(chosen)
            best, chosen = chosen[ranked[0]], sorted(chosen[i] for i in ranked[:n_chosen])
        self.best_index_ = last + int(ranked[0])
        self.best_params_, self.best_score_ = climb.candidates[best], float(scores[ranked[0]])
        self.cv_results_ = self._format_results(
            [climb.candidates[candidate] for candidate, _ in rows],
            self.n_splits_,
            results,
            {"iter": [r for _, r in rows], "n_resources": [epochs[r] for _, r in rows]},
        )
        return best


def _scored(scorer: Any, scoring: Any, *args: Any, **params: Any) -> Any:
    """Call a scorer, and name `scoring` in its errors."""
    try:
        return scorer(*args, **params)
    except ValueError as error:
        raise ValueError(f"scoring={scoring!r} cannot be computed: {error}") from error
