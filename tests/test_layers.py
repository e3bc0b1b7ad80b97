"""The import rules of the package, read from the source; docs/design.md says why they are so."""

import ast
import sys
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "sklearn_rnn"
MAX_LINES = 350

# What each file (or folder) of the package may import of the package, lowest layer first.
TASK = {
    "_refusals",
    "_class_weights",
    "_parameters",
    "_training_parameters",
    "_data",
    "_scales",
    "_sequences",
    "_losses",
    "_base",
}
ESTIMATOR = {"_parameters", "_training_parameters", "_modules", "_regressor", "_classifier"}
STEPWISE = ESTIMATOR | {"_stepwise"}
MAY_IMPORT = {
    # declarations, arrays, tensors, data: nothing of ours
    "_parameters": set(),
    "_rows": set(),
    "_windows": {"_rows"},
    "_segments": set(),
    "_known_ahead": set(),
    "_refusals": set(),
    "_callbacks": set(),
    "_class_weights": set(),
    "_losses": set(),
    "_flat": set(),
    "_schedules": set(),
    "_optimizers": {"_modules", "_native"},
    "_all_or_nothing": set(),
    "_warm_start": set(),
    "_threads": set(),
    "_summary": set(),
    "_native": set(),
    "_versions": {"_native"},
    "_modules": {"_modules", "_native"},
    "_fetching": set(),
    "_fetchers": {"_fetching"},
    "datasets": {"_fetchers"},
    # windows of the past
    "_lags": {"_parameters", "_refusals", "_rows", "_windows", "_segments", "_known_ahead"},
    "_analysis": set(),
    "_text": {"_parameters", "_analysis"},
    "_recursive": {"_parameters", "_baselines", "_composites", "_lags", "_segments"},
    "_make_lagged": {"_refusals", "_windows", "_segments", "_known_ahead", "_lags"},
    # from sequences to a fitted net
    "_ragged": {"_windows"},
    "_sequence_lists": {"_refusals"},
    "_sequences": {"_refusals", "_sequence_lists", "_rows", "_windows", "_ragged"},
    "_scales": {"_rows", "_windows", "_ragged"},
    "_streaming": {"_rows", "_scales", "_windows", "_ragged", "_tensors"},
    "_data": {"_windows", "_ragged"},
    "_step_targets": {"_windows", "_ragged", "_sequence_lists"},
    "_tensors": {"_windows", "_ragged", "_modules"},
    "_batches": {"_tensors"},
    "_augmentation": {"_batches"},
    "_penalties": {"_flat"},
    "_proximal_lbfgs": {"_penalties"},
    "_inference": {"_batches", "_modules", "_tensors", "_threads"},
    "_training": {
        "_augmentation",
        "_batches",
        "_flat",
        "_inference",
        "_modules",
        "_optimizers",
        "_schedules",
        "_penalties",
        "_proximal_lbfgs",
    },
    "_selection": {"_penalties"},
    "_linear_skip": {"_batches", "_losses", "_modules", "_tensors"},
    "_inputs": {"_windows", "_ragged", "_sequences", "_scales", "_batches", "_linear_skip"}
    | {"_modules", "_rows", "_streaming", "_tensors"},
    "_net": {
        "_all_or_nothing",
        "_batches",
        "_tensors",
        "_callbacks",
        "_inference",
        "_training",
        "_flat",
        "_optimizers",
        "_schedules",
    },
    "_training_parameters": {"_parameters", "_schedules", "_optimizers"},
    "_outputs": {"_refusals", "_inputs", "_sequence_lists", "_step_targets", "_summary", "_tensors"}
    | {"_inference"},
    "_base": {
        "_refusals",
        "_callbacks",
        "_parameters",
        "_training_parameters",
        "_windows",
        "_ragged",
        "_inputs",
        "_outputs",
    }
    | {
        "_data",
        "_step_targets",
        "_batches",
        "_inference",
        "_net",
        "_schedules",
        "_threads",
        "_selection",
    }
    | {"_linear_skip", "_all_or_nothing", "_warm_start", "_augmentation"},
    # tasks, and architectures that meet them; baselines
    "_regressor": TASK,
    "_classifier": TASK,
    "_stepwise": {"_parameters", "_training_parameters", "_windows", "_ragged"}
    | {"_sequence_lists"}
    | {"_step_targets"},
    "_documents": {"_ragged"},
    "_hierarchical": STEPWISE | {"_ragged", "_documents", "_refusals"},
    "_recurrent": STEPWISE,
    "_tcn": STEPWISE,
    "_cnn": STEPWISE,
    "_dense": ESTIMATOR,
    "_baselines": {"_all_or_nothing", "_parameters", "_windows", "_sequences", "_lags"},
    "_least_alpha": {"_ragged", "_data", "_batches", "_flat", "_modules", "_penalties"},
    "_penalty_path": {"_data", "_batches", "_penalties", "_least_alpha", "_base"},
    # fitted models of any package: which to take, and what they use
    "_composites": set(),
    "_paired_tests": set(),
    "_row_losses": set(),
    "_wording": set(),
    "_one_standard_error": set(),
    "_comparison_metadata": set(),
    "_comparison_runs": {"_comparison_metadata", "_composites", "_row_losses"},
    "_comparison": {"_paired_tests", "_wording", "_comparison_display"},
    "model_selection": {"_composites", "_row_losses", "_one_standard_error", "_comparison_runs"}
    | {"_comparison", "_comparison_metadata", "_penalty_path", "_wording"},
    "_window_model": {"_composites", "_lags"},
    "_permutation": {"_window_model"},
    "_integrated_gradients": {"_window_model", "_windows", "_scales", "_threads"},
    "inspection": {"_composites", "_window_model", "_permutation", "_integrated_gradients"},
    # pictures
    "_comparison_display": {"_wording"},
    "_forecast_display": set(),
    "_training_display": {"_composites"},
    "_lag_display": {"inspection"},
    "_path_display": {"_penalty_path"},
    "plotting": {"_comparison_display", "_forecast_display", "_training_display", "_lag_display"}
    | {"_path_display"},
    "__init__": {"_lags", "_make_lagged", "_baselines", "_recurrent", "_tcn", "_cnn", "_dense"}
    | {"_versions", "_text", "_recursive", "_hierarchical"},
}
# The only libraries, besides Python's own, that these files import.
ONLY_LIBRARIES = {
    "_rows": {"numpy"},
    "_windows": {"numpy"},
    "_ragged": {"numpy"},
    "_scales": {"numpy"},
    "_step_targets": {"numpy"},
    "_tensors": {"torch"},
    "_batches": {"numpy", "torch"},
    "_streaming": {"numpy", "torch"},
    "_native": set(),
    "_versions": {"torch"},
    "_modules": {"torch"},
    "_losses": {"torch"},
    "_flat": {"torch"},
    "_penalties": {"torch"},
    "_proximal_lbfgs": {"torch"},
    "_linear_skip": {"numpy", "torch"},
    "_threads": {"torch"},
    "_summary": {"torch"},
    "_training": {"torch"},
    "_augmentation": {"torch"},
    "_schedules": set(),
    "_optimizers": {"torch"},
    "_all_or_nothing": set(),
    "__init__": set(),
}
# The only files that import these libraries.
ONLY_FILES = {"skorch": {"_net", "_callbacks"}}


def imports(source, package):
    """Return the absolute names that `source`, a module in the package `package`, imports."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            parents = package.split(".")[: len(package.split(".")) - node.level + 1]
            origin = ".".join([*(parents if node.level else []), *filter(None, [node.module])])
            found |= {f"{origin}.{alias.name}" for alias in node.names}
    return found


def files(folder):
    return sorted((ROOT / folder).rglob("*.py"))


def layer_of(path):
    """Return the row of the table that a file of the package belongs to."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def violations(layer, source, package="sklearn_rnn"):
    """Return the imports in `source`, a file of `layer`, that the tables do not admit."""
    bad = set()
    for name in imports(source, package):
        top, _, rest = name.partition(".")
        if top == "sklearn_rnn":
            allowed = rest.split(".")[0] in MAY_IMPORT[layer]
        else:
            allowed = top in sys.stdlib_module_names or (
                top in ONLY_LIBRARIES.get(layer, {top}) and layer in ONLY_FILES.get(top, {layer})
            )
        if not allowed:
            bad.add(name)
    return bad


def private_names(source):
    """Return what `source`, a file outside the package, imports of its private parts."""
    ours = {name for name in imports(source, "outside") if name.split(".")[0] == "sklearn_rnn"}
    return {name for name in ours if any(part.startswith("_") for part in name.split("."))}


def test_every_file_of_the_package_has_a_row_in_the_table():
    assert {layer_of(path) for path in files("sklearn_rnn")} == set(MAY_IMPORT)


@pytest.mark.parametrize("path", files("sklearn_rnn"), ids=lambda path: path.stem)
def test_package_imports_follow_the_table(path):
    package = ".".join(path.relative_to(ROOT).parent.parts)
    assert violations(layer_of(path), path.read_text(), package) == set()


@pytest.mark.parametrize(
    ("layer", "source"),
    [
        ("_lags", "from sklearn_rnn._base import fit"),
        ("_lags", "from ._base import fit"),
        ("_lags", "from . import _base"),
        ("_lags", "import sklearn_rnn._base"),
        ("_lags", "from sklearn_rnn import LSTMRegressor"),
        ("_lags", "def late():\n    from sklearn_rnn._net import train"),
        ("_base", "import skorch"),
        ("_base", "from skorch.callbacks import Callback"),
        ("_modules", "import numpy as np"),
        ("_windows", "import torch"),
    ],
)
def test_a_forbidden_import_is_found(layer, source):
    assert violations(layer, source)


@pytest.mark.parametrize(
    ("layer", "source"),
    [
        ("_lags", "import math\nimport pandas as pd\nfrom ._windows import windows"),
        ("_net", "from skorch import NeuralNet\nfrom sklearn_rnn._training import Training"),
        ("_modules", "from sklearn_rnn._modules.heads import Head\nfrom torch import nn"),
    ],
)
def test_an_admitted_import_passes(layer, source):
    assert violations(layer, source) == set()


def module_name(path):
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


def test_no_cycles():
    paths = {module_name(path): path for path in files("sklearn_rnn")}
    graph = {}
    for module, path in paths.items():
        names = imports(path.read_text(), ".".join(path.relative_to(ROOT).parent.parts))
        graph[module] = {n if n in paths else n.rpartition(".")[0] for n in names} & set(paths)
    assert sum(map(len, graph.values())), "nothing to check"
    TopologicalSorter(graph).prepare()  # raises CycleError, which names the cycle


def test_benchmarks_and_examples_use_public_names_only():
    takes_apart = "_where_time_goes.py"  # a fit, whose parts it has to name
    paths = [p for p in files("benchmarks") + files("examples") if p.name != takes_apart]
    ours = [n for p in paths for n in imports(p.read_text(), "x") if n.startswith("sklearn_rnn.")]
    assert ours, "nothing to check"
    assert {str(p): names for p in paths if (names := private_names(p.read_text()))} == {}


@pytest.mark.parametrize(
    "source",
    [
        "from sklearn_rnn._net import train",
        "from sklearn_rnn import _net",
        "import sklearn_rnn._net",
    ],
)
def test_a_private_name_is_found(source):
    assert private_names(source)


def test_files_are_short_and_have_a_subject():
    lengths = {path: len(path.read_text().splitlines()) for path in files("sklearn_rnn")}
    assert {path: n for path, n in lengths.items() if n > MAX_LINES} == {}
    assert not [path for path in lengths if path.stem.strip("_") in {"utils", "helpers", "common"}]


def test_public_classes_are_final():
    import sklearn_rnn

    trees = [ast.parse(path.read_text()) for path in files("sklearn_rnn")]
    classes = [node for t in trees for node in ast.walk(t) if isinstance(node, ast.ClassDef)]
    bases = {ast.unparse(base).split(".")[-1] for node in classes for base in node.bases}
    assert bases, "nothing to check"
    assert bases & set(sklearn_rnn.__all__) == set()
