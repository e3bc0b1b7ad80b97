"""The import rules of the package, read from the source; docs/design.md says why they are so."""

import ast
import sys
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "sklearn_rnn"
MAX_LINES = 330
MAX_ENTRIES = 15

LOADER = "_modules/kernels/loader.py"  # which the build runs alone, before there is a package

# What each folder of the package may import of the package, lowest layer first.
MAY_IMPORT = {
    "exceptions": set(),
    "_modules": set(),
    "_sklearn": {"exceptions", "_modules"},
    "_sequences": {"exceptions", "_sklearn"},
    "_training": {"exceptions", "_modules", "_sklearn", "_sequences"},
    "preprocessing": {"exceptions", "_sklearn", "_sequences"},
    "neural_network": {"_modules", "_sklearn", "_sequences", "_training"},
    "linear": {"_sklearn", "_sequences"},
    "forecasting": {"exceptions", "_sklearn", "_sequences", "preprocessing", "linear"},
    "model_selection": {
        "exceptions",
        *("_modules", "_sklearn", "_sequences", "_training", "preprocessing", "neural_network"),
    },
    "inspection": {
        *("_modules", "_sklearn", "_sequences", "preprocessing"),
        *("neural_network", "linear", "forecasting"),
    },
    "datasets": {"_sklearn"},
    "plotting": {"forecasting", "inspection", "model_selection", "neural_network"},
    "__init__": {"_sklearn", "forecasting", "linear", "neural_network", "preprocessing"},
}
# The only folders (and files, where one is named) that import these libraries.
ONLY_IN = {
    "torch": {
        *("_modules", "_training", "neural_network", "inspection/export", "_sklearn/versions.py"),
        *("_sklearn/validation.py", "_sklearn/containers.py"),
        *("inspection/_integrated_gradients.py", "inspection/_attribution_modules.py"),
        "inspection/_path_integral.py",
        *("model_selection/_alpha_max.py", "model_selection/_penalty_path.py"),
    },
    "onnx": {"inspection/export/_to_onnx.py"},
    "onnxruntime": {"inspection/export/_to_onnx.py"},
    "safetensors": {"inspection/export/_safetensors.py"},
    "skorch": {"_training/skorch_net.py", "_training/callbacks.py", "_training/pruning.py"},
    "optuna": {"_training/pruning.py"},
}
# The only libraries, besides Python's own, that these folders or files import.
ONLY_LIBRARIES = {
    LOADER: set(),
    "_modules": {"torch"},
    "plotting": set(),
    "exceptions": set(),
    "__init__": set(),
}
PRIVATE_SKLEARN = "_sklearn/compat.py"


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


def violations(path, source, package="sklearn_rnn"):
    """Return the imports in `source`, the file `path` of the package, that the tables forbid."""
    layer, folder, bad = path.split("/")[0].removesuffix(".py"), path.rpartition("/")[0], set()
    for name in imports(source, package):
        top, _, rest = name.partition(".")
        if top == "sklearn_rnn":
            allowed = rest.split(".")[0] in MAY_IMPORT[layer] | {layer} and path != LOADER
        elif top == "sklearn" and "._" in name:
            allowed = path == PRIVATE_SKLEARN
        else:
            allowed = top in sys.stdlib_module_names or (
                top in ONLY_LIBRARIES.get(path, ONLY_LIBRARIES.get(layer, {top}))
                and bool({layer, folder, path} & ONLY_IN.get(top, {layer}))
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
    assert violations(path.relative_to(PACKAGE).as_posix(), path.read_text(), package) == set()


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("preprocessing/_columns.py", "from sklearn_rnn.neural_network._base import fit"),
        ("preprocessing/_columns.py", "from sklearn_rnn._training import loop"),
        ("preprocessing/_columns.py", "import sklearn_rnn._training.loop"),
        ("preprocessing/_columns.py", "from sklearn_rnn import LSTMRegressor"),
        ("preprocessing/_columns.py", "def late():\n    from sklearn_rnn._training import loop"),
        ("neural_network/_base.py", "import skorch"),
        ("neural_network/_base.py", "from skorch.callbacks import Callback"),
        ("neural_network/_base.py", "from sklearn.base import _fit_context"),
        ("neural_network/_base.py", "from sklearn.utils._param_validation import Interval"),
        ("_modules/tcn.py", "import numpy as np"),
        (LOADER, "import torch"),
        (LOADER, "from sklearn_rnn._modules.base import SequenceModule"),
        ("_sequences/windows.py", "import torch"),
    ],
)
def test_a_forbidden_import_is_found(path, source):
    assert violations(path, source)


@pytest.mark.parametrize(
    ("path", "source"),
    [
        (
            "preprocessing/_x.py",
            "import pandas\nfrom sklearn_rnn._sequences.windows import windows",
        ),
        ("_training/skorch_net.py", "from skorch import NeuralNet"),
        ("_modules/tcn.py", "from sklearn_rnn._modules.layers import Head\nfrom torch import nn"),
        ("_sklearn/compat.py", "from sklearn.base import _fit_context"),
    ],
)
def test_an_admitted_import_passes(path, source):
    assert violations(path, source) == set()


def test_the_table_has_no_way_back():
    TopologicalSorter(MAY_IMPORT).prepare()


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
    sources = [*files("sklearn_rnn"), *PACKAGE.rglob("*.c"), *PACKAGE.rglob("*.h")]
    lengths = {path: len(path.read_text().splitlines()) for path in sources}
    assert {path: n for path, n in lengths.items() if n > MAX_LINES} == {}
    assert not [path for path in lengths if path.stem.strip("_") in {"utils", "helpers", "common"}]


def test_the_top_folder_is_seen_at_a_glance():
    entries = {path.name for path in PACKAGE.iterdir()} - {"__pycache__"}
    assert len(entries) <= MAX_ENTRIES, entries


def test_public_classes_are_final():
    import sklearn_rnn

    trees = [ast.parse(path.read_text()) for path in files("sklearn_rnn")]
    classes = [node for t in trees for node in ast.walk(t) if isinstance(node, ast.ClassDef)]
    bases = {ast.unparse(base).split(".")[-1] for node in classes for base in node.bases}
    assert bases, "nothing to check"
    assert bases & set(sklearn_rnn.__all__) == set()
