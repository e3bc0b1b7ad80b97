"""The arguments of the functions of the library, field by field as in the C sources."""

import ctypes
from typing import NamedTuple

import torch


def _fields(names: str, kind: type = ctypes.c_int64) -> list[tuple[str, type]]:
    """Return the fields of a structure that have a type; addresses are integers."""
    return [(name, kind) for name in names.split()]


class Call(ctypes.Structure):
    """``struct call`` of layer.h."""

    _fields_ = _fields(
        "batch steps inputs hidden option first last x_batch x_step "
        "x w_in w_state b_in b_state h0 c0 mask lengths states h c saved "
        "d_states d_h d_c dx dh0 dc0 partial dw_in dw_state db_in db_state"
    )


class Optimizer(ctypes.Structure):
    """``struct optimizer`` of optimizer.h."""

    _fields_ = _fields("kind size time w g m v") + _fields("rate b1 b2 epsilon", ctypes.c_double)


class Training(ctypes.Structure):
    """``struct training`` of fused_training.h."""

    _fields_ = [
        *_fields("batch samples first last x_batch x outputs loss y weight partial losses"),
        *_fields("objective n_weights rates"),
        *_fields("option ridge decay", ctypes.c_double),
        ("optimizer", Optimizer),
    ]


class OptimizerKind(NamedTuple):
    """What the kernels know of an optimizer of torch.

    Attributes
    ----------
    number : int
        Its number in ``enum optimizer_kind`` of optimizer.h.
    state : dict of str to str
        The names in torch's state of the fields m and v.
    settings : dict of str to str
        The names in torch's group of parameters of other fields.
    """

    number: int
    state: dict[str, str]
    settings: dict[str, str]


OPTIMIZERS: dict[type[torch.optim.Optimizer], OptimizerKind] = {
    torch.optim.Adam: OptimizerKind(
        0, {"m": "exp_avg", "v": "exp_avg_sq"}, {"rate": "lr", "epsilon": "eps"}
    ),
    torch.optim.RMSprop: OptimizerKind(
        1, {"v": "square_avg"}, {"rate": "lr", "b2": "alpha", "epsilon": "eps"}
    ),
    torch.optim.SGD: OptimizerKind(2, {"m": "momentum_buffer"}, {"rate": "lr", "b1": "momentum"}),
}
"""The optimizers of the kernels; SGD has Nesterov's momentum."""
