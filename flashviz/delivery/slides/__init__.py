"""A delivered film as slides: one a section, advanced by click, with notes for the speaker."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from typing import Literal

from flashviz.delivery.manifest import read_manifest
from flashviz.delivery.slides.deck import slides_of
from flashviz.delivery.slides.html import PAGE, is_deck, write_html
from flashviz.delivery.slides.look import Look
from flashviz.delivery.slides.sections import cut
from flashviz.errors import UsageError

Kind = Literal["html", "pptx", "pdf"]

__all__ = ["Kind", "make_slides"]


def make_slides(folder: Path, to: Kind, out: Path) -> Path:
    """Make slides from a delivered film.

    Args:
        folder: The film's, with its manifest.json.
        to: html is a folder that a browser opens offline, pptx and pdf are files.
        out: The folder or file. Slides that are there already are replaced; anything else is refused.

    Returns:
        What to open: the page, or the file.

    Raises:
        UsageError: ``folder`` is no delivered film, or ``out`` is something else, or has another suffix.
        MissingPartError: python-pptx or typst is not installed.
        FlashvizError: The film cannot be cut at its beats.
    """
    manifest = read_manifest(folder)
    _check(to, out)
    with tempfile.TemporaryDirectory(prefix=f".{out.name}.{os.getpid()}.", dir=out.absolute().parent) as beside:
        built = Path(beside) / "deck"
        (built / "clips").mkdir(parents=True)
        sections = cut(folder, manifest, built / "clips")
        slides = slides_of(manifest)
        poster = folder / manifest.files.poster
        look = Look.of(manifest, sections[0].first)
        if to == "html":
            write_html(manifest, slides, sections, poster, look, built)
            if out.exists():
                shutil.rmtree(out)
            built.replace(out)
            return out / PAGE
        file = Path(beside) / f"slides.{to}"
        if to == "pptx":
            from flashviz.delivery.slides.powerpoint import write_pptx

            write_pptx(manifest, slides, sections, poster, look, file)
        else:
            from flashviz.delivery.slides.pdf import write_pdf

            write_pdf(manifest, slides, sections, poster, look, file)
        file.replace(out)
    return out


def _check(to: Kind, out: Path) -> None:
    if not out.absolute().parent.is_dir():
        raise UsageError(f"--out {out}: there is no folder {out.parent}; make it first")
    if to != "html" and out.suffix != f".{to}":
        raise UsageError(f"--out {out}: these slides are a .{to} file; try {out.with_suffix(f'.{to}')}")
    if to == "html" and out.exists() and not is_deck(out):
        raise UsageError(f"--out {out}: expected a new folder or slides made before, got something else; choose another name")
    if to != "html" and out.is_dir():
        raise UsageError(f"--out {out}: expected a file, got a folder; choose another name")
