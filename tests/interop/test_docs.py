"""The pages about other packages keep their word, and name the versions that are run."""

import re

import pytest

from tests.markdown import run
from tests.test_docs import DOCS, ELSEWHERE

ROW = re.compile(r"^\| (\w[\w, ]*) \| ([\d.]+) \|", re.M)
PIN = re.compile(r"^([\w-]+)==([\w.]+)(?:$|; python_version >=)", re.M)
FULL = DOCS.parent / "tests" / "interop" / "full" / "requirements.txt"


@pytest.mark.parametrize("page", sorted(ELSEWHERE))
def test_the_blocks_of_a_page_run_and_print_what_is_shown(page):
    run(DOCS / f"{page}.md", "__main__")


def test_the_tables_name_the_versions_that_are_run():
    page = (DOCS / "with_other_packages.md").read_text(encoding="utf-8")
    lists = (FULL, DOCS.parent / "constraints.txt")
    found = [PIN.findall(path.read_text(encoding="utf-8")) for path in lists]
    pinned = {name.lower(): version for name, version in [*found[1], *found[0]]}
    rows = {names.split(",")[0].lower(): version for names, version in ROW.findall(page)}
    assert len(rows) == 16
    assert {name: pinned[name] for name in rows} == rows
