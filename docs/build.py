"""``./run.sh docs``: deliver the films that are missing, and build the site."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import click

from flashviz.cli import options
from flashviz.cli.deliver import deliver
from flashviz.cli.films import cores, every_scene
from flashviz.delivery.manifest import MANIFEST, read_manifest
from flashviz.errors import FlashvizError
from flashviz.interrupts import ends_orderly
from flashviz.settings import load_settings

sys.path.insert(0, str(Path(__file__).parent / "_ext"))
from posters import small

ROOT = Path(__file__).parent.parent
DELIVERED = ROOT / "media" / "delivered"
POSTERS = ROOT / "media" / "posters"
SITE = ROOT / "build" / "site"


@click.command()
@click.argument("scenes", nargs=-1, metavar="[SCENE]...")
@click.option("-q", "--quality", type=click.Choice(list(options.QUALITIES)), default="m", help="480p, 720p, 1080p, 4K. [default: m]")
@click.option("--no-films", is_flag=True, help="Render nothing: the pages show what media/delivered holds, and say what is not there.")
@click.option("--no-site", is_flag=True, help="Render and deliver only.")
@click.option("--posters", is_flag=True, help="Also write media/posters, the README's gallery, from what media/delivered holds.")
def build(scenes: tuple[str, ...], quality: str, no_films: bool, no_site: bool, posters: bool) -> None:
    """Build the site into build/site, with all films or those named, and any that were delivered before."""
    if no_films and scenes:
        raise click.UsageError(f"--no-films renders nothing, {', '.join(scenes)} is a film; leave one out")
    try:
        if not no_films:
            settings = load_settings()
            names = scenes or [scene.name for scene in every_scene(settings)]
            with ends_orderly():
                deliver(names, DELIVERED, options.QUALITIES[quality], settings, ROOT / "media", cores())
        if posters:
            write_posters(DELIVERED, POSTERS)
        if not no_site:
            make_site(ROOT / "docs", DELIVERED, SITE)
            click.echo(f"{SITE / 'index.html'}: open it")
    except FlashvizError as error:
        click.echo(f"docs: {error}", err=True)
        sys.exit(error.exit_code)


def write_posters(films: Path, out: Path) -> None:
    """A small picture of every film that is delivered. Raises ``FlashvizError`` where there is none, or one is not small."""
    found = sorted(films.glob(f"*/{MANIFEST}"))
    if not found:
        raise FlashvizError(f"expected delivered films in {films}, got none; leave out --no-films")
    out.mkdir(parents=True, exist_ok=True)
    for path in found:
        small(path.parent / read_manifest(path.parent).files.poster, out / f"{path.parent.name}.webp")


def make_site(pages: Path, films: Path, site: Path) -> None:
    """Run Sphinx, for which a warning is an error. Raises ``FlashvizError`` where there was one."""
    command = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", "-b", "html", "-D", f"films_folder={films}"]
    ended = subprocess.run([*command, "-d", str(site.with_name("doctrees")), str(pages), str(site)], check=False)
    if ended.returncode:
        raise FlashvizError(f"expected a site without warnings, Sphinx ended with {ended.returncode}; mend what it says above")


if __name__ == "__main__":
    build()
