"""What the package says of itself, in metadata, README and CHANGELOG, agrees with what it is."""

import ast
import re
import sys
from importlib import metadata
from pathlib import Path

import sklearn_rnn

ROOT = Path(__file__).parents[1]
DISTRIBUTION = {"sklearn": "scikit-learn", "typing_extensions": "typing-extensions"}
OPTIONAL = {"matplotlib"}  # the extra "plot"


def test_version_is_that_of_the_metadata_and_in_the_changelog():
    assert metadata.version("sklearn-rnn") == sklearn_rnn.__version__
    assert sklearn_rnn.__version__ in (ROOT / "CHANGELOG.md").read_text()


def test_readme_table_lists_the_public_names():
    table = re.search(r"^\| name .*?\n\n", (ROOT / "README.md").read_text(), flags=re.M | re.S)
    first_cells = re.findall(r"^\|([^|]*)\|", table.group(), flags=re.M)
    listed = re.findall(r"`([\w.]+)`", " ".join(first_cells))
    public = {name for name in sklearn_rnn.__all__ if not name.startswith("__")}
    assert public, "nothing to check"
    assert sorted(name for name in listed if "." not in name) == sorted(public)


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
