"""LoopOrderScene: keys outside (FlashAttention) beside queries outside (FlashAttention-2)."""

from __future__ import annotations

from dataclasses import dataclass

from flashviz.chapters.crosses import Folded
from flashviz.figures import kib
from flashviz.storyboard import Beat
from flashviz.trace import Trace

BEATS: tuple[Beat, ...] = (
    Beat("stage", "Two loop orders", 7, fresh=True, caption=
         "The same tiles, two orders: which loop is outside?"),
    Beat("first", "The first pass", 10, still=1.2, caption=
         "Keys outside: a key tile stays, and O comes in and goes out at every tile. Queries outside: O waits on chip."),
    Beat("rest", "All tiles", 12, still=1.2, caption="One clock: both compute the same {tiles} score tiles. No score is stored."),
    Beat("o", "O's own traffic", 8, still=1.2, caption="O alone: {o_first} against {o_second}. Written once, it need not come back."),
    Beat("total", "All tensors", 8, still=1.2, caption=
         "Keys outside, K and V cross once: {kv_first} against {kv_second}. All tensors: {first} against {second}."),
)  # fmt: skip
TITLES = ("FlashAttention: keys outside", "FlashAttention-2: queries outside")


@dataclass(frozen=True)
class LoopOrder:
    """Two traces of one problem, folded, and what the captions say."""

    first: Folded
    second: Folded
    said: dict[str, str]


def gather(fa1: Trace, fa2: Trace) -> LoopOrder:
    """Fold both traces; they compute the same number of score tiles."""
    first, second = Folded(fa1), Folded(fa2)
    assert len(first.products) == len(second.products)
    said = {"tiles": f"{len(first.products):,}", "first": kib(first.total), "second": kib(second.total)}
    for name, found in (("first", first), ("second", second)):
        said |= {f"o_{name}": kib(found.final["O"]), f"kv_{name}": kib(sum(found.final.get(t, 0) for t in "KV"))}
    return LoopOrder(first, second, said)
