"""What a causal mask saves: one row, then all; tiles leave the grid, a turned copy counts the rest, and rows of unequal length run."""

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
from flashviz.director.shots import TEXT, ChapterFilm, ShotScene, StepBack, beat, step_forth
from flashviz.director.words import LABEL, NAME, NUMBER, ONE_NUMBER, Word, first_that_fits, middle, worded
from flashviz.layout import Limit, Rect, centered, masked_grid
from flashviz.layout.causal import SEAM
from flashviz.lettering import Face, em, text_width
from flashviz.mobjects.cast import set_ends
from flashviz.mobjects.motion import FadeIn, FadeOut, Shows
from flashviz.mobjects.named import Named
from flashviz.mobjects.readout import Readout
from flashviz.mobjects.tiles import Hatch, Polygons, Rectangles, box, outlines

SEEN = palette.FAINT  # opacity of what is seen
AXIS = "time in tiles →"
LOOKED, RUN = 0.5, 5.4  # seconds that the whole grid stands, and in which the longer of both orders runs
FLIGHT = 2.0  # tiles' time in which a row comes to its place
IDLE = "idle"
HALO = 12.0  # width of the ground around the clock's number
BEHIND = 0.3  # of the opacity of other rows, while one is spoken of
BEFORE = 0.14  # of a tile's width, ahead of a program


class CausalStage(ShotScene):
    """The scene that the mask is played on."""

    script = causal.BEATS

    def open(self, run: Callable[..., Any]) -> CausalFilm:
        """Record with the mask and without: ``flashviz_kernels.recorder.run``."""
        found = gather(self.settings.config, self.settings.source, run)
        self.provenance = [provenance(trace) for trace in (found.trace, found.whole)]
        self.set_board(found.beats, found.said)
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
    back: StepBack  # all rows but one
    first: Row | None = None  # which row the limit is shown in before it is in all

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
        """The limit so many keys beyond its place; the row that was shown first has it already."""
        for row in self.rows:
            row.limit(self.limit, 0.0 if row is self.first else beyond)
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


@beat("row")
def row(film: CausalFilm) -> None:
    """All tiles; then all but one row step back, and in that what is beyond its queries goes dark."""
    tile = worded(film.place["tile"], [film.found.said["tile"]], NAME, [film.skin.ink], "part")
    film.shown = [Named(*tile, tag="tile", text=film.found.said["tile"])]
    film.scene.add(*film.rows, film.keys, film.names, *film.shown)
    film.scene.hold(LOOKED)
    chosen, far = film.rows[len(film.rows) // 2], float(film.found.trace.config.seq_k)
    film.back = StepBack([each for each in film.rows if each is not chosen], BEHIND)
    with film.scene.telling():
        film.move(film.back, seconds=TEXT)
        limit = Shows(chosen, lambda share: chosen.limit(film.limit, far * (1 - ease_in_out_cubic(share))))
        film.move(limit, seconds=1.4)
    film.first = chosen


@beat("mask")
def mask(film: CausalFilm) -> None:
    """The limit comes into all rows from the upper right corner, and ends where the last query and the last key meet."""
    far = float(film.found.trace.config.seq_q)
    with film.scene.telling():
        film.move(step_forth(film.back), seconds=TEXT)
        film.show_limit(far)
        film.scene.add(film.line)
        film.move(Shows(VGroup(*film.rows, film.line), lambda share: film.show_limit(far * (1 - ease_in_out_cubic(share)))), seconds=1.6)
        film.move(*meeting(film), seconds=0.7)
        texts = ["key", "≤", film.found.said["last"]]
        words = worded(film.place["rule"], texts, NUMBER, [film.skin.k, film.skin.ink, film.skin.q], "part")
        film.shown.append(Named(*words, tag="rule", text=" ".join(texts)))
        film.move(FadeIn(film.shown[-1]), seconds=TEXT)


def meeting(film: CausalFilm) -> list[FadeIn | Create]:
    """The last tiles of Q and K light up, and a line from each goes to the corner in which both meet."""
    grid, skin = film.grid, film.skin
    row, col = grid.n_rows - 1, grid.n_cols - 1
    last, query, key = grid.cell(row, col), film.tile("Q", row), film.tile("K", col)
    _, (x, y) = film.limit.ends()
    lines = [
        Line((query.x1, y, 0), (x, y, 0), stroke_color=skin.q, stroke_width=2 * theme.HEAVY),
        Line((x, key.y0, 0), (x, y, 0), stroke_color=skin.k, stroke_width=2 * theme.HEAVY),
    ]
    lit = [box(query, stroke=skin.q, opacity=palette.LIT), box(key, stroke=skin.k, opacity=palette.LIT)]
    corner = Named(box(last, stroke=skin.ink, width=theme.HEAVY), tag="corner")
    film.shown += [*lit, corner, *lines]
    return [FadeIn(*lit, corner), *(Create(line) for line in lines)]


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
    frames = outlines(film.skin.ink, "masked", theme.HEAVY)
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
    """Each row block is a program, as long as its tiles. They run on a few places, in their order and the longest first, by one clock."""
    most = film.found.ends[0]
    lanes = [
        Lanes(film, film.place[part], film.found.schedule(longest_first=longest), most, part)
        for part, longest in (("in order", False), ("longest", True))
    ]  # fmt: skip
    names = []
    for part, text in (("in order", "in order"), ("longest", "longest first")):
        at = film.place[f"{part} name"]
        said_so = first_that_fits((f"{text}, {AXIS}", text), NAME, at.width, Face.STRONG)
        names.append(Word(said_so, NAME, film.skin.ink, at.x0, middle(at, NAME), "name lanes"))
    gone: list[Any] = [FadeOut(each) for each in (*film.counts, *film.shown)]
    if film.on_half:
        gone.append(FadeIn(film.keys, film.names))
    numbers = numbered(film) if all(each.words for each in lanes) else []
    film.move(*gone, seconds=0.3)
    film.move(FadeIn(*lanes, *names, *numbers), seconds=0.4)
    film.counts, film.shown = [], [*lanes, *names, *numbers]

    def run(share: float) -> None:
        for each in lanes:
            each.run(share * (most + FLIGHT) - FLIGHT)

    with film.scene.telling():
        film.move(Shows(VGroup(*lanes), run), seconds=RUN * (most + FLIGHT) / most)
        idle = [word for each in lanes for word in each.named_idle(film)]
        if idle:
            film.move(FadeIn(*idle), seconds=TEXT)
            film.shown += idle


def numbered(film: CausalFilm) -> list[Word]:
    """The number of each row, on its tile of Q."""
    made = []
    for index in range(len(film.rows)):
        tile, text = film.tile("Q", index), f"{index + 1}"
        left = tile.center[0] - text_width(text, LABEL, Face.STRONG) / 2
        made.append(Word(text, LABEL, film.skin.ink, left, middle(tile, LABEL), "number row"))
    return made


class Lanes(VGroup):
    """Programs on places: a lane a place, time in tiles to the right, and a clock that stops when all have ended.

    Rows come from the grid. A place that has no program left is hatched until all have ended.

    ``values``: when each program starts, in launch order. ``words``: their numbers; none where lanes are too low for them.
    """

    def __init__(self, film: CausalFilm, rect: Rect, runs: Sequence[Placed], most: int, name: str) -> None:
        self.tag, self.values, self.runs, self.rect = "lanes", np.array([run.start for run in runs]), runs, rect
        self.wide, self.high = 0.9 * rect.width / most, rect.height / film.found.places
        self.end = max(run.start + run.tiles for run in runs)
        self.programs = [Rectangles(film.skin.scores, name="program", opacity=palette.LIT) for _ in runs]
        self.rows = [in_grid(film, run) for run in runs]
        self.coming = [
            Rectangles(film.skin.scores, name="coming", opacity=palette.DIM).set_stroke(film.skin.quiet, width=theme.OUTLINE, opacity=1)
            for _ in runs
        ]
        self.free = np.zeros(film.found.places)  # from when on each place has no program left
        for run in runs:
            self.free[run.place] = run.start + run.tiles
        self.idle = Hatch(film.skin.quiet, "idle")
        self.clock = Line(stroke_color=film.skin.ink, stroke_width=theme.HEAVY)
        self.time = Readout("", NUMBER, film.skin.ink, name=f"end {name}", face=Face.MONO_STRONG)
        self.time.set_stroke(film.skin.ground, width=HALO, opacity=1, background=True)  # rows that wait stand behind it
        self.words: list[Word] = []
        if min(self.wide, self.high) > 1.2 * em(LABEL) and film.grid.band_rows == 1:
            for run in runs:
                x, y = self.corner(run)
                text = f"{run.row + 1}"
                left = x + (self.wide - text_width(text, LABEL, Face.STRONG)) / 2
                at = Rect(x, y, x + self.wide, y + 0.84 * self.high)
                self.words.append(Word(text, LABEL, film.skin.ground, left, middle(at, LABEL), "number program"))
        lines = [
            Line((rect.x0, y, 0), (rect.x1, y, 0), stroke_color=film.skin.edge, stroke_width=theme.HAIRLINE)
            for y in rect.y1 - self.high * np.arange(film.found.places + 1)
        ]  # fmt: skip
        super().__init__(*lines, self.idle, *self.coming, *self.programs, *self.words, self.clock, self.time)
        self.run(-FLIGHT)

    def corner(self, run: Placed) -> tuple[float, float]:
        """The lower left one of a program on its place."""
        return self.rect.x0 + run.start * self.wide, self.rect.y1 - (run.place + 0.92) * self.high

    def run(self, now: float) -> None:
        """After so many tiles' time: what each program has done; before it starts, how far its row has come."""
        now = min(now, float(self.end))
        for drawn, coming, row, run in zip(self.programs, self.coming, self.rows, self.runs, strict=True):
            (x, y), index = self.corner(run), np.arange(run.tiles)
            done = np.clip(now - run.start - index, 0.0, 1.0)
            left = x + (index + np.where(index == 0, BEFORE, SEAM)) * self.wide
            right = x + (index + 1 - SEAM) * self.wide
            boxes = np.stack([left, np.full(run.tiles, y), right, np.full(run.tiles, y + 0.84 * self.high)], 1)
            way = ease_in_out_cubic(float(np.clip((now - run.start) / FLIGHT + 1, 0.0, 1.0)))
            coming.display((row + (boxes - row) * way)[: run.tiles if way > 0 else 0])
            boxes[:, 2] = np.maximum(left, x + (index + (1 - SEAM) * done) * self.wide)
            drawn.display(boxes[done > 0])
            drawn.values = done
        now = max(now, 0.0)
        self.idle.display(np.array([self.idle_box(place, now) for place in np.flatnonzero(self.free < now).tolist()]).reshape(-1, 4))
        for word, run in zip(self.words, self.runs, strict=False):
            word.set_fill(opacity=float(now - run.start >= 1))
        x = self.rect.x0 + now * self.wide
        set_ends(self.clock, (x, self.rect.y0, 0), (x, self.rect.y1, 0))
        self.time.text = f"{int(now + 1e-6)}"
        self.time.at(Rect(x + em(16), self.rect.y0, self.rect.x1, self.rect.y1))

    def idle_box(self, place: int, now: float) -> tuple[float, float, float, float]:
        """Of a place, from when it had no program left until ``now``."""
        low = self.rect.y1 - (place + 0.92) * self.high
        return self.rect.x0 + self.free[place] * self.wide, low, self.rect.x0 + now * self.wide, low + 0.84 * self.high

    def named_idle(self, film: CausalFilm) -> list[Named]:
        """The word on the place that is idle longest, where there is room."""
        left, low, right, high = self.idle_box(int(np.argmin(self.free)), float(self.end))
        wide = text_width(IDLE, LABEL, Face.STRONG)
        if right - left < 2 * wide or high - low < em(LABEL):
            return []
        plate = centered((left + right) / 2, (low + high) / 2, 1.4 * wide, high - low)
        word = Word(IDLE, LABEL, film.skin.ink, plate.center[0] - wide / 2, middle(plate, LABEL), "idle")
        return [Named(box(plate, stroke=film.skin.ground, fill=film.skin.ground, opacity=1.0), word, tag="idle plate", text="")]


def in_grid(film: CausalFilm, run: Placed) -> np.ndarray:
    """Where a program's tiles stand in the grid, in equal parts of what is drawn of its row: [tiles, 4]."""
    row = film.rows[run.row // film.grid.band_rows]
    cells = row.cells[row.visited]
    edges = np.linspace(cells[:, 0].min(), cells[:, 2].max(), run.tiles + 1)
    low, high = np.full(run.tiles, cells[0, 1]), np.full(run.tiles, cells[0, 3])
    return np.stack([edges[:-1], low, edges[1:], high], 1)


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
