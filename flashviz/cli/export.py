"""``flashviz export``: a trace in the formats of other tools."""

from __future__ import annotations

from pathlib import Path

import click
import cloup
import msgspec

from flashviz.cli import options, screen
from flashviz.errors import UsageError
from flashviz.figures import kib

SUFFIX = ".pftrace"


@cloup.command()
@cloup.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@cloup.option("--perfetto", is_flag=True, help="A timeline for ui.perfetto.dev, in its own format.")
@cloup.option("--out", required=True, type=click.Path(dir_okay=False, path_type=Path), metavar="FILE.pftrace")
@options.with_json
def export(file: Path, perfetto: bool, out: Path, as_json: bool) -> None:
    """Write a trace in the format of another tool."""
    if not perfetto:
        raise UsageError("expected a format to export to, got none; add --perfetto")
    if out.suffix != SUFFIX:
        raise UsageError(f"--out {out}: a Perfetto trace is a {SUFFIX} file; try {out.with_suffix(SUFFIX)}")
    if not out.parent.is_dir():
        raise UsageError(f"--out {out}: there is no folder {out.parent}; make it first")
    from flashviz.export import timeline_of, write_perfetto
    from flashviz.trace import load

    timeline = timeline_of(load(file))
    with screen.status("exporting"):
        write_perfetto(timeline, out)
    size = out.stat().st_size
    if as_json:
        summary = {"path": str(out), "axis": timeline.axis, "tracks": len(timeline.tracks), "slices": len(timeline), "bytes": size}
        click.echo(msgspec.json.format(msgspec.json.encode(summary), indent=2))
    else:
        click.echo(f"{out}: {len(timeline):,} slices on {len(timeline.tracks):,} tracks ({timeline.axis}), {kib(size)}")
        click.echo("Open it at https://ui.perfetto.dev; the page reads it on this machine.")
