"""What the chapters share."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace

from flashviz.director.scene import TraceScene
from flashviz.errors import UsageError
from flashviz.mobjects.motion import FadeOut
from flashviz.storyboard import Beat


class ChapterScene(TraceScene):
    """What the chapters share: a board, and no recording from outside.

    A film of several chapters names the one that is played by its ``running_head``. The last picture of one and the first of the next
    may have parts in common: ``begins`` and ``ends`` say what they are, in a word that both use, and by which name they stand on stage.
    """

    running_head = ""
    begins: Sequence[tuple[str, str]] = ()
    ends: Sequence[tuple[str, str]] = ()

    def setup(self) -> None:
        """A chapter makes its own traces, or none.

        Raises:
            UsageError: The settings name a recording.
        """
        if self.settings.trace is not None:
            raise UsageError(f"expected no recording, since a chapter makes its own, got trace {self.settings.trace}; leave it out")

    def set_board(self, beats: Sequence[Beat], said: Mapping[str, str]) -> None:
        """Fill the captions; stills with a question are a setting."""
        words = {each.name: each for each in (beats if self.language is None else self.script)}
        kept = [replace(each, title=words[each.name].title) for each in beats if self.settings.pauses or not each.pause]
        self.take(replace(each, caption=words[each.name].caption.format(**self.values(said))) for each in kept)

    def clear_all(self, seconds: float = 0.5) -> None:
        """Everything but the caption goes."""
        gone = self.picture
        if gone:
            self.move(*(FadeOut(thing) for thing in gone), seconds=seconds)

    def tell(self) -> None:
        """The caption of a beat that waited for its picture; it is read at rest."""
        self.announce()
        self.arrived()

    @contextmanager
    def telling(self) -> Iterator[None]:
        """A caption that is read while the one thing that it names goes on and on."""
        self.announce()
        start = self.now
        yield
        self.arrived(self.now - start)
