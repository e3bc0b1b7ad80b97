"""A table of the layers of a module: their outputs and their parameters."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn


def summarize(module: nn.Module, x: Tensor) -> str:
    """Return a table with a line for each layer that contains no other layers.

    Parameters
    ----------
    module : nn.Module
        The module, on any device.
    x : Tensor
        An input, with the batch first; the batch is shown as ``*``.
    """
    rows: list[tuple[str, str, str, str]] = []

    def note(name: str, layer: nn.Module, output: Any) -> None:
        first = output if isinstance(output, Tensor) else output[0]
        size = ", ".join(["*", *map(str, first.shape[1:])])
        rows.append((name, type(layer).__name__, f"({size})", f"{_count(layer):,}"))

    handles = [
        layer.register_forward_hook(lambda m, _, out, name=name: note(name, m, out))
        for name, layer in module.named_modules()
        if not any(layer.children())
    ]
    training = module.training
    like = next(module.parameters())
    try:
        with torch.inference_mode():
            module.eval()(x.to(like.device))
    finally:
        module.train(training)
        for handle in handles:
            handle.remove()
    rows.append(("total", type(module).__name__, "", f"{_count(module):,}"))
    return _table([("layer", "type", "output", "parameters"), *rows])


def _count(module: nn.Module) -> int:
    return sum(p.numel() for p in module.parameters() if p.requires_grad)


def _table(rows: list[tuple[str, str, str, str]]) -> str:
    widths = [max(len(row[i]) for row in rows) for i in range(4)]
    return "\n".join(
        f"{a:<{widths[0]}}  {b:<{widths[1]}}  {c:<{widths[2]}}  {d:>{widths[3]}}"
        for a, b, c, d in rows
    )
