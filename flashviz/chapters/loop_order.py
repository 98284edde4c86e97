"""LoopOrderScene: keys outside (FlashAttention) beside queries outside (FlashAttention-2). What is shown, before it is drawn."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from flashviz.chapters.folded import Folded, one_head
from flashviz.config import AttentionConfig
from flashviz.errors import ConfigError
from flashviz.figures import amount, kib, times
from flashviz.memory import tile_bytes
from flashviz.storyboard import Beat
from flashviz.trace import Kind, Trace

BEATS: tuple[Beat, ...] = (
    Beat("visit", "One visit", 6.8, shot="visit", late=True, along=True, caption="A visit: a tile of Q meets one of K and V, adds to O."),
    Beat("stage", "Two loop orders", 3.9, shot="loops", late=True, along=True, caption="Two orders: which loop is outside?"),
    Beat("keys", "Keys outside", 10.6, shot="alone", late=True, along=True, caption="Keys outside: at every visit O comes and goes."),
    Beat("queries", "Queries outside", 7.8, shot="alone", late=True, along=True,
         caption="Queries outside: O waits on chip until its row ends."),
    Beat("rest", "All tiles", 7.0, shot="loops", late=True, along=True,
         caption="All {tiles} visits: a line each time that a tile crosses."),
    Beat("o", "O's own traffic", 4.6, shot="loops", late=True, along=True, caption="O crosses {o_times} times a row block, not once."),
    Beat("side", "Side by side", 9.4, shot="loops", late=True, along=True,
         caption="Each row has an O of its own. Columns share every O."),
    Beat("total", "All tensors", 5.6, shot="bills", late=True, along=True,
         caption="Queries outside: fewer bytes cross, all rows run at once."),
)  # fmt: skip
NAMES = (("Keys outside", "FlashAttention"), ("Queries outside", "FlashAttention-2"))
LOOPS = {0: ("for each query tile:", "for each key tile:"), 1: ("for each key tile:", "for each query tile:")}  # by ``outer``
COMES = (  # what comes and goes at every visit, by side, and shorter
    (["O", "comes and goes, with", "m", "and", "ℓ"], ["O", "comes and goes"]), (["K", "and", "V", "come and go"],),
)  # fmt: skip
STAYS = ("KV", "QO")  # what waits on chip between two score tiles, by the loop that is outside
MATRICES = "QKVO"
LOADING = 0.6  # of a score tile's time, in which its tiles come to the chip

Run = Callable[..., Any]


@dataclass(frozen=True)
class Flown:
    """A tile of a matrix on its way to or from the chip, while score tile (i, j) is worked on. Times in score tiles."""

    tensor: str
    tile: int
    i: int
    j: int
    start: float
    takes: float
    loads: bool
    event: int

    @property
    def stops(self) -> float:
        """When it has come."""
        return self.start + self.takes

    @property
    def counts(self) -> float:
        """When the trace has it: a load once it has come, a store once it leaves."""
        return self.stops if self.loads else self.start


class Order:
    """One loop order: which score tiles were visited, and how often each tile of a matrix had crossed after any event.

    Args:
        trace: Of one head, of fa1 or fa2.
    """

    def __init__(self, trace: Trace) -> None:
        self.trace, self.folded = trace, Folded(trace)
        c, columns = trace.config, trace.columns
        products = self.folded.products
        self.visits = np.stack([columns["i"][products], columns["j"][products]], 1)  # [tiles, 2] of (i, j), in order
        self.ends = np.array([0, *(self.folded.event_after(count) for count in range(1, len(products) + 1))])
        self.blocks = {"Q": c.row_blocks, "O": c.row_blocks, "K": c.col_blocks, "V": c.col_blocks}
        kinds, sizes = columns["kind"], tile_bytes(c)
        self._moved: dict[str, tuple[np.ndarray, np.ndarray, np.ndarray]] = {}
        for tensor in MATRICES:
            rows, most, high = ("i", c.seq_q, c.block_m) if tensor in "QO" else ("j", c.seq_k, c.block_n)
            moving = [each.code for each in trace.header.statements if each.tensor == tensor]
            found = np.flatnonzero(np.isin(kinds, moving))
            tile = columns[rows][found].astype(int)
            height = np.minimum((tile + 1) * high, most) - tile * high  # a ragged last tile has fewer rows
            self._moved[tensor] = found, tile, columns["nbytes"][found] / (sizes[tensor] / high * height)

    def crossings(self, tensor: str, k: int | None = None) -> np.ndarray:
        """[tiles of the tensor] how often each had crossed, in either direction, after the first ``k`` events; None: after all."""
        found, tile, share = self._moved[tensor]
        count = len(found) if k is None else int(np.searchsorted(found, k))
        return np.bincount(tile[:count], share[:count], self.blocks[tensor])

    def event_at(self, visited: float) -> int:
        """Events after so many score tiles; within one, event by event. What is written before the loops begin is there."""
        whole = min(int(visited), len(self.ends) - 2)
        start, stop = max(int(self.ends[whole]), self.begun), self.ends[whole + 1]
        return int(start + (visited - whole) * (stop - start) + 1e-6)

    def flights(self, start: float, stop: float, takes: float) -> list[Flown]:
        """Loads and stores of score tiles ``start`` to ``stop``, each as long as ``takes`` or as its share of the score tile's time."""
        found = []
        moves = self.folded.moves(start, stop, most=len(self.trace))
        for k, when in moves:
            event, at = self.trace[k], start + when * (stop - start)
            i, j = self.visits[min(int(at + 1e-9), len(self.visits) - 1)]
            whole = int(at + 1e-9)
            at = whole + LOADING * (at - whole) if event.is_load else at  # then there is time to be worked on
            tensor = event.statement.subject
            tile = event.i if tensor in "QO" else event.j
            found.append(Flown(tensor, tile, int(i), int(j), at, min(takes, whole + 1 - at), event.is_load, k))
        return found

    def event_with(self, flights: Sequence[Flown], visited: float) -> int:
        """Events when these tiles fly: each counts once it has come to the chip, or leaves it."""
        return max(self.event_at(float(int(visited + 1e-9))), *(flown.event + 1 for flown in flights if flown.counts <= visited + 1e-9), 0)

    @property
    def begun(self) -> int:
        """Events before the first load."""
        return int(np.flatnonzero(np.isin(self.trace.columns["kind"], [Kind.LOAD_Q, Kind.LOAD_K]))[0])

    @property
    def outer(self) -> int:
        """Which index the outer loop counts: 0 for i, 1 for j."""
        return 1 if self.trace.header.algorithm == "fa1" else 0

    @property
    def passes(self) -> list[np.ndarray]:
        """The visits [n, 2] of each pass of the outer loop, in order."""
        cuts = np.flatnonzero(np.diff(self.visits[:, self.outer])) + 1
        return np.split(self.visits, cuts)

    @property
    def programs(self) -> int:
        """How many programs share the work."""
        return len(np.unique(self.trace.columns["pid_m"]))

    @property
    def statistics(self) -> int:
        """Bytes of l, m and LSE that crossed."""
        return self.folded.total - sum(self.folded.final.get(tensor, 0) for tensor in MATRICES)


@dataclass(frozen=True)
class LoopOrder:
    """Two traces of one problem, and what the captions say."""

    first: Order
    second: Order
    said: dict[str, str]

    @property
    def config(self) -> AttentionConfig:
        return self.first.trace.config

    @property
    def orders(self) -> tuple[Order, Order]:
        return self.first, self.second

    @property
    def most(self) -> dict[str, float]:
        """Most crossings of any tile of a matrix, in either order."""
        return {tensor: max(float(order.crossings(tensor).max(initial=0)) for order in self.orders) for tensor in MATRICES}


def gather(config: AttentionConfig, source: str | None, run: Run) -> LoopOrder:
    """Record both loop orders of one head; they compute the same score tiles. FlashAttention's first algorithm is a twin.

    Args:
        run: ``flashviz_kernels.recorder.run``.

    Raises:
        ConfigError: There is no key.
    """
    config = one_head(config)
    if config.seq_k == 0:
        raise ConfigError("seq_k must be at least 1 for this chapter, got 0; there is no key tile to loop over")
    second = Order(run(config, source=source, algorithm="fa2").trace)
    first = Order(run(config, source="numpy", algorithm="fa1").trace)
    assert len(first.visits) == len(second.visits)
    said = {"tiles": f"{len(first.visits):,}", "first": kib(first.folded.total), "second": kib(second.folded.total)}
    said["tile"] = amount(tile_bytes(config)["O"])
    said["o_times"] = times(float(first.crossings("O").mean()))
    less = 1 - second.folded.total / first.folded.total
    said["size"] = f"{config.block_m:,} × {config.head_dim} × {config.itemsize} bytes = {said['tile']}"
    said["less"] = f"{less:.0%} less" if less >= 0.005 else ""
    for name, order in (("first", first), ("second", second)):
        said[f"o_{name}"] = kib(order.folded.final["O"])
        visits = [len(each) for each in order.passes]  # one after another, or side by side
        at_once = "1 program at a time" if order.programs == 1 else f"{order.programs:,} programs at once"
        steps = f"{sum(visits) if order.programs == 1 else max(visits):,}"
        said[f"programs_{name}"] = f"{at_once}: {steps} steps"
        said[f"step_{name}"] = f"{at_once}: {{}} of {steps}"
        each = times(float(order.crossings("O").mean()))
        if (order.crossings("O") == 1 + 2 * config.col_blocks).all() and order.outer:  # zeros, then in and out at every key tile
            each = f"(1 + 2 × {config.col_blocks:,})"
            said["why"] = f"1: zeros. 2 × {config.col_blocks:,}: in and out"
        said[f"sum_{name}"] = f"{config.row_blocks:,} tiles × {each} × {said['tile']}"
    return LoopOrder(first, second, said)
