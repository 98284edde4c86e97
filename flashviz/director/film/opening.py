"""The first beats of the main film: two HBMs with the same O, one query, tiles."""

from __future__ import annotations

from functools import partial

import numpy as np

from flashviz.director.film.parts import fill, heading, matrix_to, placed, put, reveal
from flashviz.director.film.stage import Film
from flashviz.director.rescale import LABEL, NAME, NUMBER, Word, grown, labelled
from flashviz.director.shots import MOVE, TEXT, Shows, beat
from flashviz.figures import amount, number, total
from flashviz.layout import Rect, centered
from flashviz.lettering import Face, em
from flashviz.mobjects.motion import FadeIn, FadeOut
from flashviz.mobjects.named import Named
from flashviz.mobjects.readout import Readout
from flashviz.mobjects.tiles import Matrix, Rectangles
from flashviz.palette import spread


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
