"""Film of GroupedQueryScene: query heads, the pairs of K and V that they read, and bars of bytes."""

from __future__ import annotations

from typing import Any

import numpy as np
from manim import Line, ReplacementTransform, VGroup, linear

from flashviz import palette, theme
from flashviz.chapters import grouped_query
from flashviz.chapters.grouped_query import BARS, placed
from flashviz.director.chapters import ChapterScene
from flashviz.director.material import Run, provenance
from flashviz.director.pictures import note
from flashviz.director.scene import beat
from flashviz.director.sweep import Sample, Traffic
from flashviz.figures import kib
from flashviz.layout import Rect, centered, columns, rows
from flashviz.lettering import LABEL_PX, Face
from flashviz.mobjects.motion import LAND, LIFT, TRAVEL, FadeIn, FadeOut, Flight
from flashviz.mobjects.named import Act, Named
from flashviz.mobjects.readout import Readout
from flashviz.mobjects.tiles import Rectangles, box
from flashviz.trace import Kind


class GroupedQueryFilm(ChapterScene):
    """Beats of GroupedQueryScene."""

    script = grouped_query.BEATS

    def open(self, run: Run) -> None:
        """Record all heads of one batch entry: ``flashviz_kernels.recorder.run``."""
        config = grouped_query.grouped(self.settings.config)
        self.found = grouped_query.gather(run(config, source=self.settings.source, algorithm="fa2").trace)
        self.provenance = [provenance(self.found.trace)]
        self.set_board(grouped_query.BEATS, self.found.said)
        self.place = placed(config, self.room)
        self.heads = [self.head(h) for h in range(config.heads)]
        self.bars: dict[str, Bar] = {}

    @beat("own")
    def own(self) -> None:
        """One pair of K and V beneath each query head."""
        count = len(self.heads)
        self.pairs = [self.pair(index, place) for index, place in enumerate(self.place.own)]
        self.wires = [self.wire(h, self.place.own[h]) for h in range(count)]
        self.move(*(FadeIn(thing) for thing in (*self.heads, *self.pairs, *self.wires)), seconds=0.8)
        self.arrived()
        self.show_bar("own", self.found.own)

    @beat("shared")
    def shared(self) -> None:
        """Pairs of a group become one."""
        group = self.found.trace.config.group
        pairs = [self.pair(index, place) for index, place in enumerate(self.place.shared)]
        wires = [self.wire(h, self.place.shared[h // group]) for h in range(len(self.heads))]
        merged = [ReplacementTransform(old, pairs[h // group]) for h, old in enumerate(self.pairs) if h % group == 0]
        gone = [FadeOut(old) for h, old in enumerate(self.pairs) if h % group]
        bent = [ReplacementTransform(old, new) for old, new in zip(self.wires, wires, strict=True)]
        self.move(*merged, *gone, *bent, seconds=1.5)
        self.pairs, self.wires = pairs, wires
        self.show_bar("stored", self.found.stored)

    @beat("loads")
    def loads(self) -> None:
        """The first tile slowly; then tiles fly and each query head fills with the share of its tiles that it has loaded."""
        self.show_bar("loaded", 0)
        trace = self.found.trace
        first = int(np.flatnonzero(self.found.loaded[0])[0]) - 1
        tile = self.flight(first, 0.0)
        (x, y, _), hue = tile.path[0], self.skin.hue(tile.tensor)
        square = box(centered(float(x), float(y), tile.width, tile.height), stroke=hue, opacity=palette.LIT, width=0)
        self.move(Flight(square, tile.path), seconds=2 * (LIFT + TRAVEL + LAND))
        self.remove(square)
        moved = np.where(np.isin(trace.columns["kind"], [Kind.LOAD_K, Kind.LOAD_V]), trace.columns["nbytes"], 0)
        traffic = Traffic.of(moved[first + 1 :], first + 1, self.motion, self.flight, self.skin.hue)
        self.add(traffic)
        self.move(Loads(self, first + 1), traffic.run(), seconds=self.motion)
        self.remove(traffic)

    def flight(self, index: int, start: float) -> Sample:
        """A tile of K or V on its way along the wire: as large as its share of the pair."""
        event = self.found.trace[index]
        c, head = self.found.trace.config, event.pid_bh
        pair = self.place.shared[head // c.group]
        upper, lower = halves(pair)
        half = upper if event.tensor == "K" else lower
        tile = columns(half, c.col_blocks)[event.j]
        above = self.place.heads[head]
        path = [tile.center, (pair.center[0], pair.y1, 0.0), (above.center[0], above.y0, 0.0), above.center]
        return Sample(event.tensor, start, np.array(path), tile.width, tile.height)

    @beat("sum")
    def sum(self) -> None:
        """What is stored and what crossed, framed."""
        frames = [box(Rect(words.x0, bar.y0, words.x1, words.y1).inset(-0.05, 0.0), stroke=self.skin.warn)
                  for name in ("stored", "loaded") for words, bar in (self.place.bars[name],)]  # fmt: skip
        self.move(*(FadeIn(frame) for frame in frames), seconds=0.6)

    def head(self, h: int) -> Named:
        """A query head as an outline that fills."""
        place = self.place.heads[h]
        body = box(place, stroke=self.skin.q)
        px = self.place.name_px
        name = [note(f"Q {h}", px, self.skin.ink, place, "center", Face.MONO)] if px else []
        return Named(body, *name, tag=f"head {h}", text=f"Q {h}")

    def pair(self, index: int, place: Rect) -> Named:
        """K over V of one K/V head."""
        parts = VGroup()
        for tensor, half in zip("KV", halves(place), strict=True):
            parts.add(box(half, stroke=self.skin.hue(tensor), opacity=palette.RESTING))
            if self.place.name_px:
                parts.add(note(f"{tensor} {index}", self.place.name_px, self.skin.ink, half, "center", Face.MONO))
        return Named(*parts, tag=f"pair {index}", text=f"K {index}, V {index}")

    def wire(self, h: int, pair: Rect) -> Named:
        """Which pair a query head reads."""
        above = self.place.heads[h]
        line = Line((above.center[0], above.y0, 0), (pair.center[0], pair.y1, 0), stroke_color=self.skin.quiet, stroke_width=theme.OUTLINE)
        return Named(line, tag=f"wire {h}")

    def show_bar(self, name: str, nbytes: int) -> None:
        """A bar with its words, to the scale of all that crosses."""
        hue = self.skin.scores if name == "loaded" else self.skin.quiet
        self.bars[name] = Bar(name, self.place.bars[name], max(self.found.total, self.found.own), hue, self.skin).display(nbytes)
        self.move(FadeIn(self.bars[name]), seconds=0.6)


def halves(pair: Rect) -> list[Rect]:
    """K above V."""
    return rows(pair, 2, pair.height / 12)


class Bar(VGroup):
    """Words, bytes, and a bar as long as its share of ``most`` bytes."""

    def __init__(self, name: str, place: tuple[Rect, Rect], most: int, hue: str, skin: palette.Theme) -> None:
        words, self.longest = place
        self.most = most
        self.said = note(BARS[name], LABEL_PX, skin.ink, words)
        self.bytes = Readout("", LABEL_PX, skin.ink, name=f"bytes {name}", anchor="right").at(words)
        self.bar = Rectangles(hue, name=f"bar {name}")
        super().__init__(self.said, self.bytes, self.bar)

    def display(self, nbytes: int) -> Bar:
        """So many bytes."""
        self.bytes.display(kib(nbytes))
        rect = self.longest.left(self.longest.width * nbytes / self.most)
        self.bar.display(np.array([[rect.x0, rect.y0, rect.x1, rect.y1]]))
        return self


class Loads(Act):
    """The trace from its ``first`` event on at a linear pace: shares of the heads, bytes of all."""

    def __init__(self, film: GroupedQueryFilm, first: int = 0, **kwargs: Any) -> None:
        self.film, self.first = film, first
        super().__init__(VGroup(*film.heads, *film.wires, film.bars["loaded"]), rate_func=linear, **kwargs)

    def interpolate_mobject(self, alpha: float) -> None:
        film, found = self.film, self.film.found
        k = self.first + round(alpha * (len(found.trace) - self.first))
        now, final = found.loaded[:, k], found.loaded[:, -1]
        working = int(found.trace.columns["pid_bh"][k]) if 0 < k < len(found.trace) else -1
        for h, (head, wire) in enumerate(zip(film.heads, film.wires, strict=True)):
            head[0].set_fill(film.skin.q, opacity=palette.FAINT * float(now[h] / final[h]) if final[h] else 0.0)
            wire[0].set_stroke(film.skin.warn if h == working else film.skin.quiet)
        film.bars["loaded"].display(int(now.sum()))
