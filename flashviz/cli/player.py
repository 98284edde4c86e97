"""``flashviz player``: pages with the trace player."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import cloup

from flashviz.cli import options, screen
from flashviz.config import AttentionConfig
from flashviz.errors import ConfigError, UsageError
from flashviz.figures import kib
from flashviz.files import beside
from flashviz.settings import load_settings

if TYPE_CHECKING:
    import numpy as np

    from flashviz.delivery.player_page import Choice
    from flashviz.trace import ProgramValues, Trace

HEIGHTS = (16, 32, 64, 128, 256)  # rows of a query tile
OUTPUT = "O"  # of the algorithms in a gallery
GALLERY = {"N": ("128", "256", "512"), "Tile": ("32", "64", "128"), "Mask": ("none", "causal")}


@cloup.command()
@cloup.argument("file", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar="[FILE.npz]")
@options.with_config
@cloup.option("--gallery", is_flag=True, help="A folder with a page to change N, tiles, mask and algorithm in.")
@cloup.option("--algorithm", metavar="FILE.py:NAME", help="What was computed, where FILE is of an Algorithm of your own.")
@cloup.option("--out", required=True, type=click.Path(path_type=Path), metavar="PAGE.html|DIR")
def player(file: Path | None, gallery: bool, algorithm: str | None, out: Path, **flags: Any) -> None:
    """Write a page that steps through a trace: one file that needs no other and no internet."""
    given = options.spell(flags)
    if file is None and algorithm is not None:
        raise UsageError(f"expected the trace that {algorithm} is the algorithm of, got no FILE; record one with flashviz trace")
    if (file is not None or gallery) and given:
        raise UsageError(f"{file or '--gallery'} says itself what is computed; leave out {given}")
    if gallery:
        if file is not None:
            raise UsageError(f"expected a trace or --gallery, got both; leave out {file}")
        made = _gallery(out)
    else:
        made = _page(file, algorithm, load_settings(**flags).config, out)
    click.echo(made)


def _page(file: Path | None, algorithm: str | None, config: AttentionConfig, out: Path) -> str:
    """The recording, and what is learnt from changing it: no rescale, another order, other tile heights."""
    if out.suffix != ".html":
        raise UsageError(f"--out {out}: expected a .html file, got {out.suffix or 'no ending'}; try {out.with_suffix('.html')}")
    if not out.parent.is_dir():
        raise UsageError(f"--out {out}: there is no folder {out.parent}; make it first")
    from flashviz_kernels import record
    from flashviz_kernels.again import load_checked

    with screen.status("recording"):
        count = write_page(record(config) if file is None else load_checked(file, algorithm), out, algorithm)
    return f"{out}: {count} traces, {kib(out.stat().st_size)}; it needs no other file"


def write_page(trace: Trace, out: Path, algorithm: str | None = None) -> int:
    """Write the page of a recording, with further traces that are made of it; how many it has. ``algorithm`` as for ``load_checked``.

    Raises:
        TraceError: The recording is too large for a page.
    """
    from flashviz.delivery.player_page import single_page

    choices = list(_choices(trace, algorithm))
    with beside(out) as partial:
        partial.write_text(single_page(choices), encoding="utf-8")
    return len(choices)


def _choices(trace: Trace, algorithm: str | None) -> Iterator[Choice]:
    """The trace as it is; where its algorithm can be altered, others by the twin too, with the followed block's scores."""
    from flashviz.delivery.player_page import Choice
    from flashviz.export import player_json

    config, header = trace.config, trace.header
    if not header.keeps_rows or header.altered is not None or config.seq_k == 0:
        yield Choice("Trace", header.altered or header.algorithm, player_json(trace))
        return
    from flashviz.storyboard import follow_in
    from flashviz.trace import replay
    from flashviz_kernels.algorithms import recorded_by
    from flashviz_kernels.altered import in_order, shuffled, without_rescale
    from flashviz_kernels.recorder import run

    computed = recorded_by(header.algorithm, algorithm)
    right = computed.reference(computed.inputs(config), config)[OUTPUT]
    right = right.reshape(-1, *right.shape[2:])  # [B H, N_q, d]

    def errors(o: np.ndarray) -> np.ndarray:
        return abs(o.reshape(right.shape).astype(float) - right).max(axis=-1)  # type: ignore[no-any-return]

    replayed = {one: replay(trace, one) for one in trace.programs}
    own = right.copy()
    for (_, copy), values in replayed.items():
        own[copy, slice(*values.rows)] = values.o
    if computed.altered is None:
        yield Choice("Trace", header.algorithm, player_json(trace, errors=errors(own)))
        return
    chosen = follow_in(trace)
    program, row = chosen.program, chosen.program[0] * config.block_m + chosen.row
    yield Choice("Tile height", str(config.block_m), player_json(trace, errors=errors(own)))
    for height in HEIGHTS:
        other = _of_height(config, height)
        if other is not None:
            ran = run(other, source="numpy", algorithm=computed)
            yield Choice("Tile height", str(height), player_json(ran.trace, programs=[(row // height, program[1])], errors=errors(ran.o)))
    order = shuffled(_scores(replayed[program], chosen.row, config), config.block_n)
    broken, mixed = without_rescale(config), in_order(config, order)
    yield Choice("Rescale", "off: broken on purpose", player_json(broken.trace, programs=[program], errors=errors(broken.o), right=right))
    yield Choice("Key tiles", "shuffled", player_json(mixed.trace, programs=[program], errors=errors(mixed.o)))


def _scores(values: ProgramValues, row: int, config: AttentionConfig) -> np.ndarray:
    """A row's scores [N_k] from those of the tiles that its program visits; a key that it does not see has minus infinity."""
    import numpy as np

    scores = np.full((config.col_blocks, config.block_n), -np.inf, np.float32)
    scores[values.j] = np.nan_to_num(values.s[:, row], nan=-np.inf, neginf=-np.inf)
    return scores.ravel()[: config.seq_k]


def _of_height(config: AttentionConfig, height: int) -> AttentionConfig | None:
    """The same problem with other query tiles, if they fit."""
    try:
        return replace(config, block_m=height) if height != config.block_m else None
    except ConfigError:
        return None


def _gallery(out: Path) -> str:
    from flashviz.delivery.player_page import write_gallery
    from flashviz.export import player_json
    from flashviz.storyboard import follow_in
    from flashviz_kernels import record
    from flashviz_kernels.algorithms import computing

    controls, traces = {"Algorithm": computing(OUTPUT)} | GALLERY, {}
    with screen.status("recording"):
        for values in product(*controls.values()):
            algorithm, n, tile, mask = values
            if int(tile) >= int(n):  # one tile has nothing to show
                continue
            config = AttentionConfig(seq_q=int(n), block_m=int(tile), block_n=int(tile), causal=mask == "causal")
            trace = record(config, source="numpy", algorithm=algorithm)
            traces[values] = player_json(trace, programs=[follow_in(trace).program] if trace.header.keeps_rows else None)
    page = write_gallery(out, controls, traces)
    size = sum(path.stat().st_size for path in out.rglob("*") if path.is_file())
    return f"{page}: {len(traces)} traces, {kib(size)}; put the folder on a web server"
