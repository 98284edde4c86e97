"""What a causal mask saves: tiles leave the grid, a turned copy counts the rest, rows of unequal length, fewer queries than keys."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from manim import Create, Line, VGroup, VMobject
from manim.utils.rate_functions import ease_in_out_cubic

from flashviz import palette, theme
from flashviz.chapters import causal
from flashviz.chapters.causal import MASKED, SKIPPED, Causal, Placed, gather
from flashviz.director.material import provenance
from flashviz.director.shots import TEXT, ChapterFilm, ShotScene, beat
from flashviz.director.words import LABEL, NAME, NUMBER, ONE_NUMBER, Word, first_that_fits, middle, worded
from flashviz.layout import Limit, Rect, masked_grid
from flashviz.layout.causal import SEAM
from flashviz.lettering import Face, em
from flashviz.mobjects.cast import set_ends
from flashviz.mobjects.motion import FadeIn, FadeOut, Shows
from flashviz.mobjects.named import Named
from flashviz.mobjects.tiles import Polygons, Rectangles, box

SEEN = palette.FAINT  # opacity of what is seen
AXIS = "time in tiles →"
STAGGER = 0.6  # of the time, over which rows set off one after the other


class CausalStage(ShotScene):
    """The scene that the mask is played on."""

    script = causal.BEATS

    def open(self, run: Callable[..., Any]) -> CausalFilm:
        """Record with the mask and without: ``flashviz_kernels.recorder.run``."""
        found = gather(self.settings.config, self.settings.source, run)
        traces = [trace for trace in (found.trace, found.whole, found.fewer) if trace is not None]
        self.provenance = [provenance(trace) for trace in traces]
        self.set_board(found.beats, found.said)
        if self.on_board(self.poster) is None:
            self.poster = self.board[-1].name
        return CausalFilm(self, found)


class Row(VGroup):
    """One row block: its tile of Q, its cells, and what of them its queries see. ``values``: kinds of its cells."""

    def __init__(self, film: CausalFilm, index: int, kinds: np.ndarray) -> None:
        self.tag, self.index, self.values, skin, grid = f"row {index}", index, kinds, film.skin, film.grid
        self.cells = np.array([[*corners(grid.cell(index, col))] for col in range(len(kinds))])
        self.skipped, self.visited = kinds == SKIPPED, kinds != SKIPPED
        self.query = box(film.tile("Q", index), stroke=skin.q, opacity=palette.RESTING)
        self.empty = Rectangles(skin.edge, name="skipped", opacity=0.0).set_stroke(skin.quiet, width=theme.OUTLINE, opacity=1)
        self.loaded = Rectangles(skin.edge, name="visited", opacity=0.0).set_stroke(skin.quiet, width=theme.OUTLINE, opacity=1)
        self.empty.display(self.cells[self.skipped])
        self.loaded.display(self.cells[self.visited])
        self.seen = [Polygons(skin.scores, "seen full", SEEN), Polygons(skin.scores, "seen masked", SEEN)]
        super().__init__(self.query, self.empty, self.loaded, *self.seen)

    def limit(self, limit: Limit, beyond: float) -> None:
        """What is seen where the limit is so many keys beyond its place."""
        parts = [limit.seen(self.index, col, beyond) for col in range(len(self.values))]
        for drawn, chosen in zip(self.seen, (self.values != MASKED, self.values == MASKED), strict=True):
            drawn.display([part for part, taken in zip(parts, chosen, strict=True) if taken])


class CausalFilm(ChapterFilm):
    """Everything on stage, made here once. ``counts`` are the numbers beside the grid."""

    shown: list[Any]  # what stands beside the grid, or on it, until the next beat

    def __init__(self, scene: ShotScene, found: Causal) -> None:
        self.scene, self.found, self.skin = scene, found, scene.skin
        self.place = place = scene.shot("causal")
        config, skin = found.trace.config, scene.skin
        self.grid = masked_grid(config, place["grid"])
        self.limit = Limit(config, self.grid)
        kinds = causal.shown(found.kinds, self.grid.band_rows, self.grid.band_cols)
        self.rows = [Row(self, index, row) for index, row in enumerate(kinds)]
        self.keys = VGroup(*(box(self.tile("K", col), stroke=skin.k, opacity=palette.RESTING) for col in range(self.grid.n_cols)))
        q, k = self.grid.strip("Q"), self.grid.strip("K")
        self.names = VGroup(
            Word("Q", LABEL, skin.q, q.x0, k.center[1] - 0.36 * em(LABEL), "label Q"),
            Word("K", LABEL, skin.k, k.x1 + em(12), k.center[1] - 0.36 * em(LABEL), "label K"),
        )
        self.line = Line((0, 0, 0), (1, 0, 0), stroke_color=skin.ink, stroke_width=theme.HEAVY)
        self.counts: list[Named] = []
        self.shown = []
        self.show_limit(float(config.seq_k + config.seq_q))

    def tile(self, tensor: str, index: int) -> Rect:
        """Of Q or K."""
        return seamed(self.grid.tile(tensor, index))

    def show_limit(self, beyond: float) -> None:
        """The limit so many keys beyond its place."""
        for row in self.rows:
            row.limit(self.limit, beyond)
        start, end = self.limit.ends(beyond)
        set_ends(self.line, (*start, 0), (*(end if np.hypot(*np.subtract(end, start)) > 1e-6 else np.add(start, 1e-3)), 0))

    def count(self, part: str, number: str, words: str) -> Named:
        """A number and what it counts."""
        made = worded(self.place[part], [number, words], NUMBER, [self.skin.ink, self.skin.ink], "part")
        self.counts.append(Named(*made, tag="count", text=f"{number} {words}"))
        return self.counts[-1]

    @property
    def on_half(self) -> bool:
        """Whether tiles have been counted by a turned copy."""
        return self.scene.on_board("half") is not None


def seamed(rect: Rect) -> Rect:
    """With a seam around it."""
    return rect.inset(SEAM * rect.width, SEAM * rect.height)


def corners(rect: Rect) -> tuple[float, float, float, float]:
    """Of a cell, with a seam around it."""
    inner = seamed(rect)
    return inner.x0, inner.y0, inner.x1, inner.y1


def shifted(parts: Sequence[VMobject], by: tuple[float, float]) -> Callable[[float], None]:
    """A picture of parts on their way from where they are."""
    start = [(part, part.points.copy()) for whole in parts for part in whole.get_family() if len(part.points)]
    offset = np.array([*by, 0.0])

    def show(share: float) -> None:
        for part, points in start:
            part.points = points + offset * share

    return show


# --------------------------------------------------------------------------------------------------------------- beats


@beat("mask")
def mask(film: CausalFilm) -> None:
    """All tiles; then the limit comes in from the upper right corner, and what is beyond it goes dark."""
    tile = worded(film.place["tile"], [film.found.said["tile"]], NAME, [film.skin.ink], "part")
    film.shown = [Named(*tile, tag="tile", text=film.found.said["tile"])]
    film.move(FadeIn(*film.rows, film.keys, film.names, *film.shown), seconds=0.8)
    c = film.found.trace.config
    far = float(c.seq_q)
    film.show_limit(far)
    film.scene.add(film.line)
    with film.scene.telling():
        film.move(Shows(VGroup(*film.rows, film.line), lambda share: film.show_limit(far * (1 - ease_in_out_cubic(share)))), seconds=1.8)
        texts = ["key", "≤", film.found.said["last"]]
        words = worded(film.place["rule"], texts, NUMBER, [film.skin.k, film.skin.ink, film.skin.q], "part")
        film.shown.append(Named(*words, tag="rule", text=" ".join(texts)))
        film.move(FadeIn(film.shown[-1]), seconds=TEXT)


@beat("skip")
def skip(film: CausalFilm) -> None:
    """The empty tiles leave past the edge of the frame; those that stay are computed whole."""
    with film.scene.telling():
        film.move(FadeOut(film.line, *film.shown), seconds=TEXT)
        film.shown = []
        empty, loaded = [row.empty for row in film.rows], [row.loaded for row in film.rows]
        away = film.place.frame.x1 - film.grid.grid.x0
        leave = shifted(empty, (away, 0.0))

        def show(share: float) -> None:
            leave(share)
            for part in loaded:
                part.set_fill(opacity=SEEN * share)

        film.move(Shows(VGroup(*film.rows), show, rate_func=ease_in_out_cubic), seconds=1.6)
        for row, part in zip(film.rows, empty, strict=True):
            row.remove(part)
            film.scene.remove(part)
        film.move(FadeIn(film.count("first", film.found.said["skipped"], "skipped")), seconds=TEXT)


@beat("kinds")
def kinds(film: CausalFilm) -> None:
    """Tiles that the limit crosses are framed: they are masked; the others need none."""
    cells = np.concatenate([row.cells[row.values == MASKED] for row in film.rows])
    frames = Rectangles(film.skin.ink, name="masked", opacity=0.0).set_stroke(film.skin.ink, width=theme.HEAVY, opacity=1)
    frames.values = np.array([len(cells)])
    frames.display(cells)
    film.shown = [frames]
    with film.scene.telling():
        film.move(FadeIn(frames, film.count("second", film.found.said["masked"], "masked")), seconds=0.4)
        film.scene.hold(0.8)
        film.move(FadeIn(film.count("third", film.found.said["full"], "full")), seconds=TEXT)


@beat("half")
def half(film: CausalFilm) -> None:
    """Each visited tile counts whole. A hollow copy of them turns about the middle of one column more, and fills it."""
    skin, said, grid = film.skin, film.found.said, film.grid
    cells = np.concatenate([row.cells[row.visited] for row in film.rows])
    whole = Rectangles(skin.scores, name="whole tiles", opacity=SEEN).display(cells)
    film.move(FadeIn(whole), *(FadeOut(each) for each in (*film.counts, *film.shown, film.keys, film.names)), seconds=0.4)
    film.counts = []
    copy = Rectangles(skin.ground, name="turned copy", opacity=0.0).set_stroke(skin.ink, width=theme.HEAVY, opacity=1)
    copy.display(cells)
    points, wide = copy.points.copy(), grid.grid.width * (grid.n_cols + 1) / grid.n_cols
    center = np.array([grid.grid.x0 + wide / 2, grid.grid.center[1], 0.0])

    def turn(share: float) -> None:
        angle = np.pi * share
        around = np.array([[np.cos(angle), np.sin(angle), 0], [-np.sin(angle), np.cos(angle), 0], [0, 0, 1.0]])
        copy.points = (points - center) @ around + center

    film.scene.add(copy)
    with film.scene.telling():
        film.move(Shows(copy, turn, rate_func=ease_in_out_cubic), seconds=2.2)
        words = worded(
            film.place["sum"], [said["rows"], "×", said["more"], "/ 2", "=", said["visited"]], ONE_NUMBER, [skin.ink] * 6, "part"
        )
        film.counts = [Named(*words, tag="sum", text=" ".join(word.text for word in words))]
        right, below = grid.grid.x0 + wide + em(10), grid.grid.y0 - em(46)
        sides = [
            Word(said["rows"], NAME, skin.ink, right, grid.grid.center[1] - 0.36 * em(NAME), "side"),
            Word(said["more"], NAME, skin.ink, center[0], below, "side"),
        ]
        film.move(FadeIn(*film.counts, *sides), seconds=TEXT)
        words = worded(film.place["note"], ["of", said["tiles"], "tiles"], NAME, [skin.ink] * 3, "part")
        film.counts.append(Named(*words, tag="note", text=f"of {said['tiles']} tiles"))
        texts = ["K", "and", "V:", said["kv"], "of", said["kv_all"]]
        words = worded(film.place["bytes"], texts, NAME, [skin.k, skin.ink, skin.v, skin.ink, skin.ink, skin.ink], "part")
        film.counts.append(Named(*words, tag="bytes", text=" ".join(texts)))
        film.move(FadeIn(*film.counts[1:]), seconds=TEXT)
        film.shown = [copy, whole, *sides]


@beat("rows")
def rows(film: CausalFilm) -> None:
    """Each row block is a program, as long as its tiles. They run on a few places, in their order and the longest first."""
    said = film.found.said
    gone: list[Any] = [FadeOut(each) for each in (*film.counts, *film.shown)]
    if film.on_half:
        gone.append(FadeIn(film.keys, film.names))
    film.move(*gone, seconds=0.3)
    film.counts, film.shown = [], []
    most = film.found.ends[0]
    with film.scene.telling():
        for part, text, end, longest in (("in order", "in order", "in_order", False), ("longest", "longest first", "longest", True)):
            lanes = Lanes(film, film.place[part], film.found.schedule(longest_first=longest), most)
            at = film.place[f"{part} name"]
            said_so = first_that_fits((f"{text}, {AXIS}", text), NAME, at.width, Face.STRONG)
            name = Word(said_so, NAME, film.skin.ink, at.x0, middle(at, NAME), "name lanes")
            film.scene.add(lanes)
            film.move(FadeIn(name), Shows(lanes, lanes.launch), seconds=2.6)
            x, rect = lanes.end + em(16), film.place[part]
            number = Word(said[end], NUMBER, film.skin.ink, x, middle(rect, NUMBER), f"end {part}")
            film.move(FadeIn(number), seconds=TEXT)
            film.shown += [lanes, name, number]


class Lanes(VGroup):
    """Programs on places: a lane a place, time in tiles to the right. ``values``: when each program starts, in launch order."""

    def __init__(self, film: CausalFilm, rect: Rect, runs: Sequence[Placed], most: int) -> None:
        self.tag, self.values = "lanes", np.array([run.start for run in runs])
        grid, places = film.grid, film.found.places
        wide, high = 0.9 * rect.width / most, rect.height / places
        self.end = rect.x0 + wide * max(run.start + run.tiles for run in runs)
        self.parts = []
        for turn, run in enumerate(runs):
            row = film.rows[grid.row_of(run.row)]
            start = row.cells[row.visited][: run.tiles]
            index = np.arange(len(start))
            x = rect.x0 + (run.start + index * run.tiles / len(start)) * wide
            y = rect.y1 - (run.place + 0.92) * high
            step = wide * run.tiles / len(start)
            stop = np.stack([x + 0.04 * step, np.full(len(start), y), x + 0.96 * step, np.full(len(start), y + 0.84 * high)], 1)
            drawn = Rectangles(film.skin.scores, name="program", opacity=palette.LIT)
            self.parts.append((drawn, start, stop, STAGGER * turn / max(1, len(runs) - 1)))
        lines = [
            Line((rect.x0, y, 0), (rect.x1, y, 0), stroke_color=film.skin.edge, stroke_width=theme.HAIRLINE)
            for y in rect.y1 - high * np.arange(places + 1)
        ]  # fmt: skip
        super().__init__(*lines, *(drawn for drawn, *_ in self.parts))
        self.launch(0.0)

    def launch(self, share: float) -> None:
        """Programs set off one after the other, from their row in the grid to their place."""
        for drawn, start, stop, begins in self.parts:
            way = ease_in_out_cubic(float(np.clip((share - begins) / (1 - STAGGER), 0, 1)))
            drawn.display(start + (stop - start) * way if way > 0 else np.zeros((0, 4)))


@beat("fewer")
def fewer(film: CausalFilm) -> None:
    """The first rows leave: what is left are the last queries, over all keys. The last query and the last key meet in the corner."""
    found, skin, said, grid = film.found, film.skin, film.found.said, film.grid
    gone = film.rows[: len(film.rows) - found.kept // grid.band_rows]
    away = grid.grid.x1 - film.place.frame.x0
    back = [FadeOut(each) for each in (*film.counts, *film.shown)]
    with film.scene.telling():
        film.move(Shows(VGroup(*gone), shifted(gone, (-away, 0.0)), rate_func=ease_in_out_cubic), *back, seconds=0.9)
        film.scene.remove(*gone)
        film.shown = []
        row, col = grid.n_rows - 1, grid.n_cols - 1
        last, query, key = grid.cell(row, col), film.tile("Q", row), film.tile("K", col)
        corner = box(last, stroke=skin.ink, width=theme.HEAVY)
        lines = [
            Line((query.x1, last.center[1], 0), (last.x0, last.center[1], 0), stroke_color=skin.q, stroke_width=2 * theme.HEAVY),
            Line((last.center[0], key.y0, 0), (last.center[0], last.y1, 0), stroke_color=skin.k, stroke_width=2 * theme.HEAVY),
        ]
        lit = [box(query, stroke=skin.q, opacity=palette.LIT), box(key, stroke=skin.k, opacity=palette.LIT)]
        film.move(FadeIn(*lit), *(Create(line) for line in lines), seconds=0.7)
        words = worded(film.place["sum"], [said["fewer"], "tiles"], NUMBER, [skin.ink] * 2, "part")
        film.counts = [Named(*words, tag="sum", text=f"{said['fewer']} tiles")]
        for part, value, what, color in (("note", said["queries"], "queries", skin.q), ("bytes", said["keys"], "keys", skin.k)):
            words = worded(film.place[part], [value, what], NAME, [color] * 2, "part")
            film.counts.append(Named(*words, tag=part, text=f"{value} {what}"))
        film.move(FadeIn(corner, *film.counts), seconds=TEXT)


@beat("blind")
def blind(film: CausalFilm) -> None:
    """Rows above the limit's start are framed: nothing is in them."""
    c = film.found.trace.config
    gone = [FadeOut(each) for each in (*film.counts, *film.shown)]
    if gone:
        film.move(*gone, seconds=0.4)
    (left, top), (right, bottom) = film.limit.at(0, 0), film.limit.at(film.found.blind, c.seq_k)
    frame = Rect(min(left, film.grid.strip("Q").x0) - em(6), bottom, right, top)
    with film.scene.telling():
        film.move(FadeIn(box(frame, stroke=film.skin.stats, width=theme.HEAVY)), seconds=0.4)
