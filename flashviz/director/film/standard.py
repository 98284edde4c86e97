"""Standard attention's traffic: S goes out and comes back, P goes out and comes back."""

from __future__ import annotations

from typing import Any

import numpy as np
from manim import Create, Group, RoundedRectangle

from flashviz import theme
from flashviz.director.film.parts import flight, heading, placed
from flashviz.director.film.stage import Film
from flashviz.director.rescale import LABEL, Word, middle
from flashviz.director.shots import MOVE, TEXT, Shows, beat
from flashviz.figures import kib
from flashviz.layout import Rect
from flashviz.lettering import Face, em, text_width
from flashviz.mobjects.motion import FadeIn, FadeOut
from flashviz.mobjects.tiles import Rectangles, box
from flashviz.trace import Kind

STROKES = ((Kind.STORE_S, "S", "S out"), (Kind.LOAD_S, "S", "S back"), (Kind.STORE_P, "P", "P out"), (Kind.LOAD_P, "P", "P back"))


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
