"""The layers that networks share, and the declaration of which parameters are penalised."""

import math
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, ClassVar, TypeVar

import torch
from torch import Tensor, nn


class Layer(nn.Module):
    """A module that declares what its own parameters are, not those of the layers inside.

    Attributes
    ----------
    penalized : mapping of str to bool
        By the name of a parameter, whether penalties apply to it: to weights, not to biases.
    looks_up : bool
        Whether its weights are looked up, and not multiplied.
    runs_together : bool
        Whether the compiled kernels may run its `native_parts` in one call.
    """

    penalized: ClassVar[Mapping[str, bool]] = {}
    looks_up: ClassVar[bool] = False
    runs_together: ClassVar[bool] = False

    def native_parts(self) -> Sequence[nn.Module]:
        """Return the layers that one call of the kernels runs: those inside, or this one."""
        return ()


def is_hooked(layer: nn.Module) -> bool:
    """Return whether a layer has hooks, forward or backward, which the kernels would not call."""
    forward = layer._forward_hooks or layer._forward_pre_hooks
    return bool(forward or layer._backward_hooks or layer._backward_pre_hooks)


def has_no_hooks(module: nn.Module) -> bool:
    """Return whether a module and its parameters have no hooks, and all parameters a gradient."""
    return not any(map(is_hooked, module.modules())) and all(
        p.requires_grad and p.grad is not None and not p._backward_hooks
        for p in module.parameters()
    )


OF_TORCH: dict[type[nn.Module], Mapping[str, bool]] = {
    nn.Linear: {"weight": True, "bias": False},
    nn.RNNBase: {
        **{"weight_ih_l0": True, "weight_hh_l0": False},
        **{"bias_ih_l0": False, "bias_hh_l0": False},
    },
}
"""`Layer.penalized` of the layers of torch that the networks are made of.

Recurrent weights are free, as a penalty that pulls them to zero shortens the memory of a network.
"""


Module = TypeVar("Module", bound=nn.Module)


def uninitialized(kind: Callable[..., Module], *sizes: int, **options: Any) -> Module:
    """Build a layer of torch on the CPU, with any values, for initial values of our own to follow.

    Its own come from torch's global generator, which nothing here may change. (On the device "meta"
    it would draw none, but take longer than all the rest of a small network.)

    Parameters
    ----------
    kind : type or functools.partial of a type
        The layer, which has a method ``reset_parameters``.
    *sizes : int
        Its positional arguments.
    **options : object
        Others.
    """
    of_kind: Any = kind
    if isinstance(kind, partial):
        of_kind, options = kind.func, {**kind.keywords, **options}
    layer: Module = of_kind.__new__(of_kind)
    vars(layer)["reset_parameters"] = lambda: None  # which ``__init__`` calls in place of its own
    of_kind.__init__(layer, *sizes, device="cpu", **options)
    del vars(layer)["reset_parameters"]
    return layer


def linear(
    n_in: int, n_out: int, *, bias: bool = True, generator: torch.Generator | None = None
) -> nn.Linear:
    """Build a linear layer with the initial values of torch, drawn from a generator.

    torch itself can only draw them from its global generator, which other threads draw from too.

    Parameters
    ----------
    n_in, n_out : int
        Sizes of the last axis of the input and the output.
    bias : bool, default=True
        Whether there is a bias.
    generator : torch.Generator, optional
        Draws the initial values; by default torch's global one.
    """
    layer = uninitialized(nn.Linear, n_in, n_out, bias=bias)
    nn.init.kaiming_uniform_(layer.weight, a=math.sqrt(5), generator=generator)
    if bias:
        bound = 1 / math.sqrt(n_in)
        nn.init.uniform_(layer.bias, -bound, bound, generator=generator)
    return layer


class Head(nn.Module):
    """Dropout, then a linear map of the features.

    Initial values: :math:`N(0, 0.1^2 / n_{features})` for the weights, a tenth of the scale that
    preserves variance, and zero for the bias. As targets are standardised, an untrained network
    predicts nearly their mean, and the layers below still get a gradient. Outputs are never rounded
    to bfloat16, in whatever precision the layers below work.

    Parameters
    ----------
    n_features : int
        Size of the last axis of the input.
    n_outputs : int
        Size of the last axis of the output.
    dropout : float in [0, 1), default=0.0
        Probability with which a feature is dropped in training.
    generator : torch.Generator, optional
        Draws the initial values; by default torch's global one.
    """

    def __init__(
        self,
        n_features: int,
        n_outputs: int,
        *,
        dropout: float = 0.0,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        self.dropout = Dropout(dropout)
        self.linear = linear(n_features, n_outputs, generator=generator)
        nn.init.normal_(self.linear.weight, std=0.1 / math.sqrt(n_features), generator=generator)
        nn.init.zeros_(self.linear.bias)

    def forward(self, features: Tensor) -> Tensor:
        """Map features (..., n_features) to outputs (..., n_outputs)."""
        return precise(self.linear, self.dropout(features))

    def forward_and_vjp(self, features: Tensor) -> tuple[Tensor, Callable[[Tensor], Tensor]]:
        """Map features (batch, n_features) without dropout and automatic differentiation.

        Returns the outputs and a function that, called with their gradient, writes those of the
        parameters over their ``grad`` and returns that of the features.
        """
        weight, bias = self.linear.weight, self.linear.bias

        def pullback(gradient: Tensor) -> Tensor:
            torch.mm(gradient.T, features, out=weight.grad)
            torch.sum(gradient, 0, out=bias.grad)
            return gradient @ weight

        return torch.addmm(bias, features, weight.T), pullback


def precise(linear: nn.Linear, x: Tensor) -> Tensor:
    """Apply a linear layer in the precision of its weights, with or without autocast."""
    outputs: Tensor
    if not torch.is_autocast_enabled(x.device.type):
        outputs = linear(x)
        return outputs
    with torch.autocast(x.device.type, enabled=False):
        outputs = linear(x.to(linear.weight.dtype))
        return outputs


class Dropout(nn.Module):
    r"""Set entries to zero at random while training, and scale up the others.

    .. math:: y_j = x_j m_j / (1 - p), \qquad m_j \sim \mathrm{Bernoulli}(1 - p)

    so that :math:`E[y_j] = x_j`. The identity in evaluation mode and at ``p=0``.

    `torch.nn.Dropout` can only draw from the global generator; here the training loop sets
    `generator`, so that the global state is not changed.

    Parameters
    ----------
    p : float in [0, 1)
        Probability of a zero.

    Attributes
    ----------
    generator : torch.Generator or None
        Source of the masks, on the device of the input; None is torch's global generator. It is
        not part of the module's state: copies and pickles do not have it.

    References
    ----------
    Srivastava, Hinton, Krizhevsky, Sutskever and Salakhutdinov (2014). Dropout: a simple way to
    prevent neural networks from overfitting. JMLR 15.
    """

    generator: torch.Generator | None

    def __init__(self, p: float) -> None:
        super().__init__()
        self.p = p
        self.generator = None

    def forward(self, x: Tensor) -> Tensor:
        """Drop entries of x, of any shape."""
        mask = self.mask(x)
        return x if mask is None else x * mask

    def mask(self, x: Tensor) -> Tensor | None:
        """Draw the factors of x, of its shape; None if nothing is dropped."""
        if not self.training or self.p == 0:
            return None
        # not `empty_like`: the order in which numbers are drawn is not that of the strides of x
        return self.draw_(torch.empty(x.shape, dtype=x.dtype, device=x.device))

    def draw_(self, factors: Tensor) -> Tensor:
        """Draw factors into a contiguous tensor."""
        kept = 1 - self.p
        return factors.bernoulli_(kept, generator=self.generator).div_(kept)

    def __getstate__(self) -> dict[str, Any]:
        """Leave the generator out: it belongs to the training loop and cannot always be copied."""
        return {**self.__dict__, "generator": None}

    def extra_repr(self) -> str:
        """Show p in ``repr``."""
        return f"p={self.p}"


def set_dropout_generator(module: nn.Module, generator: torch.Generator | None) -> None:
    """Let all dropout of a network draw from a generator; None is torch's global one."""
    for layer in module.modules():
        if isinstance(layer, Dropout):
            layer.generator = generator
