"""The first beats of the main film: two HBMs with the same O, one query, tiles."""

from __future__ import annotations

from functools import partial

import numpy as np
from manim import Create, Group
from manim.utils.rate_functions import ease_in_out_cubic, linear

from flashviz import theme
from flashviz.director.film.parts import fill, heading, matrix_to, put, reveal, share_grid
from flashviz.director.film.stage import Film
from flashviz.director.film.sweeping import show_event
from flashviz.director.shots import MOVE, TEXT, beat
from flashviz.director.words import LABEL, NAME, NUMBER, Word, first_that_fits, labelled, line_width, slid, worded
from flashviz.figures import amount, number, total
from flashviz.layout import Rect
from flashviz.lettering import Face, em
from flashviz.mobjects.motion import FadeIn, FadeOut, Shows, early, late
from flashviz.mobjects.named import Named
from flashviz.mobjects.tiles import Matrix, Rectangles, box
from flashviz.palette import spread

SPREAD = 5.0  # how wide cuts open before they rest, in their resting width
CUT = 1.5  # of their resting width, as long as tiles are spoken of
BLENDED, FLIES = 6, 2.0  # keys whose rows of V are seen to come; how long one is on its way, in the time from one to the next


@beat("hook")
def hook(film: Film) -> None:
    """One grid fills with S, a second sheet with P; then in the other tile after tile is visited and none stays; both have the same O."""
    place, s, p = film.scene.shot("hook"), film.sheets["S"], film.sheets["P"]
    film.standard.place(place["left"]).display(seam=0.0)
    film.hbm.place(place["right"]).display(seam=0.0)
    left, right = film.outputs
    for sheet in (s, p):
        sheet.place(film.standard.cross, shared=float(sheet is p)).display(0)
    for output, panel in ((left, film.standard), (right, film.hbm)):
        put(output, panel.cross.strip("O"))
        reveal(output, 0.0)
    film.titles = [
        heading(place["left name"], "standard attention", film.skin.ink), heading(place["right name"], "FlashAttention", film.skin.ink)
    ]  # fmt: skip
    film.scene.add(film.standard, film.hbm, *film.titles, s, p)
    film.hold(0.3)
    film.scene.add(right)
    notes: list[Word] = []
    size = f"{film.config.seq_q:,} × {film.config.seq_k:,}"
    for sheet, words in ((s, ("scores S", "S")), (p, ("scores S and weights P", "S and P"))):
        make_room = [] if sheet is s else [Shows(s, partial(share_grid, s, film.standard), rate_func=early)]
        film.move(*make_room, Shows(sheet, partial(fill, sheet, film.cells)), seconds=1.0)
        if "left note" in place:
            old = [FadeOut(notes.pop())] if notes else []
            texts = [f"stored: {text}, {size}{' each' * (sheet is p)}" for text in words]
            stored = first_that_fits(texts, LABEL, place["left note"].width, Face.STRONG)
            notes.append(heading(place["left note"], stored, film.skin.ink, LABEL))
            film.move(*old, FadeIn(notes[-1]), seconds=TEXT)
    film.scene.add(left)
    film.move(Shows(left, partial(reveal, left)), seconds=0.5)
    film.move(Shows(Group(film.hbm, right), partial(pass_events, film), rate_func=linear), seconds=1.5)
    film.hbm.display(lit={}, cursor=None)
    if "right note" in place:
        notes.append(heading(place["right note"], "scores stored: 0", film.skin.ink, LABEL))
        film.move(FadeIn(notes[-1]), seconds=TEXT)
    with film.scene.telling():
        compare(film, left.rect, right.rect)


def pass_events(film: Film, share: float) -> None:
    """FlashAttention's trace, from its first event to its last."""
    show_event(film, round(len(film.material.fa2) * share), film.outputs[1])


def compare(film: Film, *both: Rect) -> None:
    """The same row of both O's, from the first to the last; then both are framed."""
    around = [box(each.inset(-em(8)), stroke=film.skin.ink, width=theme.HEAVY) for each in both]
    here = Rectangles(film.skin.ink, name="compared")

    def down(share: float) -> None:
        heights = [each.y1 - share * each.height for each in both]
        here.display(np.array([[each.x0 - em(8), y - em(3), each.x1 + em(8), y + em(3)] for each, y in zip(both, heights, strict=True)]))

    film.scene.add(here)
    film.move(Shows(here, down), seconds=1.6)
    film.scene.remove(here)
    film.move(*(Create(each) for each in around), seconds=0.3)


@beat("query")
def query(film: Film) -> None:
    """A row leaves Q; K lights tile by tile, and a score for every key stands up."""
    place, skin, values, r = film.scene.shot("query"), film.skin, film.material.values, film.material.chosen.row
    film.hbm.display(lit={}, written=frozenset())
    film.move(*film.leave(film.hbm), film.arrive(film.hbm, place["hbm"]), seconds=MOVE)
    q = np.asarray(values.q[r], dtype=np.float64)[None, :]
    strip, source = Matrix(q, place["q"], skin, "Q", *spread(q)), row_of(film, "Q")
    put(strip, source)
    film.scene.add(strip)
    name = Named(*labelled(place["q name"], ("q", skin.q), (f"row {r} of Q", skin.ink)), tag="name")
    film.move(matrix_to(strip, place["q"], source), seconds=MOVE)
    film.move(FadeIn(name), seconds=TEXT)
    scores = np.concatenate([values.s[t, r, : len(k)] for t, k in enumerate(values.k)]).astype(np.float64)
    film.terms = terms = np.where(np.isfinite(scores), np.exp(scores - float(values.m_new[-1, r])), 0.0)
    bars, seen = Rectangles(skin.scores, name="terms of the row"), np.where(np.isfinite(scores), scores, np.nan)
    bars.values = terms
    low, high = float(np.nanmin(seen)), float(np.nanmax(seen))
    raw = np.nan_to_num((seen - low) / max(high - low, 1e-12))  # [N_k] as they come: from the least to the largest
    names = [
        Named(*labelled(place["terms name"].left(0.66 * place["terms name"].width), (f"{len(terms):,} {what}", skin.ink), (words, skin.ink),
                        short, px=NAME, face=Face.TEXT), tag="name")
        for what, words, short in (("scores", f"from {number(low)} to {number(high)}, one a key", "one a key"),
                                   ("terms", "exp(score − largest), one a key", "one a key"))
    ]  # fmt: skip
    tiles = [film.hbm.cross.col_of(int(j)) for j in values.j]

    def stand_up(share: float) -> None:
        come = raw.copy()
        come[int(np.ceil(share * len(raw))) :] = 0.0  # a score is not there before its key was
        bars.display(terms_at(place["terms"], come))

    def light(share: float) -> None:
        done = tiles[: int(np.ceil(share * len(tiles)))] if share < 1 else []
        film.hbm.display(lit={"K": frozenset(done[-1:])})

    film.scene.add(bars)
    with film.scene.telling():
        film.move(Shows(bars, stand_up), Shows(film.hbm, light), FadeIn(names[0], rate_func=early), seconds=2.2)
        film.hold(0.5)
    film.weigh = [
        Shows(bars, lambda share: bars.display(terms_at(place["terms"], raw + (terms - raw) * share)), rate_func=ease_in_out_cubic),
        FadeOut(names[0], rate_func=early),
        FadeIn(names[1], rate_func=late),
    ]
    film.tiles = {"q": strip}
    film.bars = bars


def terms_at(room: Rect, heights: np.ndarray) -> np.ndarray:
    """[n, 4] one bar a key; there are no gaps between bars that are thin already."""
    step = room.width / len(heights)
    x = room.x0 + np.arange(len(heights)) * step
    wide = step if step < em(4) else 0.8 * step
    return np.stack([x, np.full(len(x), room.y0), x + wide, room.y0 + heights * room.height], 1)


@beat("weights")
def weights(film: Film) -> None:
    """Scores become terms; the largest is divided by the sum of all; the weighted values are the row's output, which goes into O."""
    place, skin, values, r = film.scene.shot("query"), film.skin, film.material.values, film.material.chosen.row
    room, terms, total_l = place["terms"], film.terms, float(values.l_new[-1, r])
    spike = int(np.argmax(terms))
    x = room.x0 + (spike + 0.5) * room.width / len(terms)
    texts = [number(1.0, 0), "/", total(total_l), "=", number(1 / total_l)]
    wide = line_width(texts, NUMBER)
    on_left = x - room.x0 > room.x1 - x
    at = Rect(max(x - wide - em(40), room.x0), room.y1 - em(110), x - em(24), room.y1) if on_left else (
        Rect(x + em(24), room.y1 - em(110), min(x + wide + em(40), room.x1), room.y1)
    )  # fmt: skip
    words = worded(at, texts, NUMBER, [skin.ink, skin.ink, skin.stats, skin.ink, skin.ink], "weight")
    under = place["terms name"].right(0.3 * place["terms name"].width)
    summed = Named(*labelled(under, (total(total_l), skin.stats), ("their sum", skin.ink)), tag="sum")
    one, home = words[0], (words[0].left, words[0].baseline)
    if on_left:  # beside the largest term, until more is written behind it
        one.put_at(x - em(24) - one.wide, one.baseline)
    with film.scene.telling():
        film.move(*film.weigh, seconds=1.4)
        film.move(FadeIn(one), seconds=TEXT)
        film.move(
            Shows(film.bars, lambda share: film.bars.set_fill(theme.between(skin.scores, skin.stats, share))), FadeIn(summed), seconds=0.8
        )
        film.hold(0.3)
        film.move(slid(one, *home, rate_func=linear), FadeIn(words[1], words[2], rate_func=late), seconds=TEXT)
        film.move(FadeIn(*words[3:]), seconds=TEXT)
    film.hold(0.4)
    o = np.asarray(values.o[r], dtype=np.float64)[None, :]
    out = Matrix(o, place["o"], skin, "O", *spread(o))
    name = Named(*labelled(place["o name"], ("o", skin.o), ("values of V, blended by their weights", skin.ink)), tag="name")
    blend = Blend(film, out.display(0 * o), terms / total_l)
    film.move(FadeIn(out), FadeIn(name), seconds=0.3)
    film.scene.add(blend)
    film.move(Shows(Group(film.hbm, out, blend), blend.display), seconds=3.0)
    film.scene.remove(blend)
    film.hold(0.8)
    end = row_of(film, "O")
    goes = Shows(out, lambda share: put(out, along(end, place["o"], 1 - share)), rate_func=ease_in_out_cubic)
    film.move(goes, FadeOut(name, rate_func=early), seconds=MOVE)


class Blend(Group):
    """Rows of V come from HBM, as strong as their keys weigh, and add up to the row's output: the weightiest one by one, then the rest.

    Args:
        out: The row's output, of which so far only what has come is seen.
        weights: [N_k] of all keys. They sum to 1.
    """

    def __init__(self, film: Film, out: Matrix, weights: np.ndarray) -> None:
        self.tag, self.film, self.out = "blend", film, out
        values, skin = film.material.values, film.skin
        v = np.concatenate([each[: len(k)] for each, k in zip(values.v, values.k, strict=True)]).astype(np.float64)
        tiles = np.repeat([film.hbm.cross.col_of(int(j)) for j in values.j], [len(k) for k in values.k])
        self.keys = np.argsort(-weights, kind="stable")[:BLENDED]
        self.added = weights[self.keys, None] * v[self.keys]  # [BLENDED, d]
        self.rest = np.asarray(values.o[film.material.chosen.row], dtype=np.float64) - self.added.sum(0)
        self.tiles = tiles[self.keys]
        self.starts = [film.hbm.cross.tile("V", int(tile)) for tile in self.tiles]
        self.rows = [Matrix(v[key][None, :], out.rect, skin, "V", *spread(v)) for key in self.keys]
        self.strong = np.sqrt(weights[self.keys] / weights[self.keys[0]])
        self.marked = Rectangles(skin.v, name="keys that come")
        super().__init__(*self.rows, self.marked)

    def display(self, share: float) -> Blend:
        """So far."""
        count = len(self.rows)
        done = np.clip(((count + FLIES) * share - np.arange(count)) / FLIES, 0.0, 1.0)
        for row, start, strong, at in zip(self.rows, self.starts, self.strong, done, strict=True):
            put(row, along(start, self.out.rect, float(ease_in_out_cubic(at))))
            seen = float(strong) if 0 < at < 1 else 0.0
            row.image.pixel_array[:, :, 3] = round(255 * seen)
            row.frame.set_stroke(opacity=seen)
        flying = (done > 0) & (done < 1)
        self.marked.display(terms_at(self.film.scene.shot("query")["terms"], self.film.terms)[self.keys[flying]])
        self.film.hbm.display(lit={"V": frozenset(self.tiles[flying].tolist())})
        self.out.display((self.added[done == 1].sum(0) + self.rest * done[-1])[None, :])
        return self


def along(home: Rect, place: Rect, share: float) -> Rect:
    """From HBM to a place below: first down to its height, then there, as large as that; no words stand on this way."""
    turn = home.shifted(0.0, place.center[1] - home.center[1])
    return home.toward(turn, 2 * share) if share < 0.5 else turn.toward(place, 2 * share - 1)


def row_of(film: Film, tensor: str) -> Rect:
    """Where the followed row lies in HBM: a line of its tile."""
    tile = film.hbm.tile(tensor, film.material.chosen.program[0])
    step = tile.height / len(film.material.values.q)
    top = tile.y1 - film.material.chosen.row * step
    return Rect(tile.x0, top - max(step, em(3)), tile.x1, top)


@beat("tiles")
def tiles(film: Film) -> None:
    """Cuts open in all matrices; a tile of Q shows what one square is."""
    place = film.scene.shot("whole")
    film.hbm.display(lit={}, written=frozenset())
    film.move(*film.leave(film.hbm), film.arrive(film.hbm, place["hbm"]), seconds=MOVE)

    def cut(share: float) -> None:
        film.hbm.display(seam=SPREAD * np.sin(np.pi * share) + CUT * share)

    target = place["square"]
    tile = film.tile("Q", 0, target)
    size = f"{tile.values.shape[0]} × {tile.values.shape[1]}, {film.config.itemsize} bytes each"
    sides = heading(Rect(target.x0, target.y0 - em(76), target.x1, target.y0 - em(8)), size, film.skin.q)
    nbytes = heading(Rect(target.x0, target.y0 - em(176), target.x1, target.y0 - em(84)), amount(film.unit), film.skin.ink, NUMBER)
    with film.scene.telling():
        film.move(Shows(film.hbm, cut), seconds=1.0)
        film.hbm.display(lit={"Q": frozenset({0})})
        source = film.hbm.tile("Q", 0)
        put(tile, source)
        film.scene.add(tile)
        film.move(matrix_to(tile, target, source), seconds=MOVE)
        film.move(FadeIn(sides, nbytes), seconds=TEXT)
    film.hold(0.6)
