"""Data in pieces, each of which is read when it is needed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

FIX = (
    "give a list of functions, each of which returns a piece, as [partial(read, path) for path in "
    "paths], or a function that returns a new iterator"
)


class Piece(NamedTuple):
    """Samples, their targets, and their weights or None."""

    X: Any
    y: Any
    sample_weight: Any = None


Change = Callable[[Piece, int], Piece]


@dataclass(frozen=True)
class Pieces:
    """Pieces that can be read any number of times.

    Attributes
    ----------
    given : object
        A sequence of pieces or of functions that return one, an object that can be iterated over
        more than once, or a function that returns a new iterator at each call.
    name : str
        Name of the argument, for error messages.
    change : callable or None
        Applied to a piece and its number when it has been read.
    """

    given: Any
    name: str = "pieces"
    change: Change | None = None

    def __post_init__(self) -> None:
        found = f"got {type(self.given).__name__}; {FIX}."
        if hasattr(self.given, "__next__"):
            rule = "must be readable more than once, as a fit reads all pieces in each epoch"
            raise TypeError(f"{self.name} {rule}; {found}")
        if not (callable(self.given) or hasattr(self.given, "__iter__") or self.is_sequence):
            raise TypeError(f"{self.name} must be an iterable of pieces; {found}")
        if self.is_sequence and not len(self.given):
            raise ValueError(f"{self.name} is empty; it must hold a piece at least.")

    @property
    def is_sequence(self) -> bool:
        """Return whether a piece can be read without those before it."""
        is_table = hasattr(self.given, "keys")
        return (
            hasattr(self.given, "__len__") and hasattr(self.given, "__getitem__") and not is_table
        )

    def changed(self, change: Change | None) -> Pieces:
        """Return the same pieces, to each of which a function is applied."""
        return replace(self, change=change)

    def read(self, numbers: Sequence[int] | None = None) -> Iterator[tuple[int, Piece]]:
        """Yield pieces with their numbers, one at a time: all, or those of the numbers.

        They come in the order of the numbers if they are a sequence, otherwise in their own order.
        Nothing here refers to a piece once it has been yielded.
        """
        if self.is_sequence:
            for number in range(len(self.given)) if numbers is None else numbers:
                yield number, self._checked(self.given[number], number)
            return
        items = iter(self.given() if callable(self.given) else self.given)
        last = None if numbers is None else max(numbers, default=-1)
        number = -1
        while number != last:
            number += 1
            with in_piece(self.name, number):
                item = next(items, _END)
            if item is _END and numbers is not None:
                found = "is empty, or cannot be read again"
                if number:
                    found = f"ended after {number} pieces, but had more before"
                raise ValueError(f"{self.name} {found}; {FIX}.")
            if item is _END:
                return
            if numbers is not None and number not in numbers:
                continue
            piece = self._checked(item, number)
            del item
            yield number, piece
            del piece

    def _checked(self, item: Any, number: int) -> Piece:
        """Return a piece in its form, which is read here if `item` is a function."""
        with in_piece(self.name, number):
            if callable(item):
                item = item()
            if not isinstance(item, tuple | list) or len(item) not in (2, 3):
                raise TypeError(
                    "it must be (X, y) or (X, y, sample_weight), or a function that returns them, "
                    f"in a list of pieces; got {type(item).__name__}."
                )
            piece = Piece(*item)
            return piece if self.change is None else self.change(piece, number)


_END = object()


@contextmanager
def in_piece(name: str, number: int) -> Iterator[None]:
    """Let errors of the block name a piece by its number."""
    try:
        yield
    except (TypeError, ValueError) as error:
        if str(error).startswith(f"{name}["):
            raise
        kind = TypeError if isinstance(error, TypeError) else ValueError
        raise kind(f"{name}[{number}]: {error}") from error
