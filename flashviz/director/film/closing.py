"""The last beats of the main film: the other row blocks, the bill, taller tiles, the difference, the card."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

import numpy as np
from manim import DashedLine, Group, Mobject
from manim.utils.rate_functions import ease_in_out_cubic

from flashviz import theme
from flashviz.citations import FLASH_ATTENTION, FLASH_ATTENTION_2, ONLINE_SOFTMAX
from flashviz.director.film.parts import Tally, fitting, heading, matrix_to, placed
from flashviz.director.film.stage import Film
from flashviz.director.pictures import card_lines
from flashviz.director.rescale import LABEL, NAME, NUMBER, ONE_NUMBER, Word, middle
from flashviz.director.shots import MOVE, TEXT, Shows, beat
from flashviz.director.sweep import crossed
from flashviz.figures import kib, power, quarters
from flashviz.layout import rows
from flashviz.lettering import NOTE_PX, Face, em, text_width, wrap
from flashviz.memory import compulsory
from flashviz.mobjects.motion import FadeIn, FadeOut
from flashviz.mobjects.named import Named
from flashviz.mobjects.readout import Readout
from flashviz.mobjects.tiles import Matrix, Rectangles
from flashviz.trace import Kind, state_at


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
