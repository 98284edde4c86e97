"""``flashviz deliver``: a film in a folder with all that a lecture or a page needs of it."""

from __future__ import annotations

import hashlib
import inspect
import os
import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click
import cloup
import msgspec

from flashviz.cli import options
from flashviz.errors import FlashvizError, UsageError
from flashviz.files import writing
from flashviz.interrupts import ends_orderly
from flashviz.settings import Settings, load_settings

if TYPE_CHECKING:
    from flashviz.cli.films import Job, Rendered
    from flashviz.delivery.manifest import Files, Manifest
    from flashviz.storyboard import Told

LICENCE = "CC BY 4.0, https://creativecommons.org/licenses/by/4.0/"
Built = TypeVar("Built")
FULL_HD, FULL_HD_BYTES = 1920 * 1080, 25_000_000  # a film up to this many pixels is at most so large


@cloup.command()
@cloup.argument("scenes", nargs=-1, metavar="[SCENE]...")
@cloup.option("--all", "every", is_flag=True, help="Every film.")
@cloup.option("--out", required=True, type=click.Path(file_okay=False, path_type=Path), metavar="DIR", help="Gets a folder for each film.")
@cloup.option("-q", "--quality", type=click.Choice(list(options.QUALITIES)), default="m", help="480p, 720p, 1080p, 4K. [default: m]")
@cloup.option("--av1", is_flag=True, help="Also as AV1, which takes long.")
@options.with_config
@options.with_source
@options.with_film
@options.with_json
@ends_orderly()
def deliver_command(
    scenes: tuple[str, ...], every: bool, out: Path, quality: str, av1: bool, media_dir: Path, workers: int | None, as_json: bool,
    **flags: Any,
) -> None:  # fmt: skip
    """Put films (FlashAttentionScene unless others are named) into folders: with and without captions, chapters, poster, transcript."""
    from flashviz.cli.films import cores, default_scene, every_scene, find_scenes

    if every and scenes:
        raise UsageError(f"--all delivers every film, {', '.join(scenes)} among them; leave one out")
    settings = without_captions(flags)
    found = every_scene(settings) if every else find_scenes(scenes or (default_scene(settings),))
    made = deliver([one.name for one in found], out, options.QUALITIES[quality], settings, media_dir, workers or cores(), av1=av1)
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(made), indent=2))
    else:
        for manifest in made:
            click.echo(f"{out / manifest.scene}: {manifest.seconds:.0f} s, {manifest.width} x {manifest.height}, {manifest.language}")


def without_captions(flags: dict[str, Any]) -> Settings:
    """Settings of films that are made with captions and without. Raises ``UsageError`` where one of the two is asked for."""
    if flags.pop("captions", None) is not None:
        raise UsageError("each film is delivered with captions and without; leave out --captions and --no-captions")
    return load_settings(**flags)


def deliver(
    names: Sequence[str], out: Path, quality: str, settings: Settings, media_dir: Path, workers: int, *, av1: bool = False
) -> list[Manifest]:  # fmt: skip
    """Put each film into ``out / NAME``; one that is there and was made of the same is left as it is.

    Args:
        names: Scenes.
        out: Made where it is not there.
        quality: manim's name of it.
        settings: Of the films; captions are both in the picture and not.
        media_dir: Where films are rendered.
        workers: How many processes draw.
        av1: Also as AV1.

    Raises:
        FlashvizError: A film is not what it should be, and was not delivered.
    """
    from flashviz.cli.films import Job, find_scenes

    return [_deliver(Job(source, settings, quality, media_dir.resolve()), out, workers, av1=av1) for source in find_scenes(tuple(names))]


def _deliver(job: Job, out: Path, workers: int, *, av1: bool) -> Manifest:
    from flashviz.cli.drawing import render_film

    told, clean = (replace(job, settings=replace(job.settings, captions=captions)) for captions in (True, False))
    folder, made_of = out / job.source.name, _made_of(told, clean)  # before rendering: code may change meanwhile
    there = standing(folder, made_of, av1=av1)
    if there is not None:
        return there
    out.mkdir(parents=True, exist_ok=True)

    def build(place: Path) -> Manifest:
        without = render_film(clean, workers)
        shutil.copyfile(without.film.path, place / "clean.part.mp4")  # the other is rendered to the same place
        rendered = render_film(told, workers)
        manifest = assemble(told, rendered, place, clean=place / "clean.part.mp4", made_of=made_of, av1=av1)
        light_enough(place, manifest)
        return manifest

    return whole(folder, build)


def standing(folder: Path, made_of: tuple[str, ...], *, av1: bool) -> Manifest | None:
    """What was delivered, where it was made of the same, and every file is as it was written."""
    from flashviz.delivery.manifest import MANIFEST, read_manifest

    if not (folder / MANIFEST).is_file():
        return None
    manifest = read_manifest(folder)
    same = manifest.made_of == made_of and (manifest.files.av1 is not None or not av1)
    return manifest if same and all(_digest(folder / name) == digest for name, digest in manifest.sha256.items()) else None


def whole(folder: Path, build: Callable[[Path], Built]) -> Built:
    """Build a folder beside its place; it replaces an older one only when it is whole."""
    beside, before = (folder.with_name(f".{folder.name}.{os.getpid()}.{what}") for what in ("part", "old"))
    try:
        with writing(folder):
            beside.mkdir(parents=True)
            built = build(beside)
            if folder.exists():
                folder.rename(before)
            beside.rename(folder)
    finally:
        shutil.rmtree(beside, ignore_errors=True)
        shutil.rmtree(before, ignore_errors=True)
    return built


def assemble(
    job: Job, rendered: Rendered, folder: Path, *, clean: Path | None = None, made_of: tuple[str, ...] = (), av1: bool = False,
    extras: bool = True,
) -> Manifest:  # fmt: skip
    """Fill a film's folder, and look at what was written.

    Args:
        job: What was rendered.
        rendered: The film that it gave, and its beats.
        folder: Empty, but for ``clean``.
        clean: The same film without captions in the picture, which is moved; None where ``rendered`` has none, or none is needed.
        made_of: Keys of both films, by which they are known to be unchanged; a draft needs none.
        av1: Also as AV1.
        extras: Stills and the loop, too.

    Raises:
        FlashvizError: A file is not what it should be.
    """
    from flashviz.cli.films import load_scene
    from flashviz.cli.made import versions
    from flashviz.delivery import captions, container, pictures
    from flashviz.delivery.manifest import Files, Manifest, write_manifest
    from flashviz.delivery.transcript import transcript

    name, settings, told = rendered.scene, job.settings, rendered.told
    if not told:
        raise FlashvizError(f"expected a film with beats, got {name} without one; derive it from TraceScene")
    about, shown = described(load_scene(job.source))
    poster = next((beat for beat in told if beat.name == rendered.poster), told[-1])
    metadata = {"title": rendered.subject, "copyright": LICENCE, "comment": _provenance(rendered)}
    container.with_chapters(rendered.film.path, folder / f"{name}.mp4", told, metadata)
    if clean is not None:
        container.with_chapters(clean, folder / f"{name}-clean.mp4", told, metadata)
        clean.unlink()
    picture = folder / (f"{name}.mp4" if clean is None else f"{name}-clean.mp4")
    pictures.poster(picture, poster, folder / f"{name}.png")
    (folder / f"{name}.srt").write_text(captions.srt(told), encoding="utf-8")
    (folder / f"{name}.vtt").write_text(captions.vtt(told), encoding="utf-8")
    (folder / f"{name}.md").write_text(transcript(rendered.subject, about, told, shown), encoding="utf-8")
    if extras:
        pictures.loop(picture, poster, folder / f"{name}.webp")
    if av1:
        container.as_av1(rendered.film.path, folder / "av1.part.mp4")
        container.with_chapters(folder / "av1.part.mp4", folder / f"{name}-av1.mp4", told, metadata)
        (folder / "av1.part.mp4").unlink()
    files = Files(
        film=f"{name}.mp4", poster=f"{name}.png", srt=f"{name}.srt", vtt=f"{name}.vtt", transcript=f"{name}.md",
        clean=picture.name if clean is not None or not settings.captions else None, loop=f"{name}.webp" if extras else None,
        av1=f"{name}-av1.mp4" if av1 else None, stills=tuple(pictures.stills(picture, told, folder / "stills")) if extras else (),
    )  # fmt: skip
    fps = looked_at(folder, files, told)
    manifest = Manifest(
        scene=name, subject=rendered.subject, about=about, seconds=rendered.film.seconds, width=rendered.film.width,
        height=rendered.film.height, fps=fps, language=settings.language,
        settings={"theme": settings.theme, "aspect": settings.aspect, "captions": settings.captions, **settings.config.to_dict()},
        traces=rendered.provenance, versions=versions(), poster_beat=poster.name, beats=told, files=files,
        sha256={each: _digest(folder / each) for each in files.names()}, made_of=made_of,
    )  # fmt: skip
    write_manifest(folder, manifest)
    return manifest


def looked_at(folder: Path, files: Files, told: Sequence[Told]) -> float:
    """Read the films of a folder back; their frames a second.

    Raises:
        FlashvizError: One is not what players and pages need.
    """
    from flashviz.delivery import container

    rate = 0.0
    for name in files.films():
        rate = looked_at_film(folder / name, told, container.AV1_DECODER if name == files.av1 else "h264")
    return rate


def looked_at_film(path: Path, told: Sequence[Told], codec: str = "h264") -> float:
    """Read a film back that shows these beats; its frames a second.

    Raises:
        FlashvizError: It is not what players and pages need.
    """
    import av

    from flashviz.delivery import container
    from flashviz.render import probe

    film, name = probe(path), path.name
    with av.open(str(path)) as opened:
        rate = float(opened.streams.video[0].base_rate or 0)
    marked = len(container.chapters(path)), len(container.marks(told))
    found = {
        "codec": (film.codec, codec), "pixel format": (film.pixel_format, "yuv420p"), "primaries": (film.primaries, 1),
        "transfer": (film.transfer, 1), "index first": (film.faststart, True), "chapters": marked,
    }  # fmt: skip
    for what, (got, expected) in found.items():
        if got != expected:
            raise FlashvizError(f"expected {name} to have {what} {expected}, got {got}; render it again with another --media-dir")
    end = told[-1].start + told[-1].seconds
    if abs(film.seconds - end) > len(told) / rate:  # joined segments end at whole milliseconds
        raise FlashvizError(f"expected {name} to last {end:.2f} s, got {film.seconds:.2f} s; render it again with another --media-dir")
    return rate


def light_enough(folder: Path, manifest: Manifest) -> None:
    """Raise ``FlashvizError`` where a film of up to 1080p, or of several a chapter on average, is over 25 MB."""
    most = FULL_HD_BYTES * len({beat.chapter for beat in manifest.beats})
    for name in manifest.files.films():
        size = (folder / name).stat().st_size
        if manifest.width * manifest.height <= FULL_HD and size > most:
            raise FlashvizError(f"expected {name} to be at most {most:,} bytes, got {size:,}; choose a lower --quality")


def described(scene: Any) -> tuple[str, dict[str, str]]:
    """What a film is about, and what moves in its beats, by the docstrings of its class and of its beats, methods or functions."""
    about = (scene.__doc__ or "").strip().partition("\n")[0]
    used = [each for each in vars(sys.modules[scene.__module__]).values() if inspect.ismodule(each)]  # whose functions a scene plays
    owners = [
        scene,
        *(each for each in used if each.__name__.startswith("flashviz.")),
        *(sys.modules[base.__module__] for base in scene.__mro__ if base.__module__.startswith("flashviz.")),
    ]
    methods = [method for owner in owners for _, method in inspect.getmembers(owner, inspect.isfunction) if hasattr(method, "beat")]
    return about, {method.beat: " ".join(inspect.getdoc(method).split()) for method in methods if inspect.getdoc(method)}  # type: ignore[union-attr]


def _made_of(told: Job, clean: Job) -> tuple[str, ...]:
    from flashviz.cli.made import Made

    return tuple(Made.of(job).place.stem for job in (told, clean))


def _provenance(rendered: Rendered) -> str:
    traces = "; ".join(f"{trace.get('source', '')} {trace.get('hash', '')}".strip() for trace in rendered.provenance)
    return f"flashviz; traces: {traces}" if traces else "flashviz"


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
