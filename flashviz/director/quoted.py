"""Film of what is quoted: ReferencesScene."""

from __future__ import annotations

from collections.abc import Sequence

from manim import DOWN, LEFT, Create, Group, Mobject, SurroundingRectangle, VGroup

from flashviz import theme
from flashviz.chapters import references
from flashviz.citations import ERRATUM, OMISSION, SOURCES
from flashviz.director.chapters import ChapterScene, fitted
from flashviz.director.pictures import note
from flashviz.director.scene import beat
from flashviz.layout import GAP, Rect, rows
from flashviz.lettering import KEY_PX, LABEL_PX, LINE_PITCH, NOTE_PX, TITLE_PX, Face, em, wrap
from flashviz.mobjects.motion import FadeIn
from flashviz.mobjects.named import Named
from flashviz.mobjects.papers import PaperMap, added

LINE_H = em(NOTE_PX) * LINE_PITCH


class QuotedScene(ChapterScene):
    """A picture above, its source line beneath."""

    def picture(self, source: str) -> Rect:
        """What stood there goes; ``source`` stands at the foot of the room; the rest of the room is the picture's."""
        self.clear_all()
        texts = wrap(source, self.room.width, NOTE_PX)
        foot = self.room.bottom(len(texts) * LINE_H)
        places = rows(foot, len(texts))
        lines = VGroup(*(note(text, NOTE_PX, self.skin.quiet, place) for text, place in zip(texts, places, strict=True)))
        self.move(FadeIn(lines), seconds=0.4)
        return self.room.above(foot.height + 2 * GAP).inset(0.0, GAP)

    def one_by_one(self, things: Sequence[Mobject], share: float = 0.8) -> None:
        """Each fades in, then stands, within ``share`` of the motion that is left."""
        each = share * self.motion / len(things)
        for thing in things:
            self.move(FadeIn(thing), seconds=min(0.6, each))
            self.hold(each - min(0.6, each))


class ReferencesFilm(QuotedScene):
    """Beats of ReferencesScene."""

    script = references.BEATS

    def open(self) -> None:
        """Nothing is computed: papers, repository and erratum are quoted."""
        self.provenance = [{"quoted": f"arXiv:{source.arxiv}"} for source in SOURCES]
        self.set_board(references.BEATS, {})

    @beat("breath")
    def breath(self) -> None:
        """The introduction."""
        room = self.picture(references.BREATH_SOURCE)
        self.move(FadeIn(self.block(references.BREATH, KEY_PX, self.skin.ink, room, Face.STRONG)), seconds=0.6)
        self.arrived()

    @beat("papers")
    def papers(self) -> None:
        """Titles, each with its authors and number."""
        self.clear_all()
        found = []
        for (title, where), place in zip(references.PAPERS, rows(self.room, len(references.PAPERS)), strict=True):
            entry = VGroup(
                self.block(title, TITLE_PX, self.skin.ink, place, Face.STRONG), self.block(where, NOTE_PX, self.skin.quiet, place)
            )
            entry.arrange(DOWN, aligned_edge=LEFT, buff=GAP).move_to(place.center).align_to((place.x0, 0, 0), LEFT)
            found.append(entry)
        self.one_by_one(found)

    @beat("code")
    def code(self) -> None:
        """Which paper the official repository and this film's kernel follow."""
        self.clear_all()
        self.one_by_one(PaperMap(self.room.inset(0.0, 2 * GAP), references.WITH_CODE, references.CODES, self.skin).steps)

    @beat("erratum")
    def erratum(self) -> None:
        """The line as printed and as it must be."""
        room = self.picture(f"{ERRATUM.where}. Also: {OMISSION}")
        why, body = room.bottom(2 * LINE_H), room.above(2 * LINE_H)
        places = rows(body, 2, GAP)
        printed, correct = (fitted(formula, place.below(2 * LINE_H), self.skin)
                            for (_, formula), place in zip(references.LINES, places, strict=True))  # fmt: skip
        for (name, _), drawn, place, color in zip(
            references.LINES, (printed, correct), places, (self.skin.warn, self.skin.ink), strict=True
        ):
            self.move(FadeIn(note(name, LABEL_PX, color, place.top(2 * LINE_H))), FadeIn(drawn), seconds=0.6)
            self.arrived()
        wrong = Group(*added(printed[0], correct[0])).set_color(self.skin.warn)
        self.move(Create(SurroundingRectangle(wrong, color=self.skin.warn, stroke_width=theme.HEAVY, buff=GAP / 2)), seconds=0.6)
        self.move(FadeIn(self.block(ERRATUM.why, LABEL_PX, self.skin.ink, why)), seconds=0.6)

    def block(self, text: str, px: float, color: str, place: Rect, face: Face = Face.TEXT) -> Named:
        """Wrapped words, left-aligned, in the middle of their place's height."""
        lines = theme.lines(wrap(text, place.width, px, face), px, color, face)
        return Named(lines.move_to(place.center).align_to((place.x0, 0, 0), LEFT), tag="reference", text=text)
