"""The code of README.md runs, block after block, and prints what stands below it."""

import contextlib
import io
import re
from pathlib import Path

import pytest

README = Path(__file__).parents[1] / "README.md"
BLOCK = re.compile(r"^```python\n(.*?)^```\n(?:\n```text\n(.*?)^```)?", flags=re.M | re.S)
NUMBER = re.compile(r"-?\d+(?:[.,]\d+)*")


def blocks():
    return BLOCK.findall(README.read_text(encoding="utf-8"))


def numbers(text):
    return [float(number.replace(",", "")) for number in NUMBER.findall(text)]


def words(text):
    return NUMBER.sub("#", text).split()


def test_the_code_prints_what_stands_below_it():
    assert blocks(), "README.md has no python block"
    namespace = {"__name__": "__readme__"}
    for code, expected in blocks():
        with contextlib.redirect_stdout(io.StringIO()) as printed:
            exec(compile(code, str(README), "exec"), namespace)
        assert words(printed.getvalue()) == words(expected)
        # other versions and processors round otherwise, which training magnifies
        assert numbers(printed.getvalue()) == pytest.approx(numbers(expected), rel=0.1, abs=0.02)


def test_every_block_that_prints_shows_its_output():
    assert [code for code, shown in blocks() if "print(" in code and not shown] == []


def test_a_table_of_stores_becomes_a_forecast_in_ten_lines():
    (table, _), (code, _), *_ = blocks()
    assert "stores = " in table  # nothing else stands before
    assert len([line for line in code.splitlines() if line]) <= 10
    assert [word for word in ("Forecaster(", "level=0.9", "backtest(") if word not in code] == []
