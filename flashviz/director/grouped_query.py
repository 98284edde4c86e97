"""Query heads that share keys and values: stored pairs, and a copy for every program that loads one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from manim import Line, VGroup
from manim.utils.rate_functions import ease_in_out_cubic

from flashviz import theme
from flashviz.chapters import grouped_query
from flashviz.chapters.grouped_query import NAMES, GroupedQuery, Loads, gather
from flashviz.director.material import provenance
from flashviz.director.shots import TEXT, ChapterFilm, ShotScene, StepBack, beat, step_forth
from flashviz.director.words import LABEL, NAME, ONE_NUMBER, SPACE, Word, line_width, middle, worded
from flashviz.layout import Rect, columns
from flashviz.layout import rows as split
from flashviz.layout.grouped import pairs, seamed
from flashviz.lettering import Face, em, text_width
from flashviz.mobjects.motion import FadeIn, Shows
from flashviz.mobjects.named import Named
from flashviz.mobjects.printed import Printed, edges, part
from flashviz.mobjects.tiles import Rectangles

BACK = 0.3
SLOWLY = 2  # copies that are seen to fly


class GroupedQueryStage(ShotScene):
    """The scene that the loads are played on."""

    script = grouped_query.BEATS

    def open(self, run: Callable[..., Any]) -> GroupedQueryFilm:
        """Record both: ``flashviz_kernels.recorder.run``."""
        found = gather(self.settings.config, self.settings.source, run)
        self.provenance = [provenance(loads.trace) for loads in (found.own, found.shared)]
        self.set_board(grouped_query.BEATS, found.said)
        return GroupedQueryFilm(self, found)


class GroupedQueryFilm(ChapterFilm):
    """Everything on stage, made here once."""

    factor: list[Named]
    axes: VGroup
    back: StepBack

    def __init__(self, scene: ShotScene, found: GroupedQuery) -> None:
        self.scene, self.found, self.skin, self.said = scene, found, scene.skin, found.said
        self.place = place = scene.shot("grouped")
        c = found.config
        own, shared = pairs(place["own"], c.heads, c.heads, c.row_blocks), pairs(place["shared"], c.heads, c.kv_heads, c.row_blocks)
        self.own, self.shared = Printed(own, self.skin, name="own"), Printed(shared, self.skin, name="shared")
        self.own.store(list(own.bricks)).load(0 * found.own.after(0))
        self.shared.store([]).load(0 * found.shared.after(0))
        self.names = {
            side: Word(text, NAME, self.skin.ink, place[f"{side} name"].x0, middle(place[f"{side} name"], NAME), "name side")
            for side, text in NAMES.items()
        }
        self.heads_of = [self.header(panel) for panel in (own, shared)]

    def header(self, panel: Any) -> VGroup:
        """What columns and the stored pairs are."""
        y = panel.grid.y1 + em(14)
        space = SPACE * em(LABEL)
        k = Word("K", LABEL, self.skin.k, panel.bricks[0].x0, y, "label K")
        v = Word("V", LABEL, self.skin.v, k.left + k.wide + space, y, "label V")
        left = max(panel.heads[0].x0, v.left + v.wide + 2 * space)
        heads = Word("heads", LABEL, self.skin.q, left, y, "note", Face.TEXT)
        return VGroup(k, v, heads, Word("× row blocks", LABEL, self.skin.ink, left + heads.wide + space, y, "note", Face.TEXT))

    def sum(self, side: str, what: str) -> Named:
        """What is stored or loaded of K and V."""
        text = self.said[f"{side}_{what}"]
        words = worded(self.place[f"{side} {what}"], [what, text], 60, [self.skin.ink, self.skin.ink], "part")
        return Named(*words, tag=f"bytes {what}", text=text)

    def run(self, panel: Printed, loads: Loads, start: float = 0.0) -> Shows:
        """The programs load, in the order of the trace, from a share of its events on."""
        count = len(loads.trace)

        def show(share: float) -> None:
            panel.load(loads.after(int(count * (start + (1 - start) * share) + 1e-6)))

        return Shows(panel, show)


# --------------------------------------------------------------------------------------------------------------- beats


@beat("own")
def own(film: GroupedQueryFilm) -> None:
    """A pair a head; each row block of each head prints its copy of the head's pair."""
    film.move(FadeIn(film.own, film.names["own"], film.heads_of[0]), seconds=0.8)
    film.read()
    film.move(FadeIn(film.sum("own", "stored")), seconds=TEXT)
    film.scene.event = len(film.found.own.trace)
    film.move(film.run(film.own, film.found.own), seconds=2.2)
    film.move(FadeIn(film.sum("own", "loaded")), seconds=TEXT)


@beat("shared")
def shared(film: GroupedQueryFilm) -> None:
    """Copies of all pairs come over; those of a group become one."""
    film.move(FadeIn(film.shared, film.names["shared"], film.heads_of[1]), seconds=0.5)
    film.read()
    group, panel = film.found.config.group, film.shared
    start = edges(list(film.own.place.bricks))
    stop = edges([panel.place.bricks[head // group] for head in range(film.found.config.heads)])

    def come(share: float) -> None:
        panel.store([Rect(*(a + (b - a) * share)) for a, b in zip(start, stop, strict=True)])

    film.move(Shows(VGroup(*panel.bricks), come, rate_func=ease_in_out_cubic), seconds=1.3)
    panel.store(list(panel.place.bricks)).bracket()
    film.move(FadeIn(film.sum("shared", "stored"), panel.brackets), seconds=TEXT)


@beat("loads")
def loads(film: GroupedQueryFilm) -> None:
    """The first copies fly from the pair to the program that loads it; then every program of every head has loaded its own."""
    film.read()
    found, panel = film.found.shared, film.shared
    film.scene.event = len(found.trace)
    count, done = len(found.trace), 0
    order = list(dict.fromkeys(zip(found.trace.columns["pid_bh"].tolist(), found.trace.columns["pid_m"].tolist(), strict=True)))
    bounds = [int(bound) for bound in found.trace.bounds]
    for index, (head, block) in enumerate(order[:SLOWLY]):
        done = bounds[index + 1]
        film.move(flight(film, int(head), int(block), found.after(done)), seconds=0.7)
        panel.load(found.after(done))
    film.move(film.run(panel, found, done / count), seconds=2.8)
    film.move(FadeIn(film.sum("shared", "loaded")), seconds=TEXT)


def flight(film: GroupedQueryFilm, head: int, block: int, shares: np.ndarray) -> Shows:
    """A copy of the pair shrinks into the program's cell."""
    panel, group = film.shared, film.found.config.group
    start, stop = seamed(panel.place.bricks[head // group]), seamed(panel.place.cells[head][block])
    parts = []
    for half, hue in enumerate((film.skin.k, film.skin.v)):
        share = float(shares[head, block, half])
        ends = edges([part(start, half, share)]), edges([part(stop, half, share)])
        parts.append((Rectangles(hue, name="copy"), *ends))

    def fly(share: float) -> None:
        for drawn, before, after in parts:
            drawn.display(before + (after - before) * share)

    fly(0.0)
    flying = VGroup(*(drawn for drawn, *_ in parts))
    return Shows(flying, fly, rate_func=ease_in_out_cubic, remover=True)


@beat("sum")
def total(film: GroupedQueryFilm) -> None:
    """The two sides of one group's grid are the two factors; all else steps back."""
    said, skin, panel = film.said, film.skin, film.shared.place
    first = panel.group(0)
    left = panel.grid.x1 + em(14)
    across = Line((first.x0, first.y1 + em(4), 0), (first.x1, first.y1 + em(4), 0), stroke_color=skin.ink, stroke_width=theme.HEAVY)
    down = Line((left, first.y0, 0), (left, first.y1, 0), stroke_color=skin.q, stroke_width=theme.HEAVY)
    group = Word(said["group"], NAME, skin.q, left + em(14), first.center[1] - 0.36 * em(NAME), "count group")
    y = first.y1 + em(14)
    blocks = Word(said["blocks"], NAME, skin.ink, first.x1 - text_width(said["blocks"], NAME, Face.STRONG), y, "count blocks")
    film.axes = VGroup(across, down)
    film.back = StepBack([film.own, film.names["own"], film.heads_of[0]], BACK)
    film.move(film.back, FadeIn(across, blocks), seconds=0.5)
    film.scene.hold(0.4)
    film.move(FadeIn(down, group), seconds=TEXT)
    film.scene.hold(0.4)
    whole = said["times"] == f"{film.found.config.row_blocks * film.found.config.group:,}"  # else a mask leaves tiles out
    factors = [said["blocks"], "×", said["group"]] if whole else [said["times"]]
    texts = [
        [said["own_stored"], "×", said["own_times"], "=", said["own_loaded"]],
        [said["shared_stored"], "×", *factors, "=", said["shared_loaded"]],
    ]
    film.factor = equations(film, texts)
    film.move(FadeIn(film.factor[1]), seconds=TEXT)
    film.scene.hold(0.3)
    film.move(FadeIn(film.factor[0]), seconds=TEXT)
    film.move(step_forth(film.back), seconds=0.4)
    film.scene.tell()


def equations(film: GroupedQueryFilm, texts: list[list[str]]) -> list[Named]:
    """How often what is stored is loaded, without sharing and with it; equally large, each in its half of the place."""
    rect = film.place["factor"]
    sides, lines = columns(rect, 2, em(60)), split(rect, 2)
    narrow = sides[0].width < line_width(texts[1], NAME)
    halves = lines if narrow else sides  # one above the other, where they would be small side by side
    px = min(ONE_NUMBER, *(half.height / em(1.2) for half in halves))
    px *= min(1.0, *(half.width / line_width(each, px) for half, each in zip(halves, texts, strict=True)))
    made = []
    for half, each in zip(halves, texts, strict=True):
        colors = [film.skin.q if index == 4 and len(each) == 7 else film.skin.ink for index in range(len(each))]
        made.append(Named(*worded(half, each, px, colors, "part"), tag="factor", text=" ".join(each)))
    return made


@beat("cache")
def cache(film: GroupedQueryFilm) -> None:
    """A still: what is counted are loads, whether or not a cache has the tile."""
    film.read()
