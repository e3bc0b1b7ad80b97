"""The steps of a pipeline before its network, fitted to data in pieces: `PreparedPieces`."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

from sklearn.base import clone
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import Pipeline
from sklearn.utils import get_tags

from sklearn_rnn._sequences.pieces import Piece, Pieces, in_piece
from sklearn_rnn.preprocessing import CalendarFeatures, LagTransformer
from sklearn_rnn.preprocessing._lag_pieces import LagPieces
from sklearn_rnn.preprocessing._window_warnings import without_warnings


class PreparedPieces:
    """Pieces as the network of a pipeline gets them.

    Parameters
    ----------
    pipelines : list of Pipeline
        A pipeline, the pipeline that is its last step, and so on; empty for a network alone.
    pieces : Pieces
        What the first step reads.
    """

    def __init__(self, pipelines: list[Pipeline], pieces: Pieces) -> None:
        self.places = [(p, i) for p in pipelines for i in range(len(p.steps) - 1)]
        self.steps: list[Any] = []
        self._checked: set[int] = set()
        for pipeline, i in self.places:
            self._append(pipeline.steps[i][1], pieces.changed(self.change))

    def change(self, piece: Piece, number: int) -> Piece:
        """Return a piece as the steps so far leave it."""
        X, y, weight = piece
        for step in self.steps:
            if not isinstance(step, LagPieces):
                X = X if step == "passthrough" else step.transform(X)
            elif number == len(step.fitted):
                X = step.add(X, y)
            else:
                X = step.windows(X)
        return Piece(X, y, weight)

    def follow(self, piece: Piece, number: int) -> Piece:
        """Return a piece of validation data, transformed by the steps that are fitted to all."""
        X, y, weight = piece
        with without_warnings() if number in self._checked else nullcontext():
            for step in self._fitted():
                X = X if step == "passthrough" else step.transform(X)
        self._checked.add(number)
        return Piece(X, y, weight)

    def store(self) -> None:
        """Put the fitted steps into the pipelines."""
        for (pipeline, i), step in zip(self.places, self._fitted(), strict=True):
            pipeline.steps[i] = (pipeline.steps[i][0], step)

    def _fitted(self) -> list[Any]:
        return [step.joined if isinstance(step, LagPieces) else step for step in self.steps]

    def _append(self, step: Any, pieces: Pieces) -> None:
        """Fit a step to the pieces that the steps before it leave, if it learns anything."""
        if step is None or step == "passthrough":
            self.steps.append("passthrough")
        elif isinstance(step, LagTransformer):
            self.steps.append(LagPieces(clone(step)))
        elif isinstance(step, FrozenEstimator):
            self.steps.append(step)
        elif isinstance(step, CalendarFeatures) or not get_tags(step).requires_fit:
            for number, piece in pieces.read([0]):
                with in_piece(pieces.name, number):
                    self.steps.append(clone(step).fit(piece.X))
        elif hasattr(step, "partial_fit"):
            fitted = clone(step)
            for number, piece in pieces.read():
                with in_piece(pieces.name, number):
                    fitted.partial_fit(piece.X)
                del piece
            self.steps.append(fitted)
        else:
            raise TypeError(
                f"fit_batches cannot fit {type(step).__name__} to pieces, as it has no "
                "partial_fit; fit it to some of the data, and give FrozenEstimator(transformer), "
                "or leave it out: networks standardise by themselves."
            )
