"""The network class of an estimator, and its arguments."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
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
    _fixed : mapping of str to object
        Arguments of the network that are the same for all estimators of a class.
    """

    penalty: str  # declared by TrainingParameters
    _module_class: ClassVar[type[SequenceModule]]
    _any_length: ClassVar[bool] = True
    _fixed: ClassVar[Mapping[str, Any]] = {}

    def _architecture(self, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """Return keyword arguments of the network: the parameters of the same names.

        A subclass adds those that differ in name or value. The input and output sizes come from
        the data.
        """
        of_network = inspect.signature(self._module_class).parameters.values()
        names = [a.name for a in of_network if a.kind is a.KEYWORD_ONLY and a.name in parameters]
        return {**{name: parameters[name] for name in names}, **self._fixed}
