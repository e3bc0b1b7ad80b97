"""What the inputs of a recurrent layer contribute, computed once for rows that windows share."""

import torch
import torch.nn.functional as F
from torch import Tensor

from sklearn_rnn._native.library import lanes

from .shared_rows import SharedRows, as_windows


def projected(shared: SharedRows, weights: tuple[Tensor, ...], *, apart: bool) -> Tensor:
    """Map the rows under windows by the weights of the inputs, and lay the windows over them.

    Parameters
    ----------
    shared : SharedRows
        One stretch.
    weights : tuple of Tensor
        weight_ih, weight_hh, bias_ih, bias_hh of a layer.
    apart : bool
        Whether the bias of the state stays out of the last gate, as in a GRU.

    Returns
    -------
    Tensor of shape (n_windows, n_steps, n_gates * width)
        Of each step the affine maps of the gates, each padded to whole vectors of the kernels.
    """
    w_in, w_state, b_in, b_state = weights
    hidden = w_state.shape[1]
    n_lanes = lanes(8 * w_in.element_size())
    behind = -hidden % n_lanes
    bias = (b_in + b_state).view(-1, hidden)
    if apart:
        bias[-1] = b_in[-hidden:]
    by_gate = w_in.view(len(bias), hidden, -1)
    padded = F.pad(by_gate, (0, 0, 0, behind)).flatten(0, 1)
    rows = torch.addmm(F.pad(bias, (0, behind)).view(-1), shared.rows[0], padded.T)
    return as_windows(rows[None], *shared[1:])[0]
