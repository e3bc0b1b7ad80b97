"""The arguments of the functions of the library, field by field as in the C sources."""

import ctypes
from typing import NamedTuple

import torch
from torch import Tensor

BITS = {torch.float32: 32, torch.float64: 64}
"""The types of numbers of the kernels."""
POOLINGS = {"last": 0, "mean": 1, "none": 2}
"""The numbers of `Pooling.kind` in ``enum pooling`` of recurrent_training.h."""

PARAMETERS = ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0")
"""The parameters of a layer, in the order of ``struct weights`` there."""


def _fields(names: str, kind: type = ctypes.c_int64) -> list[tuple[str, type]]:
    """Return the fields of a structure that have a type; addresses are integers."""
    return [(name, kind) for name in names.split()]


class LookupTable(ctypes.Structure):
    """``struct lookup`` of layer.h."""

    _fields_ = _fields("tokens row n_rows columns table gradient found")


class Call(ctypes.Structure):
    """``struct call`` of layer.h."""

    _fields_ = [
        *_fields("batch steps inputs hidden option first last x_batch x_step"),
        *_fields("x w_in w_state b_in b_state h0 c0 mask lengths states h c saved"),
        *_fields("d_states d_h d_c dx dh0 dc0 partial dw_in dw_state db_in db_state"),
        ("lookup", LookupTable),
    ]


class Conv(ctypes.Structure):
    """``struct conv`` of conv.h."""

    _fields_ = _fields(
        "batch steps inputs outputs taps dilation stride offset out_steps rectifies pool "
        "first last x_batch x_step x w b lengths h y dy dx partial dw db"
    )


class Optimizer(ctypes.Structure):
    """``struct optimizer`` of optimizer.h."""

    _fields_ = _fields("kind size time w g m v") + _fields("rate b1 b2 epsilon", ctypes.c_double)


class Training(ctypes.Structure):
    """``struct training`` of fused_training.h."""

    _fields_ = [
        *_fields("batch terms samples first last x_batch x outputs loss y weight masks"),
        *_fields("masks_row most_bytes partial losses objective n_weights rates"),
        *_fields("option ridge decay max_norm", ctypes.c_double),
        ("optimizer", Optimizer),
    ]


class Weights(ctypes.Structure):
    """``struct weights`` of recurrent_training.h."""

    _fields_ = _fields("w_in w_state b_in b_state dw_in dw_state db_in db_state")


class Recurrent(ctypes.Structure):
    """``struct recurrent`` of recurrent_training.h, between `Training` and all `Weights`."""

    _fields_ = [
        *_fields("steps inputs hidden option x_step n_layers n_directions pooling"),
        *_fields("drops_states drops_outputs"),
        ("lookup", LookupTable),
        *_fields("lengths dx w b dw db"),
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


STEPS: dict[type[torch.optim.Optimizer], OptimizerKind] = {
    torch.optim.Adam: OptimizerKind(
        0, {"m": "exp_avg", "v": "exp_avg_sq"}, {"rate": "lr", "epsilon": "eps"}
    ),
    torch.optim.RMSprop: OptimizerKind(
        1, {"v": "square_avg"}, {"rate": "lr", "b2": "alpha", "epsilon": "eps"}
    ),
    torch.optim.SGD: OptimizerKind(2, {"m": "momentum_buffer"}, {"rate": "lr", "b1": "momentum"}),
}
"""The optimizers whose steps the kernels take; SGD has Nesterov's momentum."""


class KernelLoss(NamedTuple):
    """A loss of the kernels: its number in ``enum loss`` of fused_training.h, and its option."""

    number: int
    option: float = 0.0


class Ridge(NamedTuple):
    """The ridge penalty: half the squares of the first `n_weights` parameters times `strength`.

    `vector` holds all parameters, and its ``grad`` all gradients. A `decay` has the same value, but
    no gradient: a step multiplies these parameters by one minus itself times the learning rate.
    """

    vector: Tensor
    n_weights: int
    strength: float
    decay: float = 0.0


class Steps(NamedTuple):
    """Steps of an optimizer: their learning rates, in double precision, and the first of them.

    The gradient of all parameters is scaled before each step, if its norm exceeds `max_norm`.
    """

    rates: Tensor
    first: Optimizer
    max_norm: float
