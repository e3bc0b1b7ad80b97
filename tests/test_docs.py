"""The pages of docs/ keep their word: their blocks of Python run, in order."""

import re
from pathlib import Path

import pytest

PAGES = Path(__file__).parents[1].joinpath("docs").glob("*.md")
BLOCKS = {page.name: re.findall(r"```python\n(.*?)```", page.read_text(), re.S) for page in PAGES}


@pytest.mark.parametrize("name", [name for name, blocks in BLOCKS.items() if blocks])
def test_the_blocks_of_a_page_run(name):
    exec(compile("\n".join(BLOCKS[name]), name, "exec"), {})
