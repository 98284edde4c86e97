"""The end: the two grids, one full and one empty; one O slides over the other, and nothing is left; then papers and repository."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from manim import Group
from manim.utils.rate_functions import ease_in_out_cubic

from flashviz.chapters import references
from flashviz.chapters.folded import one_head
from flashviz.chapters.references import LINES, SIDES, scores_stored
from flashviz.citations import FLASH_ATTENTION, FLASH_ATTENTION_2
from flashviz.director.film.parts import heading
from flashviz.director.film.stage import outputs_of
from flashviz.director.material import sheets
from flashviz.director.shots import TEXT, ShotScene, beat
from flashviz.director.words import LABEL, NAME
from flashviz.inputs import make_inputs
from flashviz.layout import Rect
from flashviz.mobjects.motion import FadeIn, FadeOut, Shows
from flashviz.mobjects.overlay import Overlay
from flashviz.mobjects.whole import HbmPanel, Sheet
from flashviz.palette import spread

LOOKED = 0.4  # seconds that a line stands before the next one
OVER, BACK = 0.8, 0.6  # seconds in which one O slides over the other, and back
LEFT, EQUAL = "O − O", "O = O"  # what is seen where both are, and what that says


class ReferencesStage(ShotScene):
    """The scene that the still stands on."""

    script = references.BEATS

    def open(self, run: Callable[..., Any]) -> ReferencesFilm:
        """Papers and repository are quoted; both O's are computed: ``flashviz_kernels.recorder.run``."""
        self.provenance = [{"quoted": f"arXiv:{source.arxiv}"} for source in (FLASH_ATTENTION, FLASH_ATTENTION_2)]
        self.set_board(references.BEATS, {})
        return ReferencesFilm(self, run)


class ReferencesFilm:
    """Everything on stage, made here once."""

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
        around = Rect(first.x0, min(first.y0, second.y0), second.x1, max(first.y1, second.y1))
        self.overlay = Overlay(both[0], both[1], around, self.skin, low, high).place(first, second)
        names = [heading(place[f"{side} name"], words, self.skin.ink, NAME) for side, words in SIDES.items()]
        self.still = Group(*panels.values(), *stored, self.overlay, *names)
        self.scores = [heading(place[f"{side} scores"], scores_stored(config, side), self.skin.ink, LABEL) for side in SIDES]
        for words in self.scores:
            words.tag = "scores"
        self.lines = [heading(place[part], text, self.skin.ink, NAME) for part, text in LINES.items()]
        for line in self.lines:
            line.tag = "reference"


@beat("read")
def read(film: ReferencesFilm) -> None:
    """What each has stored of the scores; one O slides over the other, and back; then papers and repository, one after another."""
    film.scene.move(FadeIn(film.still), seconds=0.6)
    film.scene.move(FadeIn(*film.scores), seconds=TEXT)
    film.scene.hold(LOOKED)
    first, second = film.strips

    def slide(share: float) -> None:
        film.overlay.place(first.toward(second, share), second)

    at = film.place["equal"]
    left, equal = (heading(at, text, film.skin.o, NAME) for text in (LEFT, EQUAL))
    film.scene.move(Shows(film.overlay, slide, rate_func=ease_in_out_cubic), seconds=OVER)
    film.scene.move(FadeIn(left), seconds=TEXT)
    film.scene.hold(LOOKED)
    film.scene.move(Shows(film.overlay, lambda share: slide(1 - share), rate_func=ease_in_out_cubic), FadeOut(left), seconds=BACK)
    film.scene.move(FadeIn(equal), seconds=TEXT)
    for line in film.lines:
        film.scene.move(FadeIn(line), seconds=TEXT)
        film.scene.hold(LOOKED)
    film.scene.tell()
