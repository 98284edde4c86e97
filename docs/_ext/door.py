"""The front door: the home page as the site has it, with the loop, the player and the groups of the sidebar."""

from __future__ import annotations

import re
import shutil
import tempfile
from html import escape
from pathlib import Path

import posters
import traces

from flashviz.delivery.embedding import within
from flashviz.delivery.manifest import Manifest
from flashviz.delivery.slides.sections import split
from flashviz.errors import FlashvizError
from flashviz.export.player import MODULE

MOVES, FIRST, LAST = "RescaleScene", "squeeze", "same"  # the film that the loop is of, its first beat and its last
LOOP = "loop.mp4"
SHOWS = "One row when its max rises: the sum ℓ and acc shrink by the same factor, and their quotient, the answer, does not move."


def home(text: str, films: str, film: Manifest | None, gallery: str, more: list[str]) -> str:
    """The home page: what docs/index.md says, the loop behind its first sentence, the player and the gallery behind the ways in.

    Args:
        text: docs/index.md with its links as the site has them.
        films: The folder of delivered films within the site.
        film: ``MOVES``, where it was delivered.
        gallery: Posters of all films.
        more: Lines of pages that the site alone has, for its last group.
    """
    text = "\n".join([text.rstrip(), *more])
    heading, sentence, rest = text.split("\n\n", 2)
    commands, ways, groups = re.split(r"^(?=## )", rest, maxsplit=2, flags=re.MULTILINE)
    parts = [heading, sentence, loop(film, films), commands, ways, player(), "## Films", gallery, groups, *toctrees(groups)]
    return "---\nhide-toc: true\n---\n\n" + "\n\n".join(part.strip() for part in parts) + "\n"


def loop(film: Manifest | None, films: str) -> str:
    """The moving picture; where the film was not delivered, its poster. What starts it is docs/_static/site.js."""
    size = f'width="{posters.WIDTH}" height="{posters.HEIGHT}"'
    shown = f'<img src="{posters.FOLDER}/{MOVES}.webp" alt="" {size}>'
    if film is not None:
        poster = within(f"{films}/{film.scene}")(film.files.poster)
        shown = (
            f'<video class="moves" muted loop playsinline controls preload="metadata" {size} poster="{poster}"\n'
            f'       aria-label="{escape(SHOWS)}">\n'
            f'<source src="{films}/{LOOP}" type="video/mp4">\n</video>'
        )
    caption = f'<figcaption>{escape(SHOWS)} <a href="pages/{MOVES}.html">The whole film</a></figcaption>'
    return f'```{{raw}} html\n<figure class="loop">\n{shown}\n{caption}\n</figure>\n```'


def write_loop(film: Manifest, folder: Path, out: Path) -> None:
    """Cut the loop out of a delivered film, without encoding it again.

    Args:
        film: Its manifest.
        folder: Its folder.
        out: The clip.

    Raises:
        FlashvizError: The film has no such beats.
    """
    names = [beat.name for beat in film.beats]
    if FIRST not in names or LAST not in names[names.index(FIRST) :]:
        raise FlashvizError(f"expected beats {FIRST} to {LAST} in {folder}, got {', '.join(names)}; deliver {film.scene} again")
    first, stop = names.index(FIRST), names.index(LAST) + 1
    runs = [run for run in (film.beats[:first], film.beats[first:stop], film.beats[stop:]) if run]
    with tempfile.TemporaryDirectory() as place:
        clips = split(folder / film.files.film, film, runs, Path(place))
        shutil.copyfile(clips[runs.index(film.beats[first:stop])], out)


def player() -> str:
    """The player on the film's own problem; it opens at the rise."""
    return f"""## Step through it

The film's own problem as NumPy's twin of the kernel recorded it, at the moment when a row's max rises. Play it, step, or
[predict what must happen](player.md).

```{{raw}} html
{traces.element(traces.DOOR)}
<script type="module" src="_static/{MODULE.name}"></script>
```"""


def toctrees(groups: str) -> list[str]:
    """The sidebar: a toctree for each heading of ``groups``, of the pages that are linked below it, by the words that link to them."""
    found = []
    for caption, lines in re.findall(r"^## (.+)\n\n((?:- .+\n?)+)", groups, re.MULTILINE):
        pages = [f"{words} <{page}>" for words, page in re.findall(r"\[([^\]]+)\]\(([\w/-]+)\.md\)", lines)]
        found.append("\n".join(["```{toctree}", ":hidden:", f":caption: {caption}", "", *pages, "```"]))
    return found
