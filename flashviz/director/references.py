"""The end: the two grids, one full and one empty; one O minus the other, which stays with what is left at most; then what to read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from manim import Group
from manim.utils.rate_functions import ease_in_out_cubic

from flashviz.chapters import references
from flashviz.chapters.folded import one_head
from flashviz.chapters.references import DIFFERENCE, LINES, SIDES, SUBTRACTED, length, scores_stored
from flashviz.citations import SOURCES
from flashviz.director.film.parts import heading
from flashviz.director.film.stage import outputs_of
from flashviz.director.material import sheets
from flashviz.director.shots import TEXT, ChapterFilm, ShotScene, beat
from flashviz.director.words import CORNER, LABEL, NAME, NUMBER, Word, first_that_fits, word
from flashviz.figures import number, power
from flashviz.inputs import make_inputs
from flashviz.layout import Rect
from flashviz.layout import rows as split
from flashviz.lettering import Face, em, text_width
from flashviz.mobjects.motion import FadeIn, FadeOut, Shows, early
from flashviz.mobjects.overlay import Overlay
from flashviz.mobjects.whole import HbmPanel, Sheet
from flashviz.palette import spread

LOOKED = 0.6  # seconds that the grids stand, and both O's before one is subtracted
OUT, OVER = 1.2, 1.8  # seconds in which both O's come out of their grids, and one slides onto the other
LINE = 0.3  # seconds in which a line comes
BETWEEN = em(16)  # papers of two lines each


class ReferencesStage(ShotScene):
    """The scene that the still stands on."""

    script = references.BEATS

    def open(self, run: Callable[..., Any]) -> ReferencesFilm:
        """Papers and repository are quoted; both O's are computed: ``flashviz_kernels.recorder.run``."""
        self.provenance = [{"quoted": f"arXiv:{source.arxiv}"} for source in SOURCES]
        self.set_board(references.BEATS, {})
        return ReferencesFilm(self, run)


class ReferencesFilm(ChapterFilm):
    """Everything on stage, made here once."""

    def __init__(self, scene: ShotScene, run: Callable[..., Any]) -> None:
        self.scene, self.skin = scene, scene.skin
        self.place = place = scene.shot("references")
        config = one_head(scene.settings.config)
        self.outputs, pictures = outputs_of(config, run), sheets(config, make_inputs(config))
        low, high = spread(self.outputs.standard[np.isfinite(self.outputs.standard).all(1)])
        panels = {side: HbmPanel(config, self.skin, side).place(place[side]) for side in SIDES}
        stored = [Sheet(picture, self.skin, name, over=name == "P") for name, picture in zip("SP", pictures, strict=True)]
        for panel in panels.values():
            panel.display(seam=0.0)
        cross = panels["left"].cross
        for sheet in stored:
            sheet.place(cross).display(cross.n_rows * cross.n_cols)
        both = [np.nan_to_num(o, nan=(low + high) / 2) for o in (self.outputs.standard, self.outputs.flash)]
        self.strips = [panel.cross.strip("O") for panel in panels.values()]
        self.terms = [place[term] for term in SUBTRACTED]
        self.overlay = Overlay(both[0], both[1], place.frame, self.skin, low, high).place(*self.strips)
        self.pictures = Group(*panels.values(), *stored)
        self.names = [heading(place["length"], length(config), self.skin.ink, NAME)]
        for side, words in SIDES.items():
            self.names += [
                heading(place[f"{side} name"], words, self.skin.ink, NAME),
                heading(place[f"{side} scores"], scores_stored(config, side), self.skin.ink, LABEL),
            ]
            self.names[-1].tag = "scores"

    def slide(self, starts: list[Rect], stops: list[Rect]) -> Shows:
        """Both O's go from two places to two others."""

        def show(share: float) -> None:
            self.overlay.place(*(start.toward(stop, share) for start, stop in zip(starts, stops, strict=True)))

        return Shows(self.overlay, show, rate_func=ease_in_out_cubic)

    def left(self) -> list[Word]:
        """What is left of the subtraction: its name, and on it how much at most, of values of which size."""
        place, ink = self.place, self.skin.ink
        most, values = (float(np.nanmax(each)) for each in (self.outputs.apart, np.abs(self.outputs.standard)))
        name = first_that_fits(DIFFERENCE, NAME, place["both name"].width, Face.STRONG)
        return [
            heading(place["both name"], name, self.skin.o, NAME),
            heading(place["most"], f"at most {power(most)}", ink, NUMBER),
            heading(place["values"], f"values of O reach {number(values, 2)}", ink, LABEL),
        ]


# --------------------------------------------------------------------------------------------------------------- beats


@beat("same")
def same(film: ReferencesFilm) -> None:
    """What each has stored of the scores; both O's come out of their grids, one slides onto the other, and what is left has its number."""
    place, hue = film.place, film.skin.o
    said = [heading(place[f"{term} name"], text, hue, NAME) for term, text in SUBTRACTED.items()]
    minus = heading(place["minus"], "−", hue, NUMBER)
    film.scene.add(film.pictures, film.overlay, *film.names)
    film.scene.hold(LOOKED)
    with film.scene.telling():
        film.move(film.slide(film.strips, film.terms), FadeOut(film.pictures, *film.names), seconds=OUT)
        film.move(FadeIn(*said, minus), seconds=TEXT)
        film.scene.hold(LOOKED)
        film.move(film.slide(film.terms, [place["both"]] * len(film.terms)), FadeOut(minus, *said, rate_func=early), seconds=OVER)
        film.move(FadeIn(*film.left()), seconds=TEXT)


@beat("read")
def read(film: ReferencesFilm) -> None:
    """What is left stays; beside it papers and repository come, line by line."""
    room, ink = film.place["list"], film.skin.ink
    whole = [f"{name}: {where}" for name, where in LINES]
    one_line = max(text_width(text, CORNER, Face.STRONG) for text in whole) <= room.width
    places = split(room, len(LINES))
    with film.scene.telling():
        for at, text, (name, where) in zip(places, whole, LINES, strict=True):
            if one_line:
                words = [word(text, LABEL, ink, at, "reference")]
            else:
                upper, lower = split(at.above(BETWEEN), 2)
                words = [word(name, NAME, ink, upper, "reference name"), word(where, LABEL, ink, lower, "reference", Face.TEXT)]
            film.move(FadeIn(*words), seconds=LINE)
