"""The loss curve in the representation of a fitted network in a notebook."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator

WIDTH, HEIGHT, MARGIN = 320, 90, 8
COLOURS = ("#1f77b4", "#ff7f0e")


class WithLossCurve(BaseEstimator):
    """Mixin that draws its loss curves below scikit-learn's representation in HTML."""

    def _repr_html_inner(self) -> str:
        """Return the representation for those who ask for HTML."""
        return f"{super()._repr_html_inner()}{self._curves_as_html()}"

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, str]:
        """Return the representations that Jupyter chooses from."""
        bundle: dict[str, str] = super()._repr_mimebundle_(**kwargs)
        if "text/html" in bundle:
            bundle["text/html"] += self._curves_as_html()
        return bundle

    def _curves_as_html(self) -> str:
        """Return the loss curves of a fitted network, and nothing of others."""
        net: Any = self
        if not hasattr(net, "loss_curve_"):
            return ""
        curves = {"training": np.subtract(net.loss_curve_, net.penalty_curve_).tolist()}
        if net.validation_loss_curve_ is not None:
            curves["validation"] = net.validation_loss_curve_
        return curves_as_svg(curves)


def curves_as_svg(curves: Mapping[str, Sequence[float]]) -> str:
    """Return one or two finite curves as a picture in HTML, with a legend of their last values."""
    every = np.concatenate([np.asarray(curve, dtype=float) for curve in curves.values()])
    low, extent = every.min(), np.ptp(every) or 1.0
    n_epochs = max(map(len, curves.values()))
    lines, legend = [], []
    for colour, (name, curve) in zip(COLOURS, curves.items(), strict=False):
        x = MARGIN + (WIDTH - 2 * MARGIN) * np.arange(len(curve)) / max(1, n_epochs - 1)
        y = HEIGHT - MARGIN - (HEIGHT - 2 * MARGIN) * (np.asarray(curve) - low) / extent
        points = " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(x, y, strict=True))
        style = f'fill="none" stroke="{colour}" stroke-width="1.5"'
        lines.append(f'<polyline points="{points}" {style}/>')
        legend.append(f'<span style="color:{colour}">{name} {curve[-1]:.4g}</span>')
    text = f"Loss over {n_epochs} epochs, at the end: {', '.join(legend)}"
    size = f'width="{WIDTH}" height="{HEIGHT}"'
    return (
        f'<figure style="margin:0.5em 0"><svg {size} role="img" aria-label="loss curve">'
        f"{''.join(lines)}</svg><figcaption>{text}</figcaption></figure>"
    )
