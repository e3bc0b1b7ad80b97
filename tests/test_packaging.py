"""What the package says of itself, in metadata, README and CHANGELOG, agrees with what it is."""

import ast
import re
import sys
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement

import sklearn_rnn

ROOT = Path(__file__).parents[1]
DISTRIBUTION = {"sklearn": "scikit-learn", "typing_extensions": "typing-extensions"}
# Of the extras plot, export and interop.
OPTIONAL = {"matplotlib", "onnx", "onnxruntime", "onnxscript", "safetensors", "optuna"}
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
OLDEST_EXTRAS = re.search(r"^OLDEST_EXTRAS := (.*)$", MAKEFILE, flags=re.M).group(1).split(",")
TOOLS = {
    "docs",
    "dev",
    "bench-peers",
    "bench-data",
    "interop",
}  # extras of which the lower bounds are not run


def test_version_is_that_of_the_metadata_and_in_the_changelog():
    assert metadata.version("sklearn-rnn") == sklearn_rnn.__version__
    assert sklearn_rnn.__version__ in (ROOT / "CHANGELOG.md").read_text()


def test_dependencies_are_the_libraries_imported():
    imported = set()
    for path in (ROOT / "sklearn_rnn").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                imported |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and not node.level:
                imported.add(node.module.split(".")[0])
    libraries = imported - sys.stdlib_module_names - {"sklearn_rnn"}
    found = {DISTRIBUTION.get(name, name) for name in libraries}
    lines = [line for line in metadata.requires("sklearn-rnn") if "extra ==" not in line]
    required = {re.match(r"[\w-]+", line).group() for line in lines}
    assert required <= found <= required | OPTIONAL


def _lower_bounds(extras, monkeypatch, capsys):
    """Run the program of the Makefile that prints them."""
    program = re.search(r"^define LOWER_BOUNDS\n(.*?)^endef", MAKEFILE, flags=re.M | re.S).group(1)
    monkeypatch.setattr(sys, "argv", ["-c", *extras])
    exec(program, {})
    return capsys.readouterr().out.split()


def test_lower_bounds_are_those_of_the_extras_of_exactly_these_names(monkeypatch, capsys):
    needed = ["a>=1", "b>=2.0; python_version < '3'", "c>=3; extra == 'test'"]
    needed += ["d>=4; extra == 'latest'", "e>=5; extra == 'docs'"]
    needed += ["f>=6.1; python_version >= '3' and extra == 'bench'"]
    monkeypatch.setattr(metadata, "requires", lambda name: needed)
    assert _lower_bounds(["bench", "test"], monkeypatch, capsys) == ["a==1", "c==3", "f==6.1"]


def test_lower_bounds_of_all_extras_but_tools_are_run(monkeypatch, capsys):
    extras = metadata.metadata("sklearn-rnn").get_all("Provides-Extra")
    assert sorted(OLDEST_EXTRAS) == sorted(set(extras) - TOOLS)
    bounds = _lower_bounds(OLDEST_EXTRAS, monkeypatch, capsys)
    assert {"numpy", "matplotlib", "pytest"} <= {Requirement(bound).name for bound in bounds}
    assert [bound for bound in bounds if not re.fullmatch(r"[\w-]+==[\d.]+", bound)] == []


@pytest.mark.skipif(Path(sys.prefix).name != ".venv-oldest", reason="only for make test-oldest")
def test_oldest_environment_has_the_lower_bounds(monkeypatch, capsys):
    bounds = map(Requirement, _lower_bounds(OLDEST_EXTRAS, monkeypatch, capsys))
    installed = {bound: metadata.version(bound.name) for bound in bounds}
    assert {str(b): v for b, v in installed.items() if not b.specifier.contains(v)} == {}
