"""What `check_leakage` has found: `LeakageReport`."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

COLUMNS = ["step", "changed", "fold", "row", "perturbed"]

_NOT_TESTED = (
    " Only the steps inside the pipeline and the folds were tested, not how X and y were made: "
    "give prepare."
)


@dataclass(frozen=True, repr=False, eq=False)
class LeakageReport:
    """Dependences on rows that are not yet known; returned by `check_leakage`.

    Attributes
    ----------
    found : DataFrame
        One row for each dependence; empty if there is none. ``step`` is the step of the pipeline
        at which it begins, or 'prepare', 'X' (the target is among its columns) or 'cv' (training
        rows later than test rows). ``changed`` is 'prediction', 'training rows' or 'training
        targets', ``fold`` the number of the fold, ``row`` the first row that changed, and
        ``perturbed`` the rows that were perturbed.
    n_perturbations : int
        Number of perturbations.
    has_prepare : bool
        Whether the making of X and y was tested, too.

    See Also
    --------
    check_leakage : Makes it.

    Examples
    --------
    A column that is read a row too late:

    >>> import numpy as np
    >>> from sklearn.linear_model import Ridge
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn_rnn import LagTransformer
    >>> from sklearn_rnn.model_selection import check_leakage
    >>> rows = np.random.default_rng(0).normal(size=(60, 2))
    >>> model = make_pipeline(LagTransformer(2, delay=0, flatten=True), Ridge())
    >>> report = check_leakage(model, rows, rows[:, 0], cv=2)
    >>> report.steps
    ['lagtransformer']
    >>> sorted(set(report.found["changed"]))
    ['prediction']
    """

    found: pd.DataFrame
    n_perturbations: int
    has_prepare: bool

    @property
    def steps(self) -> list[str]:
        """The steps at which dependences begin, each once."""
        return list(dict.fromkeys(self.found["step"]))

    def __repr__(self) -> str:
        """Return the result in a sentence, and the first dependence of each kind."""
        n = f"{self.n_perturbations} perturbation{'s' * (self.n_perturbations != 1)}"
        not_tested = "" if self.has_prepare else _NOT_TESTED
        if self.found.empty:
            return f"Found no dependence in {n}.{not_tested}"
        kinds = self.found.groupby(["step", "changed"], sort=False)
        first = kinds.first().join(kinds.size().rename("n_found")).reset_index()
        steps = ", ".join(map(repr, self.steps))
        return (
            f"Found a dependence at {steps} on rows that are not yet known, in {n}.{not_tested}"
            f"\n\n{first[[*COLUMNS, 'n_found']].to_string(index=False)}"
        )
