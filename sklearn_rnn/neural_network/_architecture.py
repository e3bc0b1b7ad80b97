"""The network class of an estimator, and its arguments."""

from __future__ import annotations

import inspect
from dataclasses import fields
from typing import Any, ClassVar

from sklearn_rnn._modules.base import SequenceModule


class Architecture:
    """Mixin that names the network of an estimator.

    Attributes
    ----------
    _module_class : type
        Class of the network.
    _any_length : bool
        Whether the network accepts sequences of any length.
    """

    penalty: str  # declared by TrainingParameters
    _module_class: ClassVar[type[SequenceModule]]
    _any_length: ClassVar[bool] = True

    def _architecture(self) -> dict[str, Any]:
        """Return keyword arguments of the network: the parameters of the same names.

        A subclass adds those that differ in name or value. The input and output sizes come from
        the data.
        """
        declared = {field.name for field in fields(self)}  # type: ignore[arg-type]  # a dataclass
        return {
            name: getattr(self, name)
            for name, argument in inspect.signature(self._module_class).parameters.items()
            if argument.kind is argument.KEYWORD_ONLY and name in declared
        }
