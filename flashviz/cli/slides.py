"""``flashviz slides``: a delivered film as slides."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click
import cloup

from flashviz.cli import screen

if TYPE_CHECKING:
    from flashviz.delivery.slides import Kind

ENDS = {"html": "-slides", "pptx": ".pptx", "pdf": ".pdf"}


@cloup.command()
@cloup.argument("film", type=click.Path(file_okay=False, path_type=Path), metavar="FOLDER")
@cloup.option("--to", required=True, type=click.Choice(list(ENDS)), help="A folder for a browser, PowerPoint, or pages.")
@cloup.option("--out", type=click.Path(path_type=Path), metavar="PATH", help="[default: by the scene's name, in the working directory]")
def slides(film: Path, to: Kind, out: Path | None) -> None:
    """Make slides from a delivered film: one a section, with notes for the speaker."""
    from flashviz.delivery.manifest import read_manifest
    from flashviz.delivery.slides import make_slides

    place = out or Path(read_manifest(film).scene + ENDS[to])
    with screen.status(f"{film.name}: slides"):
        made = make_slides(film, to, place)
    click.echo(f"{made}: open it" if to == "html" else str(made))
