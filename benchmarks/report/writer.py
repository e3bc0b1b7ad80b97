"""The one writer of reports: it fills the template that stands beside a question.

A template, `questions/NAME.md`, is the report with what is found left open. It begins with the
question. `study` or `table` is what was found, `closing.md` tells how it was run.
"""

import datetime
import os
import platform
import re
import sys
import tempfile
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import joblib
from jinja2 import Environment, FileSystemLoader, StrictUndefined  # comes with torch

import sklearn_rnn
from benchmarks.report import tables

HERE = Path(__file__).parents[1]
RESULTS = HERE / "results"  # committed
OUTPUT = HERE / "output"  # ignored by git
_destination: list[Path] = []


def keep_results() -> None:
    """Let the results of this process take the place of those that are committed."""
    _destination[:] = [RESULTS]


def folder(size: str) -> Path:
    """Return where results go: those of a quick run count for nothing and are kept apart."""
    if size == "quick":
        return Path(tempfile.mkdtemp(prefix="benchmarks-"))
    (to,) = _destination or [OUTPUT]
    to.mkdir(exist_ok=True)
    return to


def environment() -> str:
    """Return versions, date and size of the machine, in one line."""
    libraries = ["torch", "scikit-learn", "skorch", "numpy"]
    versions = [f"{name} {version(name)}" for name in libraries]
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    machine = f"{joblib.cpu_count()} cores, {memory:.0f} GiB of memory"
    python = f"Python {platform.python_version()}"
    ours = f"sklearn_rnn {sklearn_rnn.__version__}"
    return ", ".join([f"{datetime.date.today()}", ours, python, *versions, machine])


def templates() -> Environment:
    """Return what reads the templates.

    In a template ``value|f(".3f")`` formats a number, and the columns and tables of
    `report/tables.py` are known by their names. A table needs no rule below its header.
    """
    how: dict[str, Any] = {"trim_blocks": True, "lstrip_blocks": True, "undefined": StrictUndefined}
    loader = FileSystemLoader([HERE / "questions", HERE / "report"])
    environment = Environment(loader=loader, autoescape=False, **how)
    environment.filters |= {"f": format, "capitalized": lambda text: text[:1].upper() + text[1:]}
    environment.globals |= {"len": len, "sum": sum, "zip": zip, **vars(tables)}
    return environment


def render(name: str, facts: Mapping[str, Any]) -> str:
    """Return the report of a question: its template with the facts, and tables aligned.

    Besides the facts a template knows all that the module of the question does.
    """
    known = vars(sys.modules.get(f"benchmarks.questions.{name}", tables))
    text = templates().get_template(f"{name}.md").render({**known, **facts})
    text = re.sub(r"(^\|.*\|\n)+", lambda match: aligned(match.group()), text, flags=re.MULTILINE)
    return re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"


def aligned(table: str) -> str:
    """Return a table of Markdown, header first, that reads well as text; without empty columns."""
    rows = [[cell.strip() for cell in line[1:-1].split("|")] for line in table.splitlines()]
    columns = [column for column in zip(*rows, strict=True) if any(column[1:])]
    widths = [max(map(len, column)) for column in columns]
    lines = [*zip(*columns, strict=True)]
    lines.insert(1, tuple("-" * width for width in widths))
    pairs = (zip(line, widths, strict=True) for line in lines)
    return "\n".join(f"| {' | '.join(c.ljust(w) for c, w in pair)} |" for pair in pairs) + "\n"


def write_report(to: Path, name: str, facts: Mapping[str, Any]) -> None:
    """Write the report of a question into a folder, and print it but for the pictures."""
    text = render(name, facts)
    (to / f"{name}.md").write_text(text, encoding="utf-8")
    print("\n\n".join(part for part in text.split("\n\n") if not part.startswith("![")))
    print(f"Written to {to}: {', '.join(sorted(file.name for file in to.glob(f'{name}*')))}")
