"""``flashviz captions``: the English captions of films as a catalogue, to be translated."""

from __future__ import annotations

import os
from pathlib import Path

import click
import cloup

from flashviz.errors import UsageError


@cloup.command()
@cloup.argument("scenes", nargs=-1, metavar="[SCENE]...")
@cloup.option("--out", required=True, type=click.Path(dir_okay=False, path_type=Path), metavar="FILE.toml")
def captions(scenes: tuple[str, ...], out: Path) -> None:
    """Write the English captions of films (all that have a script, unless some are named), keyed by beat, to be translated."""
    from flashviz.catalogue import source_catalogue
    from flashviz.cli.films import find_scenes, known_scenes, load_scene

    if out.suffix != ".toml":
        raise UsageError(f"--out {out}: a catalogue is a .toml file; try {out.with_suffix('.toml')}")
    if not out.parent.is_dir():
        raise UsageError(f"--out {out}: there is no folder {out.parent}; make it first")
    if out.exists():
        raise UsageError(f"--out {out}: expected a new file, got one that is there and may be translated; choose another name")
    found = find_scenes(scenes or tuple(known_scenes()))
    scripts = {source.name: load_scene(source).script for source in found}
    scripts = scripts if scenes else {name: script for name, script in scripts.items() if script}
    text = source_catalogue(scripts)
    partial = out.with_name(f".{out.name}.{os.getpid()}.partial")
    try:
        partial.write_text(text, encoding="utf-8")
        partial.replace(out)
    finally:
        partial.unlink(missing_ok=True)
    click.echo(f"{out}: the captions of {', '.join(scripts)}. Translate them, then flashviz render --catalogue {out}")
