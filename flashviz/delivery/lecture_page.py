"""A lecture's page: everything in its folder, shown or linked with its size. Plain HTML, no script, nothing from elsewhere."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from html import escape
from pathlib import Path

import msgspec

from flashviz.delivery.clips import Clip
from flashviz.delivery.embedding import video_tag, within
from flashviz.delivery.handout import KEY, SHEET
from flashviz.delivery.lecture import CATALOGUE, LICENCE_URL, PARTS, Part, files_of, size
from flashviz.delivery.manifest import Manifest
from flashviz.delivery.player_page import PLAYER
from flashviz.delivery.policy import guarded
from flashviz.delivery.quiz import GIFT, QTI
from flashviz.delivery.slides.look import colophon
from flashviz.delivery.transcript import clock

STYLE = """
:root { color-scheme: light dark; --ink: #1b1b1f; --soft: #55595f; --ground: #ffffff; --line: #d4d7db; --link: #0b57d0; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6e6e6; --soft: #a8adb5; --ground: #16181d; --line: #3a3e45; --link: #8ab4f8; }
}
body { margin: 0 auto; max-width: 72rem; padding: 1rem; font: 100%/1.5 system-ui, sans-serif; }
body { color: var(--ink); background: var(--ground); }
h1, h2, h3, h4 { line-height: 1.25; margin: 1.5em 0 0.4em; }
h1 { margin-top: 0.5em; }
h2 { border-top: 1px solid var(--line); padding-top: 1em; }
h4 { margin-top: 0.6em; }
p, ul { margin: 0.4em 0; }
a { color: var(--link); }
video { display: block; width: 100%; background: #000; }
.films, .clips { display: grid; gap: 1.5rem; }
.films { grid-template-columns: repeat(auto-fill, minmax(min(100%, 30rem), 1fr)); }
.clips { grid-template-columns: repeat(auto-fill, minmax(min(100%, 19rem), 1fr)); }
.links { list-style: none; padding: 0; display: flex; flex-wrap: wrap; gap: 0.2em 1.2em; }
.links a { overflow-wrap: anywhere; }
.soft { color: var(--soft); }
summary { cursor: pointer; }
"""
PAPERS = {
    "player": {PLAYER: "step through the trace, in a browser"},
    "handout": {SHEET: "exercise sheet", KEY: "its key"},
    "quiz": {GIFT: "GIFT, for Moodle", QTI: "QTI 2.1, for other platforms"},
    "captions": {CATALOGUE: "English captions"},
}
SLIDES = {".html": "in a browser", ".pptx": "PowerPoint", ".pdf": "on paper, with notes"}


def index_page(folder: Path, title: str, parts: Sequence[Part], left_out: Sequence[str]) -> str:
    """The page of a lecture whose other files lie in ``folder``.

    Args:
        folder: Where films, clips, slides, handout, quiz and captions are.
        title: Of the lecture.
        parts: Its films.
        left_out: A line for each thing that is not there.
    """
    page = _Page(folder)
    sections = {
        "films": f'<div class="films">{"".join(map(page.film, parts))}</div>',
        "clips": "".join(map(page.clips, parts)),
        "slides": "".join(map(page.slides, parts)),
        **{name: page.papers(name) for name in PAPERS},
    }
    menu = "".join(f'<li><a href="#{name}">{name.capitalize()}</a></li>' for name, inner in sections.items() if inner)
    body = "".join(
        f'<section aria-labelledby="{name}"><h2 id="{name}">{name.capitalize()}</h2><p class="soft">{PARTS[name]}</p>{inner}</section>\n'
        for name, inner in sections.items()
        if inner
    )
    traces = dict.fromkeys(line for part in parts for line in colophon(part.manifest)[1:])
    said = "".join(f'<p class="soft">{escape(line)}</p>' for line in left_out)
    return guarded(f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="generator" content="flashviz lecture">
<title>{escape(title)}</title>
<link rel="icon" href="data:,">
<link rel="license" href="{LICENCE_URL}">
<style>{STYLE}</style>
</head>
<body>
<header><h1>{escape(title)}</h1>
<p>All that lies in this folder; nothing here needs the internet. Captions are in the pictures of the films that play here.
The clean versions are for a player that shows the .vtt, or a translation of it.</p>
<p>To begin with:</p>{page.first(parts)}{said}
<nav aria-label="Sections"><ul class="links">{menu}</ul></nav></header>
<main>
{body}</main>
<footer><h2>Licence</h2>
<p>Films, clips, stills, slides, handout and quiz: <a href="{LICENCE_URL}">CC BY 4.0</a>. Say that they were made with flashviz,
and what you changed. reveal.js in the slides is MIT. All files with their sizes: <a href="README.txt">README.txt</a>.</p>
{"".join(f'<p class="soft">{escape(line)}</p>' for line in traces)}</footer>
</body>
</html>
""")


class _Page:
    """Parts of the page, which ask the files for their sizes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def first(self, parts: Sequence[Part]) -> str:
        """What to take where there is time for one thing of each kind."""
        film = [("show the film", f"films/{part.manifest.scene}/{part.manifest.files.film}") for part in parts[:1]]
        slides = [("or its slides, in a browser", name) for part in parts[:1] for name in part.slides if name.endswith(".html")]
        papers = [("hand out the sheet", f"handout/{SHEET}"), ("let them step through the trace", f"player/{PLAYER}")]
        return self._list([*film, *slides, *((label, name) for label, name in papers if (self.folder / name).is_file())])

    def film(self, part: Part) -> str:
        """A film with its files and its transcript."""
        given, place = part.manifest, f"films/{part.manifest.scene}"
        files = given.files
        named = {
            "with captions": files.film, "clean": files.clean, ".vtt": files.vtt, ".srt": files.srt, "poster": files.poster,
            "loop": files.loop, "transcript": files.transcript,
        }  # fmt: skip
        links = self._list((label, f"{place}/{name}") for label, name in named.items() if name)
        captioned = msgspec.structs.replace(given, files=msgspec.structs.replace(files, clean=None))
        return (
            f'<article><h3 lang="{escape(given.language)}">{escape(given.subject)}</h3>'
            f"<p>{escape(given.about)} {clock(round(given.seconds))}.</p>"
            f"{video_tag(captioned, within(place))}{links}"
            f"<details><summary>Transcript of {escape(given.subject)}</summary>{''.join(_transcript(part))}</details></article>"
        )

    def clips(self, part: Part) -> str:
        """A film's clips, each with its player."""
        given = part.manifest
        shown = "".join(self._clip(given, number, clip) for number, clip in enumerate(part.clips, 1))
        return f'<h3 lang="{escape(given.language)}">{escape(given.subject)}</h3><div class="clips">{shown}</div>'

    def _clip(self, manifest: Manifest, number: int, clip: Clip) -> str:
        place, still = within(f"clips/{manifest.scene}"), within(f"films/{manifest.scene}")
        title, language = escape(clip.title), escape(manifest.language)
        poster = f' poster="{still(clip.poster)}"' if clip.poster else ""
        named = {"with captions": clip.film, "clean": clip.clean, ".vtt": clip.vtt}
        links = self._list((label, f"clips/{manifest.scene}/{name}") for label, name in named.items() if name)
        asked = [beat.caption for beat in clip.beats if beat.pause]
        question = f'<p lang="{language}"><strong>{escape(" ".join(asked))}</strong></p>' if asked else ""
        long = "" if clip.fits else '<p class="soft">Its beats cannot be joined or parted to a clip of the usual length.</p>'
        return (
            f'<article><h4 lang="{language}">{number}. {title}</h4><p class="soft">{clip.seconds:.0f} s</p>'
            f'<video controls playsinline preload="none" width="{manifest.width}" height="{manifest.height}"{poster}'
            f' aria-label="{title}" style="height: auto"><source src="{place(clip.film)}" type="video/mp4">'
            f'<track kind="captions" src="{place(clip.vtt)}" srclang="{language}"></video>{question}{long}{links}</article>'
        )

    def slides(self, part: Part) -> str:
        """A film's slides of every kind."""
        given = part.manifest
        links = self._list((SLIDES[Path(name).suffix], name) for name in part.slides)
        return f'<h3 lang="{escape(given.language)}">{escape(given.subject)}</h3>{links}'

    def papers(self, part: str) -> str:
        """The files of one part of the lecture; nothing where it has none."""
        named = [(label, f"{part}/{name}") for name, label in PAPERS[part].items() if (self.folder / part / name).is_file()]
        return self._list(named) if named else ""

    def _list(self, named: Iterable[tuple[str, str]]) -> str:
        sizes = ((label, name, size(self._bytes(name))) for label, name in named)
        items = (
            f'<li><a href="{within("")(name)}">{escape(label)}</a> <span class="soft">{held}</span></li>' for label, name, held in sizes
        )
        return f'<ul class="links">{"".join(items)}</ul>'

    def _bytes(self, name: str) -> int:
        """Of a file; of a page, with all that lies in its folder."""
        path = self.folder / name
        return sum((path.parent / each).stat().st_size for each in (files_of(path.parent) if path.suffix == ".html" else [path.name]))


def _transcript(part: Part) -> Iterator[str]:
    """What is said and what the picture shows."""
    language = escape(part.manifest.language)
    for beat in part.manifest.beats:
        yield f'<p><strong>{clock(beat.start)} <span lang="{language}">{escape(beat.title)}.</span></strong>'
        yield f' <span lang="{language}">{escape(beat.caption)}</span></p>'
        if beat.name in part.shown:
            yield f'<p class="soft">Picture: {escape(part.shown[beat.name])}</p>'
