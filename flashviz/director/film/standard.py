"""Standard attention's traffic: S goes out and comes back, P goes out and comes back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from manim import Create, Group, RoundedRectangle

from flashviz import theme
from flashviz.director.film.parts import flight, heading, label, matrix_to, put
from flashviz.director.film.stage import Film
from flashviz.director.rescale import LABEL
from flashviz.director.shots import MOVE, TEXT, Shows, StepBack, beat
from flashviz.figures import kib
from flashviz.layout import Rect
from flashviz.lettering import Face, em, text_width
from flashviz.mobjects.motion import FadeIn, FadeOut
from flashviz.mobjects.tiles import Matrix, Rectangles, box
from flashviz.trace import Kind

STROKES = ((Kind.STORE_S, "S", "S out"), (Kind.LOAD_S, "S", "S back"), (Kind.STORE_P, "P", "P out"), (Kind.LOAD_P, "P", "P back"))
PILED = {"S": 0.95, "P": 0.6}  # opacity of squares in the bar
ASIDE = 0.25  # of what steps back while a question stands


@beat("standard")
def standard(film: Film) -> None:
    """S goes out tile by tile and comes back, P goes out and comes back: each square joins one bar."""
    place, skin = film.scene.shot("machine"), film.skin
    film.move(*film.leave(film.hbm), seconds=TEXT)
    film.hbm.display(lit={}, written=frozenset(), seam=1.0)
    film.move(film.arrive(film.hbm, place["hbm"]), seconds=MOVE)
    chip = RoundedRectangle(
        corner_radius=em(22), width=place["chip"].width, height=place["chip"].height, stroke_color=skin.edge, stroke_width=theme.OUTLINE,
        fill_color=skin.chip, fill_opacity=1,
    ).move_to(place["chip"].center)  # fmt: skip
    pipe_at = place["pipe"]
    pipe = Rectangles(skin.registers, name="pipe").display(np.array([[pipe_at.x0, pipe_at.y0, pipe_at.x1, pipe_at.y1]]))
    names = [heading(place["hbm name"], "HBM", skin.ink), heading(place["chip name"], "on chip", skin.ink)]
    for tensor in "QKS":
        film.tiles[tensor] = film.tile(tensor, 0, place[tensor.lower()])
    film.move(FadeIn(chip, pipe, *names), seconds=0.4)
    film.move(FadeIn(*(film.tiles[tensor] for tensor in "QKS")), seconds=0.3)
    film.scene.tell()
    sheets = {name: film.sheets[name].place(film.hbm.cross).display(0) for name in "SP"}
    flying = Rectangles(skin.scores, name="in flight")
    bars = [Rectangles(skin.scores, name=f"bar {words}", opacity=PILED[tensor]) for _, tensor, words in STROKES]
    film.scene.add(*sheets.values(), *bars, flying)
    trace = film.material.standard
    counts = [int(trace.columns["nbytes"][trace.columns["kind"] == kind].sum()) / film.unit for kind, _, _ in STROKES]
    per, start, each = place["bar"].width / sum(counts), place["bar"].x0, (film.scene.motion - 2.4) / 4
    for index, ((_, tensor, words), count) in enumerate(zip(STROKES, counts, strict=True)):
        out, sheet = index in (0, 2), sheets[tensor]
        tile = film.tiles["S"].rect if tensor == "S" else film.tiles["P"].rect
        show = stroke(film, sheet, flying, tile, pipe_at, out=out)
        pile = piled(bars[index], Rect(start, place["bar"].y0, start + count * per, place["bar"].y1), count)

        def both(share: float, show: Callable[[float], None] = show, pile: Callable[[float], None] = pile) -> None:
            show(share)
            pile(share)

        film.move(Shows(Group(flying, sheet, bars[index]), both), seconds=each)
        at = Rect(start, place["bar names"].y0, start + count * per, place["bar names"].y1)
        full = f"{words}: {kib(count * film.unit)}"
        name = heading(at, full if text_width(full, LABEL, Face.STRONG) < 0.95 * at.width else words, skin.ink, LABEL)
        film.move(FadeIn(name), seconds=TEXT)
        if index == 1:
            soften(film, place["strip"], place["softmax"])
        start += count * per
    film.around = box(place["s"].inset(-em(10)), stroke=skin.ink, width=theme.HEAVY)


def soften(film: Film, strip: Rect, words_at: Rect) -> None:
    """Whole rows of S are on chip: softmax makes weights of them."""
    values, skin = film.material.values, film.skin
    scores = np.concatenate(list(values.s), axis=1).astype(np.float64)[:, : film.config.seq_k]
    least = float(scores[np.isfinite(scores)].min())
    top = np.where(np.isfinite(scores).any(1), scores.max(1, initial=-np.inf), 0.0)
    terms = np.exp(scores - top[:, None])
    total = terms.sum(1, keepdims=True)
    rows = Matrix(np.nan_to_num(scores, neginf=least), strip, skin, "S", least, float(top.max()))
    put(rows, film.tiles["S"].rect)
    film.scene.add(rows)
    film.move(matrix_to(rows, strip, film.tiles["S"].rect), seconds=0.7)
    weights = Matrix(terms / np.where(total > 0, total, 1.0), strip, skin, "P", 0.0, 0.2)
    said = label(words_at, "softmax needs whole rows", skin.ink, name="note")
    film.move(FadeIn(said), FadeIn(weights), seconds=0.5)
    film.scene.remove(rows)
    film.tiles["P"] = weights


def stroke(film: Film, sheet: Any, flying: Rectangles, tile: Rect, pipe: Rect, *, out: bool) -> Callable[[float], None]:
    """Squares between a sheet in HBM and a tile on chip, one after another; what goes out lies there then."""

    def show(share: float) -> None:
        flying.display(flight(share, film.cells, sheet.cell, tile, pipe, out=out))
        if out:
            sheet.display(min(max((share - 0.06) / 0.9, 0.0), 1.0) * film.cells)

    return show


def piled(bar: Rectangles, rect: Rect, count: float) -> Callable[[float], None]:
    """What crossed joins the bar."""
    per = rect.width / count

    def show(share: float) -> None:
        k = np.arange(round(min(max((share - 0.06) / 0.9, 0.0), 1.0) * count))
        x = rect.x0 + k * per
        bar.display(np.stack([x, np.full(len(k), rect.y0), x + 0.78 * per, np.full(len(k), rect.y1)], 1))

    return show


@beat("pause-a")
def pause_a(film: Film) -> None:
    """A still: every score and weight is in HBM, and one tile of scores is framed on chip."""
    tile, weights = film.tiles["S"], film.tiles.pop("P")
    film.back = StepBack(film.others(tile, weights), ASIDE)
    film.move(FadeOut(weights), film.back, seconds=0.5)
    film.scene.add(tile)
    film.move(Create(film.around), seconds=0.5)
    film.scene.tell()
