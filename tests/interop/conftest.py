"""Tests of other packages run where the extra interop is installed, as `make interop` does."""

from importlib import metadata

from packaging.requirements import Requirement


def is_installed(extra):
    """Return whether every package that an extra adds is there."""
    found = map(Requirement, metadata.requires("sklearn-rnn"))
    added = [r for r in found if r.marker is not None and r.marker.evaluate({"extra": extra})]
    there = {dist.name.lower() for dist in metadata.distributions()}
    return bool(added) and {r.name.lower() for r in added} <= there


collect_ignore_glob = [] if is_installed("interop") else ["test_*.py"]
