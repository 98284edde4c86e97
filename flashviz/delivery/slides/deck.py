"""Which slides a film makes: one for each of its beats, with what the speaker says, asks and expects. No file is touched."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

from flashviz.delivery.manifest import Manifest
from flashviz.storyboard import Told

NOTES = Path(__file__).with_name("notes.toml")
ASPECTS = {"16:9": 16 / 9, "4:3": 4 / 3}


class Notes(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """What a speaker does with one slide. ``{caption}`` is the film's text of the beat, ``{next}`` that of the one that follows."""

    say: str = "{caption}"
    ask: str = ""
    answer: str = ""
    mistake: str = ""


class Slide(msgspec.Struct, frozen=True):
    """One section of the film.

    Args:
        beat: What the film told, and when.
        title: A pause's question, or the beat's title.
        notes: Filled.
        reveal: The answer to a question that the film itself does not answer: a slide of its own, after this one.
    """

    beat: Told
    title: str
    notes: Notes
    reveal: str = ""

    def lines(self) -> list[tuple[str, str]]:
        """The speaker's notes as labelled lines."""
        begun, ended = clock(self.beat.start), clock(self.beat.start + self.beat.seconds)
        given = self.notes
        lines = [("Say", given.say), ("Ask", given.ask), ("Expected answer", given.answer), ("Common mistake", given.mistake)]
        return [*((label, text) for label, text in lines if text), ("Seconds", f"{self.beat.seconds:.0f} ({begun} to {ended} of the film)")]

    def spoken(self) -> str:
        """The same as plain text."""
        return "\n".join(f"{label}: {text}" for label, text in self.lines())


def slides_of(manifest: Manifest) -> list[Slide]:
    """One slide a beat, in the film's order. A pause asks its caption, and what comes next answers it."""
    written = notes_of(manifest.scene)
    slides = []
    for beat, after in zip(manifest.beats, [*manifest.beats[1:], None], strict=True):
        notes = written.get(beat.name, Notes())
        words = {"caption": beat.caption or beat.title, "next": after.caption if after else ""}
        reveal = notes.answer if beat.pause else ""
        if beat.pause:
            said = "" if notes.say == Notes().say else notes.say  # its caption is asked, not said
            notes = msgspec.structs.replace(notes, say=said, ask=notes.ask or "{caption}", answer=notes.answer or "{next}")
        filled = Notes(*(text.format(**words) for text in msgspec.structs.astuple(notes)))
        slides.append(Slide(beat, beat.caption if beat.pause else beat.title, filled, reveal.format(**words)))
    return slides


@cache
def _written() -> dict[str, Any]:
    return tomllib.loads(NOTES.read_text(encoding="utf-8"))


def notes_of(scene: str) -> dict[str, Notes]:
    """What is written for the beats of a scene; a scene with none is spoken by its captions."""
    table = _written().get(scene, {})
    return msgspec.convert(_written()[table["as"]] if "as" in table else table, dict[str, Notes])


def aspect_of(manifest: Manifest) -> str:
    """The slides' shape: the one of the two that the film's picture is nearer to."""
    ratio = manifest.width / manifest.height
    return min(ASPECTS, key=lambda name: abs(ASPECTS[name] - ratio))


def clock(seconds: float) -> str:
    """Minutes and seconds."""
    whole = round(seconds)
    return f"{whole // 60}:{whole % 60:02}"
