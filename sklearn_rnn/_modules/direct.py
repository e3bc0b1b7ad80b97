"""What the modules share that are trained outside of torch's automatic differentiation.

Its cost is several times that of the arithmetic of a small net. Such a module has a method
``direct(x)`` that returns its outputs and a function which, called with their gradient, writes
those of the parameters over their ``grad``; ``is_direct()`` tells whether that may be done.
"""

from collections.abc import Callable

from torch import Tensor, nn

Pullback = Callable[[Tensor], None]


def is_unwatched(module: nn.Module) -> bool:
    """Tell whether nothing hooks into a module, and all its parameters have a gradient."""
    hooked = any(part._forward_hooks or part._forward_pre_hooks for part in module.modules())
    return not hooked and not any(p.grad is None or p._backward_hooks for p in module.parameters())
