"""Where and how displays draw; matplotlib is imported here alone, and only then."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sklearn_rnn._sklearn.compat import check_matplotlib_support


def axes_for(display: Any, ax: Any, figsize: tuple[float, float]) -> Any:
    """Give a display its axes: those given, or those of a new figure of some size in inches.

    Raises
    ------
    ImportError
        If matplotlib is not installed.
    """
    check_matplotlib_support(f"{type(display).__name__}.plot")
    import matplotlib.pyplot as plt

    if ax is None:
        ax = plt.subplots(figsize=figsize, layout="constrained")[1]
    display.ax_, display.figure_ = ax, ax.figure
    return ax


def draw_heat_map(display: Any, table: NDArray[Any], label: str, **style: Any) -> None:
    """Draw a table as the image of a display, with a color bar beside it."""
    display.image_ = display.ax_.imshow(table, aspect="auto", **style)
    display.colorbar_ = display.figure_.colorbar(display.image_, ax=display.ax_, label=label)


def spread_ticks(n: int, most: int) -> NDArray[np.intp]:
    """Return the positions of n places that have a tick: all, or as many as may have one."""
    return np.unique(np.linspace(0, n - 1, min(n, most)).round().astype(np.intp))
