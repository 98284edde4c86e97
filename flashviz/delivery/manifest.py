"""manifest.json: what lies in a delivered film's folder, and what the film shows. Slides, pages and lectures are made from it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from flashviz.errors import UsageError
from flashviz.files import beside
from flashviz.storyboard import Told

MANIFEST = "manifest.json"
SCHEMA = 1
LICENCE = "CC-BY-4.0"  # SPDX: of films, stills and handouts; the code is MIT


class Files(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Names of the files in the folder; None is not there.

    ``film`` has its captions burned in, ``clean`` none, for ``vtt`` or a translation. ``loop`` is a short silent picture for READMEs.
    """

    film: str
    clean: str | None = None
    poster: str
    srt: str
    vtt: str
    loop: str | None = None
    transcript: str
    av1: str | None = None
    stills: tuple[str, ...] = ()  # the last picture of each beat

    def films(self) -> list[str]:
        """The videos that are there."""
        return [*dict.fromkeys(name for name in (self.film, self.clean, self.av1) if name)]

    def names(self) -> list[str]:
        """All that are there."""
        single = (self.film, self.clean, self.poster, self.srt, self.vtt, self.loop, self.transcript, self.av1)
        return [*dict.fromkeys(name for name in single if name), *self.stills]


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """One delivered film.

    Args:
        scene: The class, as the command line names it.
        subject: The film's name for people.
        about: One sentence.
        seconds: Its length.
        width: Of the picture, pixels.
        height: Of the picture, pixels.
        fps: Frames a second.
        language: BCP 47 tag of the captions.
        settings: Theme, aspect, captions and the configuration, as settings name them.
        traces: Provenance of each trace shown: source, hashes of trace and kernel, machine.
        versions: Of Python and of what drew and recorded.
        poster_beat: The beat whose last frame is the poster.
        beats: The film cut by its sections.
        files: What is in the folder.
        sha256: Of each file by its name.
        made_of: Keys of the two films: code, settings, versions; none of a draft.
    """

    scene: str
    subject: str
    about: str
    seconds: float
    width: int
    height: int
    fps: float
    language: str
    settings: dict[str, Any]
    traces: list[dict[str, Any]]
    versions: dict[str, str]
    poster_beat: str
    beats: tuple[Told, ...]
    files: Files
    sha256: dict[str, str]
    made_of: tuple[str, ...] = ()
    licence: str = LICENCE
    schema: int = SCHEMA


def read_manifest(folder: Path) -> Manifest:
    """The manifest of a delivered film's folder.

    Raises:
        UsageError: There is none, or it is not of this schema.
    """
    path = folder / MANIFEST
    try:
        found = msgspec.json.decode(path.read_bytes(), type=Manifest)
    except OSError as error:
        raise UsageError(f"expected a delivered film in {folder}, got no {MANIFEST}; make it with flashviz deliver") from error
    except msgspec.DecodeError as error:
        raise UsageError(f"expected {path} as flashviz deliver writes it, got: {error}; deliver again") from error
    if found.schema != SCHEMA:
        raise UsageError(f"expected schema {SCHEMA} of {path}, got {found.schema}; deliver again")
    return found


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write beside, then rename. Raises ``FlashvizError`` where the folder cannot be written."""
    with beside(folder / MANIFEST) as partial:
        partial.write_bytes(msgspec.json.format(msgspec.json.encode(manifest), indent=2) + b"\n")
