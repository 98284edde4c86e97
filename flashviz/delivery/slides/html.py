"""Slides as a folder that a browser opens: reveal.js lies beside it, and nothing is asked of a network."""

from __future__ import annotations

import shutil
from html import escape
from pathlib import Path

from flashviz.delivery.manifest import Manifest
from flashviz.delivery.policy import guarded
from flashviz.delivery.slides.deck import Slide
from flashviz.delivery.slides.look import Look
from flashviz.delivery.slides.sections import Section

REVEAL = Path(__file__).with_name("reveal")
PAGE = "index.html"
SPEAKER_VIEW = "sha256-GzCveToXhSIzS3M5eQeRm3McVRB7cYneYKwTkzA3wDk="  # of the script that reveal's notes write into the speaker's window

STYLE = """
html, body, main { margin: 0; height: 100%; }
body.reveal-viewport { background: GROUND; color: INK; }
.reveal { font: 500 SIZEpx/1.4 Inter, system-ui, sans-serif; }
.reveal .slides section { height: 100%; padding: 0; }
.reveal video { display: block; width: 100%; height: 100%; object-fit: contain; }
.reveal h1 { margin: 0.4em 0 0.2em; font-size: 1.6em; line-height: 1.2; }
.reveal h1.answer { margin: 0.4em 6% 0.2em; font-size: 1.25em; }
.reveal p { margin: 0.2em 8%; }
.reveal .slide-number { color: INK; background: none; opacity: 0.6; }
.reveal .still { display: block; margin: 0.6em auto; max-width: 70%; max-height: 58%; }
"""

SCRIPT = """
const calm = matchMedia('(prefers-reduced-motion: reduce)').matches;
for (const clip of document.querySelectorAll('video')) clip.controls = calm;
const deck = new Reveal({
    width: WIDTH, height: HEIGHT, margin: 0, center: false, controls: false, hash: true, slideNumber: 'c/t',
    transition: 'none', backgroundTransition: 'none', autoPlayMedia: calm ? false : null, plugins: [RevealNotes],
});
deck.initialize();
document.querySelector('.slides').addEventListener('click', event => {
    if (!calm || !event.target.closest('video')) deck.next();
});
"""


def write_html(manifest: Manifest, slides: list[Slide], sections: list[Section], poster: Path, look: Look, folder: Path) -> None:
    """Write the page and reveal.js into ``folder``, where the sections' files are in ``clips``; the poster is copied there."""
    shutil.copytree(REVEAL, folder / "reveal")
    shutil.copyfile(poster, folder / "clips" / f"poster{poster.suffix}")
    (folder / PAGE).write_text(_page(manifest, slides, sections, f"clips/poster{poster.suffix}", look), encoding="utf-8")


def _page(manifest: Manifest, slides: list[Slide], sections: list[Section], poster: str, look: Look) -> str:
    subject = escape(manifest.subject)
    style = STYLE.replace("GROUND", look.ground).replace("INK", look.ink).replace("SIZE", str(manifest.height // 22))
    script = SCRIPT.replace("WIDTH", str(manifest.width)).replace("HEIGHT", str(manifest.height))
    drawn = "\n".join(_slide(slide, section) for slide, section in zip(slides, sections, strict=True))
    last = f"clips/{sections[-1].last.name}"
    return guarded(
        f"""<!doctype html>
<html lang="{escape(manifest.language)}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="generator" content="flashviz slides">
<title>{subject}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="reveal/reveal.css">
<style>{style}</style>
</head>
<body>
<main><div class="reveal"><div class="slides">
<section data-name="opening"><h1>{subject}</h1><p>{escape(manifest.about)}</p><img class="still" src="{poster}" alt=""></section>
{drawn}
<section data-name="closing"><h1>{subject}</h1><img class="still" src="{last}" alt="">{_paragraphs(look.colophon)}</section>
</div></div></main>
<script src="reveal/reveal.js"></script>
<script src="reveal/notes.js"></script>
<script>{script}</script>
</body>
</html>
""",
        also=(SPEAKER_VIEW,),
    )


def _slide(slide: Slide, section: Section) -> str:
    """A clip that starts as its slide is entered, and then keeps its last picture."""
    said = escape(f"{slide.title}. {slide.beat.caption}" if slide.beat.caption and not slide.beat.pause else slide.title)
    notes = "".join(f'<p dir="auto"><strong>{escape(label)}:</strong> {escape(text)}</p>' for label, text in slide.lines())
    return (
        f'<section data-name="{escape(slide.beat.name)}" aria-label="{escape(slide.title)}">'
        f'<video data-autoplay muted playsinline preload="auto" data-src="clips/{section.clip.name}"'
        f' poster="clips/{section.first.name}" aria-label="{said}"></video>'
        f'<aside class="notes">{notes}</aside></section>{_answer(slide, section)}'
    )


def _answer(slide: Slide, section: Section) -> str:
    """A question's answer, over the picture that was asked about."""
    if not slide.reveal:
        return ""
    return (
        f'\n<section data-name="{escape(slide.beat.name)}-answer" aria-label="{escape(slide.title)}">'
        f'<h1 class="answer" dir="auto">{escape(slide.reveal)}</h1>'
        f'<img class="still" src="clips/{section.last.name}" alt=""></section>'
    )


def _paragraphs(lines: tuple[str, ...]) -> str:
    return "".join(f"<p><small>{escape(line)}</small></p>" for line in lines)


def is_deck(folder: Path) -> bool:
    """Whether a folder holds slides that were written here, and so may be replaced."""
    try:
        return '<meta name="generator" content="flashviz slides">' in (folder / PAGE).read_text(encoding="utf-8")
    except OSError:
        return False
