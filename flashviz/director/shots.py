"""What films that are directed in shots share: centred captions that are read at rest, beats as functions of a film, gestures."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol, TypeVar

from manim import Group, Mobject, linear

from flashviz.director.captions import CENTRED_PX, centred, check_fit
from flashviz.director.chapters import ChapterScene
from flashviz.layout import Rect, Shot, shot
from flashviz.mobjects.motion import Fade, FadeIn, FadeOut, Shows
from flashviz.mobjects.named import Named
from flashviz.storyboard import Beat, reading

MOVE, TEXT = 0.9, 0.25  # seconds of a move, and of a text's arrival
LINES = 2  # of a caption


class Played(Protocol):
    """A film: all its state, made in one place, and the scene that it is played on."""

    @property
    def scene(self) -> ShotScene:
        """Where it is played."""


FilmType = TypeVar("FilmType", bound=Played)


def beat(name: str) -> Callable[[Callable[[FilmType], None]], Callable[[FilmType], None]]:
    """Make a function of a film the beat ``name``. A film whose board has no such beat skips it."""

    def decorate(play: Callable[[FilmType], None]) -> Callable[[FilmType], None]:
        @functools.wraps(play)
        def played(film: FilmType) -> None:
            found = film.scene.on_board(name)
            if found is not None:
                film.scene.begin_beat(found)
                play(film)
                film.scene.end_beat()

        played.beat = name  # type: ignore[attr-defined]  # a transcript finds what moves in a beat by its docstring
        return played

    return decorate


class ShotScene(ChapterScene):
    """A scene whose beats name their shots: captions are centred in their band and stand until they are read, then things move."""

    def shot(self, name: str) -> Shot:
        """Where everything stands in a shot of this film's aspect."""
        return shot(self.settings.config, self.settings.aspect, name)

    @property
    def caption_rect(self) -> Rect:
        name = self.beat.shot if self.beat is not None else self.script[0].shot
        return self.shot(name)["caption"]

    def take(self, beats: Sequence[Beat]) -> None:  # type: ignore[override]
        """These beats, each still for as long as its caption takes to be read."""
        self.board = tuple(replace(each, still=reading(each.caption)) for each in beats)
        if self.settings.captions:
            for each in self.board:
                check_fit([each], self.shot(each.shot)["caption"], self.settings.aspect, self.language, CENTRED_PX, LINES)

    def set_board(self, beats: Sequence[Beat], said: Mapping[str, str]) -> None:
        words = {each.name: each for each in self.script}
        values = self.values(said)
        kept = (replace(each, title=words[each.name].title) for each in beats if self.settings.pauses or not each.pause)
        self.take([replace(each, caption=words[each.name].caption.format(**values)) for each in kept])
        if self.on_board(self.poster) is None:
            self.poster = self.board[-1].name

    def begin_beat(self, beat: Beat) -> None:
        """The caption is read at rest; a beat whose picture comes first says so by ``fresh``, one whose caption comes last by ``late``."""
        self.beat, self.started = beat, self.now
        self.next_section(self.section(beat))
        if beat.late:
            self.say("")
            return
        self.announce()
        if not beat.fresh:
            self.arrived()

    def say(self, text: str) -> None:
        """The old caption leaves before the new one comes."""
        if self.caption is not None:
            self.move(FadeOut(self.caption), seconds=TEXT / 2)
        self.caption = None
        if text:
            burned = self.settings.captions
            self.caption = centred(text, self.caption_rect, self.skin, self.language) if burned else Named(tag="caption")
            self.move(FadeIn(self.caption), seconds=TEXT)


class ChapterFilm:
    """A chapter as an object: all its state is made in ``__init__``, its beats are functions of it."""

    scene: ShotScene

    def move(self, *animations: Any, seconds: float) -> None:
        self.scene.move(*animations, seconds=seconds)

    def read(self) -> None:
        """Stand until the beat's caption has been read; then things move."""
        self.scene.arrived()


class StepBack(Fade):
    """Things keep so much of their opacity: they step back behind what is spoken of."""

    def __init__(self, things: Sequence[Mobject], share: float, **kwargs: Any) -> None:
        self.least = share
        super().__init__(Group(*things), **{"rate_func": linear, **kwargs})

    def shown(self, alpha: float) -> float:
        return 1 + (self.least - 1) * alpha

    def forward(self) -> None:
        """All is as it was."""
        self.show(1.0)


def step_forth(back: StepBack) -> Shows:
    """What stepped back is again as it was."""
    return Shows(back.mobject, lambda share: back.show(back.least + (1 - back.least) * share))
