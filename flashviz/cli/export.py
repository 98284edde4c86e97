"""``flashviz export``: a trace in the formats of other tools."""

from __future__ import annotations

from pathlib import Path

import click
import cloup
import msgspec

from flashviz.cli import options, screen
from flashviz.errors import UsageError
from flashviz.figures import kib
from flashviz.files import beside

SUFFIXES = {"perfetto": ".pftrace", "player": ".json"}


@cloup.command()
@cloup.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@cloup.option("--perfetto", is_flag=True, help="A timeline for ui.perfetto.dev, in its own format.")
@cloup.option("--player", is_flag=True, help="A file for the player in a page.")
@cloup.option("--out", required=True, type=click.Path(dir_okay=False, path_type=Path), metavar="FILE.pftrace|FILE.json")
@cloup.option("--algorithm", metavar="FILE.py:NAME", help="What was computed, where the trace is of an Algorithm of your own.")
@options.with_json
def export(file: Path, perfetto: bool, player: bool, algorithm: str | None, out: Path, as_json: bool) -> None:
    """Write a trace in the format of another tool."""
    if perfetto == player:
        raise UsageError(f"expected one format to export to, got {'two' if player else 'none'}; add --perfetto or --player")
    suffix = SUFFIXES["player" if player else "perfetto"]
    if out.suffix != suffix:
        raise UsageError(f"--out {out}: expected a {suffix} file, got {out.suffix or 'no ending'}; try {out.with_suffix(suffix)}")
    if not out.parent.is_dir():
        raise UsageError(f"--out {out}: there is no folder {out.parent}; make it first")
    with screen.status("exporting"):
        summary, said = _for_player(file, algorithm, out) if player else _for_perfetto(file, algorithm, out)
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode({"path": str(out), **summary, "bytes": out.stat().st_size}), indent=2))
    else:
        click.echo(f"{out}: {said[0]}, {kib(out.stat().st_size)}")
        click.echo(said[1])


def _for_perfetto(file: Path, algorithm: str | None, out: Path) -> tuple[dict[str, object], tuple[str, str]]:
    from flashviz.export import timeline_of, write_perfetto
    from flashviz.trace import Trace, load_header
    from flashviz_kernels.again import load_checked

    seen = load_header(file).config is None and algorithm is None  # by the pointers: there is nothing to hold it to
    timeline = timeline_of(Trace.load(file) if seen else load_checked(file, algorithm))
    write_perfetto(timeline, out)
    return (
        {"axis": timeline.axis, "tracks": len(timeline.tracks), "slices": len(timeline)},
        (f"{len(timeline):,} slices on {len(timeline.tracks):,} tracks ({timeline.axis})",
         "Open it at https://ui.perfetto.dev; the page reads it on this machine."),
    )  # fmt: skip


def _for_player(file: Path, algorithm: str | None, out: Path) -> tuple[dict[str, object], tuple[str, str]]:
    from flashviz.export import player_json
    from flashviz_kernels.again import load_checked

    trace = load_checked(file, algorithm)
    with beside(out) as partial:
        partial.write_bytes(player_json(trace))
    return (
        {"events": len(trace), "hash": trace.hash},
        (f"{len(trace):,} events for the player", f'Show it with <flash-trace-player src="{out.name}">; or flashviz player {file}'),
    )  # fmt: skip
