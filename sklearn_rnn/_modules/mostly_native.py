"""What does most of the work of a net: kernels or torch."""

from torch import nn

from .embedding import Embedding
from .native import has_kernel


def is_mostly_native(module: nn.Module) -> bool:
    """Tell whether more than half of the weights are of layers that have a kernel.

    The vectors of tokens do not count: they are looked up.
    """
    native = total = 0
    for part in module.modules():
        if not isinstance(part, Embedding):
            size = sum(p.numel() for p in part.parameters(recurse=False))
            total += size
            native += size if has_kernel(part) else 0
    return 2 * native > total
