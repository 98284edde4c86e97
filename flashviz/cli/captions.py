"""``flashviz captions``: the English captions of films as a catalogue, to be translated; a catalogue brought up to date."""

from __future__ import annotations

from pathlib import Path

import click
import cloup

from flashviz.errors import UsageError
from flashviz.files import beside


@cloup.command()
@cloup.argument("scenes", nargs=-1, metavar="[SCENE]...")
@cloup.option("--from", "earlier", metavar="FILE.toml|LANGUAGE", help="Keep what still holds of an earlier catalogue.")
@cloup.option("--out", required=True, type=click.Path(dir_okay=False, path_type=Path), metavar="FILE.toml")
def captions(scenes: tuple[str, ...], earlier: str | None, out: Path) -> None:
    """Write the English captions of films (all that have a script, unless some are named), keyed by beat, to be translated.

    With --from the films are those of the earlier catalogue. A text whose English has not changed keeps its translation.
    """
    from flashviz.catalogue import check_scenes, read_catalogue, source_catalogue
    from flashviz.cli.films import find_scenes, known_scenes, load_scene

    if out.suffix != ".toml":
        raise UsageError(f"--out {out}: a catalogue is a .toml file; try {out.with_suffix('.toml')}")
    if not out.parent.is_dir():
        raise UsageError(f"--out {out}: there is no folder {out.parent}; make it first")
    if out.exists():
        raise UsageError(f"--out {out}: expected a new file, got one that is there and may be translated; choose another name")
    kept = None if earlier is None else read_catalogue(earlier)
    if kept is not None:
        check_scenes(kept, known_scenes())
        scenes = scenes or tuple(kept.captions)
    found = find_scenes(scenes or tuple(known_scenes()))
    scripts = {source.name: load_scene(source).script for source in found}
    scripts = scripts if scenes else {name: script for name, script in scripts.items() if script}
    text = source_catalogue(scripts, kept)
    with beside(out) as partial:
        partial.write_text(text, encoding="utf-8")
    click.echo(f"{out}: the captions of {', '.join(scripts)}. Translate them, then flashviz render --catalogue {out}")
