"""Pictures of the gallery get the alternative text that stands in their block of code."""

from __future__ import annotations

import re
from ast import literal_eval
from typing import Any

from sphinx.errors import ExtensionError
from sphinx_gallery.scrapers import matplotlib_scraper

CONFIGURED = re.compile(r"^# sphinx_gallery_alt = (.+)$", re.MULTILINE)


def scrape(block: Any, block_vars: Any, gallery_conf: Any, **how: Any) -> str:
    """Save the figures of a block; the lines ``# sphinx_gallery_alt = "..."`` describe them."""
    rst = matplotlib_scraper(block, block_vars, gallery_conf, **how)
    alt = " ".join(literal_eval(text) for text in CONFIGURED.findall(block[1]))
    if ".. image-sg::" in rst and not alt:
        raise ExtensionError(
            f"{block_vars['src_file']} draws a picture without `# sphinx_gallery_alt = ...`."
        )
    return re.sub(r"(:alt:).*", lambda found: f"{found[1]} {alt}", rst)
