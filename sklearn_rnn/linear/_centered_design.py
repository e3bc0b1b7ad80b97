"""Products with the design about a fixed centre, as iterative fits take them."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from sklearn_rnn.linear._design import Block, Design, FloatArray

KEPT_VALUES = 2**21
"""Values up to which the windows are kept, in 16 MB, and not copied anew for each product."""


class CenteredDesign:
    """A design less a centre of shape (n_channels,), which stands for missing values, too."""

    def __init__(self, design: Design, center: FloatArray) -> None:
        self._design, self._center = design, center
        is_small = len(design) * design.n_columns <= KEPT_VALUES
        self._kept = list(design.blocks(center)) if is_small else None

    def dot(self, coef: FloatArray) -> FloatArray:
        """Return the products of the windows with coefficients of shape (n_columns,)."""
        product = np.empty(len(self._design))
        for part, values in self._blocks():
            product[part] = values @ coef
        return product

    def transposed_dot(self, values: FloatArray) -> FloatArray:
        """Return the products of the columns with values of shape (n_windows,)."""
        product = np.zeros(self._design.n_columns)
        for part, block in self._blocks():
            product += values[part] @ block
        return product

    def _blocks(self) -> Iterable[Block]:
        return self._design.blocks(self._center) if self._kept is None else self._kept
