"""The end: the two grids, one full and one empty; one O minus the other, and only rounding is left; then papers and repository."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from manim import Group
from manim.utils.rate_functions import ease_in_out_cubic

from flashviz.chapters import references
from flashviz.chapters.folded import one_head
from flashviz.chapters.references import EQUAL, LINES, PAPERS, SIDES, SUBTRACTED, length, scores_stored
from flashviz.director.film.parts import heading
from flashviz.director.film.stage import outputs_of
from flashviz.director.material import sheets
from flashviz.director.shots import TEXT, ChapterFilm, ShotScene, StepBack, beat
from flashviz.director.words import LABEL, NAME, NUMBER, Word, first_that_fits
from flashviz.inputs import make_inputs
from flashviz.layout import Rect
from flashviz.lettering import Face
from flashviz.mobjects.motion import FadeIn, FadeOut, Shows
from flashviz.mobjects.overlay import Overlay
from flashviz.mobjects.whole import HbmPanel, Sheet
from flashviz.palette import spread

LOOKED = 0.5  # seconds that both O's stand before one is subtracted
DOWN, ASIDE, OVER, BACK = 0.7, 0.6, 1.6, 0.4  # seconds in which both O's come down, go aside, slide over each other, and go back
BEHIND = 0.35  # of their opacity is left of the pictures, where papers stand before them


class ReferencesStage(ShotScene):
    """The scene that the still stands on."""

    script = references.BEATS

    def open(self, run: Callable[..., Any]) -> ReferencesFilm:
        """Papers and repository are quoted; both O's are computed: ``flashviz_kernels.recorder.run``."""
        self.provenance = [{"quoted": f"arXiv:{source.arxiv}"} for _, source in PAPERS.values()]
        self.set_board(references.BEATS, {})
        return ReferencesFilm(self, run)


class ReferencesFilm(ChapterFilm):
    """Everything on stage, made here once."""

    equal: Word

    def __init__(self, scene: ShotScene, run: Callable[..., Any]) -> None:
        self.scene, self.skin = scene, scene.skin
        self.place = place = scene.shot("references")
        config = one_head(scene.settings.config)
        outputs, pictures = outputs_of(config, run), sheets(config, make_inputs(config))
        low, high = spread(outputs.standard[np.isfinite(outputs.standard).all(1)])
        panels = {side: HbmPanel(config, self.skin, side).place(place[side]).display(seam=0.0) for side in SIDES}
        cross = panels["left"].cross
        stored = [
            Sheet(picture, self.skin, name, over=name == "P").place(cross).display(cross.n_rows * cross.n_cols)
            for name, picture in zip("SP", pictures, strict=True)
        ]
        self.strips = [panel.cross.strip("O") for panel in panels.values()]
        both = [np.nan_to_num(o, nan=(low + high) / 2) for o in (outputs.standard, outputs.flash)]
        first, second = self.strips
        self.terms = [place[term] for term in SUBTRACTED]
        self.below = [Rect(strip.x0, term.y0, strip.x1, term.y1) for strip, term in zip(self.strips, self.terms, strict=True)]
        ends = [rect.edges for rect in (first, second, *self.terms)]
        around = Rect(*(pick(each[at] for each in ends) for at, pick in enumerate((min, min, max, max))))
        self.overlay = Overlay(both[0], both[1], around, self.skin, low, high).place(first, second)
        names = [heading(place[f"{side} name"], words, self.skin.ink, NAME) for side, words in SIDES.items()]
        names.append(heading(place["length"], length(config), self.skin.ink, NAME))
        self.pictures, self.names = Group(*panels.values(), *stored, self.overlay), names
        self.scores = [heading(place[f"{side} scores"], scores_stored(config, side), self.skin.ink, LABEL) for side in SIDES]
        for words in self.scores:
            words.tag = "scores"
        self.lines = [heading(place[part], text, self.skin.ink, LABEL) for part, text in LINES.items()]
        for line in self.lines:
            line.tag = "reference"

    def slide(self, starts: list[Rect], stops: list[Rect]) -> Shows:
        """Both O's go from two places to two others."""

        def show(share: float) -> None:
            self.overlay.place(*(start.toward(stop, share) for start, stop in zip(starts, stops, strict=True)))

        return Shows(self.overlay, show, rate_func=ease_in_out_cubic)


@beat("same")
def same(film: ReferencesFilm) -> None:
    """What each has stored of the scores; both O's come down beneath the grids, and one is subtracted from the other where they overlap."""
    place, hue = film.place, film.skin.o
    film.move(FadeIn(film.pictures, *film.names, *film.scores), seconds=0.6)
    said = [heading(place[f"{term} name"], text, hue, LABEL) for term, text in SUBTRACTED.items()]
    minus = heading(place["both"], "−", hue, NUMBER)
    film.equal = heading(place["equal"], first_that_fits(EQUAL, LABEL, place["equal"].width, Face.STRONG), hue, LABEL)
    both = [place["both"]] * len(film.terms)
    with film.scene.telling():
        film.move(film.slide(film.strips, film.below), seconds=DOWN)  # straight, past no grid: it is no score
        film.move(film.slide(film.below, film.terms), FadeIn(*said), seconds=ASIDE)
        film.move(FadeIn(minus), seconds=TEXT)
        film.scene.hold(LOOKED)
        film.move(film.slide(film.terms, both), FadeOut(minus), seconds=OVER)
        film.move(FadeOut(*said), seconds=TEXT)
        film.move(FadeIn(film.equal), seconds=TEXT)


@beat("read")
def read(film: ReferencesFilm) -> None:
    """Both O's go home, all pictures step back, and papers and repository come before them."""
    with film.scene.telling():
        both = [film.place["both"]] * len(film.terms)
        film.move(film.slide(both, film.below), FadeOut(film.equal), seconds=BACK)
        film.move(film.slide(film.below, film.strips), seconds=BACK)
        film.move(StepBack([film.pictures], BEHIND), *(FadeIn(line) for line in film.lines), seconds=BACK)
