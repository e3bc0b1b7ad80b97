"""One recurrent layer, forward and backward, as one operation of the compiled kernels.

`native_layer` computes what torch's own layer does, from the layer's own parameters, and is
differentiated by torch as any operation. `is_native` tells whether it can, and is the faster path.
"""

import ctypes
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import Any, NamedTuple, TypeAlias, TypeGuard

import torch
from torch import Tensor, nn

from sklearn_rnn._modules.kernels.arguments import BITS, PARAMETERS, Call, LookupTable
from sklearn_rnn._modules.kernels.loader import FUNCTIONS, LIBRARY
from sklearn_rnn._modules.kernels.projection import Lookup, project, projected
from sklearn_rnn._modules.kernels.threads import addresses, n_groups, parts_of, run_together
from sklearn_rnn._modules.layers import Layer, is_hooked
from sklearn_rnn._modules.memory import check_memory
from sklearn_rnn._modules.overlapping_windows import shared_rows
from sklearn_rnn._modules.recurrent_cells import CoupledLSTM, RecurrentLayer

TYPES = (nn.RNN, nn.LSTM, nn.GRU, CoupledLSTM)
CELLS = {
    "RNN_TANH": ("rnn", 0),
    "RNN_RELU": ("rnn", 1),
    "LSTM": ("lstm", 0),
    "COUPLED_LSTM": ("lstm", 1),
    "GRU": ("gru", 0),
}
"""Cell and option of the library, by the mode of a layer."""
LARGEST_HIDDEN = 512
"""Units of a layer above which torch's blocked matrix products are faster."""
LARGEST_HEAD = 256
"""Outputs above which torch's products are faster than the head of the kernels."""
LARGEST_HEAD_AT_EACH_STEP = 32
"""The same for a head that reads every step."""

State: TypeAlias = tuple[Tensor | None, Tensor | None]
Weights: TypeAlias = tuple[Tensor, Tensor, Tensor, Tensor]
Arguments: TypeAlias = Sequence[Any]
"""x, weight_ih, weight_hh, bias_ih, bias_hh, and if there are initial states h0, c0.

If x is projected, weight_ih is None; with `Options.tokens` x is a table of rows, see `project`.
"""
Result: TypeAlias = tuple[Tensor | None, Tensor, Tensor | None]


def is_native(layer: nn.Module, x: Tensor | Lookup) -> TypeGuard[RecurrentLayer]:
    """Return whether `native_layer` may run `layer` on x (batch, n_steps, n_channels).

    It may on a CPU, for one direction of one layer with biases and without hooks, outside of
    tracing and compilation.
    """
    x = x.vectors if isinstance(x, Lookup) else x
    return (
        has_kernel(layer)
        and not torch.compiler.is_compiling()
        and not torch._C._get_tracing_state()
        and x.device.type == "cpu"
        and x.numel() > 0
        and layer.get_parameter("weight_ih_l0").dtype == x.dtype
        and not is_hooked(layer)
    )


def has_kernel(layer: nn.Module) -> TypeGuard[RecurrentLayer]:
    """Return whether there is a kernel for a layer, at its size and where its parameters are."""
    return (
        LIBRARY is not None
        and isinstance(layer, RecurrentLayer)
        and type(layer) in TYPES
        and layer.hidden_size <= LARGEST_HIDDEN
        and (isinstance(layer, CoupledLSTM) or _is_single(layer))
        and all(layer._parameters.get(name) is not None for name in PARAMETERS)  # not if pruned
        and (weight := layer.get_parameter("weight_ih_l0")).dtype in BITS
        and weight.device.type == "cpu"
    )


def is_mostly_native(module: nn.Module) -> bool:
    """Return whether more than half of the weights belong to layers that have a kernel.

    Weights that are looked up, those of embeddings, do not count.
    """
    return count_weights(module.modules())[1]


def count_weights(parts: Iterable[nn.Module]) -> tuple[int, bool]:
    """Return the number of weights of a module's parts, and whether it `is_mostly_native`."""
    total = looked_up = native = 0
    together: set[nn.Module] = set()
    for part in parts:
        if isinstance(part, Layer) and part.runs_together:
            together.update(part.native_parts())
        size = sum(p.numel() for p in part._parameters.values() if p is not None)
        total += size
        if isinstance(part, Layer) and part.looks_up:
            looked_up += size
        elif size and (part in together or has_kernel(part)):
            native += size
    return total, 2 * native > total - looked_up


def _is_single(layer: nn.RNNBase) -> bool:
    one = layer.num_layers == 1 and not layer.bidirectional
    return one and layer.bias and not layer.proj_size


def native_layer(
    layer: RecurrentLayer,
    x: Tensor | Lookup,
    lengths: Tensor | None = None,
    *,
    initial: State | None = None,
    mask: Tensor | None = None,
    states: bool = True,
) -> Result:
    r"""Run a layer over all steps.

    Parameters
    ----------
    layer : nn.RNN, nn.LSTM, nn.GRU or CoupledLSTM
        One layer in one direction.
    x : Tensor of shape (batch, n_steps, n_channels), or Lookup
        The input, of any strides; the padding must be finite.
    lengths : Tensor of shape (batch,), optional
        Row i is valid in its first ``lengths[i]`` steps; after them its state does not change.
    initial : tuple of (Tensor, Tensor or None), optional
        Initial states h and, for an LSTM, c, of shape (batch, hidden_size); zeros by default.
    mask : Tensor of shape (batch, hidden_size), optional
        Recurrent dropout: factors of :math:`h_{t-1}` at every step in the products with weights,
        but not in the interpolation of a GRU.
    states : bool, default=True
        Whether to return the states at every step.

    Returns
    -------
    states : Tensor of shape (batch, n_steps, hidden_size) or None
        The state h after each step.
    h : Tensor of shape (batch, hidden_size)
        The state after the last valid step.
    c : Tensor of shape (batch, hidden_size) or None
        The cell state of an LSTM there.
    """
    weights: Any = (layer.weight_ih_l0, layer.weight_hh_l0, layer.bias_ih_l0, layer.bias_hh_l0)
    lengths = None if lengths is None else lengths.to(torch.int64)
    options = Options(*CELLS[layer.mode], states, mask, lengths)
    return native_cell(options, x, weights, initial)


class Options(NamedTuple):
    """Arguments of a cell of the library that have no gradient.

    `option` 1 is relu, or the coupled gates i, g, o of an LSTM; `tokens` are those of a `Lookup`;
    the others are those of `native_layer`.
    """

    cell: str
    option: int = 0
    states: bool = True
    mask: Tensor | None = None
    lengths: Tensor | None = None
    tokens: Tensor | None = None


def native_cell(
    options: Options, x: Tensor | Lookup, weights: Weights, initial: State | None = None
) -> Result:
    """Run a cell of the library; see `native_layer`."""
    if isinstance(x, Lookup):
        w_in, w_state, *biases = weights  # biases have their gradients from the kernel
        constant = w_in, w_state, *(bias.detach() for bias in biases)
        table = project(x.vectors, constant, apart=options.cell == "gru")
        options = options._replace(tokens=x.tokens.contiguous())
        arguments: Arguments = (table, None, *weights[1:], *(initial or ()))
    else:
        x = x.contiguous() if x.stride(2) != 1 and x.shape[2] > 1 else x
        arguments = (x, *weights, *(initial or ()))
    if torch.is_grad_enabled() and any(t is not None and t.requires_grad for t in arguments):
        apply: Callable[..., Result] = _Layer.apply  # of which torch declares no types
        return apply(options, *arguments)
    is_plain = options.lengths is None and not torch.is_autocast_enabled("cpu")
    shared = shared_rows(x) if is_plain and isinstance(x, Tensor) else None
    if shared is not None:
        x = projected(shared, weights, apart=options.cell == "gru")
        arguments = (x, None, *arguments[2:])
    return _forward(options, arguments, None)


class _Layer(torch.autograd.Function):
    """A cell over all steps, for torch's automatic differentiation."""

    @staticmethod
    def forward(ctx: Any, options: Options, *arguments: Any) -> Result:
        """Run the layer, and keep what the backward pass needs."""
        x, n_saved = arguments[0], _sizes(options, arguments)[0]
        n_bytes, batch = n_saved * x.element_size(), _shape(options, arguments)[0]
        check_memory(n_bytes, f"the states of {batch} sequences at all steps")
        ctx.options, ctx.saved = options, x.new_empty(n_saved)
        ctx.save_for_backward(*arguments)
        ctx.set_materialize_grads(False)
        return _forward(options, arguments, ctx.saved)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor | None) -> tuple[Tensor | None, ...]:
        """Return the gradients of the arguments of `forward`."""
        refuse_second_derivatives()
        arguments = ctx.saved_tensors
        needed = ctx.needs_input_grad[1:]
        outs = [
            _empty(t) if t is not None and (i in (1, 2, 3, 4) or needed[i]) else None
            for i, t in enumerate(arguments)
        ]
        if ctx.options.tokens is not None:  # the first group receives the sum
            of_groups = n_groups(len(ctx.options.tokens)), *arguments[0].shape
            outs[0] = arguments[0].new_empty(of_groups)
        _backward(ctx.options, arguments, ctx.saved, gradients, outs)
        if ctx.options.tokens is not None and outs[0] is not None:
            outs[0] = outs[0][0]
        return (None, *outs)


def refuse_second_derivatives() -> None:
    """Raise an error in a backward pass that is to be differentiated itself."""
    if torch.is_grad_enabled():  # create_graph=True
        raise RuntimeError(
            "the native kernels can be differentiated once; set the environment variable "
            "SKLEARN_RNN_NATIVE=0 for higher derivatives"
        )


def _empty(t: Tensor) -> Tensor:
    return torch.empty(t.shape, dtype=t.dtype)


def _shape(options: Options, arguments: Arguments) -> tuple[int, int, int]:
    """Return the numbers of sequences, of steps, and of channels that are not projected yet."""
    x, w_in = arguments[:2]
    batch, n_steps = x.shape[:2] if options.tokens is None else options.tokens.shape
    return batch, n_steps, 0 if w_in is None else x.shape[2]


def _sizes(options: Options, arguments: Arguments) -> tuple[int, int]:
    x, w_state = arguments[0], arguments[2]
    shape = (*_shape(options, arguments), w_state.shape[1])
    return sizes_of(options.cell, BITS[x.dtype], options.option, shape, options.mask is not None)


def _forward(options: Options, arguments: Arguments, saved: Tensor | None) -> Result:
    x, hidden = arguments[0], arguments[2].shape[1]
    batch, n_steps, _ = _shape(options, arguments)
    states = x.new_empty((batch, n_steps, hidden)) if options.states else None
    h = x.new_empty((batch, hidden))
    c = x.new_empty((batch, hidden)) if options.cell == "lstm" else None
    _run("forward", options, arguments, (states, h, c, saved))
    return states, h, c


def _backward(
    options: Options,
    arguments: Arguments,
    saved: Tensor,
    gradients: Sequence[Tensor | None],
    outs: Sequence[Tensor | None],
) -> None:
    """Write the gradients of the arguments, from those of the results, into `outs`."""
    given = [g if g is None else g.contiguous() for g in gradients]
    partial = saved.new_empty(_sizes(options, arguments)[1])
    dx, *d_weights = outs[:5]
    d_initial = outs[5:] or (None, None)
    _run(
        "backward",
        options,
        arguments,
        (None, None, None, saved, *given, dx, *d_initial, partial, *d_weights),
    )


@lru_cache(maxsize=1024)
def sizes_of(
    cell: str, bits: int, option: int, shape: tuple[int, int, int, int], masked: bool
) -> tuple[int, int]:
    """Return the numbers of elements of ``saved`` and ``partial`` of ``struct call`` in layer.h.

    `option` is that of `Options`; `shape` is (batch, n_steps, n_inputs, hidden_size), and `masked`
    tells whether there is a mask of recurrent dropout.
    """
    saved, partial = ctypes.c_int64(), ctypes.c_int64()
    call = bytes(Call(*shape, option, mask=int(masked)))
    FUNCTIONS[f"{cell}_sizes", bits](call, ctypes.byref(saved), ctypes.byref(partial))
    return saved.value, partial.value


def table_of(tokens: Tensor, table: Tensor, gradient: int, found: Tensor) -> LookupTable:
    """Return the arguments of a table (n_rows, n_gates * width), see ``struct lookup``."""
    row, sizes = tokens.stride(-2), table.shape[-2:]
    return LookupTable(tokens.data_ptr(), row, *sizes, table.data_ptr(), gradient, found.data_ptr())


def _run(what: str, options: Options, arguments: Arguments, outs: Sequence[Tensor | None]) -> None:
    """Call an entry of the library on all chunks of rows."""
    x, w_state = arguments[0], arguments[2]
    batch, n_steps, n_inputs = _shape(options, arguments)
    n_units, hidden = w_state.shape
    bits = BITS[x.dtype]
    # kept alive until the call is over: some of these are copies
    tensors = [t if t is None or t is x else t.contiguous() for t in arguments]
    tensors += [None] * (7 - len(tensors))
    tensors += [t if t is None else t.contiguous() for t in (options.mask, options.lengths)]
    tensors += outs
    shape = (batch, n_steps, n_inputs, hidden, options.option)
    parts = parts_of(batch, batch * n_steps * n_units * (n_inputs + hidden))
    call = Call(*shape, 0, 0, *x.stride()[:2], *addresses(*tensors))
    if options.tokens is not None:
        found = torch.empty(n_groups(batch) * len(x), dtype=torch.uint8)
        call.lookup = table_of(options.tokens, x, call.dx, found)
        call.x_step = call.dx = 0
    calls = []
    for call.first, call.last in parts:
        calls.append(bytes(call))
    run_together(FUNCTIONS[f"{options.cell}_{what}", bits], calls)
    if what == "backward" and len(calls) > 1:
        FUNCTIONS[f"{options.cell}_sum", bits](calls[0])
