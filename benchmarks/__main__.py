"""Run benchmarks by name: ``python -m benchmarks nyse``, ``python -m benchmarks all --quick``."""

from __future__ import annotations

import argparse
import ast
import importlib
import time
from pathlib import Path
from types import ModuleType

from benchmarks._cache import CACHE
from benchmarks._report import keep_results

HERE = Path(__file__).parent


def find() -> dict[str, str]:
    """Return the benchmarks: name and question (first line of the docstring)."""
    return {name: _question(path) for name, path in _files().items()}


def load(name: str) -> ModuleType:
    """Return the module of a benchmark."""
    parts = _files()[name].relative_to(HERE.parent).with_suffix("").parts
    return importlib.import_module(".".join(part for part in parts if part != "__init__"))


def _files() -> dict[str, Path]:
    """Return the modules that define `main`: files, at any depth, and folders by their `__init__`.

    Names that begin with an underscore are none.
    """
    found = {}
    for path in HERE.rglob("*.py"):
        name = path.parent.name if path.name == "__init__.py" else path.stem
        tree = ast.parse(path.read_text(encoding="utf-8"))
        functions = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
        if "main" in functions and not name.startswith("_"):
            found[name] = path
    return dict(sorted(found.items()))


def _question(path: Path) -> str:
    docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    if not docstring:
        raise ValueError(f"{path.name} needs a docstring whose first line is the question.")
    return docstring.splitlines()[0]


def main(arguments: list[str] | None = None) -> None:
    """Run the benchmarks that the command line names."""
    questions = find()
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="Answer a question by an experiment; results go to benchmarks/output.",
    )
    parser.add_argument("names", metavar="NAME", nargs="*", help="a benchmark, or all")
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--quick", action="store_true", help="see that it runs; no result counts")
    size.add_argument("--full", action="store_true", help="larger grids and more seeds")
    parser.add_argument("--fresh", action="store_true", help="forget the fits of earlier runs")
    parser.add_argument(
        "--keep", action="store_true", help="write to benchmarks/results, which is committed"
    )
    parser.add_argument("--list", action="store_true", help="list the benchmarks")
    options = parser.parse_args(arguments)
    if options.list or not options.names:
        print("\n".join(f"{name:16}{question}" for name, question in questions.items()))
        return
    named = [name.replace("-", "_") for name in options.names]
    names = list(questions) if "all" in named else named
    unknown = [name for name in names if name not in questions]
    if unknown:
        parser.error(f"no benchmark {', '.join(unknown)}; there are {', '.join(questions)}")
    if options.keep and options.quick:
        parser.error("a quick run counts for nothing: --keep goes with the usual size or --full")
    if options.keep:
        keep_results()
    size = "quick" if options.quick else "full" if options.full else "usual"
    for name in names:
        print(f"== {name}: {questions[name]}", flush=True)
        start = time.perf_counter()
        if options.fresh:
            (CACHE / f"{name}.jsonl").unlink(missing_ok=True)
        load(name).main(size)
        print(f"== {name}: {time.perf_counter() - start:.0f} s", flush=True)


if __name__ == "__main__":
    main()
