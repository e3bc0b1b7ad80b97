"""Runs behind the promises of docs/reliability.md: `python -m tests.reliability 60`.

They go on for longer than as tests, and nothing is written unless all of them hold. Their figures
stand in `benchmarks/results/reliability.md`, between marks; what else is there stays.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
import tempfile
import warnings
from collections.abc import Callable
from datetime import date
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.exceptions import ConvergenceWarning

from sklearn_rnn.model_selection import check_leakage

RESULTS = Path(__file__).parents[1] / "benchmarks" / "results"
BEGIN, END = "<!-- runs -->", "<!-- /runs -->"
LIBRARIES = ("numpy", "scikit-learn", "torch")
ABOUT = """\
## Runs that go on for longer

`make reliability`, {when}. A run that finds a fault ends without a table.

| what | found |
| --- | --- |
{rows}

Every fit of eight threads, and those after interrupted ones, are compared with fits in a process
where nothing else ran; user code draws random numbers beside the threads, and filters of warnings,
numbers of threads and generators are compared before and after. [The kills](reliability_resume.md)
have a table of their own, `make results NAME=reliability_resume`.
"""


def resumes() -> str:
    """Return how many kills of the measured ones gave the same bits."""
    table = pd.read_csv(RESULTS / "reliability_resume.csv")
    same = table["same bits"] & table["folder empty"]
    assert same.all()
    return f"{same.sum()} of {len(table)} with the same bits, and no file left"


def planted_leaks() -> str:
    """Return how many kinds of leaks are found, each with its step."""
    from tests.model_selection import test_leakage as leaks

    kinds = ["centred mean", "scale", "target at lag 0", "future mean as target"]
    kinds += ["backward fill", "rank"]
    for kind in kinds:
        leaks.test_leaks_before_the_split_are_found(kind)
    leaks.test_shuffled_folds_over_windows_are_found(leaks.WINDOWS, leaks.TARGETS)
    n = len(kinds) + 1
    return f"{n} of {n}: {', '.join(kinds)}, shuffled folds over windows"


def clean_pipelines() -> str:
    """Return in how many clean pipelines a leak is suspected."""
    from tests.model_selection.test_leakage import CLEAN_PREPARATIONS

    n_perturbations = 0
    clean = dict(list(CLEAN_PREPARATIONS.items())[:7])
    for model, raw, prepare in clean.values():
        report = check_leakage(model, raw, cv=2, prepare=prepare)
        assert report.found.empty, report
        n_perturbations += report.n_perturbations
    return f"0 of {len(clean)} suspected, in {n_perturbations} perturbations: {', '.join(clean)}"


def threads(seconds: float) -> str:
    """Return how many fits eight threads make in a time."""
    from tests.test_concurrency import fit_together

    n_fits = fit_together(seconds)
    return f"{n_fits} fits in {seconds:.0f} s, 0 with other bits; 0 changes of the process"


def interruptions(n: int) -> str:
    """Return how many fits are interrupted, and whether later ones are right."""
    from tests import test_interruption as of

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "found.npz"
        of.interrupt_in_new_process(path, seed=0, n=n)
        with np.load(path) as found:
            for name in of.NAMES:
                np.testing.assert_array_equal(found[name], of.fit_and_predict(name), err_msg=name)
    return f"{n * len(of.NAMES)} fits at any moment, 0 estimators changed, 0 later fits broken"


def damaged_files() -> str:
    """Return how many damaged files are refused."""

    class Count:
        passed = 0

        def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
            is_case = report.when == "call" and "[" in report.nodeid  # of a parametrized test
            self.passed += is_case and report.passed

    count = Count()
    path = str(Path(__file__).parent / "datasets" / "test_damaged_files.py")
    code = pytest.main(["-q", "-p", "no:cacheprovider", path], plugins=[count])
    assert code == 0
    return f"{count.passed} refused by name, 0 downloads left behind"


def write(section: str) -> None:
    """Put the section into the file, in place of an older one, or after its title."""
    path = RESULTS / "reliability.md"
    text = path.read_text(encoding="utf-8")
    before, found, rest = text.partition(BEGIN)
    if not found:
        before, _, rest = text.partition("\n\n")
        before, rest = f"{before}\n\n", f"{END}\n\n{rest}"
    path.write_text(f"{before}{section}{rest.partition(END)[2]}", encoding="utf-8")


def section_of(runs: dict[str, Callable[[], str]]) -> str:
    """Make all runs, and return the section with what they found."""
    rows = []
    for what, run in runs.items():
        rows.append(f"| {what} | {run()} |")
        print(rows[-1], flush=True)
    versions = ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
    cores = f"{os.cpu_count()} cores"
    when = f"{date.today()}, Python {platform.python_version()}, {versions}, {cores}"
    return "\n".join([BEGIN, ABOUT.format(when=when, rows="\n".join(rows)) + END])


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.reliability", description=__doc__)
    parser.add_argument("seconds", type=float, nargs="?", default=60, help="time of the threads")
    parser.add_argument("--interrupted", type=int, default=30, help="fits of each of six models")
    options = parser.parse_args()
    warnings.simplefilter("ignore", ConvergenceWarning)  # of few epochs
    runs = {
        "killed fits and comparisons that were started again": resumes,
        "leaks that were planted": planted_leaks,
        "clean pipelines": clean_pipelines,
        "fits in eight threads": lambda: threads(options.seconds),
        "fits that were interrupted": lambda: interruptions(options.interrupted),
        "damaged data files": damaged_files,
    }
    write(section_of(runs))
    print(f"{RESULTS / 'reliability.md'} has the table.")


if __name__ == "__main__":
    sys.exit(main())
