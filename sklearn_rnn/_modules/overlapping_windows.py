"""Windows that overlap are read from the rows that they share."""

from typing import NamedTuple

from torch import Tensor


class SharedRows(NamedTuple):
    """Stretches of rows, with a window of n_steps over every run of equally spaced rows.

    Attributes
    ----------
    rows : Tensor of shape (n_stretches, n_windows + (n_steps - 1) * per_step, n_channels)
        The rows under the windows.
    n_windows, n_steps : int
        Windows over a stretch, and the steps of each.
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
    x : Tensor of shape (n_windows, n_steps, n_channels), or with stretches as an axis before
        Windows.

    Returns
    -------
    SharedRows or None
        None if they do not share their rows, or hardly: an array whose steps lie before its
        windows has such strides, too. None if a gradient with respect to x is asked for.
    """
    contiguous_blocks = x if x.dim() == 4 else x[None]
    n_stretches, n_windows, n_steps, n_channels = contiguous_blocks.shape
    outer, window, step, channel = contiguous_blocks.stride()
    if n_steps < 2 or n_windows < 2 or window <= 0 or step % window or x.requires_grad:
        return None
    n_rows = n_windows + (n_steps - 1) * (step // window)
    if x.dim() == 3 and 2 * n_rows > n_windows * n_steps:
        return None
    rows = contiguous_blocks.as_strided((n_stretches, n_rows, n_channels), (outer, window, channel))
    return SharedRows(rows, n_windows, n_steps, step // window)


def as_windows(rows: Tensor, n_windows: int, n_steps: int, per_step: int) -> Tensor:
    """Lay windows over contiguous stretches of rows, as a view; the inverse of `shared_rows`.

    Parameters
    ----------
    rows : Tensor of shape (n_stretches, n_rows, n_channels)
        The stretches.
    n_windows, n_steps, per_step : int
        As in `SharedRows`.

    Returns
    -------
    Tensor of shape (n_stretches, n_windows, n_steps, n_channels)
        The windows.
    """
    outer, row, channel = rows.stride()
    shape = (len(rows), n_windows, n_steps, rows.shape[2])
    return rows.as_strided(shape, (outer, row, per_step * row, channel))
