"""``flashviz slides``: a film as slides."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import cloup

from flashviz.cli import options, screen
from flashviz.errors import UsageError
from flashviz.interrupts import ends_orderly

if TYPE_CHECKING:
    from flashviz.delivery.slides import Kind

ENDS = {"html": "-slides", "pptx": ".pptx", "pdf": ".pdf"}


@cloup.command()
@cloup.argument("film", metavar="SCENE|FOLDER")
@cloup.option("--to", required=True, type=click.Choice(list(ENDS)), help="A folder for a browser, PowerPoint, or pages.")
@cloup.option("--out", type=click.Path(path_type=Path), metavar="PATH", help="[default: by the scene's name, in the working directory]")
@cloup.option("-q", "--quality", type=click.Choice(list(options.QUALITIES)), help="480p, 720p, 1080p, 4K. [default: m]")
@options.with_config
@options.with_source
@options.with_film
@ends_orderly()
def slides(film: str, to: Kind, out: Path | None, quality: str | None, media_dir: Path, workers: int | None, **flags: Any) -> None:
    """Make slides from a film: one a section, with notes for the speaker. SCENE is rendered; FOLDER has a film that was delivered."""
    folder = Path(film)
    if folder.is_dir():
        given = options.spell({"quality": quality, "workers": workers, **flags})
        if given:
            raise UsageError(f"{folder} has a film as it was delivered; leave out {given}")
        _make(folder, to, out)
    else:
        _render_and_make(film, to, out, quality or "m", media_dir, workers, flags)


def _render_and_make(
    scene: str, to: Kind, out: Path | None, quality: str, media_dir: Path, workers: int | None, flags: dict[str, Any]
) -> None:  # fmt: skip
    from flashviz.cli.deliver import assemble
    from flashviz.cli.drawing import render_film
    from flashviz.cli.films import Job, cores, find_scenes
    from flashviz.settings import load_settings

    job = Job(find_scenes((scene,))[0], load_settings(**flags), options.QUALITIES[quality], media_dir.resolve())
    with tempfile.TemporaryDirectory(prefix="flashviz-slides-") as folder:
        assemble(job, render_film(job, workers or cores()), Path(folder), extras=False)
        _make(Path(folder), to, out)


def _make(folder: Path, to: Kind, out: Path | None) -> None:
    from flashviz.delivery.manifest import read_manifest
    from flashviz.delivery.slides import make_slides

    manifest = read_manifest(folder)
    with screen.status(f"{manifest.scene}: slides"):
        made = make_slides(folder, to, out or Path(manifest.scene + ENDS[to]))
    click.echo(f"{made}: open it" if to == "html" else str(made))
