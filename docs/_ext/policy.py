"""Each page of the site gets its Content-Security-Policy, once everything is written."""

from __future__ import annotations

from pathlib import Path

from sphinx.application import Sphinx

from flashviz.delivery.policy import META, guarded


def setup(app: Sphinx) -> dict[str, bool]:
    """Sphinx calls this."""
    app.connect("build-finished", guard, priority=900)
    return {"parallel_read_safe": True}


def guard(app: Sphinx, error: Exception | None) -> None:
    """After all pages are there; those that flashviz writes beside them have theirs."""
    if error is not None or app.builder.format != "html":
        return
    for path in Path(app.outdir).rglob("*.html"):
        page = path.read_text(encoding="utf-8")
        if META not in page:  # a page may write of policies
            path.write_text(guarded(page), encoding="utf-8")
