"""Run benchmarks by name: ``python -m benchmarks nyse``, ``python -m benchmarks all --quick``."""

from __future__ import annotations

import argparse
import ast
import importlib
import time
from pathlib import Path
from typing import Any

from benchmarks.harness.cache import CACHE
from benchmarks.report.writer import keep_results

HERE = Path(__file__).parent


def find() -> dict[str, tuple[str, str]]:
    """Return the benchmarks: name, module, and question (the first line of the docstring).

    A benchmark is a file that declares a `QUESTION`, or has a function `main` of the size.
    """
    found = {}
    for path in sorted(HERE.rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        if path.name.startswith("__main__") or not _names(tree) & {"QUESTION", "main"}:
            continue
        parts = path.relative_to(HERE.parent).with_suffix("").parts
        parts = parts[:-1] if parts[-1] == "__init__" else parts
        docstring = ast.get_docstring(tree)
        if not docstring:
            raise ValueError(f"{path.name} needs a docstring whose first line is the question.")
        found[parts[-1]] = ".".join(parts), docstring.splitlines()[0]
    return dict(sorted(found.items()))


def _names(tree: ast.Module) -> set[str]:
    """Return the functions and variables that a module defines."""
    functions = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    targets = [t for node in tree.body if isinstance(node, ast.Assign) for t in node.targets]
    return functions | {t.id for t in targets if isinstance(t, ast.Name)}


def answer(name: str, module: Any, size: str) -> None:
    """Run one benchmark."""
    if hasattr(module, "QUESTION"):
        module.QUESTION.answer(name, module.__doc__, size)
    else:
        module.main(size)


def main(arguments: list[str] | None = None) -> None:
    """Run the benchmarks that the command line names."""
    found = find()
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="Answer a question by an experiment; results go to benchmarks/output.",
    )
    parser.add_argument("names", metavar="NAME", nargs="*", help="a benchmark, or all")
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--quick", action="store_true", help="see that it runs; no result counts")
    size.add_argument("--full", action="store_true", help="larger grids and more seeds")
    size.add_argument(
        "--report", action="store_true", help="run nothing: write report and pictures anew"
    )
    parser.add_argument("--fresh", action="store_true", help="forget the fits of earlier runs")
    parser.add_argument(
        "--keep", action="store_true", help="write to benchmarks/results, which is committed"
    )
    parser.add_argument("--list", action="store_true", help="list the benchmarks")
    options = parser.parse_args(arguments)
    if options.list or not options.names:
        print("\n".join(f"{name:16}{question}" for name, (_, question) in found.items()))
        return
    named = [name.replace("-", "_") for name in options.names]
    names = list(found) if "all" in named else named
    unknown = [name for name in names if name not in found]
    if unknown:
        parser.error(f"no benchmark {', '.join(unknown)}; there are {', '.join(found)}")
    if options.keep and options.quick:
        parser.error("a quick run counts for nothing: --keep goes with the usual size or --full")
    if options.keep:
        keep_results()
    for name in names:
        path, question = found[name]
        print(f"== {name}: {question}", flush=True)
        start = time.perf_counter()
        module = importlib.import_module(path)
        if options.report:
            rewrite(name, module)
            continue
        if options.fresh:
            (CACHE / f"{name}.jsonl").unlink(missing_ok=True)
        answer(name, module, "quick" if options.quick else "full" if options.full else "usual")
        print(f"== {name}: {time.perf_counter() - start:.0f} s", flush=True)


def rewrite(name: str, module: Any) -> None:
    """Write report and pictures of a benchmark anew, where its results are in a file."""
    try:
        module.QUESTION.rewrite(name, module.__doc__)
    except (AttributeError, FileNotFoundError):
        print(f"{name} has no file of results to make a report of.")


if __name__ == "__main__":
    main()
