"""The code of README.md runs, block after block, as a reader would type it."""

import re
from pathlib import Path

README = Path(__file__).parents[1] / "README.md"


def test_readme_code_runs():
    blocks = re.findall(r"^```python\n(.*?)^```", README.read_text(), flags=re.M | re.S)
    assert blocks, "README.md has no python block"
    namespace = {"__name__": "__readme__"}
    for block in blocks:
        exec(compile(block, str(README), "exec"), namespace)
