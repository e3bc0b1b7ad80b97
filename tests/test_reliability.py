"""The tables of both tools stand in one file, whichever of them is written first."""

import pytest

from tests import reliability
from tests.fuzz import report


@pytest.fixture
def results(tmp_path, monkeypatch):
    monkeypatch.setattr(reliability, "RESULTS", tmp_path)
    monkeypatch.setattr(report, "PATH", tmp_path / "reliability.md")
    return tmp_path / "reliability.md"


def test_each_tool_replaces_its_own_section_and_keeps_the_other(results):
    results.write_text("# Reliability\n\n")
    for n in (1, 2):
        report.write(f"fuzz {n}", "fuzz")
        reliability.write(reliability.section_of({"what": lambda n=n: f"found {n}"}))
    text = results.read_text()
    assert text.startswith(f"# Reliability\n\n{reliability.BEGIN}\n")
    assert text.endswith(f"{reliability.END}\n\n<!-- fuzz -->\nfuzz 2\n<!-- /fuzz -->\n")
    assert text.count("| what | found 2 |") == 1
    assert "1 |" not in text
    assert "fuzz 1" not in text


def test_nothing_is_written_unless_all_runs_hold(results):
    results.write_text("as before")

    def fail():
        raise AssertionError

    with pytest.raises(AssertionError):
        reliability.write(reliability.section_of({"first": str, "second": fail}))
    assert results.read_text() == "as before"
