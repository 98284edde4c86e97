"""Film of OnlineSoftmaxScene: one row, three passes over it, then one, in any order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from manim import LEFT, RIGHT, ApplyMethod, linear

from flashviz import palette, theme
from flashviz.chapters import online_softmax
from flashviz.chapters.online_softmax import CITATION, MERGE, PASSES, Pair
from flashviz.director.chapters import ChapterScene, fitted
from flashviz.director.material import provenance
from flashviz.director.pictures import Boxes, note
from flashviz.director.scene import beat
from flashviz.layout import GAP, Rect, rows
from flashviz.lettering import KEY_PX, LABEL_PX, LINE_PITCH, NOTE_PX, TITLE_PX, Face, em, wrap
from flashviz.mobjects.motion import FadeIn, FadeOut
from flashviz.mobjects.named import Named
from flashviz.mobjects.row import SIGN_W, TileRow

SIGNS = ("m", "ell")
MOST_STOPS = 32  # of the window on its way along the row


class OnlineSoftmaxFilm(ChapterScene):
    """Beats of OnlineSoftmaxScene."""

    script = online_softmax.BEATS

    row: TileRow

    def open(self, run: Callable[..., Any]) -> None:
        """Record the row: ``flashviz_kernels.recorder.run``."""
        self.found = online_softmax.gather(self.settings.config, self.settings.source, run)
        self.provenance = [provenance(self.found.trace)]
        self.set_board(self.found.beats, self.found.said)

    def enter(self, title: str, signs: Sequence[str], *, merged: bool = False, line_px: float = LABEL_PX) -> None:
        """A row of its own arrives, with its title and the problem's name; what stood there goes."""
        self.clear_all()
        lines = wrap(self.found.note(merged=merged), self.room.width, NOTE_PX)
        foot = len(lines) * em(NOTE_PX) * LINE_PITCH
        picture = self.room.below(em(TITLE_PX) * LINE_PITCH).above(foot + GAP)
        self.row = TileRow(picture, self.found.tiles, signs, self.skin, line_px)
        self.head = self.heading(title)
        notes = [
            note(text, NOTE_PX, self.skin.quiet, place) for text, place in zip(lines, rows(self.room.bottom(foot), len(lines)), strict=True)
        ]
        self.move(FadeIn(self.row), FadeIn(self.head), *(FadeIn(each) for each in notes), seconds=0.8)
        self.arrived()

    def heading(self, title: str) -> Named:
        """What the bars are."""
        return note(title, TITLE_PX, self.skin.ink, self.room.top(em(TITLE_PX) * LINE_PITCH), face=Face.STRONG)

    @beat("row")
    def one_row(self) -> None:
        """Bars of the scores, in tiles; room beneath for three passes."""
        self.enter("scores of the row", ("", "", ""), line_px=KEY_PX)

    @beat("passes")
    def passes(self) -> None:
        """A window crosses the row three times; each pass leaves its formula and its result."""
        each = self.motion / len(PASSES)
        for index, (formula, value) in enumerate(zip(PASSES, self.found.results, strict=True)):
            line = self.row.lines[index]
            words = note(f"pass {index + 1}", LABEL_PX, self.skin.quiet, Rect(line.x0 - SIGN_W, line.y0, line.x1, line.y1))
            drawn = theme.maths(formula, KEY_PX, self.skin.ink).move_to(line.center).align_to(words.get_right() + 4 * GAP * RIGHT, LEFT)
            self.move(FadeIn(words), FadeIn(Named(drawn, tag="formula", text=formula)), seconds=0.1 * each)
            self.cross_row(0.6 * each)
            result = note(value, KEY_PX, self.skin.stats, line, "right", Face.MONO)
            divided = self.divide() if index + 1 == len(PASSES) else []
            self.move(FadeIn(result), *divided, seconds=0.3 * each)

    def divide(self) -> list[Any]:
        """Bars of scores become bars of weights, on the floor."""
        floor = self.row.axis.animate.set_y(self.row.field.y0)
        old, self.head = self.head, self.heading("weights of the row")
        return [FadeOut(old), FadeIn(self.head), floor, *self.change(self.row.boxes(self.row.order), self.row.weights())]

    def cross_row(self, seconds: float) -> None:
        """A window from the first tile to the last."""
        first, *_, last = *self.row.places(self.row.order), self.row.places(self.row.order)[-1]
        window = self.row.window(first)
        self.move(FadeIn(window), seconds=0.1 * seconds)
        self.move(ApplyMethod(window.move_to, last.center, rate_func=linear), seconds=0.8 * seconds)
        self.move(FadeOut(window), seconds=0.1 * seconds)

    def change(self, old: Sequence[Any], new: Sequence[Any]) -> list[Boxes]:
        """Every tile's bars move from old to new boxes."""
        return [Boxes(bars, a, b) for bars, a, b in zip(self.row.bars, old, new, strict=True)]

    @beat("merge")
    def merge(self) -> None:
        """How two pairs become one, and who showed it."""
        self.clear_all()
        cited = wrap(CITATION, self.room.width, NOTE_PX)
        foot = len(cited) * em(NOTE_PX) * LINE_PITCH
        for formula, place in zip(MERGE, rows(self.room.above(foot), len(MERGE)), strict=True):
            self.move(FadeIn(fitted(formula, place, self.skin)), seconds=0.6)
        places = rows(self.room.bottom(foot), len(cited))
        lines = [note(text, NOTE_PX, self.skin.quiet, place, "center") for text, place in zip(cited, places, strict=True)]
        self.move(*(FadeIn(each) for each in lines), seconds=0.5)
        self.arrived()

    @beat("online")
    def online(self) -> None:
        """m and l after each tile, as the trace has them."""
        self.enter("m and ℓ after each tile", SIGNS)
        self.walk(self.row.order, self.found.path)

    @beat("shuffled")
    def shuffled(self) -> None:
        """The tiles change places; m and l after each of them."""
        self.enter("the tiles shuffled: m and ℓ after each", SIGNS, merged=True)
        order, places = self.found.order, self.row.places(self.found.order)
        names = [
            self.row.names[tile].animate.set_x(place.center[0]) for tile, place in zip(order, places, strict=True) if tile in self.row.names
        ]
        self.move(*self.change(self.row.boxes(self.row.order), self.row.boxes(order)), *names, seconds=0.25 * self.motion)
        self.walk(order, self.found.shuffled)

    def walk(self, order: Sequence[int], path: Sequence[Pair]) -> None:
        """The window goes from tile to tile; beneath each stands what is carried after it."""
        places = self.row.places(order)
        figures = [max(pair.written, key=len) for pair in path]
        px = self.row.entry_px(figures)
        written = self.row.written(order, figures, px)
        stride = -(-len(path) // MOST_STOPS)
        each = self.motion / -(-len(path) // stride)
        window = self.row.window(places[0])
        self.add(window)
        for start in range(0, len(path), stride):
            passed = range(start, min(start + stride, len(path)))
            for place in passed:
                self.row.bars[order[place]].set_fill(opacity=palette.LIT)
            entries = [self.row.entry(line, place, order, text, px, changed=place == 0 or path[place][line] != path[place - 1][line])
                       for place in passed if place in written for line, text in enumerate(path[place].written)]  # fmt: skip
            spot = places[passed[-1]]
            self.move(
                window.animate.move_to(spot.center).stretch_to_fit_width(spot.width), *(FadeIn(e) for e in entries), seconds=0.6 * each
            )
            self.hold(0.4 * each)
        self.remove(window)
