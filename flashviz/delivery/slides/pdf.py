"""Slides on paper: each section's last picture, what it began with, and the speaker's notes; two sections a page where they fit."""

from __future__ import annotations

import json
from pathlib import Path

from flashviz.delivery.manifest import Manifest
from flashviz.delivery.slides.deck import Slide, clock
from flashviz.delivery.slides.look import Look
from flashviz.delivery.slides.sections import Section
from flashviz.errors import FlashvizError, MissingPartError

try:
    import typst
except ImportError as error:
    raise MissingPartError("slides as pdf need typst, which is not installed; pip install flashviz, which brings it") from error

FONTS = Path(__file__).parents[2] / "fonts"
TEMPLATE = Path(__file__).with_name("pages.typ")


def write_pdf(manifest: Manifest, slides: list[Slide], sections: list[Section], poster: Path, look: Look, file: Path) -> None:
    """Write tagged A4 pages (PDF/UA-1): a cover, then the sections."""
    root = sections[0].clip.parent
    cover = root / f"poster{poster.suffix}"
    cover.write_bytes(poster.read_bytes())
    deck = {
        "title": manifest.subject, "about": manifest.about, "language": manifest.language.partition("-")[0], "poster": cover.name,
        "length": clock(manifest.seconds), "colophon": look.colophon,
        "slides": [
            {
                "title": slide.title, "caption": slide.beat.caption, "first": section.first.name, "last": section.last.name,
                "question": slide.beat.pause, "lines": slide.lines(),
            }
            for slide, section in zip(slides, sections, strict=True)
        ],
    }  # fmt: skip
    page = root / TEMPLATE.name
    page.write_bytes(TEMPLATE.read_bytes())
    try:
        typst.compile(
            page, output=file, root=root, font_paths=[FONTS], sys_inputs={"deck": json.dumps(deck)}, format="pdf", pdf_standards="ua-1"
        )
    except typst.TypstError as error:
        raise FlashvizError(f"expected typst to set the pages, got: {error}; report it with the manifest") from error
