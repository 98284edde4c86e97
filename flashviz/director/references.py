"""The end: two grids, one full and one empty; their O's meet, what is left is magnified, and all stays beside what to read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from manim import Group
from manim.utils.rate_functions import ease_in_out_cubic

from flashviz.chapters import references
from flashviz.chapters.exactness import magnification
from flashviz.chapters.folded import one_head
from flashviz.chapters.references import DIFFERENCE, LINES, SHORT, SIDES, length, scores_stored
from flashviz.citations import SOURCES
from flashviz.director.film.parts import heading, matrix_to
from flashviz.director.film.stage import outputs_of
from flashviz.director.material import sheets
from flashviz.director.shots import MOVE, TEXT, ChapterFilm, ShotScene, beat
from flashviz.director.words import CORNER, LABEL, NAME, Word, first_that_fits, labelled, word
from flashviz.figures import number, power
from flashviz.inputs import make_inputs
from flashviz.layout import rows as split
from flashviz.lettering import Face, em, text_width
from flashviz.mobjects.motion import FadeIn, FadeOut, Shows
from flashviz.mobjects.overlay import Overlay
from flashviz.mobjects.tiles import Matrix
from flashviz.mobjects.whole import HbmPanel, Sheet
from flashviz.palette import spread

LOOKED = 0.6  # seconds that the grids stand
MEET, MAGNIFY = 2.6, 1.4  # seconds in which both O's come out of their grids and over each other, and in which what is left grows
LINE = 0.3  # seconds in which a line comes
BETWEEN = em(16)  # papers of two lines each
SHOWN = "shown × {:,}"
NAMED = ("{}, {}", "{}")  # the difference and how it is shown
MOST = ("they differ by at most {}", "at most {}", "≤ {}")


class ReferencesStage(ShotScene):
    """The scene that the still stands on."""

    script = references.BEATS

    def open(self, run: Callable[..., Any]) -> ReferencesFilm:
        """Papers and repository are quoted; both O's are computed: ``flashviz_kernels.recorder.run``."""
        self.provenance = [{"quoted": f"arXiv:{source.arxiv}"} for source in SOURCES]
        self.set_board(references.BEATS, {})
        return ReferencesFilm(self, run)


class ReferencesFilm(ChapterFilm):
    """Everything on stage, made here once. ``words``: what stands around the three pictures now."""

    def __init__(self, scene: ShotScene, run: Callable[..., Any]) -> None:
        self.scene, self.skin = scene, scene.skin
        self.place = place = scene.shot("references")
        self.config = config = one_head(scene.settings.config)
        self.outputs, pictures = outputs_of(config, run), sheets(config, make_inputs(config))
        low, high = spread(self.outputs.standard[np.isfinite(self.outputs.standard).all(1)])
        self.panels = {side: HbmPanel(config, self.skin, side).place(place[side]) for side in SIDES}
        for panel in self.panels.values():
            panel.display(seam=0.0, written=frozenset(range(panel.cross.n_rows)))
        self.sheets = [Sheet(picture, self.skin, name, over=name == "P") for name, picture in zip("SP", pictures, strict=True)]
        self.cover()
        both = [np.nan_to_num(o, nan=(low + high) / 2) for o in (self.outputs.standard, self.outputs.flash)]
        self.apart = np.abs(both[0] - both[1])
        self.times = magnification(self.apart, (low, high))
        self.strips = [panel.cross.strip("O") for panel in self.panels.values()]
        self.overlay = Overlay(both[0], both[1], place.frame, self.skin, low, high).place(*self.strips)
        self.difference = Matrix(self.apart, place["both"], self.skin, "O", 0.0, high - low)
        self.pictures = Group(*self.panels.values(), *self.sheets)
        self.words = [self.title("length", [length(config)], LABEL)]
        for side, name in SIDES.items():
            self.words += [self.title(f"{side} name", [name], NAME), self.scores(side)]

    def title(self, part: str, texts: Sequence[str], px: float) -> Word:
        """The first of these texts that fits, in the middle of a part."""
        rect = self.place[part]
        return heading(rect, first_that_fits(texts, px, rect.width, Face.STRONG), self.skin.ink, px)

    def scores(self, side: str, when: str = "") -> Word:
        """How much of S and P a side has stored; both sides say it in the same words."""
        texts = {each: scores_stored(self.config, each) for each in SIDES}
        widths = [max(text_width(said[at], LABEL, Face.STRONG) for said in texts.values()) for at in range(len(texts[side]))]
        room = self.place[f"{side} scores{when}"].width
        return self.title(
            f"{side} scores{when}",
            [text for text, wide in zip(texts[side], widths, strict=True) if wide <= room][:1] or texts[side][-1:],
            LABEL,
        )

    def cover(self) -> None:
        """S and P lie on the left grid, wherever it is."""
        cross = self.panels["left"].cross
        for sheet in self.sheets:
            sheet.place(cross).display(cross.n_rows * cross.n_cols)

    @property
    def most(self) -> str:
        """The largest difference."""
        return power(float(np.nanmax(self.outputs.apart)))

    def ends(self) -> list[Word]:
        """What the three pictures are, where they stand beside the list."""
        names = [text.format(name, SHOWN.format(self.times)) for text in NAMED for name in DIFFERENCE]
        made = [self.title("both name end", names, LABEL), self.title("most end", [text.format(self.most) for text in MOST], LABEL)]
        for side in SIDES:
            made += [self.title(f"{side} name end", (SIDES[side], SHORT[side]), LABEL), self.scores(side, " end")]
        return made


# --------------------------------------------------------------------------------------------------------------- beats


@beat("same")
def same(film: ReferencesFilm) -> None:
    """What each has stored of the scores; both O's come out of their grids and meet; what is left is magnified, and has its number."""
    place, both = film.place, film.place["both"]
    name = film.title("both name", DIFFERENCE, NAME)
    values = float(np.nanmax(np.abs(film.outputs.standard)))
    film.scene.add(film.pictures, film.overlay, *film.words)
    film.scene.hold(LOOKED)

    def meet(share: float) -> None:
        film.overlay.place(*(strip.toward(both, share) for strip in film.strips))

    with film.scene.telling():
        film.move(Shows(film.overlay, meet, rate_func=ease_in_out_cubic), seconds=MEET)
        film.scene.add(film.difference)
        film.scene.remove(film.overlay)
        film.move(FadeIn(name), seconds=TEXT)
        larger = heading(place["both scores"], SHOWN.format(film.times), film.skin.ink, LABEL)
        film.move(film.difference.to(film.apart * film.times), FadeIn(larger), seconds=MAGNIFY)
        said = [
            film.title("most", [text.format(film.most) for text in MOST], NAME),
            film.title("values", [f"where O reaches {number(values, 2)}"], LABEL),
        ]
        film.move(FadeIn(*said), seconds=TEXT)
    film.words += [name, larger, *said]


@beat("read")
def read(film: ReferencesFilm) -> None:
    """All three pictures make room, and stay; beside them papers and repository come, line by line."""
    place, room, ink = film.place, film.place["list"], film.skin.ink
    starts = {side: place[side] for side in SIDES}

    def settle(share: float) -> None:
        for side, panel in film.panels.items():
            panel.place(starts[side].toward(place[f"{side} end"], share))
        film.cover()

    film.move(FadeOut(*film.words), seconds=TEXT)
    pictures = Shows(film.pictures, settle, rate_func=ease_in_out_cubic)
    film.move(pictures, matrix_to(film.difference, place["both end"]), seconds=MOVE)
    film.move(FadeIn(*film.ends()), seconds=TEXT)
    whole = [f"{name}: {where}" for name, _, where in LINES]
    two_lines = room.height / len(LINES) > em(NAME + LABEL) + BETWEEN
    with film.scene.telling():
        for at, text, (name, why, where) in zip(split(room, len(LINES)), whole, LINES, strict=True):
            if two_lines:
                upper, lower = split(at.above(BETWEEN), 2)
                words = [*labelled(upper, (name, ink), (why[0], ink), why[1]), word(where, LABEL, ink, lower, "reference", Face.TEXT)]
            else:
                words = [word(text, CORNER, ink, at, "reference")]
            film.move(FadeIn(*words), seconds=LINE)
