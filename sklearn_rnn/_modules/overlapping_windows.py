"""Overlapping windows, and the rows that they share."""

from typing import NamedTuple

from torch import Tensor


class SharedRows(NamedTuple):
    """Contiguous blocks of rows, with windows that start one row after another over each.

    Attributes
    ----------
    rows : Tensor of shape (n_blocks, n_windows + (n_steps - 1) * per_step, n_channels)
        The rows under the windows.
    n_windows, n_steps : int
        Windows over a block, and steps of a window.
    per_step : int
        Rows from one step of a window to the next.
    """

    rows: Tensor
    n_windows: int
    n_steps: int
    per_step: int


def shared_rows(x: Tensor) -> SharedRows | None:
    """Recognise, by their strides, windows that start one row after another.

    Parameters
    ----------
    x : Tensor of shape (n_windows, n_steps, n_channels), or with blocks as a first axis
        Windows.

    Returns
    -------
    SharedRows or None
        None if less than half of the steps are shared: a transposed array can have such strides
        too. None if a gradient with respect to x is required.
    """
    blocks = x if x.dim() == 4 else x[None]
    n_blocks, n_windows, n_steps, n_channels = blocks.shape
    outer, window, step, channel = blocks.stride()
    if n_steps < 2 or n_windows < 2 or window <= 0 or step % window or x.requires_grad:
        return None
    n_rows = n_windows + (n_steps - 1) * (step // window)
    if x.dim() == 3 and 2 * n_rows > n_windows * n_steps:
        return None
    rows = blocks.as_strided((n_blocks, n_rows, n_channels), (outer, window, channel))
    return SharedRows(rows, n_windows, n_steps, step // window)


def as_windows(rows: Tensor, n_windows: int, n_steps: int, per_step: int) -> Tensor:
    """View contiguous blocks of rows as windows over them; the inverse of `shared_rows`.

    Parameters
    ----------
    rows : Tensor of shape (n_blocks, n_rows, n_channels)
        The blocks.
    n_windows, n_steps, per_step : int
        As in `SharedRows`.

    Returns
    -------
    Tensor of shape (n_blocks, n_windows, n_steps, n_channels)
        The windows.
    """
    outer, row, channel = rows.stride()
    shape = (len(rows), n_windows, n_steps, rows.shape[2])
    return rows.as_strided(shape, (outer, row, per_step * row, channel))
