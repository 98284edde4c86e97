"""Film of CourseScene: other scenes, one after another, as chapters of one film."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from manim import UP

from flashviz import theme
from flashviz.catalogue import Catalogue
from flashviz.director.chapters import ChapterScene
from flashviz.errors import UsageError
from flashviz.lettering import KEY_PX, TITLE_PX, wrap
from flashviz.mobjects.motion import FadeIn
from flashviz.mobjects.named import Named
from flashviz.storyboard import Beat

MARK = Beat("mark", "", 2.4, caption="", still=0.0, fresh=True)
MARK_WIDTH = 0.8  # of the frame


class CourseFilm(ChapterScene):
    """A film of films. A chapter is played by its own class on this stage, so that it is the same as by itself."""

    def open(self, folder: Path) -> None:
        """Where the chapters' files are."""
        self.folder, self.number = folder, 0

    def in_language(self, language: Catalogue) -> Sequence[Beat]:  # noqa: ARG002  # each chapter asks for its own
        """Nothing: the chapters say it all."""
        return ()

    def play_chapter(self, file: str, only: Sequence[str] = ()) -> None:
        """A mark with the chapter's name, then the chapter.

        Args:
            file: Name of the scene's file, without its ending; its first scene is played.
            only: Beats of the FlashAttention film that are played; none: all of a chapter.
        """
        course, chapter = type(self), first_scene(self.folder / f"{file}.py")
        self.number += 1
        self.chapter, self.seconds_before = chapter.subject, self.now
        self.mark()
        shown = self.provenance
        self.seconds_before = self.now
        known = set(vars(self))
        self.only = only
        become(self, chapter)
        try:
            self.construct()
        finally:
            become(self, course)
        self.provenance = [*shown, *(trace for trace in self.provenance if trace not in shown)]
        self.wipe()
        for name in set(vars(self)) - known:  # the chapter's own: one's ledger may have the name of another's beat
            delattr(self, name)

    def mark(self) -> None:
        """The chapter's number and name."""
        self.take([Beat(MARK.name, self.chapter, MARK.seconds, caption="", still=MARK.still, fresh=MARK.fresh)])
        self.begin_beat(self.board[0])
        words = wrap(self.chapter, MARK_WIDTH * self.frame.width, KEY_PX)
        name = theme.lines(words, KEY_PX, self.skin.ink).move_to(self.room.center)
        number = theme.line(str(self.number), TITLE_PX, self.skin.quiet).next_to(name, UP)
        self.move(FadeIn(Named(name, number, tag="mark", text=self.chapter)), seconds=0.4)
        self.end_beat()
        self.clear_all()

    def wipe(self) -> None:
        """Everything goes, and nothing of the chapter is remembered."""
        self.say("")
        self.clear_all()
        self.remove(*(part for top in self.mobjects for part in top.get_family()))
        self.clear()
        self.finish, self.veils, self.event = [], {}, None


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
