"""Meta-estimators that contain one regressor: `RegressorInside`."""

from __future__ import annotations

from typing import Any, ClassVar

from sklearn import get_config
from sklearn.base import MetaEstimatorMixin, RegressorMixin
from sklearn.utils import Tags, get_tags
from sklearn.utils.metadata_routing import MetadataRouter, MethodMapping, process_routing


class RegressorInside(RegressorMixin, MetaEstimatorMixin):
    """Passes metadata of `fit` and `predict` to the regressor inside, and has tags of it.

    Attributes
    ----------
    _inside : str
        Name of the parameter that is the regressor.
    """

    _inside: ClassVar[str]

    def _route(self, method: str, params: dict[str, Any]) -> dict[str, Any]:
        """Return the parameters of a method of the regressor."""
        if not get_config()["enable_metadata_routing"]:
            return dict(params)
        return dict(process_routing(self, method, **params)[self._inside][method])

    def get_metadata_routing(self) -> MetadataRouter:
        """Return which metadata the regressor requests.

        Returns
        -------
        MetadataRouter
            `fit` and `predict` pass their metadata to the same method of the regressor.
        """
        mapping = MethodMapping()
        for method in ("fit", "predict"):
            mapping.add(caller=method, callee=method)
        router = MetadataRouter(owner=type(self).__name__).add_self_request(self)
        return router.add(**{self._inside: getattr(self, self._inside)}, method_mapping=mapping)

    def __sklearn_tags__(self) -> Tags:
        """Return tags of the regressor: targets, missing values, forms of X."""
        tags, inside = super().__sklearn_tags__(), get_tags(getattr(self, self._inside))
        tags.target_tags.multi_output = inside.target_tags.multi_output
        tags.target_tags.single_output = inside.target_tags.single_output
        tags.input_tags = inside.input_tags
        tags.non_deterministic = inside.non_deterministic
        return tags
