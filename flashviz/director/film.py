"""The main film in shots: two HBMs, standard attention's traffic, one row, the rescale, the rest, the bill. Every number is the traces'."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from manim import Create, DashedLine, Group, Mobject, RoundedRectangle, VGroup, VMobject
from manim.utils.rate_functions import ease_in_out_cubic

from flashviz import theme
from flashviz.chapters import film as story
from flashviz.chapters.rescale import Rescale
from flashviz.chapters.rescale import facts as rescale_facts
from flashviz.citations import FLASH_ATTENTION, FLASH_ATTENTION_2, ONLINE_SOFTMAX
from flashviz.director.flash import gather, provenance
from flashviz.director.pictures import card_lines
from flashviz.director.rescale import LABEL, NAME, NUMBER, ONE_NUMBER, RescaleFilm, Word, grow_answer, grown, labelled, middle
from flashviz.director.shots import MOVE, TEXT, ShotScene, Shows, beat
from flashviz.director.stage import Columns, Material
from flashviz.director.sweep import crossed
from flashviz.figures import amount, kib, number, power, quarters, total
from flashviz.layout import Rect, centered, rows
from flashviz.lettering import NOTE_PX, Face, em, text_width, wrap
from flashviz.memory import compulsory
from flashviz.mobjects.bars import SignedBars
from flashviz.mobjects.measured import Measured
from flashviz.mobjects.motion import FadeIn, FadeOut
from flashviz.mobjects.named import Named
from flashviz.mobjects.readout import Readout
from flashviz.mobjects.tiles import Matrix, Rectangles, box
from flashviz.mobjects.whole import HbmPanel, Sheet
from flashviz.palette import spread
from flashviz.storyboard import Beat, facts, stored_score_tiles, tile_unit
from flashviz.trace import Kind, Trace, state_at

LOAD = 0.7  # seconds of a tile's way
TITLE = 46
STROKES = ((Kind.STORE_S, "S", "S out"), (Kind.LOAD_S, "S", "S back"), (Kind.STORE_P, "P", "P out"), (Kind.LOAD_P, "P", "P back"))
CALM_SHOWN = 2  # tiles without a rise that are shown one by one
IN_FLIGHT = 6  # squares on their way at once


class FlashStage(ShotScene):
    """The scene that the main film is played on."""

    script = story.SCRIPT

    def open(self, run: Callable[..., Any], error_of: Callable[..., float]) -> Film:
        """Record the traces, choose the followed row, fill the captions.

        Args:
            run: ``flashviz_kernels.recorder.run``.
            error_of: ``flashviz_kernels.exactness.block_error``.
        """
        settings = self.settings
        material = gather(settings.config, run, error_of, settings.source, settings.trace)
        self.provenance = [provenance(trace) for trace in (material.fa2, material.standard)]
        last = len(material.values.j) - 1
        found = Rescale(material.fa2, material.chosen, material.values, last if material.chosen.rise is None else material.chosen.rise)
        said = facts(material.fa2, material.standard, material.chosen, material.values, errors=material.errors)
        row_said = rescale_facts(found)
        self.set_board(beats_of(found, len(material.values.j)), said | row_said)
        twice = run(replace(settings.config, block_m=2 * settings.config.block_m), source="numpy", algorithm="fa2", computed=range(0)).trace
        if not found.rises:
            self.poster = "rest"
        outputs = [run(settings.config, source="numpy", algorithm=name).o[0, 0].astype(np.float64) for name in ("standard", "fa2")]
        return Film(self, material, found, said, row_said, outputs, twice)


class Film:
    """Everything on stage, made here once.

    ``words`` are what the next beat lets go, ``tiles`` and ``names`` what stands on chip, by tensor.
    """

    words: list[Mobject]
    tiles: dict[str, Matrix]
    names: dict[str, Mobject]
    on_chip: dict[str, Matrix]  # of standard attention
    around: VMobject  # the frame of the tile that is asked about
    terms: np.ndarray  # [N_k] of the followed row, by its last max
    strip: Matrix  # the row's known scores
    crossed: Readout
    map: Group  # HBM, small, with what has crossed
    mark: Mobject  # of the followed row, its name and its place
    mark_name: Word
    mark_rect: Rect
    l_number: Word

    def __init__(
        self, scene: ShotScene, material: Material, found: Rescale, said: Mapping[str, str], row_said: dict[str, str],
        outputs: Sequence[np.ndarray], twice: Trace,
    ) -> None:  # fmt: skip
        self.scene, self.material, self.found, self.said, self.skin = scene, material, found, said, scene.skin
        self.taller = twice  # the same problem with twice the rows a program
        skin, config = scene.skin, material.fa2.config
        self.config = config
        place = scene.shot("hook")
        self.standard = HbmPanel(config, skin, "standard").place(place["left"])
        self.hbm = HbmPanel(config, skin, "hbm").place(place["right"])
        self.sheets = {
            name: Sheet(shares, skin, f"sheet {name}", skin.scores, inner=name == "P").place(self.standard.cross)
            for name, shares in (("S", material.sheet_s), ("P", material.sheet_p))
        }
        low, high = spread(outputs[0])
        self.outputs = [
            Matrix(o, panel.cross.strip("O"), skin, "O", low, high)
            for o, panel in zip(outputs, (self.standard, self.hbm), strict=True)
        ]  # fmt: skip
        self.cells = self.standard.cross.n_rows * self.standard.cross.n_cols
        self.unit, self.scores_stored = tile_unit(material.fa2), stored_score_tiles(material.standard)
        self.row = RescaleFilm(scene, found, row_said, on_stage=False)
        self.titles = [
            heading(place["left name"], "standard attention", skin.ink), heading(place["right name"], "FlashAttention", skin.ink)
        ]  # fmt: skip
        self.tiles, self.names, self.on_chip, self.words = {}, {}, {}, []

    def move(self, *animations: Any, seconds: float) -> None:
        self.scene.move(*animations, seconds=seconds)

    def hold(self, seconds: float) -> None:
        self.scene.hold(seconds)

    def reach(self, kind: Kind, t: int) -> Any:
        """Set the clock just after an event of the followed program."""
        self.scene.event = self.found.event(kind, t)
        return state_at(self.material.fa2, self.scene.event)

    def picture(self, tensor: str, t: int) -> np.ndarray:
        """A tile's values as the chip shows them."""
        v = self.material.values
        match tensor:
            case "Q":
                tile = v.q
            case "K":
                tile = v.k[t].T
            case "V":
                tile = v.v[t]
            case _:
                tile = {"S": v.s, "P": v.p, "ACC": v.acc_new}[tensor][t]
        return np.nan_to_num(np.asarray(tile, dtype=np.float64), neginf=float(np.nanmin(np.where(np.isfinite(tile), tile, np.inf))))

    def tile(self, tensor: str, t: int, rect: Rect) -> Matrix:
        """A tile whose values are seen."""
        values = self.picture(tensor, t)
        low, high = (0.0, 1.0) if tensor == "P" else spread(values)
        return Matrix(values, rect, self.skin, tensor, low, high)


def heading(rect: Rect, text: str, color: str, px: float = TITLE) -> Word:
    """A title in the middle of its place, smaller where it would not fit."""
    px *= min(1.0, rect.width / text_width(text, px, Face.STRONG))
    wide = text_width(text, px, Face.STRONG)
    return Word(text, px, color, rect.center[0] - wide / 2, middle(rect, px), "title")


def fitting(text: str, px: float, rect: Rect) -> float:
    """The size at which monospaced text fits into ``rect``."""
    return px * min(1.0, rect.width / text_width(text, px, Face.MONO_STRONG))


def formula(text: str, px: float, color: str, rect: Rect) -> Named:
    """A formula at the left of its place, smaller where it would not fit."""
    drawn = theme.maths(text, px, color)
    drawn.scale(min(1.0, rect.width / drawn.width))
    drawn.move_to((rect.x0 + drawn.width / 2, rect.center[1], 0))
    return Named(drawn, tag="formula", text=text)


def between(first: Rect, second: Rect, share: float) -> Rect:
    """So far on the way from one rectangle to another."""
    a, b = np.array([first.x0, first.y0, first.x1, first.y1]), np.array([second.x0, second.y0, second.x1, second.y1])
    return Rect(*(a + (b - a) * share).tolist())


def placed(panel: Any, to: Rect, **options: Any) -> Shows:
    """The one move between shots: a panel, and all in it, goes to another place."""
    start = panel.rect
    return Shows(panel, lambda share: panel.place(between(start, to, share)), **{"rate_func": ease_in_out_cubic, **options})


def matrix_to(matrix: Matrix, to: Rect, start: Rect | None = None, **options: Any) -> Shows:
    """A picture of values goes to another place; it may leave from where it is a copy of."""
    begin = matrix.rect if start is None else start
    matrix.rect = to
    return Shows(matrix, lambda share: put(matrix, between(begin, to, share)), **{"rate_func": ease_in_out_cubic, **options})


def put(matrix: Matrix, rect: Rect) -> None:
    """Stand in another rectangle."""
    matrix.image.points = np.array([[rect.x0, rect.y1, 0], [rect.x1, rect.y1, 0], [rect.x0, rect.y0, 0], [rect.x1, rect.y0, 0]])
    matrix.frame.points = box(rect, stroke=matrix.skin.ink).points


def flight(share: float, count: int, cells: Callable[[int], Rect], tile: Rect, pipe: Rect, *, out: bool) -> np.ndarray:
    """Boxes of the squares that are on their way between cells of HBM and a tile on chip, through the pipe: one leaves after another."""
    each, side, boxes = IN_FLIGHT / (count + IN_FLIGHT), em(34), []
    x, y = pipe.center[:2]
    lying = pipe.width >= pipe.height
    gates = [(pipe.x0, y), (pipe.x1, y), (tile.center[0], y)] if lying else [(x, pipe.y1), (x, pipe.y0)]
    for index in range(count):
        at = (share - index * (1 - each) / max(count - 1, 1)) / each
        if not 0 < at < 1:
            continue
        way = np.array([cells(index).center[:2], *gates, tile.center[:2]])
        way = way[::-1] if out else way
        reached = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(way, axis=0), axis=1))])
        here = ease_in_out_cubic(at) * reached[-1]
        left, low = np.interp(here, reached, way[:, 0]) - side / 2, np.interp(here, reached, way[:, 1]) - side / 2
        boxes.append([left, low, left + side, low + side])
    return np.array(boxes).reshape(-1, 4)


class Tally(Group):
    """What crossed, a line of squares a tensor; one square is one tile of bytes."""

    def __init__(self, rect: Rect, final: Mapping[str, int], unit: int, skin: Any) -> None:
        self.tag, self.unit = "tally", unit
        lines = [tensor for tensor, nbytes in final.items() if nbytes / unit >= 1]
        height = rect.height / max(len(lines), 1)
        self.pitch = min((rect.width - em(60)) / max(final.values()) * unit, 0.8 * height)
        self.lines, letters = {}, VGroup()
        for index, tensor in enumerate(lines):
            y = rect.y1 - (index + 0.5) * height
            letters.add(Word(tensor, LABEL, skin.hue(tensor), rect.x0, y - 0.36 * em(LABEL), "name"))
            self.lines[tensor] = (Rectangles(skin.hue(tensor), name=f"tally {tensor}"), rect.x0 + em(60), y, 0.5 * height)
        super().__init__(letters, *(line for line, *_ in self.lines.values()))

    def display(self, now: Mapping[str, int]) -> Tally:
        for tensor, (line, left, y, height) in self.lines.items():
            x = left + np.arange(int(now.get(tensor, 0) / self.unit)) * self.pitch
            line.display(np.stack([x, np.full(len(x), y - height / 2), x + 0.8 * self.pitch, np.full(len(x), y + height / 2)], 1))
        return self


# --------------------------------------------------------------------------------------------------------------- beats


def beats_of(found: Rescale, more: int) -> tuple[Beat, ...]:
    """Where nothing rises the beats of the rise are left out; what no tile is left for, too."""
    left_out = set()
    if not found.rises:
        left_out |= {beat.name for beat in story.RESCALE} | {"again"}
    if found.chosen.later is None:
        left_out.add("again")
    if more < 2 and not found.rises:
        left_out.add("calm")
    return tuple(beat for beat in story.SCRIPT if beat.name not in left_out)


@beat("hook")
def hook(film: Film) -> None:
    """One grid fills with S, then with P, the other stays empty; both have the same O."""
    s, p = film.sheets["S"], film.sheets["P"].place(film.standard.cross)
    s.display(0)
    p.display(0)
    film.scene.add(film.standard, film.hbm, *film.titles, s, p)
    film.hold(0.8)
    place = film.scene.shot("hook")
    stored: list[Word] = []
    for sheet, words in ((s, "scores"), (p, "scores and weights")):
        film.move(Shows(sheet, partial(fill, sheet, film.cells)), seconds=2.0)
        if "left note" in place:
            old = [FadeOut(stored.pop())] if stored else []
            count = film.scores_stored // (2 if sheet is s else 1)
            stored.append(heading(place["left note"], f"{count:,} tiles of {words} stored", film.skin.ink, LABEL))
            film.move(*old, FadeIn(stored[-1]), seconds=TEXT)
    for output, seconds in zip(film.outputs, (0.8, 1.4), strict=True):
        reveal(output, 0.0)
        film.scene.add(output)
        film.move(Shows(output, partial(reveal, output)), seconds=seconds)
    left, right = film.outputs
    if "right note" in place:
        stored.append(heading(place["right note"], "none stored", film.skin.ink, LABEL))
        film.move(FadeIn(stored[-1]), seconds=TEXT)
    film.titles += stored
    copy = Matrix(left.values, left.rect, film.skin, "O", left.low, left.high)
    film.scene.add(copy)
    film.move(matrix_to(copy, right.rect), seconds=1.2)
    film.scene.remove(copy)
    film.scene.tell()


def fill(sheet: Sheet, cells: int, share: float) -> None:
    """So much of all tiles."""
    sheet.display(round(share * cells))


def reveal(matrix: Matrix, share: float) -> None:
    """The upper rows of a picture; the others are clear."""
    height = matrix.image.pixel_array.shape[0]
    matrix.image.pixel_array[:, :, 3] = np.where(np.arange(height)[:, None] < share * height, 255, 0)


@beat("query")
def query(film: Film) -> None:
    """A row leaves Q; a term for every key stands up."""
    place, skin, values, r = film.scene.shot("query"), film.skin, film.material.values, film.material.chosen.row
    gone = [film.standard, *film.sheets.values(), *film.outputs, *film.titles]
    film.move(*(FadeOut(each) for each in gone), seconds=TEXT)
    film.move(placed(film.hbm, place["hbm"]), seconds=MOVE)
    q = np.asarray(values.q[r], dtype=np.float64)[None, :]
    strip = Matrix(q, place["q"], skin, "Q", *spread(q))
    source = row_of(film, "Q")
    put(strip, source)
    film.scene.add(strip)
    film.move(matrix_to(strip, place["q"], source), seconds=MOVE)
    name = Named(*labelled(place["q name"], ("q", skin.q), ("one row of Q", skin.quiet)), tag="name")
    film.move(FadeIn(name), seconds=TEXT)
    scores = np.concatenate([values.s[t, r, : len(k)] for t, k in enumerate(values.k)]).astype(np.float64)
    terms = np.where(np.isfinite(scores), np.exp(scores - float(values.m_new[-1, r])), 0.0)
    room = place["terms"]
    step = room.width / len(terms)
    x = room.x0 + np.arange(len(terms)) * step

    def boxes(heights: np.ndarray) -> np.ndarray:
        wide = step if step < em(4) else 0.8 * step  # no gaps between bars that are thin already
        return np.stack([x, np.full(len(x), room.y0), x + wide, room.y0 + heights * room.height], 1)

    bars = Rectangles(skin.ink, name="terms of the row")
    bars.values = film.terms = terms
    label = Named(
        *labelled(place["terms name"], (f"{len(terms)} terms", skin.ink), ("one a key", skin.quiet), px=LABEL, face=Face.TEXT), tag="name"
    )
    film.scene.add(bars)
    film.move(FadeIn(label), seconds=TEXT)
    film.move(Shows(bars, lambda share: bars.display(boxes(grown(terms, share, 1.0)))), seconds=2.2)
    film.words = [strip, name, bars, label]


@beat("weights")
def weights(film: Film) -> None:
    """Each term is divided by their sum; the weighted values are the row's output."""
    place, skin, values, r = film.scene.shot("query"), film.skin, film.material.values, film.material.chosen.row
    room, total_l = place["terms"], float(values.l_new[-1, r])
    terms = film.terms
    spike = int(np.argmax(terms))
    x = room.x0 + (spike + 0.5) * room.width / len(terms)
    top = Readout(number(1.0), LABEL, skin.ink, name="largest", anchor="center").at(centered(x, room.y1 + em(30), em(120), em(44)))
    film.move(FadeIn(top), seconds=TEXT)
    figure = Word(f"sum of terms {total(total_l)}", NAME, skin.stats, room.x0, room.y1 + em(60), "sum")
    wide = figure.wide
    if x < room.center[0]:  # away from the tallest term
        figure.shift((room.width - wide, 0, 0))
    film.move(FadeIn(figure), seconds=TEXT)
    film.hold(0.8)
    film.move(top.turn(number(1 / total_l)), seconds=0.35)
    film.hold(0.6)
    o = np.asarray(values.o[r], dtype=np.float64)[None, :]
    out = Matrix(o, place["o"], skin, "O", *spread(o))
    name = Named(*labelled(place["o name"], ("o", skin.o), ("the values, blended by their weights", skin.quiet)), tag="name")
    film.move(FadeIn(out), FadeIn(name), seconds=0.5)
    film.hold(1.2)
    film.move(matrix_to(out, row_of(film, "O"), place["o"]), FadeOut(name), seconds=MOVE)
    film.words = [*film.words, top, figure, out]


def row_of(film: Film, tensor: str) -> Rect:
    """Where the followed row lies in HBM: a line of its tile."""
    tile = film.hbm.tile(tensor, film.material.chosen.program[0])
    step = tile.height / len(film.material.values.q)
    top = tile.y1 - film.material.chosen.row * step
    return Rect(tile.x0, top - max(step, em(3)), tile.x1, top)


@beat("tiles")
def tiles(film: Film) -> None:
    """A tile of Q shows what one square is."""
    place = film.scene.shot("whole")
    film.move(*(FadeOut(each) for each in film.words), seconds=TEXT)
    film.hbm.display(written=frozenset())
    film.move(placed(film.hbm, place["hbm"]), seconds=MOVE)
    film.hbm.display(lit={"Q": frozenset({0})})
    source, target = film.hbm.tile("Q", 0), place["square"]
    tile = film.tile("Q", 0, target)
    put(tile, source)
    film.scene.add(tile)
    film.move(matrix_to(tile, target, source), seconds=MOVE)
    size = f"{tile.values.shape[0]} × {tile.values.shape[1]}"
    sides = Word(size, NAME, film.skin.q, target.x0, target.y0 - em(64), "name")
    nbytes = Word(amount(film.unit), NUMBER, film.skin.ink, target.x0, target.y0 - em(150), "unit")
    film.move(FadeIn(sides), seconds=TEXT)
    film.move(FadeIn(nbytes), seconds=TEXT)
    film.hold(0.5)
    film.words = [sides, nbytes]
    film.tiles["Q"] = tile
    film.scene.tell()


@beat("standard")
def standard(film: Film) -> None:
    """S goes out tile by tile and comes back, P goes out and comes back: 64 squares each, piled into one bar."""
    place, skin = film.scene.shot("machine"), film.skin
    film.move(*(FadeOut(each) for each in film.words), FadeOut(film.tiles.pop("Q")), seconds=TEXT)
    film.move(placed(film.hbm, place["hbm"]), seconds=MOVE)
    chip = RoundedRectangle(
        corner_radius=em(22), width=place["chip"].width, height=place["chip"].height, stroke_color=skin.edge, stroke_width=theme.OUTLINE,
        fill_color=skin.chip, fill_opacity=1,
    ).move_to(place["chip"].center)  # fmt: skip
    pipe = Rectangles(skin.registers, name="pipe").display(
        np.array([[place["pipe"].x0, place["pipe"].y0, place["pipe"].x1, place["pipe"].y1]])
    )
    names = [heading(place["hbm name"], "HBM", skin.quiet), heading(place["chip name"], "on chip", skin.quiet)]
    on_chip = {tensor: film.tile(tensor, 0, place[tensor.lower()]) for tensor in ("Q", "K", "S")}
    film.move(FadeIn(chip, pipe, *names), seconds=0.4)
    film.move(FadeIn(*on_chip.values()), seconds=0.4)
    film.hbm.display(lit={})
    sheets = {name: film.sheets[name].place(film.hbm.cross) for name in "SP"}
    flying = Rectangles(skin.scores, name="in flight")
    bar = [Rectangles(skin.scores, name=f"bar {words}", opacity=0.95 if tensor == "S" else 0.6) for _, tensor, words in STROKES]
    film.scene.add(*sheets.values(), *bar, flying)
    trace, n_cols = film.material.standard, film.hbm.cross.n_cols
    counts = [int(trace.columns["nbytes"][trace.columns["kind"] == kind].sum()) / film.unit for kind, _, _ in STROKES]
    per = place["bar"].width / sum(counts)
    start, shown = place["bar"].x0, []
    for sheet in sheets.values():
        sheet.display(0)
    motion = film.scene.motion
    for index, ((_, tensor, words), count) in enumerate(zip(STROKES, counts, strict=True)):
        out = index in (0, 2)

        def stroke(
            share: float, *, out: bool = out, tensor: str = tensor, x0: float = start, count: float = count, pile: Rectangles = bar[index]
        ) -> None:
            cell = lambda k: film.hbm.cross.cell(k // n_cols, k % n_cols)  # noqa: E731
            flying.display(flight(share, film.cells, cell, place["s"], place["pipe"], out=out))
            done = min(max((share - 0.06) / 0.9, 0.0), 1.0)
            if out:
                sheets[tensor].display(round(done * film.cells))
            k = np.arange(round(done * count))
            x = x0 + k * per
            pile.display(np.stack([x, np.full(len(k), place["bar"].y0), x + 0.78 * per, np.full(len(k), place["bar"].y1)], 1))

        carried = [Shows(Group(flying, sheets[tensor], bar[index]), stroke)]
        film.move(*carried, seconds=0.2 * motion)
        name_at = Rect(start, place["bar names"].y0, start + count * per, place["bar names"].y1)
        full = f"{words}: {kib(count * film.unit)}"
        name = heading(name_at, full if text_width(full, LABEL, Face.STRONG) < 0.95 * name_at.width else words, skin.ink, LABEL)
        swap: list[Any] = []
        if index == 1:  # whole rows are there: softmax
            weights = film.tile("P", 0, place["s"])
            softmax = Word("softmax: whole rows", LABEL, skin.ink, place["softmax"].x0, middle(place["softmax"], LABEL), "note")
            swap = [FadeIn(weights), FadeIn(softmax)]
            on_chip["P"] = weights
            shown.append(softmax)
        film.move(FadeIn(name), *swap, seconds=TEXT)
        shown.append(name)
        start += count * per
    film.on_chip = on_chip
    film.around = box(place["s"].inset(-em(10)), stroke=skin.ink, width=theme.HEAVY)
    film.words = [chip, pipe, *names, *on_chip.values(), flying, *bar, *shown, film.around]


@beat("pause-a")
def pause_a(film: Film) -> None:
    """A still: every score is in HBM, and one tile of them on chip."""
    film.move(FadeOut(film.on_chip.pop("P")), Create(film.around), seconds=0.6)


@beat("row")
def row(film: Film) -> None:
    """Of a row one tile is known; the division waits for the others."""
    place, skin = film.scene.shot("row"), film.skin
    values, chosen = film.material.values, film.material.chosen
    film.move(*(FadeOut(each) for each in film.words), FadeOut(film.hbm, *film.sheets.values()), seconds=0.4)
    rect, known = place["scores"], values.s[0, chosen.row]
    count = film.config.seq_k
    wide = rect.width * len(values.k[0]) / count
    first = Matrix(np.nan_to_num(known, neginf=0.0)[None, :], rect.left(wide), skin, "S", *spread(known))
    film.strip = first
    unknown = Rectangles(skin.edge, name="unknown", opacity=0.0)
    unknown.set_stroke(skin.edge, width=theme.HAIRLINE, opacity=0.4)
    x = rect.x0 + wide + np.arange(count - len(values.k[0])) * rect.width / count
    step = rect.width / count
    unknown.display(np.stack([x, np.full(len(x), rect.y0), x + step, np.full(len(x), rect.y1)], 1))
    names = Named(
        *labelled(
            place["scores name"], (f"{len(values.k[0])} scores", skin.ink), (f"{count - len(values.k[0])} still unknown", skin.quiet)
        ),
        tag="names",
    )
    film.move(FadeIn(first), FadeIn(names), seconds=0.4)
    film.move(FadeIn(unknown), seconds=0.6)
    sign = Word("÷ ?", ONE_NUMBER, skin.ink, rect.x0 + wide + em(20), place["divide"].center[1] - em(30), "divide")
    film.move(FadeIn(sign), seconds=TEXT)
    film.hold(1.0)
    home, start = rect.x1 - sign.wide, sign.left
    points = sign[0].points.copy()

    def later(share: float) -> None:
        sign[0].points = points + np.array([(home - start) * share, 0, 0])

    film.move(Shows(sign, later, rate_func=ease_in_out_cubic), seconds=1.2)
    film.words = [names, unknown, sign]


@beat("carry")
def carry(film: Film) -> None:
    """Three things are carried until then."""
    place, skin = film.scene.shot("row")["carry"], film.skin
    texts = (("m", "largest so far"), ("ℓ", "sum so far"), ("acc", "weighted values so far"))
    colors = (skin.stats, skin.stats, skin.o)
    beside = place.height < 0.2 * place.width
    shares = np.cumsum([0.0, 0.31, 0.27, 0.42])
    sides = [Rect(place.x0 + a * place.width, place.y0, place.x0 + b * place.width, place.y1) for a, b in itertools.pairwise(shares)]
    for (name, words), color, at in zip(texts, colors, sides if beside else rows(place, 3), strict=True):
        carried = Named(*labelled(at, (name, color), (words, skin.quiet), px=ONE_NUMBER if beside else NUMBER), tag="carried")
        film.move(FadeIn(carried), seconds=TEXT)
        film.hold(0.4)
        film.words.append(carried)
    film.scene.tell()


@beat("score")
def score(film: Film) -> None:
    """Q leaves HBM and stays; K arrives above; S fills at the crossing."""
    place = film.scene.shot("score")
    film.hbm.place(place["hbm"]).display(lit={}, cursor=None)
    film.crossed = Readout(kib(0), 56, film.skin.ink, name="crossed", face=Face.MONO_STRONG).at(place["crossed"])
    small = [
        Word(text, LABEL, film.skin.quiet, place[part].x0, middle(place[part], LABEL), "name")
        for part, text in (("hbm name", "HBM"), ("crossed name", "crossed"))
    ]
    film.map = Group(film.hbm, film.crossed, *small)
    film.move(*(FadeOut(each) for each in (*film.words, film.strip)), FadeIn(film.map), seconds=0.4)
    film.names = {}
    before = film.material.fa2.program(*film.material.chosen.program).start
    if before:  # the counter is never ahead of what was seen

        def count(nbytes: Mapping[str, int]) -> None:
            film.crossed.display(kib(sum(nbytes.values())))

        sweep(film, 0, before, 1.2, count, film.crossed)
    i = film.material.chosen.program[0]
    load(film, "Q", i, place["a"], 0, place["a name"], f"Q_{i}")
    film.hold(0.3)
    load(film, "K", 0, place["b"], 0, place["b name"], "K_0^top")
    film.hbm.display(cursor=(film.hbm.cross.row_of(i), 0))
    scores = film.tile("S", 0, place["ab"])
    film.reach(Kind.QK_DOT, 0)
    film.scene.add(scores)
    film.move(Columns(scores), seconds=1.6)
    film.tiles["S"] = scores
    film.names["S"] = formula("S = Q K^top slash sqrt(d)", NAME, film.skin.ink, place["ab name"])
    film.move(FadeIn(film.names["S"]), seconds=TEXT)
    row_h = scores.rect.height / scores.values.shape[0]
    y = scores.rect.y1 - film.material.chosen.row * row_h
    film.mark_rect = Rect(scores.rect.x0, y - row_h, scores.rect.x1, y)
    film.mark = box(
        Rect(scores.rect.x0 - em(8), y - row_h - em(3), scores.rect.x1 + em(8), y + em(3)), stroke=film.skin.stats, width=theme.HEAVY
    )
    at = place["row name"]
    film.mark_name = Word(f"row {film.material.chosen.row}", LABEL, film.skin.stats, at.x0, middle(at, LABEL), "row")
    film.move(FadeIn(film.mark), FadeIn(film.mark_name), seconds=TEXT)


def load(film: Film, tensor: str, index: int, to: Rect, t: int, name_at: Rect, formula: str) -> None:
    """A tile of Q, K or V leaves HBM and is enlarged on its way to its place; the counter steps."""
    kind = {"Q": Kind.LOAD_Q, "K": Kind.LOAD_K, "V": Kind.LOAD_V}[tensor]
    events = film.material.fa2.program(*film.material.chosen.program)
    film.scene.event = events.start + 1 if tensor == "Q" else film.found.event(kind, t)
    state = state_at(film.material.fa2, film.scene.event)
    lit = {k: v for k, v in film.hbm.now.lit.items() if k == "Q"} | {tensor: frozenset({index})}
    film.hbm.display(lit=lit)
    tile, source = film.tile(tensor, t, to), film.hbm.tile(tensor, index)
    put(tile, source)
    film.scene.add(tile)
    film.move(matrix_to(tile, to, source), seconds=LOAD)
    name = theme.maths(formula, NAME * 1.2, film.skin.hue(tensor)).move_to(name_at.center)
    film.names[tensor] = Named(name, tag="name", text=formula)
    film.tiles[tensor] = tile
    film.move(FadeIn(film.names[tensor]), film.crossed.turn(kib(sum(crossed(state).values()))), seconds=0.35)


@beat("ceiling")
def ceiling(film: Film) -> None:
    """The row's terms stand under a ceiling that the largest touches; they pour into a block: its area is l."""
    inner, skin, values = film.row, film.skin, film.material.values
    r = film.material.chosen.row
    place = film.scene.shot("ceiling")
    gone = [*film.names.values(), film.tiles["Q"], film.tiles.pop("K"), film.map, film.mark, film.mark_name, film.tiles.pop("S")]
    scores = np.nan_to_num(values.s[0, r], neginf=0.0)
    strip = Matrix(scores[None, :], place["scores"], skin, "S", *spread(values.s[0]))
    strip.rect = place["scores"]
    rect = Rect(inner.chart.terms_x, strip.rect.y0, inner.chart.rect.x1, strip.rect.y1)
    start = film.mark_rect
    put(strip, start)
    film.scene.add(strip)
    film.move(*(FadeOut(each) for each in gone), matrix_to(strip, rect, start), seconds=MOVE)
    title = Word(f"row {r}: {len(scores)} scores", LABEL, skin.quiet, rect.x0, rect.y1 + em(20), "name")
    terms = np.exp(np.where(np.isfinite(values.s[0, r]), values.s[0, r].astype(np.float64), -np.inf) - float(values.m_new[0, r]))
    film.reach(Kind.SOFTMAX_M, 0)
    inner.chart.display(Measured(0.0, 0 * terms))
    inner.ceiling.m.display(number(float(values.m_new[0, r])))
    film.scene.add(inner.baseline, inner.chart)
    film.move(FadeIn(title), FadeIn(inner.baseline), seconds=TEXT)
    film.move(Shows(inner.chart, lambda share: inner.chart.display(Measured(0.0, grown(terms, share, 1.0), filled=1.0))), seconds=1.8)
    film.move(FadeIn(inner.ceiling), seconds=0.4)
    film.reach(Kind.SOFTMAX_P, 0)
    film.hold(1.2)
    film.move(FadeOut(strip), FadeOut(title), seconds=TEXT)

    def pour(share: float) -> None:
        inner.chart.display(Measured(0.0, terms, filled=1.0, joined=min(2 * share, 1.0), level=max(2 * share - 1, 0.0)))
        inner.chart.turn_yellow(max(2 * share - 1, 0.0))

    film.move(Shows(inner.chart, pour), seconds=2.4)
    film.reach(Kind.SOFTMAX_L, 0)
    l_now = float(values.l_new[0, r])
    inner.chart.display(Measured(l_now, 0 * terms))
    film.l_number = inner.numbers.first(total(l_now), skin.stats)
    film.move(FadeIn(inner.l_name), FadeIn(film.l_number), seconds=TEXT)


@beat("blend")
def blend(film: Film) -> None:
    """P takes Q's place, V lands above, acc fills at the crossing."""
    place, inner = film.scene.shot("score"), film.row
    weights = film.tile("P", 0, place["ab"])
    gone = [inner.chart, inner.ceiling, inner.baseline, inner.l_name, film.l_number]
    film.move(*(FadeOut(each) for each in gone), FadeIn(film.map), FadeIn(weights), seconds=0.5)
    film.hold(0.3)
    film.move(matrix_to(weights, place["a"]), seconds=MOVE)
    p_name = theme.maths("tilde(P)", NAME * 1.2, film.skin.ink).move_to(place["a name"].center)
    film.names = {"P": Named(p_name, tag="name", text="P")}
    film.move(FadeIn(film.names["P"]), seconds=TEXT)
    load(film, "V", 0, place["b"], 0, place["b name"], "V_0")
    state = film.reach(Kind.PV_DOT, 0)
    del state
    acc = film.tile("ACC", 0, place["ab"])
    film.scene.add(acc)
    film.move(Columns(acc), seconds=1.6)
    film.names["ACC"] = formula('"acc" = tilde(P) V', NAME, film.skin.o, place["ab name"])
    film.move(FadeIn(film.names["ACC"]), seconds=TEXT)
    film.move(FadeOut(weights), FadeOut(film.names.pop("P")), seconds=0.4)
    film.tiles["ACC"] = acc


@beat("calm")
def calm(film: Film) -> None:
    """Back to the row: tiles whose terms stay under the ceiling join, one after another."""
    inner, values, r = film.row, film.material.values, film.material.chosen.row
    acc = film.tiles.pop("ACC")
    line = inner.place["acc"]
    row_h = acc.rect.height / acc.values.shape[0]
    y = acc.rect.y1 - r * row_h
    gone = [film.map, film.tiles.pop("V"), *film.names.values(), acc]
    bars = inner.acc
    start_boxes = bars.boxes(values.acc_new[0, r].astype(np.float64))
    x = acc.rect.x0 + np.arange(len(start_boxes)) * acc.rect.width / len(start_boxes)
    flat = np.stack([x, np.full(len(x), y - row_h), x + acc.rect.width / len(x), np.full(len(x), y)], 1)
    bars.bars.display(flat)
    film.scene.add(inner.was, bars)
    film.move(*(FadeOut(each) for each in gone), seconds=0.3)
    film.move(
        Shows(bars, lambda share: bars.bars.display(flat + (start_boxes - flat) * share), rate_func=ease_in_out_cubic),
        FadeIn(inner.chart, inner.ceiling, inner.baseline),
        seconds=MOVE,
    )
    bars.display(values.acc_new[0, r].astype(np.float64))
    film.move(FadeIn(inner.acc_name, inner.acc_words, inner.l_name, film.l_number), seconds=TEXT)
    del line
    passed = list(range(1, film.found.t if film.found.rises else film.found.t + 1))
    shown = passed if len(passed) <= CALM_SHOWN else [passed[0], passed[-1]]  # of many, the first and the last
    for t in shown:
        join_calmly(film, t, (film.scene.motion - 1.4) / (shown[-1] - shown[0] + 1 if len(passed) <= CALM_SHOWN else 2))
    inner.l_number = film.l_number
    inner.chart.turn_yellow(0.0)
    grow_answer(inner, "old" if film.found.rises else "new")
    film.words = [
        bars,
        inner.chart,
        inner.ceiling,
        inner.baseline,
        inner.acc_name,
        inner.acc_words,
        inner.l_name,
        film.l_number,
        inner.answer,
        inner.answer_name,
    ]


def join_calmly(film: Film, t: int, seconds: float) -> None:
    """The terms of tile ``t`` grow under the ceiling and join l; their values join acc."""
    inner, values, r = film.row, film.material.values, film.material.chosen.row
    chart, terms, past = inner.chart, np.nan_to_num(values.p[t, r].astype(np.float64)), float(values.l_old[t, r])
    old, new = values.acc_old[t, r].astype(np.float64), values.acc_new[t, r].astype(np.float64)
    chart.turn_yellow(0.0)

    def pour(share: float) -> None:
        chart.display(Measured(past, terms, filled=1.0, joined=min(2 * share, 1.0), level=max(2 * share - 1, 0.0)))
        chart.turn_yellow(max(2 * share - 1, 0.0))

    film.move(Shows(chart, lambda share: chart.display(Measured(past, grown(terms, share, 1.0), filled=1.0))), seconds=0.35 * seconds)
    film.move(Shows(chart, pour), seconds=0.35 * seconds)
    film.reach(Kind.PV_DOT, t)
    chart.display(Measured(float(values.l_new[t, r]), 0 * terms))
    film.scene.remove(film.l_number)
    film.l_number = inner.numbers.first(total(float(values.l_new[t, r])), film.skin.stats)
    film.scene.add(film.l_number)
    film.move(Shows(inner.acc, lambda share: inner.acc.display(old + (new - old) * share)), seconds=0.3 * seconds)


@beat("again")
def again(film: Film) -> None:
    """A later rise, the same gesture: the ceiling lifts, all shrink alike, the new terms join."""
    inner, values, r, skin = film.row, film.material.values, film.material.chosen.row, film.skin
    t = film.material.chosen.later
    if t is None:
        return
    chart, alpha = inner.chart, float(values.alpha[t, r])
    old, past = np.exp(np.nan_to_num(values.s[t, r].astype(np.float64), nan=-np.inf) - float(values.m_old[t, r])), float(values.l_old[t, r])
    acc = values.acc_old[t, r].astype(np.float64)
    tallest = max(float(old.max()), 1.0)
    inner.back.forward()
    chart.turn_yellow(0.0)
    chart.display(Measured(past, 0 * old))
    inner.acc = SignedBars("acc", skin.o, skin).place(inner.acc.rect, inner.acc.zero, inner.acc.unit, len(acc)).display(acc)
    inner.ceiling.m.display(number(float(values.m_old[t, r])))
    inner.ceiling.at(chart.y(1.0))
    figure = inner.numbers.first(total(past), skin.stats)
    standing = [inner.baseline, inner.ceiling, chart, inner.acc, inner.acc_name, inner.l_name, figure]
    gone = [*inner.rows_shown, inner.tile_shown]
    film.move(*(FadeOut(each) for each in gone), *(FadeIn(each) for each in standing), seconds=0.5)
    film.reach(Kind.QK_DOT, t)
    film.move(Shows(chart, lambda share: chart.display(Measured(past, grown(old, share, tallest)))), seconds=1.0)
    lid, top = chart.y(1.0), chart.y(tallest)
    film.move(
        Shows(chart, lambda share: chart.display(Measured(past, old, ceiling=1 + (tallest - 1) * share)), rate_func=ease_in_out_cubic),
        Shows(inner.ceiling, lambda share: inner.ceiling.at(lid + (top - lid) * share), rate_func=ease_in_out_cubic),
        seconds=0.6,
    )
    film.reach(Kind.ALPHA, t)
    film.move(inner.ceiling.m.turn(number(float(values.m_new[t, r]))), seconds=0.3)
    factor = [inner.numbers.next("×", skin.ink), inner.numbers.next(number(alpha), skin.ink)]
    film.move(FadeIn(*factor), seconds=TEXT)

    def squeeze(share: float) -> None:
        k = 1 + (alpha - 1) * share
        chart.display(Measured(past, old * k, tall=k, ceiling=tallest * k))

    film.move(
        Shows(chart, squeeze, rate_func=ease_in_out_cubic),
        Shows(inner.ceiling, lambda share: inner.ceiling.at(chart.y(tallest * (1 + (alpha - 1) * share))), rate_func=ease_in_out_cubic),
        Shows(inner.acc, lambda share: inner.acc.display(acc * (1 + (alpha - 1) * share)), rate_func=ease_in_out_cubic),
        seconds=1.0,
    )
    new = np.nan_to_num(values.p[t, r].astype(np.float64))

    def join(share: float) -> None:
        level = max(2 * share - 1, 0.0)
        chart.display(Measured(past, new, tall=alpha, filled=1.0, joined=min(2 * share, 1.0), level=level))
        chart.turn_yellow(level)

    film.move(Shows(chart, join), *(FadeOut(each) for each in (figure, *factor)), seconds=1.2)
    film.reach(Kind.PV_DOT, t)
    after = values.acc_new[t, r].astype(np.float64)
    scaled = acc * alpha
    result = inner.numbers.first(total(float(values.l_new[t, r])), skin.stats)
    film.move(Shows(inner.acc, lambda share: inner.acc.display(scaled + (after - scaled) * share)), FadeIn(result), seconds=0.4)
    film.words = [*standing[:-1], result]
    film.scene.tell()


@beat("finish")
def finish(film: Film) -> None:
    """The tile of acc becomes O's tile: divided once, written once, and one number a row beside it."""
    place, skin = film.scene.shot("whole"), film.skin
    values, i = film.material.values, film.material.chosen.program[0]
    shown = film.material.chosen.later or film.found.t
    picture = film.tile("ACC", shown, film.scene.shot("rows")["tile"])
    gone = [thing for thing in film.scene.mobjects if thing is not film.scene.caption]
    film.move(*(FadeOut(each) for each in gone), FadeIn(picture), seconds=0.5)
    last = len(values.j) - 1
    if last > shown:
        faster = Word("the other tiles, shown faster", LABEL, skin.quiet, picture.rect.x0, picture.rect.y1 + em(24), "note")
        film.move(FadeIn(faster), seconds=TEXT)
        film.move(picture.to(np.asarray(values.acc_new[last], dtype=np.float64)), seconds=1.6)
        film.reach(Kind.PV_DOT, last)
        film.move(FadeOut(faster), seconds=TEXT)
    out = np.asarray(values.o, dtype=np.float64)
    result = Matrix(out, picture.rect, skin, "O", *spread(out))
    name = theme.maths('O = "acc" thin slash thin ell', NAME * 1.2, skin.o)
    name.move_to((picture.rect.center[0], picture.rect.y1 + em(60), 0))
    label = Named(name, tag="formula", text="O = acc / l")
    film.move(FadeIn(label), FadeIn(result), FadeOut(picture), seconds=0.6)
    film.hold(0.8)
    film.hbm.place(place["hbm"]).display(lit={"Q": frozenset({film.hbm.cross.row_of(i)})}, cursor=None)
    film.move(FadeOut(label), FadeIn(film.hbm), seconds=0.4)
    events = film.material.fa2.program(*film.material.chosen.program)
    film.scene.event = events.stop
    film.move(matrix_to(result, film.hbm.tile("O", i)), seconds=1.2)
    film.hbm.display(written=frozenset({film.hbm.cross.row_of(i)}), lit={})
    film.scene.remove(result)
    tile = film.hbm.tile("O", i)
    sliver = Rectangles(skin.stats, name="LSE")
    sliver.display(np.array([[tile.x1 + em(4), tile.y0, tile.x1 + em(10), tile.y1]]))
    note = formula('"LSE" = m + log ell', 1.3 * NAME, skin.stats, place["square"])
    film.move(FadeIn(sliver), FadeIn(note), seconds=TEXT)
    film.words = [sliver, note]


@beat("rest")
def rest(film: Film) -> None:
    """All other row blocks: K and V light again and again, O fills, the grid stays empty."""
    place, skin, trace = film.scene.shot("rest"), film.skin, film.material.fa2
    film.move(*(FadeOut(each) for each in film.words), seconds=TEXT)
    film.move(placed(film.hbm, place["hbm"]), seconds=MOVE)
    stored_name, crossed_name = (
        Word(text, LABEL, skin.quiet, place[f"{part} name"].x0, middle(place[f"{part} name"], LABEL), "name")
        for part, text in (("stored", "scores stored"), ("crossed", "crossed so far"))
    )
    zero = Word(
        f"{int(np.isin(trace.columns['kind'], [Kind.STORE_S, Kind.STORE_P]).sum())}",
        150,
        skin.ink,
        place["stored"].x0,
        place["stored"].y0 + em(20),
        "stored",
    )
    first = film.scene.event or 0
    so_far = sum(crossed(state_at(trace, first)).values())
    px = fitting(
        max(kib(so_far), kib(sum(crossed(state_at(trace, len(trace))).values())), "1,024.25 KiB", key=len), ONE_NUMBER, place["crossed"]
    )
    counter = Readout(kib(so_far), px, skin.ink, name="crossed", face=Face.MONO_STRONG).at(place["crossed"])
    tally = Tally(place["tensors"], crossed(state_at(trace, len(trace))), film.unit, skin).display(crossed(state_at(trace, first)))
    film.move(FadeIn(stored_name, zero), seconds=TEXT)
    film.move(FadeIn(crossed_name, counter, tally), seconds=TEXT)
    steps = len(trace)

    def count(nbytes: Mapping[str, int]) -> None:
        counter.display(kib(sum(nbytes.values())))
        tally.display(nbytes)

    sweep(film, first, steps, max(2.0, film.scene.motion - 2.6), count, counter, tally)
    film.hbm.display(lit={}, cursor=None)
    film.scene.event = steps
    film.words = [stored_name, crossed_name, zero, counter, tally]
    film.scene.tell()


def sweep(film: Film, first: int, stop: int, seconds: float, count: Callable[[Mapping[str, int]], None], *parts: Mobject) -> None:
    """Events first..stop at a linear pace: what is lit, what is written and what has crossed is the trace's at every frame."""
    trace, cross, head = film.material.fa2, film.hbm.cross, film.material.chosen.program[1]

    def show(share: float) -> None:
        k = first + round(share * (stop - first))
        state = state_at(trace, k)
        lit: dict[str, frozenset[int]] = {}
        cursor = None
        if state.program is not None and state.program[1] == head and k:
            j = max(trace[k - 1].j, 0)
            lit = {"Q": frozenset({cross.row_of(state.program[0])}), **{t: frozenset({cross.col_of(j)}) for t in "KV"}}
            cursor = (cross.row_of(state.program[0]), cross.col_of(j))
        film.hbm.display(lit=lit, cursor=cursor, written=frozenset(cross.row_of(i) for bh, i in state.o_stored if bh == head))
        count(crossed(state))

    film.move(Shows(Group(film.hbm, *parts), show), seconds=seconds)


@beat("bill")
def bill(film: Film) -> None:
    """Two piles pour at equal speed; FlashAttention's stops first."""
    place, skin = film.scene.shot("bill"), film.skin
    film.move(FadeOut(film.hbm), *(FadeOut(each) for each in film.words), seconds=0.4)
    totals = [crossed(state_at(trace, len(trace))) for trace in (film.material.standard, film.material.fa2)]
    most = max(sum(totals[0].values()), sum(totals[1].values())) / film.unit
    rect = place["standard"]
    lines = next(n for n in range(1, 400) if np.ceil(most / n) * rect.height / n <= rect.width)
    pitch = rect.height / lines
    piles, names = [], []
    for name, title, counts in (("standard", "standard attention", totals[0]), ("flash", "FlashAttention", totals[1])):
        parts, at = [], 0.0
        for tensor, nbytes in counts.items():
            part = Rectangles(skin.hue(tensor), name=f"bill {name} {tensor}", opacity=0.6 if tensor == "P" else 1.0)
            parts.append((part, at, nbytes / film.unit))
            at += nbytes / film.unit
        piles.append((parts, place[name], at))
        names.append(Word(title, NAME, skin.ink, place[f"{name} name"].x0, middle(place[f"{name} name"], NAME), "title"))
    film.move(FadeIn(*names), seconds=TEXT)
    for parts, _, _ in piles:
        film.scene.add(*(part for part, _, _ in parts))

    def pour(share: float) -> None:
        poured = share * most
        for parts, where, _ in piles:
            for part, at, count in parts:
                n = int(np.ceil(np.clip(poured - at, 0, count)))
                index = round(at) + np.arange(n)
                x, y = where.x0 + (index // lines) * pitch, where.y1 - (index % lines) * pitch
                wide = np.where(np.arange(n) + 1 > count, count % 1, 1.0)  # a part of a tile is a sliver
                part.display(np.stack([x, y - 0.84 * pitch, x + 0.84 * pitch * wide, y], 1))

    film.move(Shows(Group(*(part for parts, _, _ in piles for part, _, _ in parts)), pour), seconds=5.0)
    figures = [
        Word(quarters(count), NUMBER, skin.ink, title.left + title.wide + em(40), middle(place[f"{name} name"], NAME), "tiles")
        for (_, _, count), name, title in zip(piles, ("standard", "flash"), names, strict=True)
    ]
    letters = []
    for (parts, where, _), name in zip(piles, ("standard", "flash"), strict=True):
        for part, at, count in parts:
            if count >= 2 * lines:  # wide enough for its letter
                tensor = part.tag.rpartition(" ")[2]
                x = where.x0 + (at + count / 2) / lines * pitch - text_width(tensor, LABEL, Face.STRONG) / 2
                letters.append(Word(tensor, LABEL, skin.hue(tensor), x, middle(place[f"{name} letters"], LABEL), "letter"))
    film.move(FadeIn(*letters), seconds=TEXT)
    marks = []
    for algorithm, name in (("standard", "standard"), ("fa2", "flash")):
        once = compulsory(film.config, algorithm)  # type: ignore[arg-type]
        fewest = (sum(once.read.values()) + sum(once.written.values())) / film.unit
        where = place[name]
        at = where.x0 + fewest / lines * pitch
        line = DashedLine(
            (at, where.y0 - em(8), 0), (at, where.y1 + em(8), 0), stroke_color=skin.ink, stroke_width=theme.HEAVY, dash_length=0.08
        )
        marks.append(Named(line, tag="marker", text=quarters(fewest)))
    lines_of_note = wrap("dashed: each tensor once, with a perfect cache", place["note"].width, LABEL)
    note = Named(*(
        Word(text, LABEL, skin.quiet, at.x0, middle(at, LABEL), "note", Face.TEXT)
        for text, at in zip(lines_of_note, rows(place["note"], len(lines_of_note)), strict=True)
    ), tag="note")  # fmt: skip
    film.move(FadeIn(*marks, note), seconds=TEXT)
    film.hold(1.2)
    film.move(FadeIn(*figures), seconds=TEXT)
    film.hold(0.5)
    film.words = [*names, *figures, *letters, *marks, note, *(part for parts, _, _ in piles for part, _, _ in parts)]
    film.scene.tell()


@beat("taller")
def taller(film: Film) -> None:
    """What each row block reads: with twice the rows two read together, and half the squares vanish beneath their twins."""
    place, skin = film.scene.shot("taller"), film.skin
    config, room = film.config, place["blocks"]
    blocks, tiles_each = config.row_blocks, max(config.col_blocks, 1)
    height = room.height / blocks
    side = min(0.4 * height, 0.8 * (room.width - height) / tiles_each)
    pitch = side / 0.84

    def boxes(tensor: str, moved: float) -> np.ndarray:
        """K's or V's squares of all row blocks; every second block's come to the one above."""
        block, tile = np.divmod(np.arange(blocks * tiles_each), tiles_each)
        line = block - (block % 2) * moved
        y = room.y1 - (line + 0.5) * height + (0.52 if tensor == "K" else -0.52) * side
        x = room.x0 + height + tile * pitch
        return np.stack([x, y - side / 2, x + side, y + side / 2], 1)

    def queries(moved: float) -> np.ndarray:
        block = np.arange(blocks)
        top, low = room.y1 - block * height - 0.08 * height, room.y1 - (block + 1) * height + 0.08 * height
        return np.stack(
            [
                np.full(blocks, room.x0),
                low - 0.0 * moved,
                np.full(blocks, room.x0 + 0.7 * height),
                top + 0.16 * height * moved * (block % 2),
            ],
            1,
        )

    piles = {tensor: Rectangles(skin.hue(tensor), name=f"reads {tensor}") for tensor in "KV"}
    rows_of_q = Rectangles(skin.q, name="row blocks").display(queries(0.0))
    for tensor, pile in piles.items():
        pile.display(boxes(tensor, 0.0))
    counts = [quarters(sum(crossed(state_at(trace, len(trace))).values()) / film.unit) for trace in (film.material.fa2, film.taller)]
    held = [kib(min(c.block_m, c.seq_q) * c.head_dim * c.itemsize) for c in (config, film.taller.config)]
    px = fitting(max(*counts, "144 1/4", key=len), 120, place["number"])
    figure = Readout(counts[0], px, skin.ink, name="tiles", face=Face.MONO_STRONG).at(place["number"])
    chip = Readout(f"Q {held[0]}", fitting(f"Q {held[1]}", NUMBER, place["chip"]), skin.q, name="chip", face=Face.MONO_STRONG).at(
        place["chip"]
    )
    names = [
        Word(text, LABEL, skin.quiet, place[part].x0, middle(place[part], LABEL), "name")
        for part, text in (("number name", "tiles crossed"), ("chip name", "held on chip"))
    ]
    film.move(*(FadeOut(each) for each in film.words), FadeIn(rows_of_q, *piles.values()), seconds=0.5)
    film.move(FadeIn(figure, chip, *names), seconds=TEXT)
    film.hold(1.2)
    film.move(Shows(rows_of_q, lambda share: rows_of_q.display(queries(share))), chip.turn(f"Q {held[1]}"), seconds=MOVE)
    film.hold(0.4)

    def slide_under(tensor: str, share: float) -> None:
        piles[tensor].display(boxes(tensor, share))

    film.move(*(Shows(pile, partial(slide_under, tensor), rate_func=ease_in_out_cubic) for tensor, pile in piles.items()), seconds=1.6)
    film.move(figure.turn(counts[1]), seconds=0.35)
    film.hold(0.5)
    film.words = [rows_of_q, *piles.values(), figure, chip, *names]
    film.scene.tell()


@beat("difference")
def difference(film: Film) -> None:
    """Both HBMs again: a full grid, an empty one, the same O."""
    place = film.scene.shot("hook")
    film.standard.place(place["left"])
    film.hbm.place(place["right"]).display(lit={}, cursor=None)
    for sheet in film.sheets.values():
        sheet.place(film.standard.cross).display(film.cells)
    left, right = film.outputs
    arriving = FadeIn(film.standard, film.hbm, *film.titles[:2], *film.sheets.values(), left, right)
    film.move(*(FadeOut(each) for each in film.words), arriving, seconds=0.6)
    copy = Matrix(left.values, left.rect, film.skin, "O", left.low, left.high)
    film.scene.add(copy)
    film.move(matrix_to(copy, right.rect), seconds=1.2)
    film.scene.remove(copy)
    apart = float(np.abs(film.outputs[0].values - film.outputs[1].values).max())
    text = f"largest difference: {power(apart)}"
    error = heading(place["error"], text, film.skin.ink)
    film.move(FadeIn(error), seconds=TEXT)
    film.hold(0.5)
    film.scene.tell()


@beat("card")
def card(film: Film) -> None:
    """Where everything came from."""
    place, skin, c = film.scene.shot("card"), film.skin, film.config
    gone = [thing for thing in film.scene.mobjects if thing is not film.scene.caption]
    film.move(*(FadeOut(thing) for thing in gone), seconds=0.4)
    mask = "causal" if c.causal else "not causal"
    problem = (
        f"N = {c.seq_q} × {c.seq_k}, d = {c.head_dim}, tiles {c.block_m} × {c.block_n}, {c.dtype}, {mask}, {c.inputs} inputs, seed {c.seed}"
    )
    traces = [f"{item['algorithm']}: {item['source']}, {item['events']:,} events, trace {item['hash']}" for item in film.scene.provenance]
    sources = [f"{s.short}: {s.title}. arXiv {s.arxiv}" for s in (FLASH_ATTENTION, FLASH_ATTENTION_2, ONLINE_SOFTMAX)]
    texts = [
        "flashviz: what moved is what the kernel did",
        "",
        problem,
        *traces,
        "",
        *sources,
        "",
        "Logical transfers; caches not counted. Film CC BY 4.0, code MIT",
    ]
    width = place["card"].width
    lines = [
        (line, NOTE_PX, skin.ink if index < 5 else skin.quiet)
        for index, text in enumerate(texts)
        for line in (wrap(text, width, NOTE_PX) or [""])
    ]
    drawn = Named(card_lines(lines, place["card"]), tag="card", text="\n".join(texts))
    film.move(FadeIn(drawn), seconds=0.5)
