"""The end: two grids, one full and one empty; one O minus the other, magnified; and what to read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from manim import Mobject

from flashviz.chapters import references
from flashviz.chapters.exactness import magnification
from flashviz.chapters.folded import one_head
from flashviz.chapters.references import LINES, OF, SHORT, SIDES, length, scores_stored
from flashviz.citations import SOURCES
from flashviz.director.film.parts import heading, matrix_to
from flashviz.director.film.stage import outputs_of
from flashviz.director.material import sheets
from flashviz.director.shots import MOVE, TEXT, ChapterFilm, ShotScene, beat
from flashviz.director.words import CORNER, LABEL, NAME, NUMBER, Word, first_that_fits, labelled, word
from flashviz.figures import number, power
from flashviz.inputs import make_inputs
from flashviz.layout import rows as split
from flashviz.lettering import Face, em, text_width
from flashviz.mobjects.motion import FadeIn, FadeOut, early
from flashviz.mobjects.tiles import Matrix
from flashviz.mobjects.whole import HbmPanel, Sheet
from flashviz.palette import spread

LOOKED, AS_IT_IS = 1.3, 1.2  # seconds that the grids stand, and that the difference does before it is magnified
APPEAR, MAGNIFY = 0.5, 1.4  # seconds in which the difference comes, and in which it grows
LINE = 0.25  # seconds in which a line comes
BETWEEN = em(16)  # papers of two lines each
SIGNS = {"minus": "−", "equals": "="}
TIMES = ("magnified × {:,}", "× {:,}")
MOST = ("at most {}: {} of O's largest value, {}", "at most {}: {} of {}, O's most", "≤ {}: {} of {}")
WHY = ("same formula, different rounding",)
THUMBNAIL = ("O minus O, × {:,}", "O − O, × {:,}")
BEYOND = ("{}", "≥ {}")  # of the strong end of the ramp, and where some differ by more
SHARE = ("at most {} of O's largest", "at most {} of O")
STEPS = 256  # of colour


class ReferencesStage(ShotScene):
    """The scene that the still stands on."""

    script = references.BEATS

    def open(self, run: Callable[..., Any]) -> ReferencesFilm:
        """Papers and repository are quoted; both O's are computed: ``flashviz_kernels.recorder.run``."""
        self.provenance = [{"quoted": f"arXiv:{source.arxiv}"} for source in SOURCES]
        self.set_board(references.BEATS, {})
        return ReferencesFilm(self, run)


class ReferencesFilm(ChapterFilm):
    """Everything on stage, made here once. ``words``: what stands around the pictures now."""

    def __init__(self, scene: ShotScene, run: Callable[..., Any]) -> None:
        self.scene, self.skin = scene, scene.skin
        self.place = place = scene.shot("references")
        self.config = config = one_head(scene.settings.config)
        self.results, pictures = outputs_of(config, run), sheets(config, make_inputs(config))
        low, high = self.ramp = spread(self.results.standard[np.isfinite(self.results.standard).all(1)])
        self.panels = {side: HbmPanel(config, self.skin, side).place(place[f"{side} grid"]) for side in SIDES}
        cross = self.panels["left"].display(seam=0.0).cross
        self.panels["right"].display(seam=0.0)
        self.sheets = [Sheet(picture, self.skin, name, over=name == "P").place(cross) for name, picture in zip("SP", pictures, strict=True)]
        for sheet in self.sheets:
            sheet.display(cross.n_rows * cross.n_cols)
        both = [np.nan_to_num(o, nan=(low + high) / 2) for o in (self.results.standard, self.results.flash)]
        strips = [panel.cross.strip("O") for panel in self.panels.values()]
        self.outputs = dict(zip(SIDES, (Matrix(o, at, self.skin, "O", low, high) for o, at in zip(both, strips, strict=True)), strict=True))
        self.apart = np.abs(both[0] - both[1])
        self.times = magnification(self.apart, self.ramp)
        self.difference = self.on_ramp(self.apart, "both")
        self.words: list[Mobject] = [self.title("length", [length(config)], LABEL)]
        for side, name in SIDES.items():
            self.words += [self.title(f"{side} title", [name], NAME), self.stored(side)]

    def on_ramp(self, values: np.ndarray, part: str) -> Matrix:
        """Distances on the ramp of O, from zero."""
        low, high = self.ramp
        return Matrix(values, self.place[part], self.skin, "O", 0.0, high - low)

    def title(self, part: str, texts: Sequence[str], px: float) -> Word:
        """The first of these texts that fits, in the middle of a part."""
        rect = self.place[part]
        return heading(rect, first_that_fits(texts, px, rect.width, Face.STRONG), self.skin.ink, px)

    def stored(self, side: str) -> Word:
        """How much of S and P a side has stored; both sides say it in the same words."""
        texts = {each: scores_stored(self.config, each) for each in SIDES}
        widths = [max(text_width(said[at], LABEL, Face.STRONG) for said in texts.values()) for at in range(len(texts[side]))]
        room = self.place[f"{side} stored"].width
        fitting = [text for text, wide in zip(texts[side], widths, strict=True) if wide <= room]
        return self.title(f"{side} stored", fitting[:1] or texts[side][-1:], LABEL)

    def ends(self, times: int) -> list[Word]:
        """What the ends of the ramp of colours mean in a difference that is so much magnified."""
        low, high = self.ramp
        top = (high - low) / times
        text = BEYOND[bool((self.apart > top).any())].format(power(top) if times > 1 else number(top, 2))
        end = word(text, LABEL, self.skin.ink, self.place["ramp high"], "ramp", Face.TEXT)
        end.put_at(self.place["ramp high"].x1 - end.wide, end.baseline)
        return [word("0", LABEL, self.skin.ink, self.place["ramp low"], "ramp", Face.TEXT), end]

    @property
    def most(self) -> tuple[str, str, str]:
        """The largest difference, as a share of O's largest value, and that."""
        apart, values = float(np.nanmax(self.results.apart)), float(np.nanmax(np.abs(self.results.standard)))
        return power(apart), f"{100 * apart / values:.1g} %", number(values, 2)


# --------------------------------------------------------------------------------------------------------------- beats


@beat("same")
def same(film: ReferencesFilm) -> None:
    """What each has stored of the scores; both O's come out of their grids into an equation; what is left is magnified, and measured."""
    place, skin = film.place, film.skin
    film.scene.add(*film.panels.values(), *film.sheets, *film.outputs.values())
    film.move(FadeIn(*film.words), seconds=TEXT)
    film.scene.hold(LOOKED)
    film.move(
        FadeOut(*film.panels.values(), *film.sheets, *film.words, rate_func=early),
        *(matrix_to(each, place[side]) for side, each in film.outputs.items()), seconds=MOVE,
    )  # fmt: skip
    names = [
        film.title(f"{side} name", [text.format(each[side]) for text, each in zip(OF, (SIDES, SHORT), strict=True)], LABEL)
        for side in SIDES
    ]
    signs = {part: heading(place[part], text, skin.ink, NUMBER) for part, text in SIGNS.items()}
    one, larger = (
        film.title("times", [text.format(times) for text in texts], LABEL) for times, texts in ((1, TIMES[1:]), (film.times, TIMES))
    )
    ramp = film.on_ramp(np.linspace(0.0, film.difference.high, STEPS)[None], "ramp")
    before, after = film.ends(1), film.ends(film.times)
    with film.scene.telling():
        film.move(FadeIn(*names, signs["minus"]), seconds=TEXT)
        left = [signs["equals"], film.difference, film.title("both name", ["difference"], LABEL), one, ramp, *before]
        film.move(FadeIn(*left), seconds=APPEAR)
        film.scene.hold(AS_IT_IS)
        film.move(FadeOut(one, before[-1]), seconds=TEXT / 2)
        film.move(film.difference.to(film.apart * film.times), FadeIn(larger, after[-1]), seconds=MAGNIFY)
        said = [film.title("most", [text.format(*film.most) for text in MOST], NAME), film.title("why", WHY, LABEL)]
        film.move(FadeIn(*said), seconds=TEXT)
    film.words = [*film.outputs.values(), *names, *signs.values(), left[2], ramp, before[0], larger, after[-1], *said]


@beat("read")
def read(film: ReferencesFilm) -> None:
    """The equation leaves but for the difference, which becomes small; beside it papers and repository come, line by line, and stand."""
    room, ink = film.place["list"], film.skin.ink
    film.move(FadeOut(*film.words, rate_func=early), matrix_to(film.difference, film.place["thumbnail"]), seconds=MOVE)
    said = [
        film.title("thumbnail name", [text.format(film.times) for text in THUMBNAIL], LABEL),
        film.title("thumbnail most", [text.format(film.most[1]) for text in SHARE], LABEL),
    ]
    film.move(FadeIn(*said), seconds=TEXT)
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
