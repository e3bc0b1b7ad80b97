"""What the modules share that are trained outside of torch's automatic differentiation.

Its cost is several times that of the arithmetic of a small net. Such a module has a method
``direct(x)`` that returns its outputs and a function which, called with their gradient, writes
those of the parameters over their ``grad``; ``is_direct()`` tells whether that may be done.
"""

from collections.abc import Callable

from torch import Tensor, nn

Pullback = Callable[[Tensor], None]


def is_hooked(part: nn.Module) -> bool:
    """Tell whether anything is to be called before or after a layer."""
    forward = part._forward_hooks or part._forward_pre_hooks
    return bool(forward or part._backward_hooks or part._backward_pre_hooks)


def has_no_hooks(module: nn.Module) -> bool:
    """Tell whether nothing hooks into a module, and all its parameters are to have a gradient."""
    return not any(map(is_hooked, module.modules())) and all(
        p.requires_grad and p.grad is not None and not p._backward_hooks
        for p in module.parameters()
    )
