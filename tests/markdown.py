"""Blocks of Python in Markdown: they run in order, and print what stands below each."""

import contextlib
import io
import re

import pytest

BLOCK = re.compile(r"^```python\n(.*?)^```\n(?:\n```text\n(.*?)^```)?", flags=re.M | re.S)
NUMBER = re.compile(r"-?\d+(?:[.,]\d+)*")


def blocks(page):
    """Return pairs of a block and the output that stands below it."""
    return BLOCK.findall(page.read_text(encoding="utf-8"))


def run(page, name="__page__"):
    """Run all blocks, and compare the words and numbers that they print with those shown.

    With the name ``__main__`` what scripts do only as programs is run, too.
    """
    namespace = {"__name__": name}
    for code, expected in blocks(page):
        with contextlib.redirect_stdout(io.StringIO()) as printed:
            exec(compile(code, str(page), "exec"), namespace)
        assert _words(printed.getvalue()) == _words(expected)
        # other versions and processors round otherwise, which training magnifies
        assert _numbers(printed.getvalue()) == pytest.approx(_numbers(expected), rel=0.1, abs=0.02)


def _numbers(text):
    return [float(number.replace(",", "")) for number in NUMBER.findall(text)]


def _words(text):
    return NUMBER.sub("#", text).split()
