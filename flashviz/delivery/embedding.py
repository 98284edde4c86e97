"""A delivered film in somebody's page: the HTML to be pasted, with paths as that page sees them."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from html import escape
from pathlib import Path
from urllib.parse import quote

from flashviz.delivery.manifest import Manifest, read_manifest
from flashviz.delivery.policy import guarded
from flashviz.files import beside

PAGE = "embed.html"
TYPES = {".mp4": "video/mp4", ".vtt": "text/vtt", ".png": "image/png", ".jpg": "image/jpeg", ".webp": "image/webp"}
STYLE = """
html, body, main { margin: 0; height: 100%; background: #000; }
h1 { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); } /* for screen readers alone */
video { display: block; width: 100%; height: 100% !important; }
"""

ENCODED = re.compile("%[0-9A-Fa-f]{2}")

Place = Callable[[str], str]  # a file of the folder -> where a browser finds it


def video_tag(manifest: Manifest, place: Place) -> str:
    """A video that waits to be played: its poster, its captions, and a link for what plays no video.

    The clean film has its captions as a track that is on; a film with captions in its picture has them as one that is off.
    """
    files = manifest.files
    shown = "" if files.clean is None else " default"
    return (
        f'<video controls playsinline preload="metadata" width="{manifest.width}" height="{manifest.height}"\n'
        f'       poster="{place(files.poster)}" aria-label="{escape(manifest.subject)}" style="max-width: 100%; height: auto">\n'
        f'  <source src="{place(files.clean or files.film)}" type="video/mp4">\n'
        f'  <track kind="captions" src="{place(files.vtt)}" srclang="{escape(manifest.language)}"{shown}>\n'
        f'  <a href="{place(files.film)}">{escape(manifest.subject)}</a>\n'
        f"</video>"
    )


def iframe_tag(manifest: Manifest, place: Place) -> str:
    """A frame around the page that ``write_page`` writes, for places that take no video tag, such as a learning platform."""
    style = f"width: 100%; max-width: {manifest.width}px; aspect-ratio: {manifest.width} / {manifest.height}; border: 0"
    return (
        f'<iframe src="{place(PAGE)}" title="{escape(manifest.subject)}" loading="lazy" allow="fullscreen"\n'
        f'        style="{style}"></iframe>'
    )


def within(folder: str) -> Place:
    """Files of a folder that lies where ``folder`` says: a path as people write it, or a URL, in which what is encoded stays so."""
    written = "://" in folder or ENCODED.search(folder)  # as a URL
    place = quote(folder, safe="/:@!$&'()*+,;=~%[]" if written else "/")  # never ? nor #: it is a folder
    return lambda name: escape(f"{place.rstrip('/')}/{quote(name)}" if folder else quote(name))


def inlined(folder: Path) -> Place:
    """The files themselves, as data URIs: a page or a cell that needs nothing beside it."""
    return lambda name: f"data:{TYPES[Path(name).suffix]};base64,{base64.b64encode((folder / name).read_bytes()).decode()}"


def write_page(folder: Path) -> Path:
    """Write the page that an iframe shows beside a delivered film. Raises ``UsageError`` where there is none."""
    manifest = read_manifest(folder)
    path = folder / PAGE
    with beside(path) as partial:
        partial.write_text(
            guarded(
                f'<!doctype html>\n<html lang="{escape(manifest.language)}">\n<meta charset="utf-8">\n'
                f'<meta name="viewport" content="width=device-width, initial-scale=1">\n<title>{escape(manifest.subject)}</title>\n'
                f'<link rel="icon" href="data:,">\n<style>{STYLE}</style>\n'
                f"<main>\n<h1>{escape(manifest.subject)}</h1>\n{video_tag(manifest, within(''))}\n</main>\n</html>\n"
            ),
            encoding="utf-8",
        )
    return path
