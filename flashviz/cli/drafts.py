"""A film in a folder of its own as soon as it is rendered: with its captions, a poster and a manifest, and nothing beyond."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator
from html import escape
from pathlib import Path

import av
import msgspec

from flashviz.cli.films import Job, Rendered, load_scene
from flashviz.cli.made import versions
from flashviz.delivery.manifest import Files, Manifest, write_manifest
from flashviz.storyboard import Told

A_MOMENT = 0.1  # seconds before the end of a beat: within its last still at every frame rate


def draft(job: Job, rendered: Rendered, folder: Path) -> Manifest:
    """Write the folder of a rendered film; it must be there, and is best empty.

    The film is one that is ``clean`` where its settings leave the captions out of the picture.
    """
    name, film, settings = rendered.scene, rendered.film, job.settings
    shutil.copyfile(film.path, folder / f"{name}.mp4")
    fps = save_poster(rendered, folder / f"{name}.png")
    (folder / f"{name}.vtt").write_text(vtt(rendered.told), encoding="utf-8")
    (folder / f"{name}.srt").write_text(srt(rendered.told), encoding="utf-8")
    (folder / f"{name}.md").write_text("\n\n".join(f"{beat.title}: {beat.caption}" for beat in rendered.told) + "\n", encoding="utf-8")
    files = Files(
        film=f"{name}.mp4", clean=None if settings.captions else f"{name}.mp4", poster=f"{name}.png", srt=f"{name}.srt", vtt=f"{name}.vtt",
        transcript=f"{name}.md",
    )  # fmt: skip
    names = sorted({each for each in msgspec.structs.astuple(files) if each})
    manifest = Manifest(
        scene=name, subject=rendered.subject, about=(load_scene(job.source).__doc__ or "").strip().partition("\n")[0], seconds=film.seconds,
        width=film.width, height=film.height, fps=fps, language=settings.language,
        settings={"theme": settings.theme, "aspect": settings.aspect, "captions": settings.captions, **settings.config.to_dict()},
        traces=rendered.provenance, versions=versions(), poster_beat=rendered.poster, beats=rendered.told, files=files,
        sha256={each: hashlib.sha256((folder / each).read_bytes()).hexdigest() for each in names},
    )  # fmt: skip
    write_manifest(folder, manifest)
    return manifest


def save_poster(rendered: Rendered, target: Path) -> float:
    """Save the last picture of the poster's beat; the film's frames a second."""
    ended = next((beat.start + beat.seconds for beat in rendered.told if beat.name == rendered.poster), rendered.film.seconds)
    with av.open(str(rendered.film.path)) as film:
        pictures = film.decode(video=0)
        chosen = next(pictures)
        for frame in pictures:
            if frame.time is not None and frame.time > ended - A_MOMENT:
                break
            chosen = frame
        chosen.to_image().save(target)
        return float(film.streams.video[0].base_rate or 0)


def vtt(told: tuple[Told, ...]) -> str:
    """The captions as WebVTT, one cue a beat."""
    return "\n".join(["WEBVTT\n", *(f"{times}\n{escape(text, quote=False)}\n" for times, text in cues(told))])


def srt(told: tuple[Told, ...]) -> str:
    """The same as SubRip, which knows no entities."""
    return "\n".join(f"{number}\n{times.replace('.', ',')}\n{text}\n" for number, (times, text) in enumerate(cues(told), 1))


def cues(told: tuple[Told, ...]) -> Iterator[tuple[str, str]]:
    """When each caption is shown, and what it says."""
    return ((f"{stamp(beat.start)} --> {stamp(beat.start + beat.seconds)}", beat.caption) for beat in told if beat.caption)


def stamp(seconds: float) -> str:
    """Hours, minutes, seconds and thousandths."""
    whole, thousandths = divmod(round(seconds * 1000), 1000)
    return f"{whole // 3600:02}:{whole // 60 % 60:02}:{whole % 60:02}.{thousandths:03}"
