"""The private names of scikit-learn that the package uses, imported here and nowhere else."""

import sys
from numbers import Integral
from typing import Any

from sklearn.base import _fit_context as fit_context
from sklearn.linear_model._cd_fast import enet_coordinate_descent_gram
from sklearn.model_selection._search import BaseSearchCV
from sklearn.model_selection._validation import _fit_and_score as fit_and_score
from sklearn.model_selection._validation import (
    _warn_or_raise_about_fit_failures as report_failed_fits,
)
from sklearn.utils import _safe_indexing as safe_indexing
from sklearn.utils._array_api import get_namespace
from sklearn.utils._metadata_requests import _raise_for_params as raise_for_params
from sklearn.utils._optional_dependencies import check_matplotlib_support
from sklearn.utils._param_validation import HasMethods as _HasMethods
from sklearn.utils._param_validation import (
    Hidden,
    InvalidParameterError,
    Options,
    StrOptions,
    make_constraint,
    validate_params,
)
from sklearn.utils._param_validation import Interval as _Interval
from sklearn.utils.validation import _check_feature_names_in as check_feature_names_in
from sklearn.utils.validation import _check_method_params as check_method_params
from sklearn.utils.validation import _check_sample_weight as check_sample_weight
from sklearn.utils.validation import _get_feature_names as get_feature_names
from sklearn.utils.validation import _num_samples as num_samples

try:
    from sklearn.callback import CallbackSupportMixin
except ImportError:  # before scikit-learn 1.9

    class CallbackSupportMixin:  # type: ignore[no-redef]  # in place of the class
        """Nothing: there are no callbacks yet."""


class HasMethods(_HasMethods):
    """The constraint that an object has methods, for instances: a class has them, too."""

    def is_satisfied_by(self, val: Any) -> bool:
        """Return whether the constraint holds."""
        return not isinstance(val, type) and super().is_satisfied_by(val)


class Interval(_Interval):
    """The constraint that a number is in an interval; integers also fit into arrays of numpy."""

    def __init__(self, type: Any, left: Any, right: Any, *, closed: str) -> None:
        super().__init__(type, left, right, closed=closed)
        if type is Integral and right is None:
            self.right = sys.maxsize

    def __str__(self) -> str:
        return str(super().__str__()).replace(str(sys.maxsize), "inf")


__all__ = [
    "BaseSearchCV",
    "CallbackSupportMixin",
    "HasMethods",
    "Hidden",
    "Interval",
    "InvalidParameterError",
    "Options",
    "StrOptions",
    "check_feature_names_in",
    "check_matplotlib_support",
    "check_method_params",
    "check_sample_weight",
    "enet_coordinate_descent_gram",
    "fit_and_score",
    "fit_context",
    "get_feature_names",
    "get_namespace",
    "make_constraint",
    "num_samples",
    "raise_for_params",
    "report_failed_fits",
    "safe_indexing",
    "validate_params",
]
