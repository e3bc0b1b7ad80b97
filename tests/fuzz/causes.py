"""The causes that were once found in commit 5560e0b, and which of them a run finds there."""

from __future__ import annotations

import re
from collections.abc import Sequence

from tests.fuzz.cases import Result

MARK = "causes"
COMMIT = "5560e0b"
# Cause, its script, and by what a surprise of it is known: its name, and what is told.
CAUSES = [
    ("`TextSequencer` given None or numbers", "errors", "TextSequencer", r"'texts': '(None|3\.5)'"),
    ("`token_pattern` that is no pattern", "errors", "TextSequencer", r"token_pattern=\("),
    ("`compare_models(cv=[])`", "errors", "compare_models", r"cv=\[\]"),
    (
        "`horizon` or `seeds` of 1.5 or a word",
        "errors",
        "compare_models",
        "(horizon|seeds)=(1.5|a)",
    ),
    ("`n_repeats=0`", "errors", "", "n_repeats=(0|1.5)"),
    ("`make_lagged` given y that is no number", "errors", "make_lagged", "'y': '(none|a number)'"),
    ("`penalty_path` draws from torch's generator", "penalty_path_rng", "", "generator of torch"),
    ("NaN predicted for X beyond single precision", "float32_nan_predictions", "", "1e100.*finite"),
    ("scales that overflow", "scales_overflow", "", "times 1e1.*finite"),
    (
        "dates, or complex numbers, of polars read as numbers",
        "polars_dates",
        "",
        "accepted (dat|com)",
    ),
    ("`RecursiveForecaster` reads its target", "recursive_reads_target", "Recursive", "accepted"),
    (
        "fits in threads change torch's threads",
        "threads_after_parallel_fits",
        "",
        "threads of torch",
    ),
    ("imports in the first fit", "interrupt_first_fit", "", "warning filters, environment"),
    ("a warning that advises the wrong thing", "learning_rate_advice", "-", ""),
    ("leaks planted in the data", "planted_leaks", "-", ""),
]


def text_of(results: Sequence[Result]) -> str:
    """Return the section of the report."""
    of_fuzzer = "the fuzzer fails"
    surprises = [r for r in results if r.outcome == "surprise" and of_fuzzer not in r.told]
    lines = []
    for cause, script, name, told in CAUSES:
        found = [r for r in surprises if name in r.cell.name and re.search(told, r.told)]
        case = f"{len(found)} cases, as {found[0].index}" if found and name != "-" else "not found"
        lines.append(f"| {cause} | `{script}` | {case} |")
    n, total = sum("not found" not in line for line in lines), len(CAUSES)
    return "\n".join(
        [
            f"### Run on commit {COMMIT}",
            "",
            f"`make fuzz N={len(results)} ARGS='--package FOLDER'`, FOLDER being a copy of that",
            f"commit: {n} of {total} causes that were found by hand there are found, in",
            f"{len(surprises)} surprises. The words of a warning, and leaks, are not what it",
            "looks for; they have tests of their own.",
            "",
            "| cause | script | found |",
            "| --- | --- | --- |",
            *lines,
        ]
    )
