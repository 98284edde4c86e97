"""The end: the two grids as a still, one full and one empty, with the same O; beneath them papers and repository."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from manim import Group

from flashviz.chapters import references
from flashviz.chapters.folded import one_head
from flashviz.chapters.references import LINES, SIDES
from flashviz.citations import FLASH_ATTENTION, FLASH_ATTENTION_2
from flashviz.director.film.parts import heading
from flashviz.director.film.stage import outputs_of
from flashviz.director.material import sheets
from flashviz.director.shots import TEXT, ShotScene, beat
from flashviz.director.words import NAME
from flashviz.inputs import make_inputs
from flashviz.mobjects.motion import FadeIn
from flashviz.mobjects.tiles import Matrix
from flashviz.mobjects.whole import HbmPanel, Sheet
from flashviz.palette import spread

LOOKED = 1.0  # seconds that a line stands before the next one
EQUAL = "O = O"  # what both have


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
        both = [
            Matrix(np.nan_to_num(o, nan=(low + high) / 2), panel.cross.strip("O"), self.skin, "O", low, high)
            for o, panel in zip((outputs.standard, outputs.flash), panels.values(), strict=True)
        ]  # fmt: skip
        names = [heading(place[f"{side} name"], words, self.skin.ink, NAME) for side, words in SIDES.items()]
        self.equal = heading(place["equal"], EQUAL, self.skin.o, NAME)
        self.still = Group(*panels.values(), *stored, *both, *names)
        self.lines = [heading(place[part], text, self.skin.ink, NAME) for part, text in LINES.items()]
        for line in self.lines:
            line.tag = "reference"


@beat("read")
def read(film: ReferencesFilm) -> None:
    """The still; then papers and repository, one after another."""
    film.scene.move(FadeIn(film.still), seconds=0.6)
    film.scene.hold(LOOKED / 2)
    film.scene.move(FadeIn(film.equal), seconds=TEXT)
    for line in film.lines:
        film.scene.hold(LOOKED)
        film.scene.move(FadeIn(line), seconds=TEXT)
    film.scene.hold(LOOKED / 2)
    film.scene.tell()
