"""Parameters of an estimator, declared once.

`param` holds the default, the scikit-learn constraint and the documentation of a parameter.
`parametrized` generates the constructor, the class attribute ``_parameter_constraints`` and the
sections of the docstring from them.
"""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import MISSING, dataclass, field, fields
from difflib import get_close_matches
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from sklearn.base import BaseEstimator

from sklearn_rnn._sklearn.compat import StrOptions, make_constraint

_T = TypeVar("_T")

if TYPE_CHECKING:
    from typing_extensions import dataclass_transform
else:

    def dataclass_transform(**_: Any) -> Any:
        """Do nothing: only type checkers read the real one."""
        return lambda decorated: decorated


def param(
    constraint: Sequence[Any],
    doc: str,
    *,
    default: Any = MISSING,
    kw_only: bool = True,
    also: Sequence[str] = (),
) -> Any:
    """Declare a constructor parameter of an estimator.

    Parameters
    ----------
    constraint : sequence
        Accepted types and values, in the form of ``_parameter_constraints`` of scikit-learn;
        checked when ``fit`` is called.
    doc : str
        Entry of the parameter in the docstring.
    default : object
        Immutable default value. Without it the parameter must be given.
    kw_only : bool, default=True
        Whether the parameter is keyword-only.
    also : sequence of str, default=()
        Names of the parameter in other libraries, which errors for unknown names recognise.

    Returns
    -------
    dataclasses.Field
        Declaration for `parametrized`.
    """
    metadata = {"constraint": list(constraint), "doc": inspect.cleandoc(doc), "also": also}
    return field(default=default, metadata=metadata, kw_only=kw_only)


@dataclass_transform(kw_only_default=True, field_specifiers=(param,))
def parametrized(cls: type[_T]) -> type[_T]:
    """Make a class with `param` fields a class with the conventions of scikit-learn.

    All fields, including inherited ones, become a constructor that only assigns, the class
    attribute ``_parameter_constraints`` and the names of ``get_params``. Its errors for an unknown
    name, and those of ``set_params``, name the parameter that is meant. In the docstring the line
    ``{parameters}`` is replaced by a numpydoc section of the parameters and the line
    ``{attributes}`` by one of the learned attributes, which classes describe in a mapping
    ``_learned`` from ``"name : type"`` to text, merged along the bases.

    Parameters
    ----------
    cls : type
        Class to decorate.

    Returns
    -------
    type
        The same class.
    """
    made: Any = dataclass(eq=False, repr=False)(cls)  # with names that `type` does not declare
    declared = sorted(fields(made), key=lambda f: bool(f.kw_only))  # as in the constructor
    constraints = {f.name: f.metadata["constraint"] for f in declared}
    made._parameter_constraints = constraints
    made._get_param_names = sorted(constraints).copy
    made._names = {name: f.name for f in declared for name in (f.name, *f.metadata["also"])}
    made.__init__ = _explained(made.__init__)
    if getattr(made, "set_params", None) is BaseEstimator.set_params:
        made.set_params = set_params
    if cls.__doc__ and "{parameters}" in cls.__doc__:
        doc = inspect.cleandoc(cls.__doc__)
        entries = {
            f"{f.name} : {_type_text(f.metadata['constraint'])}{_default_text(f.default)}": (
                f.metadata["doc"]
            )
            for f in declared
        }
        doc = doc.replace("{parameters}", _section("Parameters", entries))
        cls.__doc__ = doc.replace("{attributes}", _section("Attributes", _learned(cls)))
    return cls


def set_params(self: Any, **params: Any) -> Any:
    """Set parameters, those of a nested object as ``<component>__<parameter>``.

    Parameters
    ----------
    **params : dict of str to object
        The parameters by name.

    Returns
    -------
    self : object
        The estimator.
    """
    if meant := _meant(self, params):
        raise ValueError(f"Invalid parameter for {type(self).__name__}: {meant}")
    return BaseEstimator.set_params(self, **params)


def _explained(init: Callable[..., None]) -> Callable[..., None]:
    """Return a constructor of the same signature whose error for an unknown name is explained."""

    @wraps(init)
    def __init__(self: Any, *args: Any, **params: Any) -> None:
        if meant := _meant(self, params):
            raise TypeError(f"{type(self).__name__} got an unexpected argument: {meant}")
        init(self, *args, **params)

    return __init__


def _meant(estimator: Any, given: Iterable[str]) -> str:
    """Return which parameters unknown names probably mean, or nothing."""
    names: dict[str, str] = estimator._names
    unknown = {name.partition("__")[0] for name in given} - set(names.values())
    found = {name: get_close_matches(name, names, 1) for name in sorted(unknown)}
    meant = [f"{name!r}; did you mean {names[near[0]]}?" for name, near in found.items() if near]
    return " ".join(meant)


def plain_parameters(estimator: BaseEstimator) -> dict[str, Any]:
    """Return the parameters of an estimator by name, numpy's numbers and vectors as Python's.

    True and False are numbers where a parameter takes no truth values.
    """
    constraints = estimator._parameter_constraints
    return {
        name: plain(int(v) if isinstance(v, bool) and "boolean" not in constraints[name] else v)
        for name, v in estimator.get_params(deep=False).items()
    }


def plain(value: Any) -> Any:
    """Convert numpy scalars and vectors, also inside lists and tuples, to Python numbers."""
    if isinstance(value, np.generic | np.ndarray) and value.ndim < 2:
        return value.tolist()
    return type(value)(map(plain, value)) if type(value) in (list, tuple) else value


def _type_text(constraint: Sequence[Any]) -> str:
    return " or ".join(_alternative(c) for c in constraint)


def _default_text(default: Any) -> str:
    return "" if default is MISSING else f", default={default!r}"


def _alternative(constraint: Any) -> str:
    if isinstance(constraint, StrOptions):
        return "{" + ", ".join(repr(option) for option in sorted(constraint.options)) + "}"
    return "bool" if constraint == "boolean" else str(make_constraint(constraint))


def _learned(cls: type) -> dict[str, str]:
    merged: dict[str, tuple[str, str]] = {}  # by name, since a subclass may tell another type
    for base in reversed(cls.__mro__):
        own: Mapping[str, str] = vars(base).get("_learned", {})
        merged.update({head.split(" : ")[0]: (head, text) for head, text in own.items()})
    return dict(merged.values())


def _section(title: str, entries: Mapping[str, str]) -> str:
    lines = [title, "-" * len(title)]
    for head, text in entries.items():
        lines += [head, textwrap.indent(inspect.cleandoc(text), "    ")]
    return "\n".join(lines)
