"""The code of README.md runs, block after block, and prints what stands below it."""

from pathlib import Path

from tests.markdown import blocks, run

README = Path(__file__).parents[1] / "README.md"


def test_the_code_prints_what_stands_below_it():
    assert blocks(README), "README.md has no python block"
    run(README)


def test_every_block_that_prints_shows_its_output():
    assert [code for code, shown in blocks(README) if "print(" in code and not shown] == []


def test_a_table_of_stores_becomes_a_forecast_in_ten_lines():
    (table, _), (code, _), *_ = blocks(README)
    assert "stores = " in table  # nothing else stands before
    assert len([line for line in code.splitlines() if line]) <= 10
    assert [word for word in ("Forecaster(", "level=0.9", "backtest(") if word not in code] == []
