"""Film of CausalScene: the cross of HBM, and in its grid what kind each tile is."""

from __future__ import annotations

from typing import Any

import numpy as np
from manim import Create, Line

from flashviz import theme
from flashviz.chapters import causal
from flashviz.chapters.causal import FULL, LEGEND, MASKED, SKIPPED
from flashviz.chapters.crosses import alone, one_head
from flashviz.director.chapters import ChapterScene
from flashviz.director.crosses import Events, TracedCross
from flashviz.director.material import Run, provenance
from flashviz.director.pictures import note
from flashviz.director.scene import beat
from flashviz.errors import ConfigError
from flashviz.layout import Rect
from flashviz.lettering import LABEL_PX, NOTE_PX, text_width
from flashviz.mobjects.marks import Marks, Shape
from flashviz.mobjects.motion import FadeIn
from flashviz.mobjects.named import Named
from flashviz.mobjects.tiles import box

SHAPES: dict[int, Shape] = {FULL: "full", MASKED: "masked", SKIPPED: "skipped"}


class CausalFilm(ChapterScene):
    """Beats of CausalScene."""

    script = causal.BEATS

    def open(self, run: Run) -> None:
        """Record with the limit and without: ``flashviz_kernels.recorder.run``."""
        if self.settings.config.seq_k == 0:
            raise ConfigError("seq_k must be at least 1 for this chapter, got 0; there is nothing to see")
        config = one_head(self.settings.config, causal=True)
        made = run(config, source=self.settings.source, algorithm="fa2")
        whole = run(one_head(config, causal=False), source=self.settings.source, algorithm="fa2").trace
        self.found = causal.gather(made.trace, whole, made.o, made.lse)
        self.provenance = [provenance(made.trace), provenance(whole)]
        self.set_board(self.found.beats, self.found.said)
        self.place = alone(config, self.room)
        folded = self.found.folded
        self.view = TracedCross(folded, self.place, "HBM", self.skin, most=max(folded.final.values()), name="causal")
        self.marks = {kind: Marks(SHAPES[kind], self.color(kind)) for kind in SHAPES}

    @beat("limit")
    def limit(self) -> None:
        """The cross, and the line that no query looks beyond."""
        self.move(FadeIn(self.view), seconds=0.8)
        cross = self.place.cross
        start, end = causal.limit(cross, self.found.folded)
        line = Line(start, end, stroke_color=self.skin.warn, stroke_width=theme.HEAVY)
        x, y, _ = end
        edge = box(Rect(cross.grid.x0, y, x, cross.grid.y1), stroke=self.skin.ink)
        self.move(FadeIn(edge), seconds=0.5)
        self.arrived()
        self.move(Create(line), seconds=self.motion)

    @beat("sweep")
    def sweep(self) -> None:
        """Tiles one after the other, each marked when its scores were computed; what is loaded and stored flies."""
        traffic = self.view.flights(0.0, len(self.found.folded.products), self.motion)
        self.add(traffic)
        self.move(MarkedEvents(self), traffic.run(), seconds=self.motion)
        self.remove(traffic)

    @beat("kinds")
    def kinds(self) -> None:
        """What was never visited is marked; the kinds are counted."""
        self.mark(SKIPPED, self.found.kinds)
        self.move(FadeIn(self.marks[SKIPPED]), seconds=0.6)
        for kind, place in zip(SHAPES, self.place.notes, strict=False):
            self.move(FadeIn(self.legend(kind, place)), seconds=0.5)

    @beat("bytes")
    def bytes(self) -> None:
        """K's and V's rows of the bill, and what they would be without the limit."""
        words = note(f"K, V without limit: {self.found.said['kv_all']}", self.legend_px, self.skin.quiet, self.place.notes[-1])
        self.move(*(FadeIn(ring) for ring in self.view.ring("KV", self.skin.warn)), FadeIn(words), seconds=0.6)

    @beat("blind")
    def blind(self) -> None:
        """Rows above the limit's start."""
        cross, folded = self.place.cross, self.found.folded
        (_, top, _), (_, bottom, _) = causal.point(cross, folded, 0, 0), causal.point(cross, folded, self.found.blind, 0)
        rows = Rect(cross.strip("Q").x0, bottom, cross.strip("O").x1, top)
        self.move(FadeIn(box(rows, stroke=self.skin.stats, width=theme.HEAVY)), seconds=0.6)

    @property
    def legend_px(self) -> float:
        """The larger size of type where all of the legend fits."""
        place = self.place.notes[0]
        widest = max(text_width(text.format(**self.found.said), LABEL_PX) for text in LEGEND.values())
        return LABEL_PX if widest <= place.width - 1.2 * place.height else NOTE_PX

    def color(self, kind: int) -> str:
        """Masked tiles have the limit's colour."""
        return {FULL: self.skin.ink, MASKED: self.skin.warn, SKIPPED: self.skin.quiet}[kind]

    def mark(self, kind: int, kinds: np.ndarray) -> None:
        """Mark the cells of one kind."""
        self.marks[kind].display(causal.cells_of(kinds, kind, self.place.cross))

    def legend(self, kind: int, place: Rect) -> Named:
        """A mark and how many tiles it stands on."""
        text = LEGEND[SHAPES[kind]].format(**self.found.said)
        sign = Marks(SHAPES[kind], self.color(kind)).display([place.left(place.height)])
        words = note(text, self.legend_px, self.skin.ink, place.beyond(1.2 * place.height))
        sign.tag = f"sign {SHAPES[kind]}"
        return Named(sign, words, tag=f"kind {SHAPES[kind]}", text=text)


class MarkedEvents(Events):
    """The causal trace from its first to its last event; tiles are marked as they are computed."""

    def __init__(self, film: CausalFilm, **kwargs: Any) -> None:
        self.film = film
        folded = film.found.folded
        super().__init__(
            [film.view], lambda share: [folded.event_after(share * len(folded.products))], film.marks[FULL], film.marks[MASKED], **kwargs
        )

    def interpolate_mobject(self, alpha: float) -> None:
        super().interpolate_mobject(alpha)
        film = self.film
        (k,) = self.events(alpha)
        for kind in (FULL, MASKED):
            film.mark(kind, causal.kinds_of(film.found.folded.trace, k))
