"""``flashviz.show``: a film in a notebook, whole within its cell."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flashviz.cli import options
from flashviz.cli.deliver import assemble
from flashviz.cli.drawing import render_film
from flashviz.cli.films import Job, find_scenes
from flashviz.delivery.embedding import inlined, video_tag
from flashviz.errors import UsageError
from flashviz.settings import load_settings


@dataclass(frozen=True)
class ShownFilm:
    """A rendered film, as a notebook asks for it: ``html`` holds the video, its poster and its captions."""

    subject: str
    seconds: float
    path: Path
    html: str

    def __repr__(self) -> str:
        return f"{self.subject}: {self.seconds:.0f} s, {self.path}"

    def _repr_html_(self) -> str:
        return self.html


def show(scene: str, quality: str, media_dir: str, settings: dict[str, Any]) -> ShownFilm:
    """See ``flashviz.show``. The picture has no captions, since the player shows them; it is encoded fast unless told otherwise."""
    if quality not in options.QUALITIES:
        raise UsageError(f"quality={quality!r}: expected one of {', '.join(options.QUALITIES)}")
    chosen = load_settings(**{"encode": "fast", **settings, "captions": False})
    job = Job(find_scenes((scene,))[0], chosen, options.QUALITIES[quality], Path(media_dir).resolve())
    rendered = render_film(job, workers=1)
    with tempfile.TemporaryDirectory() as folder:
        html = video_tag(assemble(job, rendered, Path(folder), extras=False), inlined(Path(folder)))
    return ShownFilm(rendered.subject, rendered.film.seconds, rendered.film.path, html)
