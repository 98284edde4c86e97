"""The traces that a film shows, recorded again for the player on its page: the same hash, or no site."""

from __future__ import annotations

import itertools
import shutil
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

from flashviz.cli import main
from flashviz.config import AttentionConfig
from flashviz.delivery.manifest import Manifest
from flashviz.delivery.player_page import TRACES
from flashviz.errors import FlashvizError
from flashviz.export import player_json
from flashviz.forms import BASELINE, form_of
from flashviz.trace import Trace
from flashviz_kernels import record
from flashviz_kernels.algorithms import named

FOLDER, GALLERY = "_traces", "gallery"
DOOR = f"{FOLDER}/{GALLERY}/{TRACES}/fa2-512-64-none.json"  # the film's own problem, among those of the gallery
MANY = 3
MOST_EVENTS = 6000  # of a trace that is offered: interpreted and exported in seconds, and loaded at once


@dataclass(frozen=True)
class Shown:
    """A trace of a film as its manifest names it: enough to record it again."""

    algorithm: str
    source: str
    config: AttentionConfig
    hash: str

    @property
    def file(self) -> str:
        """Its name in the site's folder: dtype and inputs are not in the hash, which is over events."""
        c = self.config
        return f"{self.algorithm}-{self.source}-{self.hash}-{c.dtype}-{c.inputs}-{c.seed}.json"

    @property
    def page(self) -> str:
        """The player with this trace in one file."""
        return f"{Path(self.file).stem}.html"

    @property
    def words(self) -> str:
        """What it is called beside other traces of the same film."""
        c = self.config
        n = f"{c.seq_q}" if c.seq_q == c.seq_k else f"{c.seq_q} x {c.seq_k}"
        heads = "" if c.heads == 1 else f", {c.heads} / {c.kv_heads} heads"
        tiles = f"tiles {c.block_m} x {c.block_n}, {c.dtype}{heads}{', causal' if c.causal else ''}"
        return f"{form_of(self.algorithm).title}, N = {n}, {tiles}"

    def record(self) -> Trace:
        """Run the kernel or the twin again. Raises ``FlashvizError`` where it does not do what the film shows."""
        source = "numpy" if self.source == "numpy" else "triton"
        trace = record(self.config, source=source, algorithm=self.algorithm)
        if trace.hash != self.hash:
            raise FlashvizError(f"expected trace {self.hash} of a delivered film, recorded {trace.hash}; deliver the film again")
        return trace


def shown_by(film: Manifest) -> list[Shown]:
    """The film's traces that a page can offer, each once, as the film has them, standard attention last.

    Of a film that compares many, the first is of the film's own problem.
    """
    named = [trace for trace in film.traces if "config" in trace and trace["events"] <= MOST_EVENTS]
    found = [_shown(trace) for trace in named]

    def rank(one: Shown) -> tuple[bool, bool]:
        own = all(film.settings[name] == value for name, value in one.config.to_dict().items())
        return one.algorithm == BASELINE, len(found) > MANY and not own

    return sorted(dict.fromkeys(found), key=rank)


def _shown(trace: dict[str, Any]) -> Shown:
    return Shown(trace["algorithm"], trace["source"], AttentionConfig.from_dict(trace["config"]), trace["hash"])


def player(traces: list[Shown], up: str) -> str:
    """The element that plays them, with a list to choose from; ``up`` leads from the page to the site's root."""
    place, first = f"{up}{FOLDER}", traces[0]
    options = "".join(f'\n<option value="{place}/{each.file}">{escape(each.words)}</option>' for each in traces)
    choice = f"<p><label>Trace <select>{options}\n</select></label></p>\n" if len(traces) > 1 else ""
    more = ", with what is learnt from changing one thing: no rescale, key tiles in another order, other tile heights"
    more = more if named(first.algorithm).altered is not None else ""
    return (
        f'<div class="stepped">\n{choice}{element(f"{place}/{first.file}")}\n</div>\n'
        f'<p><a href="{place}/{first.page}">The player as one file</a>, which needs no web server{more}.</p>'
    )


def element(src: str) -> str:
    """The player, which fetches a trace."""
    return f'<flash-trace-player src="{src}"><p>Here the player needs a web server.</p></flash-trace-player>'


def write_traces(films: Iterable[Manifest], folder: Path) -> None:
    """Export the traces of ``films`` into ``folder``, where nothing else stays, and make the pages that play them in one file."""
    offered = [traces for film in films if (traces := shown_by(film))]
    alone = {traces[0] for traces in offered}
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for each in dict.fromkeys(itertools.chain(*offered)):
        trace = each.record()
        (folder / each.file).write_bytes(player_json(trace))
        if each in alone:
            with tempfile.TemporaryDirectory() as place:
                trace.save(Path(place) / "trace.npz")
                _flashviz("player", f"{place}/trace.npz", "--out", str(folder / each.page))
    _flashviz("player", "--gallery", "--out", str(folder / GALLERY))


def _flashviz(*arguments: str) -> None:
    """A command, as it is typed. Raises ``FlashvizError`` where it fails; it has said why."""
    if main.main([*arguments], prog_name="flashviz", standalone_mode=False):
        raise FlashvizError(f"expected flashviz {' '.join(arguments)} to end well; mend what it says above")


def facts(trace: dict[str, Any]) -> str:
    """A line on a trace, or on what a film quotes."""
    if "quoted" in trace:
        return f"Quoted: {trace['quoted']}"
    what = f"{_shown(trace).words}; " if "config" in trace else ""
    return f"Trace: {what}source {trace.get('source', '?')}, hash `{trace.get('hash', '?')}`"
