"""Film of CourseScene: other scenes, one after another, as chapters of one film. The last picture of one becomes the first of the next."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from manim import Mobject

from flashviz.catalogue import Catalogue
from flashviz.director.chapters import ChapterScene
from flashviz.director.joint import Joint
from flashviz.director.shots import TEXT
from flashviz.director.words import CORNER, word
from flashviz.errors import UsageError
from flashviz.layout import head_rect
from flashviz.lettering import Face
from flashviz.mobjects.motion import Fade, FadeIn, FadeOut, Shows, early, late
from flashviz.storyboard import Beat

JOINT = 1.0  # seconds in which one picture becomes the next
ARRIVED = 0.75  # of it: what comes is nearly there


class CourseFilm(ChapterScene):
    """A film of films. A chapter is played by its own class on this stage, so that it is the same as by itself.

    ``left``: what the chapter before left on stage, until the next picture comes; ``leaves``: the parts of it that have names.
    """

    def open(self, folder: Path) -> None:
        """Where the chapters' files are."""
        self.folder, self.left = folder, list[Mobject]()
        self.leaves: Sequence[tuple[str, str]] = ()

    def in_language(self, language: Catalogue) -> Sequence[Beat]:  # noqa: ARG002  # each chapter asks for its own
        """Nothing: the chapters say it all."""
        return ()

    def play_chapter(self, file: str, only: Sequence[str] = ()) -> None:
        """A chapter, whose name stands in its corner from its first picture on.

        Args:
            file: Name of the scene's file, without its ending; its first scene is played.
            only: Beats of the FlashAttention film that are played; none: all of a chapter.
        """
        course, chapter = type(self), first_scene(self.folder / f"{file}.py")
        self.chapter, self.seconds_before = chapter.subject, self.now
        shown = self.provenance
        self.only, self.joined = only, False
        known = set(vars(self))
        become(self, type(chapter.__name__, (InCourse, chapter), {"__module__": __name__}))
        try:
            self.construct()
        finally:
            become(self, course)
        self.provenance = [*shown, *(trace for trace in self.provenance if trace not in shown)]
        self.left, self.leaves = self.picture, chapter.ends
        self.finish, self.veils, self.event = [], {}, None
        for name in set(vars(self)) - known:  # the chapter's own: one's ledger may have the name of another's beat
            delattr(self, name)


class InCourse(ChapterScene):
    """A chapter on the course's stage: its first picture comes out of what the chapter before left there."""

    left: list[Mobject]
    leaves: Sequence[tuple[str, str]]
    joined: bool

    @property
    def picture(self) -> list[Mobject]:
        """The chapter's own."""
        gone = ids(self.left)
        return [thing for thing in super().picture if id(thing) not in gone]

    def hold(self, seconds: float) -> None:
        """What was put on stage without a move comes before it stands still."""
        if self.picture and not self.joined:
            self.move(seconds=0.0)
        super().hold(seconds)

    def move(self, *animations: Any, seconds: float) -> None:
        """The first move that has something to show begins with the joint; its beat gets the time that it takes longer."""
        if self.joined or not (self.picture or any(each.mobject is not self.caption for each in animations)):
            super().move(*animations, seconds=seconds)
            return
        start, moves, total = self.now, *self.join(animations, seconds)
        super().move(*moves, *self.rename(), seconds=total)
        self.remove(*(part for thing in self.left for part in thing.get_family()))
        self.left, self.joined = [], True
        assert self.beat is not None
        self.beat = replace(self.beat, seconds=self.beat.seconds + (self.now - start) * (1 - seconds / total))

    def rename(self) -> list[Fade]:
        """The name of this chapter takes the place of the last one's."""
        going = [] if self.heading is None else [FadeOut(self.heading, rate_func=early)]
        text, place = self.running_head or self.chapter, head_rect(self.settings.aspect)
        self.heading = word(text, CORNER, self.skin.quiet, place, "running head", Face.TEXT)
        self.heading.set_z_index(1)  # over pictures that fill the frame
        return [*going, FadeIn(self.heading, rate_func=late)]

    def join(self, animations: Sequence[Any], seconds: float) -> tuple[list[Any], float]:
        """What moves, and for how long. What grows in the new picture does so once it has come; at once where there is no more of it."""
        gone, moving = ids(self.left), ids(each.mobject for each in animations)
        bare = [thing for thing in self.picture if not moving & ids([thing])]
        fades = [each for each in animations if isinstance(each, FadeIn)]
        others = [each for each in animations if each not in fades and id(each.mobject) not in gone]
        if not self.left:
            return [*(FadeIn(thing) for thing in bare), *animations], max(seconds, TEXT)
        stood = dict(self.leaves)
        shared = [(stood[part], name) for part, name in self.begins if part in stood]
        grows = [each for each in others if isinstance(each, Shows)]
        joint = Joint(self.left, [*bare, *(each.mobject for each in fades)], grows, shared, self.frame)
        self.remove(*(part for thing in self.left for part in thing.get_family()))
        self.add(joint.old)
        self.bring_to_back(joint.old)
        self.left = [joint.old]
        begin = ARRIVED * JOINT if joint.arrives else 0.0
        total = max(JOINT, begin + seconds) if others else JOINT
        moves = joint.animations()
        for each in moves:
            each.rate_func = within(0.0, JOINT / total)
        for each in others:
            each.rate_func = then(within(begin / total, min(1.0, (begin + seconds) / total)), each.rate_func)
        return [*moves, *others], total


def ids(things: Iterable[Mobject]) -> set[int]:
    """Of things and all their parts."""
    return {id(part) for thing in things for part in thing.get_family()}


def within(start: float, stop: float) -> Callable[[float], float]:
    """A pace: evenly between two shares of the time."""
    return lambda share: min(max((share - start) / (stop - start), 0.0), 1.0)


def then(first: Callable[[float], float], second: Callable[[float], float]) -> Callable[[float], float]:
    """A pace by another."""
    return lambda share: second(first(share))


def become(film: Any, scene: type[Any]) -> None:
    """Give a film another scene's beats; what stands on stage, and the clock, stay."""
    film.__class__ = scene
    if film.language is not None:
        film.script = film.in_language(film.language)


def first_scene(file: Path) -> Any:
    """The first scene that a file defines.

    Raises:
        UsageError: There is no such file.
    """
    spec = importlib.util.spec_from_file_location(f"flashviz_chapter_{file.stem}", file)
    if spec is None or spec.loader is None or not file.is_file():
        raise UsageError(f"expected a chapter in {file}, got no such file; install flashviz again")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # manim looks classes up by their module
    spec.loader.exec_module(module)
    return next(value for name, value in vars(module).items() if name.endswith("Scene") and value.__module__ == module.__name__)
