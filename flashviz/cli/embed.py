"""``flashviz embed``: a delivered film's HTML, to be pasted into a page."""

from __future__ import annotations

from pathlib import Path

import click
import cloup


@cloup.command()
@cloup.argument("film", type=click.Path(file_okay=False, path_type=Path), metavar="FOLDER")
@cloup.option("--at", metavar="PATH|URL", help="Where the page finds the folder. [default: beside itself]")
@cloup.option("--iframe", is_flag=True, help="A frame instead, for learning platforms; writes the page that it shows into FOLDER.")
def embed(film: Path, at: str | None, iframe: bool) -> None:
    """Print the HTML that shows a delivered film, to be pasted into a page."""
    from flashviz.delivery.embedding import iframe_tag, video_tag, within, write_page
    from flashviz.delivery.manifest import read_manifest

    manifest = read_manifest(film)
    place = within(film.resolve().name if at is None else at)
    if iframe:
        write_page(film)
    click.echo((iframe_tag if iframe else video_tag)(manifest, place))
