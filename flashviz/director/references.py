"""The end: the two grids, one full and one empty; one O minus the other fills the frame; then papers and repository, as they came out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from manim import Group
from manim.utils.rate_functions import ease_in_out_cubic

from flashviz.chapters import references
from flashviz.chapters.folded import one_head
from flashviz.chapters.references import EQUAL, LINES, SIDES, SUBTRACTED, length, scores_stored
from flashviz.citations import SOURCES
from flashviz.director.film.parts import heading
from flashviz.director.film.stage import outputs_of
from flashviz.director.material import sheets
from flashviz.director.shots import TEXT, ChapterFilm, ShotScene, beat
from flashviz.director.words import LABEL, NAME, NUMBER, Word, first_that_fits
from flashviz.inputs import make_inputs
from flashviz.layout import Rect
from flashviz.layout import rows as split
from flashviz.lettering import Face
from flashviz.mobjects.motion import FadeIn, FadeOut, Shows
from flashviz.mobjects.overlay import Overlay
from flashviz.mobjects.whole import HbmPanel, Sheet
from flashviz.palette import spread

LOOKED = 0.6  # seconds that the grids stand, and both O's before one is subtracted
OUT, OVER, BACK = 1.2, 1.8, 0.9  # seconds in which both O's come out of their grids, slide over each other, and go back
LINE = 0.3  # seconds in which a line comes


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

    equal: Word

    def __init__(self, scene: ShotScene, run: Callable[..., Any]) -> None:
        self.scene, self.skin = scene, scene.skin
        self.place = place = scene.shot("references")
        config = one_head(scene.settings.config)
        outputs, pictures = outputs_of(config, run), sheets(config, make_inputs(config))
        low, high = spread(outputs.standard[np.isfinite(outputs.standard).all(1)])
        self.panels = {side: HbmPanel(config, self.skin, side) for side in SIDES}
        self.stored = [Sheet(picture, self.skin, name, over=name == "P") for name, picture in zip("SP", pictures, strict=True)]
        both = [np.nan_to_num(o, nan=(low + high) / 2) for o in (outputs.standard, outputs.flash)]
        self.terms = [place[term] for term in SUBTRACTED]
        self.overlay = Overlay(both[0], both[1], scene.shot("references").frame, self.skin, low, high)
        self.pictures = Group(*self.panels.values(), *self.stored)
        self.names = [heading(place["length"], length(config), self.skin.ink, NAME)]
        self.stand("")
        self.overlay.place(*self.strips)

    def stand(self, where: str) -> None:
        """The grids and their words stand at first, or as small ones over the list."""
        for side, panel in self.panels.items():
            panel.place(self.place[f"{side}{where}"]).display(seam=0.0)
        cross = self.panels["left"].cross
        for sheet in self.stored:
            sheet.place(cross).display(cross.n_rows * cross.n_cols)
        self.strips = [panel.cross.strip("O") for panel in self.panels.values()]
        config = one_head(self.scene.settings.config)
        self.names += [heading(self.place[f"{side}{where} name"], words, self.skin.ink, NAME) for side, words in SIDES.items()]
        for side in SIDES:
            self.names.append(heading(self.place[f"{side}{where} scores"], scores_stored(config, side), self.skin.ink, LABEL))
            self.names[-1].tag = "scores"

    def slide(self, starts: list[Rect], stops: list[Rect]) -> Shows:
        """Both O's go from two places to two others."""

        def show(share: float) -> None:
            self.overlay.place(*(start.toward(stop, share) for start, stop in zip(starts, stops, strict=True)))

        return Shows(self.overlay, show, rate_func=ease_in_out_cubic)


@beat("same")
def same(film: ReferencesFilm) -> None:
    """What each has stored of the scores; both O's come out of their grids and fill the frame, and one is subtracted from the other."""
    place, hue = film.place, film.skin.o
    film.move(FadeIn(film.pictures, film.overlay, *film.names), seconds=0.6)
    said = [heading(place[f"{term} name"], text, hue, NAME) for term, text in SUBTRACTED.items()]
    minus = heading(place["minus"], "−", hue, NUMBER)
    film.equal = heading(place["equal"], first_that_fits(EQUAL, NAME, place["equal"].width, Face.STRONG), hue, NAME)
    both = [place["both"]] * len(film.terms)
    with film.scene.telling():
        film.scene.hold(LOOKED)
        film.move(film.slide(film.strips, film.terms), FadeOut(film.pictures, *film.names), seconds=OUT)
        film.move(FadeIn(*said, minus), seconds=TEXT)
        film.scene.hold(LOOKED)
        film.move(FadeOut(minus), seconds=TEXT)
        film.move(film.slide(film.terms, both), FadeOut(*said), seconds=OVER)
        film.move(FadeIn(film.equal), seconds=TEXT)


@beat("read")
def read(film: ReferencesFilm) -> None:
    """Both O's go back into their grids, which are small now; beneath them papers and repository come, line by line."""
    both = [film.place["both"]] * len(film.terms)
    film.names = []
    film.stand(" small")
    places = split(film.place["list"], len(LINES))
    lines = [heading(at, text, film.skin.ink, NAME) for at, text in zip(places, LINES, strict=True)]
    for line in lines:
        line.tag = "reference"
    with film.scene.telling():
        film.move(film.slide(both, film.strips), FadeOut(film.equal), seconds=BACK)
        film.move(FadeIn(film.pictures, *film.names), seconds=TEXT)
        film.scene.add(film.overlay)
        for line in lines:
            film.move(FadeIn(line), seconds=LINE)
