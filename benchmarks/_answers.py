"""The files that a benchmark of published parts writes besides its pictures."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from benchmarks import _fits_report, _report
from benchmarks._runner import Result


def write_answer(
    to: Path, name: str, question: str, answer: str, results: Sequence[Result], *sections: str
) -> None:
    """Write the report, and a line for each fit.

    Parameters
    ----------
    to : Path
        The folder.
    name : str
        The name of the benchmark and of its files.
    question : str
        Its docstring: the question, and how it is answered.
    answer : str
        The conclusion.
    results : sequence of Result
        The fits.
    *sections : str
        Pictures, tables and headings in Markdown.
    """
    _report.write_csv(to / f"{name}.csv", results)
    title, _, text = question.partition("\n\n")
    _report.write(
        to / f"{name}.md",
        f"# {title}",
        text.strip(),
        f"**Conclusion.** {answer}",
        *sections,
        _fits_report.last_line(results),
    )
