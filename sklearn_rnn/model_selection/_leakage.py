"""Search for predictions that depend on rows not yet known: `check_leakage`."""

from __future__ import annotations

from numbers import Integral
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import is_classifier
from sklearn.model_selection import check_cv
from sklearn.utils import check_random_state

from sklearn_rnn._sklearn.compat import HasMethods, Interval, num_samples, validate_params
from sklearn_rnn._sklearn.containers import check_is_read
from sklearn_rnn._sklearn.folds import Fold, check_folds
from sklearn_rnn._sklearn.rows import take_rows
from sklearn_rnn._sklearn.validation import check_length
from sklearn_rnn.model_selection._leakage_report import COLUMNS, LeakageReport
from sklearn_rnn.model_selection._leakage_rows import Prepare, Rows
from sklearn_rnn.model_selection._leakage_steps import FittedModel, fit_briefly
from sklearn_rnn.model_selection._panel_split import PanelTimeSeriesSplit
from sklearn_rnn.model_selection._perturbation import changed_rows, is_table
from sklearn_rnn.model_selection._target_sources import find_sources
from sklearn_rnn.model_selection._unknown_rows import Perturbation, unknown_rows
from sklearn_rnn.preprocessing._window_warnings import without_warnings


@validate_params(
    {
        "pipeline": [HasMethods(["fit"])],
        "cv": [Interval(Integral, 1, None, closed="left"), "cv_object"],
        "prepare": [callable, None],
        "n_rows": [Interval(Integral, 1, None, closed="left")],
        "random_state": ["random_state"],
    },
    prefer_skip_nested_validation=False,
)
def check_leakage(
    pipeline: Any,
    X: Any,
    y: Any = None,
    *,
    cv: Any = 5,
    prepare: Prepare | None = None,
    n_rows: int = 5,
    random_state: int | np.random.RandomState | None = 0,
) -> LeakageReport:
    """Look for predictions and fits that depend on rows that are not yet known.

    Rows that are not yet known when a test row is predicted are given other values. Its
    prediction must not change, nor those of the rows before, nor the training rows and targets
    before it, on which all fitted attributes depend.

    Parameters
    ----------
    pipeline : estimator
        A pipeline or any other model. It is cloned, and fitted once in each fold; its networks are
        trained for one epoch.
    X : array-like
        Rows that the pipeline is given; with `prepare` the raw rows, a DataFrame, Series or array.
        They are in the order of their times, if the index, or a column named by ``time`` in a
        `LagTransformer`, has them, otherwise in the order given.
    y : array-like, default=None
        Targets; made by `prepare`, if there is one.
    cv : int, cross-validation generator or iterable, default=5
        Cross-validation splits of the rows of X, or of those that `prepare` returns. An integer n
        splits in the order of time, all series at once, as `PanelTimeSeriesSplit`; test sets of a
        `Forecaster` are as long as its horizon. Folds with training rows later than test rows are
        reported, and not fitted.
    prepare : callable, default=None
        Function that maps raw rows to X and y: all that is done before the split. It is called
        with raw rows that are perturbed. X and y have an index with labels or times of the raw
        rows, or as many rows. None tests the steps inside the pipeline and the folds alone, and the
        report says so.
    n_rows : int, default=5
        Number of test rows of each fold at which the rows not yet known are perturbed: the first,
        some where raw values are missing, and others at random.
    random_state : int, RandomState or None, default=0
        Seed of the rows and of their numbers.

    Returns
    -------
    LeakageReport
        The dependences found, with the step at which each begins.

    Raises
    ------
    TypeError
        If X is of a type that cannot be perturbed, or `prepare` is not a function that returns X
        and y.
    ValueError
        If an argument is invalid, `prepare` returns other rows for perturbed ones, or the same rows
        give other predictions.

    See Also
    --------
    compare_models : Scores of models; warns of folds that are not in the order of time, and of R2
        that is 1.

    Notes
    -----
    **What is known.** When row t is predicted, all rows before it are known, and in row t the
    columns that its target does not depend on, or all if that depends on later rows as well. With
    `prepare` these are found by perturbing some rows; without it, the target is in the columns of X
    that equal y. What a `LagTransformer` does not
    read of row t must not reach it by the rows before, as after a backward fill.

    **What is perturbed.** Numbers, booleans and categories, of text as of a categorical dtype, are
    replaced by those of other rows, and fractions are also rescaled; missing values remain missing.
    Times, labels of series, and text with hardly a value twice do not change.
    Sequences are replaced by other sequences. Differences up to 1e-6 of the range of a column
    count as rounding.

    **What it does not show.** A report without a dependence is no proof that there is none: it may
    be one that these perturbations do not change.

    **Cost.** One fit in each fold, for each of its `n_rows` rows up to three calls of `prepare`
    and ``predict``, and a few dozen calls of `prepare` to find the columns of the target.

    Examples
    --------
    >>> from sklearn.linear_model import Ridge
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn_rnn import LagTransformer
    >>> from sklearn_rnn.datasets import load_nyse
    >>> from sklearn_rnn.model_selection import check_leakage
    >>> raw = load_nyse(return_X_y=True, as_frame=True)[0][:500]
    >>> model = make_pipeline(LagTransformer(5, flatten=True), Ridge())
    >>> check_leakage(model, raw, cv=3, prepare=lambda raw: (raw, raw["log_volume"]))
    Found no dependence in 45 perturbations.
    >>> def smooth(raw):
    ...     return raw.rolling(5, center=True, min_periods=1).mean(), raw["log_volume"]
    >>> report = check_leakage(model, raw, cv=3, prepare=smooth)
    >>> report.steps
    ['prepare']
    """
    _check_arguments(X, y, prepare)
    random = check_random_state(random_state)
    rows = Rows.read(pipeline, X, y, prepare)
    folds = _folds(pipeline, rows, cv)
    with without_warnings():
        rows.check_repeats()
        sources = find_sources(rows, np.concatenate([test for _, test in folds]), random)
        search = _Search(pipeline, rows, sources, random)
        for fold, (train, test) in enumerate(folds):
            search.visit(fold, train, test, n_rows)
    return search.report()


def _check_arguments(X: Any, y: Any, prepare: Any) -> None:
    """Check the arguments, except those that other functions check."""
    check_is_read(X)
    check_is_read(y, "y")
    if prepare is None:
        if hasattr(X, "columns") and not is_table(X):
            raise TypeError(
                f"X must be a table of pandas, an array or sequences; got {type(X).__name__}. "
                "Convert it, as by X.to_pandas()."
            )
        if y is not None:
            check_length("y", y, X)
        return
    if y is not None:
        raise ValueError("y must be None with prepare, which returns X and y; leave it out.")
    if not is_table(X):
        raise TypeError(
            f"X must be a DataFrame, Series or array of raw rows with prepare; got "
            f"{type(X).__name__}."
        )


def _folds(pipeline: Any, rows: Rows, cv: Any) -> list[Fold]:
    """Return the splits, in the order of time for a number of them."""
    if isinstance(cv, Integral):
        horizon = getattr(pipeline, "horizon", None) if hasattr(pipeline, "season") else None
        splitter = PanelTimeSeriesSplit(int(cv), test_size=horizon)
        folds = splitter.split(rows.X, groups=rows.order)
    else:
        folds = check_cv(cv, rows.y, classifier=is_classifier(pipeline)).split(rows.X, rows.y)
    return check_folds(folds, num_samples(rows.X))


class _Search:
    """The search for dependences, and those found so far."""

    def __init__(
        self, pipeline: Any, rows: Rows, sources: list[int], random: np.random.RandomState
    ) -> None:
        self.pipeline, self.rows, self.sources, self.random = pipeline, rows, sources, random
        self.start = "X" if rows.prepare is None else "prepare"
        self.found: list[tuple[str, str, int, Any, str]] = []
        self.n_perturbations = 0

    def report(self) -> LeakageReport:
        found = pd.DataFrame(self.found, columns=COLUMNS)
        return LeakageReport(found, self.n_perturbations, self.rows.prepare is not None)

    def visit(self, fold: int, train: NDArray[np.intp], test: NDArray[np.intp], n: int) -> None:
        """Perturb what is not yet known at some test rows of a fold, and compare."""
        rows, sources = self.rows, self.sources
        if self._are_mixed(fold, train, test):
            return
        if sources and not is_table(rows.raw):  # y is the newest step of windows
            self._add("X", "prediction", fold, test, "target")
            sources = []
        y_train = None if rows.y is None else take_rows(rows.y, train)
        fitted = fit_briefly(self.pipeline, take_rows(rows.X, train), y_train)
        model = FittedModel(fitted, take_rows(rows.X, test), rows.order[test], self.start)
        for unknown in unknown_rows(rows, test, sources, n, self.random):
            if unknown.kind == "row" and not model.lags_prepared(rows.prepare is not None):
                continue
            self.n_perturbations += 1
            X, y = rows.perturbed(unknown.rows, unknown.columns, self.random)
            self._compare_training(fold, train, X, y, unknown)
            X_test = take_rows(X, test)
            changed = model.changed(X_test, unknown)
            if changed.any():
                step = model.step_of(X_test, unknown, changed)
                self._add(step, "prediction", fold, test[changed], unknown.name)

    def _are_mixed(self, fold: int, train: NDArray[np.intp], test: NDArray[np.intp]) -> bool:
        """Note training rows later than the first test row, and return whether there are any."""
        first = self.rows.order[test].min()
        later = train[self.rows.order[train] > first]
        if len(later):
            name = f"rows after {self.rows.name(first)}"
            self._add("cv", "training rows", fold, later, name)
        return len(later) > 0

    def _compare_training(
        self, fold: int, train: NDArray[np.intp], X: Any, y: Any, unknown: Perturbation
    ) -> None:
        """Note training rows and targets that differ, before the moment of the prediction."""
        rows = self.rows
        if rows.prepare is None or unknown.kind == "row":
            return
        earlier = train[rows.order[train] < unknown.moment]
        pairs = {"training rows": (rows.X, X), "training targets": (rows.y, y)}
        for name, (before, after) in pairs.items():
            changed = changed_rows(take_rows(before, earlier), take_rows(after, earlier))
            if changed.any():
                self._add("prepare", name, fold, earlier[changed], unknown.name)

    def _add(
        self, step: str, changed: str, fold: int, rows: NDArray[np.intp], perturbed: str
    ) -> None:
        first = rows[self.rows.order[rows].argmin()]
        self.found.append((step, changed, fold, self.rows.label(int(first)), perturbed))
