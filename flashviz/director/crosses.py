"""A cross of HBM with its bill, driven by the events of a trace; and the film of two loop orders."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from manim import Group, Mobject, linear, smooth

from flashviz import palette
from flashviz.chapters import loop_order
from flashviz.chapters.crosses import CrossPlace, Folded, one_head, pair
from flashviz.director.chapters import ChapterScene
from flashviz.director.material import Run, provenance
from flashviz.director.pictures import note
from flashviz.director.scene import beat
from flashviz.director.sweep import FLIGHT_SECONDS, SAMPLES_A_SECOND, Sample, Traffic
from flashviz.errors import ConfigError
from flashviz.lettering import LABEL_PX, NOTE_PX, TITLE_PX, Face, text_width
from flashviz.mobjects.hbm import CrossView
from flashviz.mobjects.held import HeldTiles
from flashviz.mobjects.ledger import Ledger
from flashviz.mobjects.motion import FadeIn
from flashviz.mobjects.named import Act
from flashviz.mobjects.tiles import box
from flashviz.palette import Theme
from flashviz.storyboard import tile_unit
from flashviz.trace import state_at


class TracedCross(Group):
    """HBM's cross and the bill beside it, as they are after any number of events. The grid stays empty: a cursor marks the tile.

    Args:
        most: Longest row of all bills in the picture, bytes.
    """

    def __init__(
        self, folded: Folded, place: CrossPlace, title: str, skin: Theme, *, most: int, name: str, title_px: float = TITLE_PX
    ) -> None:  # fmt: skip
        self.folded, self.place, self.tag, self.skin = folded, place, name, skin
        self.title = note(title, title_px, skin.ink, place.title, face=Face.STRONG)
        self.cross = CrossView(place.cross, skin, name=f"cross {name}")
        self.bill = Ledger(place.ledger, folded.final, tile_unit(folded.trace), skin, most=most, name=f"ledger {name}")
        self.chip = [HeldTiles(place.chip, skin, name=name)] if place.chip is not None else []
        super().__init__(self.title, self.cross, self.bill, *self.chip)

    def display(self, k: int) -> TracedCross:
        """After the first ``k`` events: bytes, stored shares of O's tiles, the tile that is in work, what the chip still holds."""
        self.bill.display(self.folded.bytes_at(k))
        for chip in self.chip:
            state = state_at(self.folded.trace, k)
            chip.display({*state.smem, *state.registers})
        cross = self.cross.cross
        bands = np.arange(self.folded.trace.config.row_blocks) // cross.band_rows
        shares = np.bincount(bands, self.folded.stored_share(k)) / np.bincount(bands)
        for tile, share in zip(self.cross.strips["O"], shares, strict=True):
            tile.set_fill(opacity=palette.LIT * float(share))
        here = self.folded.last_tile(k)
        done = here is None or k == len(self.folded.trace)
        self.cross.cursor.set_stroke(opacity=0 if done else 1)
        lit: dict[str, int] = {}
        if here is not None and not done:
            self.cross.point_at(*here)
            lit = {"Q": cross.row_of(here[0]), "K": cross.col_of(here[1]), "V": cross.col_of(here[1])}
        for tensor in "QKV":
            for index, tile in enumerate(self.cross.strips[tensor]):
                tile.set_fill(opacity=palette.LIT if lit.get(tensor) == index else palette.RESTING)
        return self

    def ring(self, tensors: Sequence[str], color: str) -> list[Any]:
        """Frames about rows of the bill."""
        rects = [rect for tensor, rect in zip(self.bill.rows, self.place.ledger[1:], strict=False) if tensor in tensors]
        return [box(rect.inset(-0.04, 0.0), stroke=color) for rect in rects]

    def flights(self, start: float, stop: float, seconds: float) -> Traffic:
        """Tiles of Q, K, V and O on their way between the cross and the chip, while score tiles ``start`` to ``stop`` are worked on."""
        assert self.place.chip is not None
        slots, cross = self.place.chip.slots, self.place.cross
        share = min(1.0, FLIGHT_SECONDS / seconds)
        samples = []
        for k, when in self.folded.moves(start, stop, most=int(seconds * SAMPLES_A_SECOND)):
            event = self.folded.trace[k]
            strip = cross.row_of(event.i) if event.tensor in ("Q", "O") else cross.col_of(event.j)
            path = np.array([cross.tile(event.tensor, strip).center, slots[event.tensor].center])
            slot = slots[event.tensor]
            samples.append(Sample(event.tensor, when * (1 - share), path if event.is_load else path[::-1], slot.width, slot.height))
        return Traffic(samples, share, self.skin.hue, smooth)


class Events(Act):
    """Crosses run at a linear pace: ``events(share)`` says how many events of each have happened. ``more`` is drawn anew with them."""

    def __init__(self, views: Sequence[TracedCross], events: Callable[[float], Sequence[int]], *more: Mobject, **kwargs: Any) -> None:
        self.views, self.events = views, events
        super().__init__(Group(*views, *more), rate_func=linear, **kwargs)

    def interpolate_mobject(self, alpha: float) -> None:
        for view, k in zip(self.views, self.events(alpha), strict=True):
            view.display(k)


class LoopOrderFilm(ChapterScene):
    """Beats of LoopOrderScene."""

    script = loop_order.BEATS

    def open(self, run: Run) -> None:
        """Record both loop orders: ``flashviz_kernels.recorder.run``. FlashAttention's first algorithm is a twin."""
        config = one_head(self.settings.config)
        if config.seq_k == 0:
            raise ConfigError("seq_k must be at least 1 for this chapter, got 0; there is no key tile to loop over")
        fa2 = run(config, source=self.settings.source, algorithm="fa2").trace
        self.found = loop_order.gather(run(config, source="numpy", algorithm="fa1").trace, fa2)
        self.provenance = [provenance(folded.trace) for folded in (self.found.first, self.found.second)]
        self.set_board(loop_order.BEATS, self.found.said)
        both = (self.found.first, self.found.second)
        most = max(max(folded.final.values()) for folded in both)
        places = pair(config, self.room, self.settings.aspect)
        widest = max(text_width(title, NOTE_PX, Face.STRONG) for title in loop_order.TITLES) / NOTE_PX
        px = next((px for px in (TITLE_PX, LABEL_PX) if px * widest <= places[0].title.width), NOTE_PX)
        self.views = [
            TracedCross(folded, place, title, self.skin, most=most, name=folded.trace.header.algorithm, title_px=px)
            for folded, place, title in zip(both, places, loop_order.TITLES, strict=True)
        ]
        self.rings: list[Any] = []

    @beat("stage")
    def stage(self) -> None:
        """Two crosses, two empty bills."""
        self.move(*(FadeIn(view) for view in self.views), seconds=0.8)
        self.arrived()

    @beat("first")
    def first(self) -> None:
        """The first key tile of one, the first row block of the other."""
        self.work(0.0, self.slow)

    @beat("rest")
    def rest(self) -> None:
        """All other tiles at one clock."""
        self.work(self.slow, len(self.found.first.products))

    @beat("o")
    def o_alone(self) -> None:
        """O's row of both bills."""
        self.mark("O")

    @beat("total")
    def total(self) -> None:
        """K's and V's rows."""
        self.mark("K", "V")

    @property
    def slow(self) -> int:
        """Score tiles that are shown slowly: as many as the first key tile has row blocks, but never all."""
        return min(self.settings.config.row_blocks, max(1, len(self.found.first.products) // 2))

    def work(self, start: float, stop: float) -> None:
        """Both orders from ``start`` to ``stop`` score tiles, with tiles on their way."""
        both = [view.folded for view in self.views]
        traffic = [view.flights(start, stop, self.motion) for view in self.views]
        running = Events(self.views, lambda share: [folded.event_after(start + share * (stop - start)) for folded in both])
        self.add(*traffic)
        self.move(running, *(each.run() for each in traffic), seconds=self.motion)
        self.remove(*traffic)

    def mark(self, *tensors: str) -> None:
        """Frame rows of both bills; earlier frames go."""
        self.remove(*self.rings)
        self.rings = [ring for view in self.views for ring in view.ring(tensors, self.skin.warn)]
        self.move(*(FadeIn(ring) for ring in self.rings), seconds=0.6)
