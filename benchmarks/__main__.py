"""Run benchmarks by name: ``python -m benchmarks nyse``, ``python -m benchmarks all --quick``."""

from __future__ import annotations

import argparse
import ast
import importlib
import time
from pathlib import Path

from benchmarks._cache import CACHE

HERE = Path(__file__).parent


def find() -> dict[str, str]:
    """Return the benchmarks of this folder: name and question (first line of the docstring)."""
    files = sorted(path for path in HERE.glob("*.py") if not path.name.startswith("_"))
    return {path.stem: _question(path) for path in files}


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
        description="Answer a question by an experiment; the results go to benchmarks/results.",
    )
    parser.add_argument("names", metavar="NAME", nargs="*", help="a benchmark, or all")
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--quick", action="store_true", help="see that it runs; no result counts")
    size.add_argument("--full", action="store_true", help="larger grids and more seeds")
    parser.add_argument("--fresh", action="store_true", help="forget the fits of earlier runs")
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
    size = "quick" if options.quick else "full" if options.full else "usual"
    for name in names:
        print(f"== {name}: {questions[name]}", flush=True)
        start = time.perf_counter()
        if options.fresh:
            (CACHE / f"{name}.jsonl").unlink(missing_ok=True)
        importlib.import_module(f"benchmarks.{name}").main(size)
        print(f"== {name}: {time.perf_counter() - start:.0f} s", flush=True)


if __name__ == "__main__":
    main()
