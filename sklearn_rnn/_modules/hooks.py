"""Whether anything is to be called before or after a layer, which the kernels would not call."""

from torch import nn


def is_hooked(layer: nn.Module) -> bool:
    """Tell whether a layer has hooks, forward or backward."""
    forward = layer._forward_hooks or layer._forward_pre_hooks
    return bool(forward or layer._backward_hooks or layer._backward_pre_hooks)


def has_no_hooks(module: nn.Module) -> bool:
    """Tell whether a module and its parameters have no hooks, and all parameters a gradient."""
    return not any(map(is_hooked, module.modules())) and all(
        p.requires_grad and p.grad is not None and not p._backward_hooks
        for p in module.parameters()
    )
