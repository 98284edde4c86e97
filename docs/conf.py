"""The site: these pages, one for each film, and the references that the program says of itself. ``./run.sh docs`` builds it."""

from __future__ import annotations

import sys
from pathlib import Path

from flashviz import __version__
from flashviz.export.player import MODULE

sys.path.insert(0, str(Path(__file__).parent / "_ext"))

project = "flashviz"
author = "flashviz contributors"
version = release = __version__
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "films", "maths", "policy"]
nitpicky = True
nitpick_ignore_regex = [("py:.*", ".*")]  # types of other projects: their pages are not here to be linked
exclude_patterns = ["_ext", "_static", "bench", "maths"]
myst_enable_extensions = ["dollarmath"]
myst_dmath_double_inline = False
myst_heading_anchors = 3
html_math_renderer = "mathml"
autodoc_typehints = "signature"
autodoc_member_order = "bysource"
html_theme = "furo"
html_title = "flashviz"
html_favicon = "_static/icon.svg"
html_static_path = ["_static", str(MODULE)]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sourcelink = False
html_js_files = [("site.js", {"defer": "defer"})]
html_show_copyright = False
