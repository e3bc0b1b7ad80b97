"""The network of an estimator, and which of its parameters are those of the network."""

from __future__ import annotations

import inspect
from dataclasses import fields
from typing import Any, ClassVar

from sklearn_rnn._modules.base import SequenceModule


class Architecture:
    """The part of an estimator that names its network.

    Attributes
    ----------
    _module_class : type
        The class of the network.
    _any_length : bool
        Whether the network reads sequences of any length.
    """

    penalty: str  # of the parameters of training
    _module_class: ClassVar[type[SequenceModule]]
    _any_length: ClassVar[bool] = True

    def _architecture(self) -> dict[str, Any]:
        """Return the keyword arguments of the network: the parameters of the same names.

        A subclass adds those whose names or values differ. The sizes come from the data.
        """
        declared = {field.name for field in fields(self)}  # type: ignore[arg-type]  # a dataclass
        return {
            name: getattr(self, name)
            for name, argument in inspect.signature(self._module_class).parameters.items()
            if argument.kind is argument.KEYWORD_ONLY and name in declared
        }
