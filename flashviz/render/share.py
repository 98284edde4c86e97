"""Plays shared out among processes: whoever draws a play writes its segment, everyone else skips it.

Any process can skip a play, since what a play leaves behind is a pure function of the scene; so each runs the whole scene and draws its
share. Keys of segments are the same in all of them, and the leader joins what all have written.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from flashviz.errors import FlashvizError


class LostSegmentsError(FlashvizError):
    """A process ended without the segments that it had taken; they are drawn again."""


class Share(Protocol):
    """Which plays this process draws. ``key`` is the play's name in the segment cache."""

    def takes(self, key: str) -> bool: ...

    def drew(self, key: str, seconds: float) -> None: ...


@dataclass
class Claims:
    """Processes of one machine take plays one by one: the first to make a play's file has it. ``folder`` belongs to one render."""

    folder: Path
    mine: set[str] = field(default_factory=set)

    def takes(self, key: str) -> bool:
        """Claim a play, where nobody has."""
        if key in self.mine:
            return True
        try:
            os.close(os.open(self.folder / key, os.O_CREAT | os.O_EXCL))
        except FileExistsError:
            return False
        self.mine.add(key)
        return True

    def drew(self, key: str, seconds: float) -> None:
        """Say that a claimed play is drawn."""
        (self.folder / key).write_text(repr(seconds), encoding="ascii")

    def release(self) -> None:
        """Give back what was claimed here and not drawn: of a process that cannot go on."""
        for key in self.mine:
            if not (self.folder / key).stat().st_size:
                (self.folder / key).unlink()

    @property
    def seconds(self) -> float:
        """Of film that all processes have drawn so far."""
        return sum(float(path.read_text(encoding="ascii") or 0) for path in self.folder.iterdir())

    @property
    def pending(self) -> bool:
        """Whether a play is claimed and not yet drawn."""
        return any(not path.stat().st_size for path in self.folder.iterdir())


@dataclass
class Interleaved:
    """Processes that share no disk: every ``count``-th play that is not ``known``, from the ``index``-th on, but those ``sent``."""

    index: int
    count: int
    known: frozenset[str] = frozenset()
    sent: frozenset[str] = frozenset()
    met: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0  # of film that was drawn

    def takes(self, key: str) -> bool:
        """Whether this play is one of ours; equal plays are one."""
        mine = key not in self.known and self.met.setdefault(key, len(self.met)) % self.count == self.index
        return mine and key not in self.sent

    def drew(self, _key: str, seconds: float) -> None:
        """Count what was drawn."""
        self.seconds += seconds


def missing(segments: Iterable[str | None]) -> list[Path]:
    """Segments that nobody has written: of a process that died."""
    return [Path(segment) for segment in segments if segment is not None and not Path(segment).exists()]
