"""Settings of Sphinx for the documentation, which `make docs` builds.

The pages are Markdown files of the whole checkout, so that links between README.md, docs/ and
benchmarks/ are the same here and where files are read as they are.
"""

from __future__ import annotations

import os
import re
import sys
import warnings
from pathlib import Path
from typing import Any

import sklearn_rnn

HERE = Path(__file__).parent
sys.path.append(str(HERE / "_extensions"))

project = "sklearn_rnn"
author = copyright = "The sklearn_rnn developers"
version = release = sklearn_rnn.__version__

extensions = [
    "myst_parser",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "mathml",
    "sphinx_gallery.gen_gallery",
]
root_doc = "docs/index"
include_patterns = ["docs/**", "CHANGELOG.md", "CONTRIBUTING.md", "benchmarks/README.md"]
include_patterns += ["benchmarks/results/*.md"]
exclude_patterns = [
    "docs/_extensions",
    "docs/_templates",
    "docs/gallery/**/*.ipynb",
    "docs/gallery/**/*.py",
    "**/*.json",
]
templates_path = [str(HERE / "_templates")]  # autosummary looks beside the sources, not here

myst_enable_extensions = ["attrs_inline", "colon_fence", "dollarmath"]
myst_heading_anchors = 3

default_role = "py:obj"  # a name in single backticks is a link, if this package has it
autodoc_typehints = "none"  # numpydoc has the types
numpydoc_show_class_members = False
add_module_names = False
toc_object_entries_show_parents = "hide"

html_theme = "pydata_sphinx_theme"
html_title = "sklearn_rnn"
html_show_sourcelink = False
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_additional_pages = {"index": "redirect.html"}
html_theme_options = {
    "secondary_sidebar_items": ["page-toc"],
    "navbar_align": "left",
    "show_toc_level": 2,
}
html_sidebars = {"docs/index": []}

ALL = os.environ.get("SKLEARN_RNN_DOCS") == "full"
"""Whether to run also the examples whose data are downloaded."""

SECTIONS = ["windows", "networks", "forecasting", "comparing", "downloaded"]

sphinx_gallery_conf = {
    "examples_dirs": ["examples"],
    "gallery_dirs": ["docs/gallery"],
    "filename_pattern": r"/examples/" if ALL else r"/examples/(?!downloaded)",
    "subsection_order": [f"examples/{name}" for name in SECTIONS],
    "within_subsection_order": "FileNameSortKey",
    "write_computation_times": False,
    "download_all_examples": False,
    "remove_config_comments": True,
    "image_scrapers": ["gallery_alt.scrape"],
    "abort_on_example_error": True,
    "min_reported_time": 10**6,
    "show_signature": False,
}
# Examples call `pyplot.show`, which opens no window while the site is built.
warnings.filterwarnings("ignore", "FigureCanvasAgg is non-interactive")


def _skip_foreign(app: Any, what: str, name: str, member: Any, skip: bool, options: Any) -> bool:
    """Leave methods that a class has from another package to the documentation of that package."""
    module = getattr(member, "__module__", None)
    return skip or (module is not None and not module.startswith("sklearn_rnn"))


def _escape_names(app: Any, what: str, name: str, obj: Any, options: Any, lines: list[str]) -> None:
    """Escape names of attributes in shapes: docutils would take n_channels_ for a link."""
    lines[:] = [re.sub(r"(\w)_,\)", r"\1\_,)", line) for line in lines]


def _link_to_gallery(app: Any, docname: str, content: list[str]) -> None:
    """Let links to examples, which are those of the checkout, lead to their pages."""
    pattern = r"\]\((?:\.\./)+examples/(\w+/\w+)\.py\)"
    content[0] = re.sub(pattern, r"](/docs/gallery/\1.rst)", content[0])


def _find_by_last_name(app: Any, env: Any, node: Any, contnode: Any) -> Any:
    """Resolve a name without its module, if there is one object of that name."""
    target = node.get("reftarget", "")
    objects = env.get_domain("py").objects
    found = sorted(name for name in objects if name.endswith(f".{target}"))
    if node.get("refdomain") != "py" or len(found) != 1:
        return None
    node["reftarget"] = found[0]
    return env.get_domain("py").resolve_xref(
        env, node["refdoc"], app.builder, "obj", found[0], node, contnode
    )


def setup(app: Any) -> None:
    """Connect the functions above."""
    app.connect("autodoc-process-docstring", _escape_names, priority=900)  # after numpydoc
    app.connect("autodoc-skip-member", _skip_foreign)
    app.connect("missing-reference", _find_by_last_name)
    app.connect("source-read", _link_to_gallery)
