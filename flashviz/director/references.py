"""The end: two grids; one keeps its scores, in the other they come and go, and what stays is where to read."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from flashviz.chapters import references
from flashviz.chapters.folded import one_head
from flashviz.chapters.references import ENTRIES, PAPERS, SIDES
from flashviz.director.film.parts import fill, heading, reveal, share_grid
from flashviz.director.film.stage import outputs_of
from flashviz.director.material import sheets
from flashviz.director.shots import TEXT, ChapterFilm, ShotScene, beat
from flashviz.director.words import LABEL, NAME, Word, word
from flashviz.inputs import make_inputs
from flashviz.layout import Rect
from flashviz.layout import rows as split
from flashviz.lettering import Face, em
from flashviz.mobjects.motion import FadeIn, Shows, early, late
from flashviz.mobjects.stored import TiledPicture
from flashviz.mobjects.tiles import Matrix, Rectangles, edges
from flashviz.mobjects.whole import HbmPanel, Sheet
from flashviz.palette import spread

FILL, WRITE, PASS, COME = 0.8, 0.5, 0.6, 0.45  # seconds in which a sheet fills, O does, scores pass through an entry's place, it comes
INDENT, PAD = em(12), em(2)  # of an entry within its place


class ReferencesStage(ShotScene):
    """The scene that the still stands on."""

    script = references.BEATS

    def open(self, run: Callable[..., Any]) -> ReferencesFilm:
        """Papers and repository are quoted; both O's are computed: ``flashviz_kernels.recorder.run``."""
        self.provenance = [{"quoted": f"arXiv:{source.arxiv}"} for source in PAPERS.values()]
        self.set_board(references.BEATS, {})
        return ReferencesFilm(self, run)


class ReferencesFilm(ChapterFilm):
    """Everything on stage, made here once. ``places``: of the entries, in the right grid; ``passing``: scores as they come and go there."""

    def __init__(self, scene: ShotScene, run: Callable[..., Any]) -> None:
        self.scene, self.skin = scene, scene.skin
        place, given = scene.shot("references"), scene.settings.config
        config = one_head(given, seq_k=given.seq_q)  # a square has room for words
        results, pictures = outputs_of(config, run), sheets(config, make_inputs(config))
        low, high = spread(results.standard[np.isfinite(results.standard).all(1)])
        self.panels = {side: HbmPanel(config, self.skin, side).place(place[f"{side} grid"]).display(seam=0.0) for side in SIDES}
        self.titles = [heading(place[f"{side} title"], text, self.skin.ink, NAME) for side, text in SIDES.items()]
        left, right = (panel.cross for panel in self.panels.values())
        self.sheets = [
            Sheet(picture, self.skin, name, over=name == "P").place(left, shared=float(name == "P")).display(0)
            for name, picture in zip("SP", pictures, strict=True)
        ]
        self.outputs = [
            Matrix(np.nan_to_num(o, nan=(low + high) / 2), cross.strip("O"), self.skin, "O", low, high)
            for o, cross in zip((results.standard, results.flash), (left, right), strict=True)
        ]
        self.places = split(right.grid, len(ENTRIES))
        self.passing = TiledPicture(pictures[0], self.skin, "S")
        self.passing.stand(right.grid, (len(ENTRIES), right.n_cols))
        self.passing.uncover(0)
        for output in self.outputs:
            reveal(output, 0.0)


# --------------------------------------------------------------------------------------------------------------- beats


@beat("same")
def same(film: ReferencesFilm) -> None:
    """Standard attention's grid fills with S, then with P, and its O is written; the other grid stays empty."""
    s, p = film.sheets
    left, output = film.panels["left"], film.outputs[0]
    cells = left.cross.n_rows * left.cross.n_cols
    film.scene.add(*film.panels.values())
    film.move(FadeIn(*film.titles), seconds=TEXT)
    film.scene.add(s, p)
    with film.scene.telling():
        film.move(Shows(s, partial(fill, s, cells)), seconds=FILL)
        film.move(Shows(s, partial(share_grid, s, left), rate_func=early), Shows(p, partial(fill, p, cells)), seconds=FILL)
        film.scene.add(output)
        film.move(Shows(output, partial(reveal, output)), seconds=WRITE)


@beat("read")
def read(film: ReferencesFilm) -> None:
    """Scores pass through the other grid, tile by tile, and leave nothing but O; in the empty grid stands where to read, entry by entry."""
    right, output, passing = film.panels["right"], film.outputs[1], film.passing
    plate = Rectangles(film.skin.ground, name="plate")
    film.scene.add(output, plate, passing)
    for at in range(len(ENTRIES)):
        film.move(Shows(right, partial(light, right, at)), Shows(passing, partial(pass_by, passing, at)), seconds=PASS)
        film.move(Shows(output, partial(write, output, at)), seconds=TEXT / 2)
    right.display(lit={})
    with film.scene.telling():
        for at, (place, lines) in enumerate(zip(film.places, ENTRIES, strict=True)):
            film.move(FadeIn(*entry(film, place, lines), rate_func=late), Shows(plate, partial(clear, film, plate, at)), seconds=COME)
    film.scene.hold(0.9)


def write(output: Matrix, at: int, share: float) -> None:
    """The rows of O that an entry's place stands beside."""
    reveal(output, (at + share) / len(ENTRIES))


def column_at(share: float, columns: int) -> int:
    """Which tile of K and V the pass has come to."""
    return min(int(share * columns), columns - 1)


def light(panel: HbmPanel, at: int, share: float) -> None:
    """Q's tiles of an entry's rows stay in use, those of K and V come one after another."""
    cross, column = panel.cross, frozenset({column_at(share, panel.cross.n_cols)})
    rows = range(at * cross.n_rows // len(ENTRIES), -(-(at + 1) * cross.n_rows // len(ENTRIES)))
    panel.display(lit={"Q": frozenset(rows), "K": column, "V": column})


def pass_by(passing: TiledPicture, at: int, share: float) -> None:
    """One tile of scores, till the last has gone."""
    columns = passing.grid[1]
    passing.only(at * columns + column_at(share, columns) if share < 1 else -1)


def clear(film: ReferencesFilm, plate: Rectangles, at: int, share: float) -> None:
    """Where scores have been, the lines of the grid make room for words."""
    places = [each.inset(em(2)) for each in film.places[: at + 1]]
    plate.display(edges([*places[:-1], places[-1].left(share * places[-1].width)]))


def entry(film: ReferencesFilm, place: Rect, lines: tuple[str, ...]) -> list[Word]:
    """What it is, who wrote it, and where it is found."""
    sizes = ((NAME, Face.STRONG), (LABEL, Face.TEXT), (LABEL, Face.TEXT))
    return [
        word(text, px, film.skin.ink, row, "entry", face)
        for row, text, (px, face) in zip(split(place.inset(INDENT, PAD), len(sizes)), lines, sizes, strict=True)
    ]
