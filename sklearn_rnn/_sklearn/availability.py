"""Methods that some parameters take away, with an error that names them."""

from __future__ import annotations

from collections.abc import Callable
from functools import update_wrapper
from types import MethodType
from typing import Any


class available_if:
    """Make a method available only if a check of its object raises no AttributeError.

    ``sklearn.utils.metaestimators.available_if`` replaces the error of the check by one that does
    not tell the reason.

    Parameters
    ----------
    check : callable
        Takes the object; its AttributeError names the parameter to set.
    """

    def __init__(self, check: Callable[[Any], object]) -> None:
        self.check = check

    def __call__(self, method: Callable[..., Any]) -> available_if:
        """Decorate a method."""
        self.method = method
        update_wrapper(self, method)
        return self

    def __get__(self, obj: Any, owner: type | None = None) -> Any:
        """Return the method, of an object after the check."""
        if obj is None:
            return self.method
        self.check(obj)
        return MethodType(self.method, obj)
