"""A failure leaves an object as it was."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def all_or_nothing(thing: Any) -> Iterator[None]:
    """Let an exception in the block put the attributes of `thing` back as they were before it.

    What an attribute refers to is not copied: changes inside of it remain.
    """
    before = dict(vars(thing))
    try:
        yield
    except BaseException:  # a Ctrl-C too; it is raised again
        vars(thing).clear()
        vars(thing).update(before)
        raise
