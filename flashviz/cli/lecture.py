"""``flashviz lecture``: films, clips, slides, handout, quiz, transcripts and captions in one folder and one zip that need no internet."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import cloup
import msgspec

from flashviz.cli import options, screen
from flashviz.cli.deliver import deliver, described, looked_at_film, whole, without_captions
from flashviz.cli.handout import PAPERS
from flashviz.errors import TraceError
from flashviz.interrupts import ends_orderly

if TYPE_CHECKING:
    from flashviz.delivery.handout import Paper
    from flashviz.delivery.lecture import Lecture, Part
    from flashviz.delivery.manifest import Manifest
    from flashviz.settings import Settings

FILMS = ("FlashAttentionScene", "DigestScene")
DELIVERED = "lecture"  # in the folder of media: films as they were delivered, for the next time
NO_PPTX = "There is no PowerPoint file: python-pptx is missing; pip install 'flashviz[slides]' and make the lecture again."


@cloup.command()
@cloup.option(
    "--out", required=True, type=click.Path(file_okay=False, path_type=Path), metavar="DIR", help="Gets all; DIR.zip lies beside."
)
@cloup.option("--scene", "scenes", multiple=True, default=FILMS, metavar="NAME", help="A film; may be repeated. [default: film and digest]")
@cloup.option("-q", "--quality", type=click.Choice(list(options.QUALITIES)), default="m", help="480p, 720p, 1080p, 4K. [default: m]")
@cloup.option("--paper", type=click.Choice(PAPERS), default="a4", help="Of the handout. [default: a4]")
@options.with_config
@options.with_source
@options.with_film
@ends_orderly()
def lecture(
    out: Path, scenes: tuple[str, ...], quality: str, paper: Paper, media_dir: Path, workers: int | None, **flags: Any
) -> None:  # fmt: skip
    """Put all that a lecture needs into a folder and a zip: films, clips, slides, handout, quiz, transcripts, captions."""
    from flashviz.catalogue import check_scenes
    from flashviz.cli.films import cores, find_scenes, known_scenes
    from flashviz.delivery.lecture import check_place, files_of, size, write_zip
    from flashviz.delivery.quiz.questions import check_config

    settings = without_captions(flags)
    check_config(settings.config)  # before minutes of films
    if settings.catalogue is not None:
        check_scenes(settings.catalogue, known_scenes())
    names = [scene.name for scene in find_scenes(scenes)]
    folder = Path(os.path.abspath(out))  # noqa: PTH100  # a name for the zip, but no link followed
    check_place(folder)
    films = deliver(names, media_dir / DELIVERED, options.QUALITIES[quality], settings, media_dir, workers or cores())
    made = make_lecture(folder, media_dir / DELIVERED, films, settings, paper)
    packed = write_zip(folder)
    for line in (*made.told(), *made.left_out):
        click.echo(line, err=True)
    clips = sum(map(len, made.clips.values()))
    click.echo(f"{out}: {len(films)} films, {clips} clips, {len(files_of(folder))} files; open index.html")
    click.echo(f"{packed}: {size(packed.stat().st_size)}")


def make_lecture(folder: Path, delivered: Path, films: Sequence[Manifest], settings: Settings, paper: Paper) -> Lecture:
    """Fill the folder, unless it holds a lecture that was made of the same.

    Args:
        folder: What lies there is replaced by the whole.
        delivered: Holds the films' folders.
        films: Their manifests.
        settings: Of the films and of the quiz.
        paper: Of the handout.

    Raises:
        FlashvizError: A film cannot be cut, or a file is not what it should be.
    """
    from flashviz.delivery.lecture import PAGE, standing, write_list
    from flashviz.delivery.lecture_page import index_page

    made_of = _made_of(films, paper)

    def build(place: Path) -> Lecture:
        title = f"{films[0].subject}: a lecture"
        parts = [_part(place, delivered / film.scene, film) for film in films]
        with screen.status("handout, quiz, captions"):
            left_out = [*missing(), *_papers(place, [film.scene for film in films], settings, paper)]
        (place / PAGE).write_text(index_page(place, title, parts, left_out), encoding="utf-8")
        return write_list(place, title, {part.manifest.scene: part.clips for part in parts}, left_out, made_of)

    return standing(folder, made_of) or whole(folder, build)


def _part(place: Path, delivered: Path, film: Manifest) -> Part:
    """One film, its clips and its slides; each clip is read back."""
    from flashviz.cli.films import find_scenes, load_scene
    from flashviz.delivery.clips import write_clips
    from flashviz.delivery.lecture import Part

    name = film.scene
    shutil.copytree(delivered, place / "films" / name)
    with screen.status(f"{name}: clips and slides"):
        cut = place / "clips" / name
        cut.mkdir(parents=True)
        clips = write_clips(delivered, film, cut)
        for clip in clips:
            for file in filter(None, (clip.film, clip.clean)):
                looked_at_film(cut / file, clip.beats)
        slides = [path.relative_to(place).as_posix() for path in _slides(place, delivered, name)]
    _, shown = described(load_scene(*find_scenes((name,))))
    return Part(film, shown, clips, slides)


def _slides(place: Path, delivered: Path, name: str) -> Iterator[Path]:
    from flashviz.delivery.slides import make_slides

    (place / "slides").mkdir(exist_ok=True)
    yield make_slides(delivered, "html", place / "slides" / name)
    if not missing():
        yield make_slides(delivered, "pptx", place / "slides" / f"{name}.pptx")
    yield make_slides(delivered, "pdf", place / "slides" / f"{name}.pdf")


def _papers(place: Path, names: Sequence[str], settings: Settings, paper: Paper) -> list[str]:
    """What is handed out and asked, and the captions to be translated; a line that names the questions that are left out."""
    from flashviz.catalogue import source_catalogue
    from flashviz.cli.films import find_scenes, load_scene
    from flashviz.cli.handout import by_hand
    from flashviz.delivery.handout import write_handout
    from flashviz.delivery.lecture import CATALOGUE
    from flashviz.delivery.quiz import write_quiz
    from flashviz.delivery.quiz.questions import BOOK, make_questions
    from flashviz_kernels.recorder import run

    left = _player(place / "player", settings)
    write_handout(by_hand(), place / "handout", paper)
    questions = make_questions(settings.config, run)
    write_quiz(questions, place / "quiz")
    scripts = {source.name: load_scene(source).script for source in find_scenes(tuple(names))}
    translatable = {name: script for name, script in scripts.items() if script}
    if translatable:
        (place / "captions").mkdir()
        (place / "captions" / CATALOGUE).write_text(source_catalogue(translatable), encoding="utf-8")
    unasked = sorted({words.name for words in BOOK.questions} - {question.name for question in questions})
    return [*left, f"Of these settings the quiz does not ask: {', '.join(unasked)}."] if unasked else left


def _player(folder: Path, settings: Settings) -> list[str]:
    """The page in which students step through the trace; a line where it is too long for a page."""
    from flashviz.cli.player import write_page
    from flashviz.delivery.player_page import PLAYER
    from flashviz_kernels import record

    folder.mkdir()
    try:
        write_page(record(settings.config, source=settings.source), folder / PLAYER)
    except TraceError as error:
        return [f"No player: {error}."]
    return []


def missing() -> list[str]:
    """A line for each thing that cannot be made on this machine."""
    return [] if importlib.util.find_spec("pptx") else [NO_PPTX]


def _made_of(films: Sequence[Manifest], paper: Paper) -> str:
    """A key of all that a lecture is made of: films, by their keys of code, settings and versions; templates and notes; the paper."""
    from flashviz import delivery

    digest = hashlib.sha256(msgspec.json.encode([[(film.scene, film.made_of) for film in films], paper, missing()]))
    folder = Path(delivery.__file__).parent
    for path in sorted(path for path in folder.rglob("*") if path.is_file() and path.suffix != ".pyc"):
        digest.update(path.relative_to(folder).as_posix().encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:20]
