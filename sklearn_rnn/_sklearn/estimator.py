"""The base class of all estimators: what a pickle of one holds."""

from __future__ import annotations

import warnings
from functools import cache
from typing import Any

from sklearn.base import BaseEstimator

from sklearn_rnn._sklearn.plain_values import from_plain, to_plain
from sklearn_rnn._sklearn.versions import version_of
from sklearn_rnn.exceptions import StoredVersionWarning

PACKAGES = ("sklearn-rnn", "torch", "numpy")
"""Packages whose versions are stored; scikit-learn's estimators store that of scikit-learn."""


class Estimator(BaseEstimator):
    """Base class that stores plain values and the versions of packages, and compares these."""

    _doc_link_module = "sklearn_rnn"
    _doc_link_template = "#"  # without a link scikit-learn does not show the help of parameters

    def __getstate__(self) -> dict[str, Any]:
        """Return the attributes as plain values, and the versions by which they were made."""
        state = {name: to_plain(value) for name, value in super().__getstate__().items()}
        return {**state, "_versions": stored_versions()}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Set the attributes; warn if the versions differ."""
        state = dict(state)
        then, now = state.pop("_versions", {}), stored_versions()
        different = [name for name in then if then[name] != now.get(name)]
        if different:
            old, new = (
                ", ".join(f"{name} {versions.get(name)}" for name in different)
                for versions in (then, now)
            )
            warnings.warn(
                f"{type(self).__name__} was stored by {old} and is loaded by {new}: it may fail, "
                "or predict something else. Load it by the versions that stored it, or fit it "
                "again.",
                StoredVersionWarning,
                stacklevel=2,
            )
        super().__setstate__({name: from_plain(value) for name, value in state.items()})


@cache
def stored_versions() -> dict[str, str]:
    """Return the versions that are stored, without the part that names a build, as of a GPU."""
    return {name: version_of(name).partition("+")[0] for name in PACKAGES}
