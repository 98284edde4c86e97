"""The traces that a film shows, recorded again for the player on its page: the same hash, or no site."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

from flashviz.config import AttentionConfig
from flashviz.delivery.manifest import Manifest
from flashviz.errors import FlashvizError
from flashviz.export import player_json
from flashviz.files import beside
from flashviz.trace import Trace
from flashviz_kernels import record

FOLDER = "_traces"
MOST_EVENTS = 4000  # of a trace that is offered: interpreted and exported in seconds, and loaded at once
NAMES = {"fa2": "FlashAttention-2", "fa1": "FlashAttention", "standard": "standard attention"}


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
    def words(self) -> str:
        """What it is called beside other traces of the same film."""
        c = self.config
        n = f"{c.seq_q}" if c.seq_q == c.seq_k else f"{c.seq_q} x {c.seq_k}"
        heads = "" if c.heads == 1 else f", {c.heads} / {c.kv_heads} heads"
        return f"{NAMES[self.algorithm]}, N = {n}, tiles {c.block_m} x {c.block_n}, {c.dtype}{heads}{', causal' if c.causal else ''}"

    def record(self) -> Trace:
        """Run the kernel or the twin again. Raises ``FlashvizError`` where it does not do what the film shows."""
        source = "numpy" if self.source == "numpy" else "triton"
        trace = record(self.config, source=source, algorithm=self.algorithm)
        if trace.hash != self.hash:
            raise FlashvizError(f"expected trace {self.hash} of a delivered film, recorded {trace.hash}; deliver the film again")
        return trace


def shown_by(film: Manifest) -> list[Shown]:
    """The film's traces that a page can offer, FlashAttention's before standard attention's, each once."""
    named = [trace for trace in film.traces if "config" in trace and trace["events"] <= MOST_EVENTS]
    found = [Shown(trace["algorithm"], trace["source"], AttentionConfig.from_dict(trace["config"]), trace["hash"]) for trace in named]
    return sorted(dict.fromkeys(found), key=lambda one: one.algorithm == "standard")


def player(traces: list[Shown], up: str) -> str:
    """The element that plays them; ``up`` leads from the page to the site's root."""
    first, *others = traces
    place = f"{up}{FOLDER}"
    more = "".join(f'\n  <a data-control="Trace" data-value="{escape(each.words)}" href="{place}/{each.file}">{escape(each.words)}</a>'
                   for each in others)  # fmt: skip
    return f'<flash-trace-player src="{place}/{first.file}">{more}\n</flash-trace-player>'


def write_traces(traces: list[Shown], folder: Path) -> None:
    """Export each into ``folder``, where nothing else stays."""
    folder.mkdir(exist_ok=True)
    for stale in {path.name for path in folder.iterdir()} - {each.file for each in traces}:
        (folder / stale).unlink()
    for each in dict.fromkeys(traces):
        with beside(folder / each.file, FlashvizError) as partial:
            partial.write_bytes(player_json(each.record()))


def facts(trace: dict[str, Any]) -> str:
    """A line on a trace, or on what a film quotes."""
    if "quoted" in trace:
        return f"Quoted: {trace['quoted']}"
    what = NAMES.get(trace.get("algorithm", ""), "")
    return f"Trace: {what + ', ' if what else ''}source {trace.get('source', '?')}, hash `{trace.get('hash', '?')}`"
