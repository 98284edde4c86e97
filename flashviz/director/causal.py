"""What a causal mask saves: tiles leave the grid, a turned copy counts the rest, rows of unequal length, fewer queries than keys."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from manim import Line, VGroup, VMobject
from manim.utils.rate_functions import ease_in_out_cubic

from flashviz import palette, theme
from flashviz.chapters import causal
from flashviz.chapters.causal import MASKED, SKIPPED, Causal, gather
from flashviz.director.flash import provenance
from flashviz.director.shots import MOVE, TEXT, ShotScene, beat
from flashviz.director.words import LABEL, NAME, NUMBER, ONE_NUMBER, Word, worded
from flashviz.layout import Limit, Rect, masked_grid
from flashviz.layout.causal import SEAM
from flashviz.lettering import em
from flashviz.mobjects.motion import FadeIn, FadeOut, Shows
from flashviz.mobjects.named import Named
from flashviz.mobjects.tiles import Rectangles, box

SEEN, LIT = palette.FAINT, palette.LIT  # opacity of what is seen, at rest and when it is spoken of
SHRUNK = 0.45  # by how much a copy is smaller while it turns
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
        self.loaded = Rectangles(skin.edge, name="visited", opacity=SEEN).set_stroke(skin.quiet, width=theme.OUTLINE, opacity=1)
        self.empty.display(self.cells[self.skipped])
        self.loaded.display(self.cells[self.visited])
        self.seen = [Polygons(skin.scores, "seen full"), Polygons(skin.scores, "seen masked")]
        super().__init__(self.query, self.empty, self.loaded, *self.seen)

    def limit(self, limit: Limit, beyond: float) -> None:
        """What is seen where the limit is so many keys beyond its place."""
        parts = [limit.seen(self.index, col, beyond) for col in range(len(self.values))]
        for drawn, chosen in zip(self.seen, (self.values != MASKED, self.values == MASKED), strict=True):
            drawn.display([part for part, taken in zip(parts, chosen, strict=True) if taken])


class Polygons(VMobject):
    """Many polygons of one colour as one path."""

    def __init__(self, color: str, name: str) -> None:
        super().__init__(stroke_width=0, fill_color=color, fill_opacity=SEEN)
        self.tag = name

    def display(self, parts: Sequence[np.ndarray]) -> None:
        """[corners, 2] each."""
        points = []
        for part in parts:
            if len(part):
                ends = np.concatenate([part, part[:1]])
                thirds = np.array([0, 1 / 3, 2 / 3, 1])[None, :, None]
                points.append((ends[:-1, None] * (1 - thirds) + ends[1:, None] * thirds).reshape(-1, 2))
        flat = np.concatenate(points) if points else np.zeros((0, 2))
        self.points = np.concatenate([flat, np.zeros((len(flat), 1))], 1)


class CausalFilm:
    """Everything on stage, made here once. ``counts`` are the numbers beside the grid."""

    labels: list[Word]  # how many tiles each row has
    launch: Callable[[float], None]  # of the rows, from the grid into their order

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
        self.show_limit(float(config.seq_k + config.seq_q))

    def tile(self, tensor: str, index: int) -> Rect:
        """Of Q or K."""
        return seamed(self.grid.tile(tensor, index))

    def show_limit(self, beyond: float) -> None:
        """The limit so many keys beyond its place."""
        for row in self.rows:
            row.limit(self.limit, beyond)
        start, end = self.limit.ends(beyond)
        self.line.put_start_and_end_on((*start, 0), (*(end if np.hypot(*np.subtract(end, start)) > 1e-6 else np.add(start, 1e-3)), 0))

    def count(self, part: str, number: str, words: str) -> Named:
        """A number and what it counts."""
        made = worded(self.place[part], [number, words], NUMBER, [self.skin.ink, self.skin.ink], "part")
        self.counts.append(Named(*made, tag="count", text=f"{number} {words}"))
        return self.counts[-1]

    def move(self, *animations: Any, seconds: float) -> None:
        self.scene.move(*animations, seconds=seconds)

    def read(self) -> None:
        """Stand until the beat's caption has been read; then things move."""
        self.scene.arrived()


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
    film.move(FadeIn(*film.rows, film.keys, film.names), seconds=0.8)
    film.read()
    c = film.found.trace.config
    far = float(c.seq_q)
    film.show_limit(far)
    film.scene.add(film.line)
    film.move(Shows(VGroup(*film.rows, film.line), lambda share: film.show_limit(far * (1 - ease_in_out_cubic(share)))), seconds=2.0)
    texts = ["query r", "sees keys to", film.found.said["last"]]
    words = worded(film.place["rule"], texts, NUMBER, [film.skin.q, film.skin.ink, film.skin.k], "part")
    film.counts = [Named(*words, tag="rule", text=" ".join(texts))]
    film.move(FadeIn(*film.counts), seconds=TEXT)


@beat("skip")
def skip(film: CausalFilm) -> None:
    """The empty tiles leave past the edge of the frame."""
    film.read()
    empty = [row.empty for row in film.rows]
    away = film.place.frame.x1 - film.grid.grid.x0
    film.move(FadeOut(film.line, *film.counts), seconds=TEXT)
    film.counts = []
    film.move(Shows(VGroup(*empty), shifted(empty, (away, 0.0)), rate_func=ease_in_out_cubic), seconds=1.3)
    for row, part in zip(film.rows, empty, strict=True):
        row.remove(part)
        film.scene.remove(part)
    film.move(FadeIn(film.count("first", film.found.said["skipped"], "skipped")), seconds=TEXT)


@beat("kinds")
def kinds(film: CausalFilm) -> None:
    """Tiles that the limit crosses light up: they are masked; the others need none."""
    masked = [row.seen[1] for row in film.rows]
    film.move(
        Shows(VGroup(*masked), lambda share: [part.set_fill(opacity=SEEN + (LIT - SEEN) * share) for part in masked]),
        FadeIn(film.count("second", film.found.said["masked"], "masked")), seconds=0.5,
    )  # fmt: skip
    film.move(FadeIn(film.count("third", film.found.said["full"], "full")), seconds=TEXT)
    film.scene.tell()


@beat("half")
def half(film: CausalFilm) -> None:
    """A copy of the visited tiles turns about the middle of one column more, and fills it."""
    film.read()
    skin, said, grid = film.skin, film.found.said, film.grid
    film.move(*(FadeOut(each) for each in film.counts), seconds=TEXT)
    film.counts = []
    cells = np.concatenate([row.cells[row.visited] for row in film.rows])
    copy = Rectangles(skin.quiet, name="turned copy", opacity=palette.RESTING).set_stroke(skin.ink, width=theme.OUTLINE, opacity=0.8)
    copy.display(cells)
    points = copy.points.copy()
    center = np.array([grid.grid.x0 + grid.grid.width * (grid.n_cols + 1) / grid.n_cols / 2, grid.grid.center[1], 0.0])

    def turn(share: float) -> None:
        angle = np.pi * share
        around = np.array([[np.cos(angle), np.sin(angle), 0], [-np.sin(angle), np.cos(angle), 0], [0, 0, 1.0]])
        copy.points = (points - center) @ around * (1 - SHRUNK * np.sin(angle)) + center

    film.scene.add(copy)
    film.move(Shows(copy, turn, rate_func=ease_in_out_cubic), seconds=1.8)
    words = worded(film.place["sum"], [said["rows"], "×", said["more"], "/ 2", "=", said["visited"]], ONE_NUMBER, [skin.ink] * 6, "part")
    film.counts.append(Named(*words, tag="sum", text=" ".join(word.text for word in words)))
    film.move(FadeIn(film.counts[-1]), seconds=TEXT)
    film.scene.hold(0.4)
    words = worded(film.place["note"], ["of", said["tiles"], "tiles"], NAME, [skin.ink] * 3, "part")
    film.counts.append(Named(*words, tag="note", text=f"of {said['tiles']} tiles"))
    texts = ["K", "and", "V:", said["kv"], "of", said["kv_all"]]
    words = worded(film.place["bytes"], texts, NAME, [skin.k, skin.ink, skin.v, skin.ink, skin.ink, skin.ink], "part")
    film.counts.append(Named(*words, tag="bytes", text=" ".join(texts)))
    film.move(FadeIn(*film.counts[1:]), FadeOut(copy), seconds=0.6)


def banded(film: CausalFilm) -> list[int]:
    """Tiles of each shown row: of several row blocks the most."""
    visited, band = film.found.visited, film.grid.band_rows
    return [int(visited[at * band : (at + 1) * band].max()) for at in range(film.grid.n_rows)]


def launched(film: CausalFilm) -> Callable[[float], None]:
    """Rows on their way into another stack, one after the other, the longest first; equal ones keep their order."""
    rect, grid = film.place["order"], film.grid
    size = min(rect.width / grid.n_cols / grid.cell_width, rect.height / grid.n_rows / grid.cell_height)
    order = np.argsort([-count for count in banded(film)], kind="stable")
    top = rect.center[1] + size * grid.grid.height / 2
    moves = []
    for place, index in enumerate(order):
        row, cell = film.rows[index], grid.cell(int(index), 0)
        parts = [(part, part.points.copy()) for part in row.get_family() if len(part.points)]
        start = np.array([cell.x0, cell.center[1], 0.0])
        stop = np.array([rect.x0, top - (place + 0.5) * size * grid.cell_height, 0.0])
        moves.append((parts, start, stop, STAGGER * place / max(1, grid.n_rows - 1)))

    def show(share: float) -> None:
        for parts, start, stop, begins in moves:
            way = ease_in_out_cubic(float(np.clip((share - begins) / (1 - STAGGER), 0, 1)))
            for part, points in parts:
                part.points = (points - start) * (1 + (size - 1) * way) + start + (stop - start) * way

    return show


def labels(film: CausalFilm) -> list[Word]:
    """How many tiles each row has, at its end in the other stack, where there is room for words."""
    rect, made = film.place["order"], []
    for row, count in zip(film.rows, banded(film), strict=True):
        high = row.query.height
        px = min(NAME, high / em(1))
        if px >= LABEL:
            left = max(float(row.loaded.get_right()[0]), rect.x0) + em(16)
            made.append(Word(f"{count}", px, film.skin.ink, left, row.query.get_center()[1] - 0.36 * em(px), "tiles"))
    return made


@beat("rows")
def rows(film: CausalFilm) -> None:
    """Each row block is a program, as long as its tiles; they start one after the other, the longest first."""
    film.read()
    masked = [row.seen[1] for row in film.rows]
    dull = Shows(VGroup(*masked), lambda share: [part.set_fill(opacity=LIT + (SEEN - LIT) * share) for part in masked])
    film.move(dull, *(FadeOut(each) for each in (*film.counts, film.keys, film.names)), seconds=0.4)
    film.counts = []
    film.launch = launched(film)
    film.move(Shows(VGroup(*film.rows), film.launch), seconds=2.0)
    film.labels = labels(film)
    if film.labels:
        film.move(FadeIn(*film.labels), seconds=TEXT)


def back(film: CausalFilm) -> list[Any]:
    """Rows return to the grid, where they have left it."""
    if film.scene.on_board("rows") is None:
        return []
    gone = [FadeOut(*film.labels)] if film.labels else []
    return [Shows(VGroup(*film.rows), lambda share: film.launch(1 - share)), *gone, FadeIn(film.keys, film.names)]


@beat("fewer")
def fewer(film: CausalFilm) -> None:
    """Rows go back to the grid; the first ones leave: what is left are the last queries, over all keys."""
    found, skin, said = film.found, film.skin, film.found.said
    moves = back(film)
    if moves:
        film.move(*moves, seconds=MOVE)
    film.read()
    gone = film.rows[: len(film.rows) - found.kept // film.grid.band_rows]
    away = film.grid.grid.x1 - film.place.frame.x0
    film.move(Shows(VGroup(*gone), shifted(gone, (-away, 0.0)), rate_func=ease_in_out_cubic), seconds=1.1)
    film.scene.remove(*gone)
    corner = box(film.grid.cell(film.grid.n_rows - 1, film.grid.n_cols - 1), stroke=skin.ink, width=theme.HEAVY)
    words = worded(film.place["sum"], [said["fewer"], "tiles"], NUMBER, [skin.ink] * 2, "part")
    film.counts = [Named(*words, tag="sum", text=f"{said['fewer']} tiles")]
    for part, value, what, color in (("note", said["queries"], "queries", skin.q), ("bytes", said["keys"], "keys", skin.k)):
        words = worded(film.place[part], [value, what], NAME, [color] * 2, "part")
        film.counts.append(Named(*words, tag=part, text=f"{value} {what}"))
    film.move(FadeIn(corner, *film.counts[1:]), seconds=TEXT)
    film.move(FadeIn(film.counts[0]), seconds=TEXT)


@beat("blind")
def blind(film: CausalFilm) -> None:
    """Rows above the limit's start are framed: nothing is in them."""
    moves, c = back(film), film.found.trace.config
    if moves or film.counts:
        film.move(*moves, *(FadeOut(each) for each in film.counts), seconds=MOVE)
    (left, top), (right, bottom) = film.limit.at(0, 0), film.limit.at(film.found.blind, c.seq_k)
    frame = Rect(min(left, film.grid.strip("Q").x0) - em(6), bottom, right, top)
    film.move(FadeIn(box(frame, stroke=film.skin.stats, width=theme.HEAVY)), seconds=0.4)
    film.read()
