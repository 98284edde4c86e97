"""Standard attention's traffic: S goes out and comes back, P goes out and comes back."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from manim import Create, Group, Mobject
from manim.utils.rate_functions import ease_in_out_cubic

from flashviz import theme
from flashviz.director.film.parts import Columns, chip_box, flight, heading, label, matrix_to, put
from flashviz.director.film.stage import Film
from flashviz.director.shots import MOVE, TEXT, StepBack, beat
from flashviz.director.words import LABEL, labelled
from flashviz.layout import Rect, centered
from flashviz.lettering import Face, em, text_width
from flashviz.mobjects.motion import FadeIn, FadeOut, Shows
from flashviz.mobjects.named import Named
from flashviz.mobjects.tiles import Matrix, Rectangles, box
from flashviz.trace import Kind

STROKES = ((Kind.STORE_S, "S", "S out"), (Kind.LOAD_S, "S", "S back"), (Kind.STORE_P, "P", "P out"), (Kind.LOAD_P, "P", "P back"))
PILED = {"S": 0.95, "P": 0.6}  # opacity of squares in the bar
SMALL = 56  # px of a tile on its way
ASIDE = 0.25  # of what steps back while a question stands


@beat("memory")
def memory(film: Film) -> None:
    """HBM, the chip, and the path between them; a tile of Q and a tile of K cross it, and make scores."""
    place = film.scene.shot("machine")
    film.move(*film.leave(film.hbm), seconds=TEXT)
    film.hbm.display(lit={}, written=frozenset(), seam=1.0)
    film.move(film.arrive(film.hbm, place["hbm"]), seconds=MOVE)
    film.move(FadeIn(*furniture(film)), seconds=0.4)
    for tensor in "QK":
        source, at = film.hbm.cross.tile(tensor, 0), place[tensor.lower()]
        film.hbm.display(lit={tensor: frozenset({0})})
        film.tiles[tensor] = tile = film.tile(tensor, 0, at)
        put(tile, source)
        film.scene.add(tile)
        film.move(Shows(tile, partial(pass_through, tile, source, place["pipe"], at), rate_func=ease_in_out_cubic), seconds=1.0)
    film.scene.tell()
    film.hbm.display(lit={})
    film.tiles["S"] = scores = film.tile("S", 0, place["s"])
    film.scene.add(scores)
    film.move(Columns(scores), seconds=0.6)


def pass_through(tile: Matrix, source: Rect, pipe: Rect, to: Rect, share: float) -> None:
    """A tile leaves HBM as small as it lies there, passes the path, and is enlarged in its place."""
    lying = pipe.width >= pipe.height
    gates = [(pipe.x0, pipe.center[1]), (pipe.x1, pipe.center[1])] if lying else [(pipe.center[0], pipe.y1), (pipe.center[0], pipe.y0)]
    way = np.array([source.center[:2], *gates, to.center[:2]])
    reached = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(way, axis=0), axis=1))])
    x, y = (np.interp(share * reached[-1], reached, way[:, axis]) for axis in (0, 1))
    large = max(0.0, (share * reached[-1] - reached[2]) / (reached[3] - reached[2]))
    small = min(em(SMALL), source.width, source.height)
    put(tile, centered(x, y, small + (to.width - small) * large, small + (to.height - small) * large))


def furniture(film: Film) -> list[Mobject]:
    """The chip, the path to it, and what the two memories are called."""
    place, skin, pipe = film.scene.shot("machine"), film.skin, film.scene.shot("machine")["pipe"]
    path = Rectangles(skin.registers, name="pipe").display(np.array([[pipe.x0, pipe.y0, pipe.x1, pipe.y1]]))
    names = (("hbm name", "HBM", "large, slow"), ("chip name", "on chip", "small, fast"))
    said = [Named(*labelled(place[part], (name, skin.ink), (words, skin.ink)), tag="name") for part, name, words in names]
    return [chip_box(place["chip"], skin), path, *said]


@beat("standard")
def standard(film: Film) -> None:
    """S goes out tile by tile and comes back, P goes out and comes back: each square joins one bar."""
    place, skin, pipe_at = film.scene.shot("machine"), film.skin, film.scene.shot("machine")["pipe"]
    if "S" not in film.tiles:  # the digest comes from the hook
        film.move(*film.leave(film.hbm), seconds=TEXT)
        film.hbm.display(lit={}, written=frozenset(), seam=1.0)
        film.move(film.arrive(film.hbm, place["hbm"]), seconds=MOVE)
        film.tiles = {tensor: film.tile(tensor, 0, place[tensor.lower()]) for tensor in "QKS"}
        film.move(FadeIn(*furniture(film)), seconds=0.4)
        film.move(FadeIn(*film.tiles.values()), seconds=0.3)
    film.scene.tell()
    sheets = {name: film.sheets[name].place(film.hbm.cross).display(0) for name in "SP"}
    flying = Rectangles(skin.scores, name="in flight")
    bars = [Rectangles(skin.scores, name=f"bar {words}", opacity=PILED[tensor]) for _, tensor, words in STROKES]
    film.scene.add(*sheets.values(), *bars, flying)
    trace = film.material.standard
    counts = [int(trace.columns["nbytes"][trace.columns["kind"] == kind].sum()) / film.square for kind, _, _ in STROKES]
    per, start, each = place["bar"].width / sum(counts), place["bar"].x0, (film.scene.motion - 2.2) / 4
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
        full = f"{words}: {film.tiles_of(count * film.square)}"
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
