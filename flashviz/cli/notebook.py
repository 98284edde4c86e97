"""``flashviz.show``: a film in a notebook, whole within its cell."""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

import av

from flashviz.cli import options
from flashviz.cli.films import Job, Rendered, find_scenes, render_film
from flashviz.delivery.embedding import video_tag
from flashviz.delivery.manifest import Files, Manifest
from flashviz.errors import UsageError
from flashviz.settings import load_settings
from flashviz.storyboard import Told


def show(scene: str, quality: str, media_dir: str, settings: dict[str, Any]) -> ShownFilm:
    """See ``flashviz.show``. The picture has no captions, since the player shows them; drafts are encoded fast."""
    if quality not in options.QUALITIES:
        raise UsageError(f"quality={quality!r}: expected one of {', '.join(options.QUALITIES)}")
    chosen = load_settings(**{"encode": "fast", **settings, "captions": False})
    job = Job(find_scenes((scene,))[0], chosen, options.QUALITIES[quality], Path(media_dir).resolve())
    language = chosen.language
    return ShownFilm(render_film(job, workers=1), language)


@dataclass(frozen=True)
class ShownFilm:
    """A rendered film, as a notebook asks for it."""

    rendered: Rendered
    language: str

    @property
    def path(self) -> Path:
        return self.rendered.film.path

    def __repr__(self) -> str:
        return f"{self.rendered.subject}: {self.rendered.film.seconds:.0f} s, {self.path}"

    def _repr_html_(self) -> str:
        """The video, its poster and its captions, with nothing beside the notebook."""
        film = self.rendered.film
        held = {
            "film": ("video/mp4", self.path.read_bytes()),
            "poster": ("image/png", poster(self.rendered)),
            "captions": ("text/vtt", captions(self.rendered.told).encode()),
        }
        manifest = Manifest(
            scene=self.rendered.scene, subject=self.rendered.subject, about="", seconds=film.seconds, width=film.width, height=film.height,
            fps=0, language=self.language, settings={}, traces=[], versions={}, poster_beat=self.rendered.poster, beats=self.rendered.told,
            files=Files(film="film", clean="film", poster="poster", srt="", vtt="captions", transcript=""), sha256={},
        )  # fmt: skip
        return video_tag(manifest, lambda name: f"data:{held[name][0]};base64,{base64.b64encode(held[name][1]).decode()}")


def poster(rendered: Rendered) -> bytes:
    """The last picture of the poster's beat, as PNG."""
    ended = next((beat.start + beat.seconds for beat in rendered.told if beat.name == rendered.poster), rendered.film.seconds)
    with av.open(str(rendered.film.path)) as film:
        chosen = next(film.decode(video=0))
        for frame in film.decode(video=0):
            if frame.time is not None and frame.time > ended - 0.1:  # a moment before the next beat, at any frame rate
                break
            chosen = frame
        picture = io.BytesIO()
        chosen.to_image().save(picture, "png")
    return picture.getvalue()


def captions(told: tuple[Told, ...]) -> str:
    """The captions as WebVTT."""
    cues = [
        f"{stamp(beat.start)} --> {stamp(beat.start + beat.seconds)}\n{escape(beat.caption, quote=False)}\n"
        for beat in told
        if beat.caption
    ]
    return "\n".join(["WEBVTT\n", *cues])


def stamp(seconds: float) -> str:
    """Hours, minutes, seconds and thousandths."""
    whole, thousandths = divmod(round(seconds * 1000), 1000)
    return f"{whole // 3600:02}:{whole // 60 % 60:02}:{whole % 60:02}.{thousandths:03}"
