"""Versions of the packages and the machine, for bug reports."""

from __future__ import annotations

import platform
import sys
from importlib import metadata
from pathlib import Path

import torch

from sklearn_rnn._modules.kernels.loader import STATUS

PACKAGES = ("sklearn-rnn", "scikit-learn", "torch", "skorch", "numpy", "scipy", "pandas", "joblib")


def versions() -> dict[str, str]:
    """Return the versions that `show_versions` prints, by name."""
    shown = {
        "python": sys.version.replace("\n", " "),
        "machine": platform.platform(),
    }
    shown |= {name: version_of(name) for name in PACKAGES}
    shown["location"] = str(Path(__file__).parents[1])
    shown["torch threads"] = str(torch.get_num_threads())
    shown["CUDA"] = "available" if torch.cuda.is_available() else "not available"
    shown["native kernels"] = STATUS
    return shown


def version_of(package: str) -> str:
    """Return the version of a package, or that it is not installed."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "not installed"


def show_versions() -> None:
    """Print versions, the location of the package, and which native kernels are in use.

    The last line names the instruction set of the kernels ("avx512", "avx2" or "plain"), or the
    reason why they are missing; recurrent layers then use torch, which is slower and otherwise
    equivalent. Set the environment variable ``SKLEARN_RNN_NATIVE=0`` to disable the kernels.

    Examples
    --------
    >>> from sklearn_rnn import show_versions
    >>> show_versions()  # doctest: +ELLIPSIS
    python: ...
    native kernels: ...
    """
    for name, value in versions().items():
        print(f"{name}: {value}")
