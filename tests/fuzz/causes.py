"""The causes that were once found in commit 5560e0b, and which of them a run finds there."""

from __future__ import annotations

import re
from collections.abc import Sequence

from tests.fuzz.cases import Result

MARK = "causes"
COMMIT = "5560e0b"
# Cause, its script, and what a surprise tells of it, after its name and container.
CAUSES = [
    (
        "`TextSequencer` given what is no text",
        "errors",
        r"TextSequencer .*(no attribute 'lower'|expected string|'texts': '(None|3.5)')",
    ),
    ("`token_pattern` that is no pattern", "errors", r"TextSequencer .*token_pattern=(\(|None)"),
    ("`compare_models(cv=[])`", "errors", r"compare_models .*cv=\[\]"),
    ("`horizon` or `seeds` of 1.5 or a word", "errors", "compare_.*(horizon|seeds)=(1.5|a|zz)"),
    ("`n_repeats` or `n_points` of 0 or 1.5", "errors", "(n_repeats|n_points)=(0|1.5)"),
    ("torch's generator changed", "penalty_path_rng", "penalty_path .*generator of torch"),
    ("X beyond single precision", "float32_nan_predictions", "1e100.*is not finite"),
    ("scales that overflow", "scales_overflow", "times 1e1.*is not finite"),
    ("dates or complex numbers of polars", "polars_dates", "polars D.*'X': '(dates|complex)"),
    ("a forecaster reads its target", "recursive_reads_target", "RecursiveF.*accepted estimator"),
    ("torch's threads changed", "threads_after_parallel_fits", "threads of torch"),
    ("imports in the first fit", "interrupt_first_fit", "changed: warning filters, environment"),
    ("a warning that advises the wrong thing", "learning_rate_advice", None),
    ("leaks planted in the data", "planted_leaks", None),
]


def text_of(results: Sequence[Result]) -> str:
    """Return the section of the report."""
    of_fuzzer = "the fuzzer fails"
    surprises = [r for r in results if r.outcome == "surprise" and of_fuzzer not in r.told]
    lines = []
    for cause, script, pattern in CAUSES:
        text = [f"{r.cell.name} {r.cell.container} {r.told}" for r in surprises]
        found = [i for i, told in enumerate(text) if pattern and re.search(pattern, told)]
        case = f"{len(found)} cases, as {surprises[found[0]].index}" if found else "not found"
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
