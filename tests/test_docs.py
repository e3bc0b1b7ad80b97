"""The pages of docs/ keep their word: their blocks of Python run, and print what is shown."""

import re
from pathlib import Path

import pytest

import sklearn_rnn
from sklearn_rnn import datasets, exceptions, inspection, model_selection, plotting
from sklearn_rnn.inspection import export
from tests.markdown import blocks, run

DOCS = Path(__file__).parents[1] / "docs"
# Pages whose blocks need other packages, which tests/interop runs.
ELSEWHERE = {"clusters", "with_other_packages"}
PAGES = [page for page in sorted(DOCS.glob("*.md")) if blocks(page) and page.stem not in ELSEWHERE]
PUBLIC = [sklearn_rnn, datasets, exceptions, export, inspection, model_selection, plotting]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_blocks_of_a_page_run_and_print_what_is_shown(page):
    run(page)


def test_the_reference_has_all_public_names_in_order():
    """Each group is sorted, and each name stands once, with the module it is imported from."""
    text = (DOCS / "api.rst").read_text(encoding="utf-8")
    listed = []
    for module, group in re.findall(
        r"currentmodule:: (\S+)\n(.*?)(?=\.\. currentmodule|\Z)", text, re.S
    ):
        names = re.findall(r"^   (\w+)$", group, re.M)
        assert names == sorted(names, key=str.lower)
        listed += [f"{module}.{name}" for name in names]
    expected = [f"{module.__name__}.{name}" for module in PUBLIC for name in module.__all__]
    assert sorted(listed) == sorted(expected)


def test_the_tests_behind_each_promise_are_as_many_as_the_page_says(request):
    rows = re.findall(r"\| ([\d,]+) \| `(tests/[\w/.]+)` \|", (DOCS / "reliability.md").read_text())
    assert len(rows) > 5
    for n_cases, name in rows:
        path = DOCS.parent / name
        assert path.exists(), name
        found = sum(item.path.is_relative_to(path) for item in request.session.items)
        is_part = not found or request.config.option.keyword  # of all tests
        assert is_part or found >= int(n_cases.replace(",", "")), name


def test_each_row_on_another_package_is_verified():
    """The docstrings of the tests, which need these packages, name the rows they verify."""
    text = (DOCS / "coming_from.md").read_text(encoding="utf-8")
    sections = re.findall(r"^## (\w+)\n(.*?)(?=^## |\Z)", text, re.M | re.S)
    assert len(sections) == 7
    for package, section in sections:
        rows = re.findall(r"^\| (?!---)(.*?) \| ", section, re.M)
        path = DOCS.parent / f"tests/interop/full/test_coming_from_{package.lower()}.py"
        named = re.findall(r"Rows: (.*?)\.?(?:\"\"\"|\n)", path.read_text(encoding="utf-8"))
        verified = {row.removesuffix(".") for rows in named for row in rows.split("; ")}
        whole = {row.removesuffix(".") for row in named}  # with a semicolon in it
        assert [row for row in rows[1:] if row not in verified | whole] == []
