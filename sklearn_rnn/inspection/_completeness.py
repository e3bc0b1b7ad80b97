"""The check that attributions add up, which is the axiom of completeness."""

from __future__ import annotations

import warnings

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning

FloatArray = NDArray[np.float64]

TOLERANCE = 0.01
"""What a sum may miss, as a share of the change of an output, or if larger of its median."""


def warn_if_inexact(
    name: str, sums: FloatArray, changes: FloatArray, n_points: int, *, level: int
) -> None:
    """Warn, for a function, if sums of attributions are not the changes of the outputs.

    Parameters
    ----------
    name : str
        The function.
    sums, changes : ndarray of shape (n_samples, n_outputs)
        Sums of the attributions, and outputs minus those of the baseline.
    n_points : int
        Number of quadrature nodes.
    level : int
        Calls from here to the code of the user.
    """
    if not sums.size:
        return
    missed, size = np.abs(sums - changes), np.abs(changes)
    rounding = 1e-6 * size.max(axis=0)  # each output has its own unit
    allowed = TOLERANCE * np.maximum(size, np.median(size, axis=0)) + rounding
    inexact = ~((missed <= allowed) & np.isfinite(missed))  # NaN compares as False
    if inexact.any():
        worst = np.unravel_index(np.argmax(np.where(inexact, missed, 0.0)), missed.shape)
        cause = "The output jumps on the way from the baseline; raise n_points."
        if not np.isfinite(missed[worst]):
            cause = "The output or its gradient is not finite on the way from the baseline."
        warnings.warn(
            f"{name} with n_points={n_points} does not add up for {inexact.any(axis=1).sum()} of "
            f"{len(sums)} samples: the attributions miss the difference between the output and "
            f"its value for the baseline by up to {missed[worst]:.2g}, where it is "
            f"{changes[worst]:.2g}. {cause}",
            ConvergenceWarning,
            stacklevel=level,
        )
