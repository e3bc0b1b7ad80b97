"""Run benchmarks by name: ``python -m benchmarks nyse``, ``python -m benchmarks all --quick``."""

import argparse
import importlib
import time
from pathlib import Path
from typing import Any

from benchmarks.harness.cache import CACHE
from benchmarks.report.writer import keep_results

HERE = Path(__file__).parent


def find() -> dict[str, str]:
    """Return the questions by name: the first line of the template of each report."""
    templates = sorted((HERE / "questions").glob("*.md"))
    return {p.stem: p.read_text(encoding="utf-8").partition("\n")[0][2:] for p in templates}


def question_of(name: str) -> Any:
    """Return a question by its name."""
    return importlib.import_module(f"benchmarks.questions.{name}").QUESTION


def main(arguments: list[str] | None = None) -> None:
    found = find()
    told = "Answer a question by an experiment; results go to benchmarks/output."
    parser = argparse.ArgumentParser("python -m benchmarks", description=told)
    parser.add_argument("names", metavar="NAME", nargs="*", help="a benchmark, or all")
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--quick", action="store_true", help="see that it runs; no result counts")
    size.add_argument("--full", action="store_true", help="larger grids and more seeds")
    anew = "run nothing: write report and pictures anew"
    size.add_argument("--report", action="store_true", help=anew)
    parser.add_argument("--fresh", action="store_true", help="forget the fits of earlier runs")
    kept = "write to benchmarks/results, which is committed"
    parser.add_argument("--keep", action="store_true", help=kept)
    alone = "measure this part of one benchmark alone, beside the committed results of the rest"
    parser.add_argument("--part", help=alone)
    parser.add_argument("--list", action="store_true", help="list the benchmarks")
    options = parser.parse_args(arguments)
    if options.list or not options.names:
        print("\n".join(f"{name:16}{question}" for name, question in found.items()))
        return
    named = [name.replace("-", "_") for name in options.names]
    names = list(found) if "all" in named else named
    unknown = [name for name in names if name not in found]
    if unknown:
        parser.error(f"no benchmark {', '.join(unknown)}; there are {', '.join(found)}")
    if options.keep and options.quick:
        parser.error("a quick run counts for nothing: --keep goes with the usual size or --full")
    if options.part:
        parts = getattr(question_of(names[0]), "parts", {}) if len(names) == 1 else {}
        if options.part not in parts:
            parser.error(f"--part must be one of {[*parts]} of {names}; got {options.part!r}")
    if options.keep:
        keep_results()
    for name in names:
        print(f"== {name}: {found[name]}", flush=True)
        start = time.perf_counter()
        question = question_of(name)
        if options.report:
            try:
                question.rewrite(name)
            except FileNotFoundError:
                print(f"{name} has no file of results to make a report of.")
            continue
        if options.fresh:
            (CACHE / f"{name}.jsonl").unlink(missing_ok=True)
        size = "quick" if options.quick else "full" if options.full else "usual"
        if options.part:
            question.answer_part(name, size, options.part)
        else:
            question.answer(name, size)
        print(f"== {name}: {time.perf_counter() - start:.0f} s", flush=True)


if __name__ == "__main__":
    main()
