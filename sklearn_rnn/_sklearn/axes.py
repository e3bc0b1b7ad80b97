"""The axes that displays draw on; matplotlib is imported here alone, and only then."""

from __future__ import annotations

from typing import Any

from sklearn_rnn._sklearn.compat import check_matplotlib_support


def axes_for(display: Any, ax: Any, figsize: tuple[float, float]) -> Any:
    """Return the axes given to a display, or those of a new figure of some size in inches.

    Raises
    ------
    ImportError
        If matplotlib is not installed.
    """
    check_matplotlib_support(f"{type(display).__name__}.plot")
    import matplotlib.pyplot as plt

    return plt.subplots(figsize=figsize, layout="constrained")[1] if ax is None else ax
