"""Sphinx extension: formulas become MathML while the site is built.

Browsers draw MathML by themselves, with the fonts of the machine: a page needs no script for it, no font, and no request, and a screen
reader reads the formula. KaTeX and MathJax would draw finer, for a megabyte of scripts and fonts on each page that has one formula.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

from docutils import nodes
from latex2mathml.converter import convert

if TYPE_CHECKING:
    from sphinx.application import Sphinx


def setup(app: Sphinx) -> dict[str, bool]:
    """Sphinx calls this."""
    app.add_html_math_renderer("mathml", (inline, None), (block, None))
    return {"parallel_read_safe": True}


def inline(writer: Any, node: nodes.math) -> None:
    """A formula in a line of text."""
    writer.body.append(convert(node.astext()))
    raise nodes.SkipNode


def block(writer: Any, node: nodes.math_block) -> None:
    """A formula of its own; one with a label can be linked to."""
    name = f' id="{escape(node["ids"][0])}"' if node["ids"] else ""
    writer.body.append(f'<div class="math"{name}>{convert(node.astext(), display="block")}</div>\n')
    raise nodes.SkipNode
