"""Parameters of an estimator, declared once.

`param` holds the default, the scikit-learn constraint and the documentation of a parameter.
`parametrized` generates the constructor, the class attribute ``_parameter_constraints`` and the
sections of the docstring from them.
"""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, dataclass, field, fields
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
    constraint: Sequence[Any], doc: str, *, default: Any = MISSING, kw_only: bool = True
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

    Returns
    -------
    dataclasses.Field
        Declaration for `parametrized`.
    """
    metadata = {"constraint": list(constraint), "doc": inspect.cleandoc(doc)}
    return field(default=default, metadata=metadata, kw_only=kw_only)


@dataclass_transform(kw_only_default=True, field_specifiers=(param,))
def parametrized(cls: type[_T]) -> type[_T]:
    """Make a class with `param` fields a class with the conventions of scikit-learn.

    All fields, including inherited ones, become a constructor that only assigns, the class
    attribute ``_parameter_constraints`` and the names of ``get_params``. In the docstring the line
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


def plain_parameters(estimator: BaseEstimator) -> dict[str, Any]:
    """Return the parameters of an estimator by name, numpy's numbers and arrays as Python's."""
    return {name: plain(value) for name, value in estimator.get_params(deep=False).items()}


def plain(value: Any) -> Any:
    """Convert numpy scalars and arrays, also inside lists and tuples, to Python numbers."""
    if isinstance(value, np.generic | np.ndarray):
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
