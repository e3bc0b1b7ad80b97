"""Formulas as MathML, which browsers show without a script or a network."""

from __future__ import annotations

from typing import Any

from docutils import nodes
from latex2mathml.converter import convert


def _write(translator: Any, node: nodes.Node, display: str) -> None:
    tag = "span" if display == "inline" else "div"
    formula = convert(node.astext(), display=display)
    translator.body.append(f'<{tag} class="formula">{formula}</{tag}>')
    raise nodes.SkipNode


def write_inline(translator: Any, node: nodes.Node) -> None:
    """Write a formula within a line."""
    _write(translator, node, "inline")


def write_block(translator: Any, node: nodes.Node) -> None:
    """Write a formula on lines of its own."""
    _write(translator, node, "block")


def setup(app: Any) -> dict[str, bool]:
    """Register the renderer, which is the default if there is no other."""
    app.add_html_math_renderer("mathml", (write_inline, None), (write_block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
