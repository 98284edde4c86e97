"""Films that are made already: a note beside the media says what each was made of, so that an unchanged film is not rendered again."""

from __future__ import annotations

import hashlib
import platform
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from flashviz.cli import manim_cfg
from flashviz.files import beside, make_folder
from flashviz.storyboard import Told

if TYPE_CHECKING:
    from flashviz.cli.films import Job, Rendered

DRAW_WITH = ("manim", "numpy", "av", "pycairo", "manimpango", "typst", "pillow", "triton", "ml_dtypes")


class Note(msgspec.Struct, frozen=True):
    """Where a film is, the file as it was written, and what was said of it: see ``Rendered``."""

    path: str
    size: int
    changed: int  # ns
    provenance: list[dict[str, Any]]
    subject: str
    poster: str
    told: tuple[Told, ...]


@dataclass(frozen=True)
class Made:
    """The note on one film, under a key of all that it is made of: code, fonts, scene, settings, trace, quality, versions."""

    place: Path

    @classmethod
    def of(cls, job: Job) -> Made:
        """The place of the note, whether it is there or not."""
        digest = hashlib.sha256()
        for path in code(job.source.file.parent):  # the course plays the other scenes
            digest.update(path.name.encode())
            digest.update(path.read_bytes())
        settings = job.settings
        digest.update(msgspec.json.encode([job.source.name, job.quality, settings.config.to_dict(), settings, versions()], enc_hook=str))
        for given in (settings.trace, *manim_cfg.FILES):
            if given is not None and given.is_file():
                digest.update(given.read_bytes())
        return cls(job.media_dir / ".made" / f"{job.source.name}-{digest.hexdigest()[:20]}.json")

    def note(self) -> Note | None:
        """The note, where its film is still the file that was written."""
        try:
            found = msgspec.json.decode(self.place.read_bytes(), type=Note)
            there = Path(found.path).stat()
        except (OSError, msgspec.DecodeError):
            return None
        return found if (there.st_size, there.st_mtime_ns) == (found.size, found.changed) else None

    def write(self, rendered: Rendered) -> None:
        """Note a film that has just been made."""
        film = rendered.film.path
        there = film.stat()
        said = rendered.provenance, rendered.subject, rendered.poster, rendered.told
        make_folder(self.place.parent)
        with beside(self.place) as partial:
            partial.write_bytes(msgspec.json.encode(Note(str(film), there.st_size, there.st_mtime_ns, *said)))


def newest_note(job: Job) -> Note | None:
    """What was noted when a film of this scene was last made, whatever it was made of; where that film is still there."""
    notes = sorted((job.media_dir / ".made").glob(f"{job.source.name}-*.json"), key=lambda path: path.stat().st_mtime)
    return Made(notes[-1]).note() if notes else None


def code(scenes: Path) -> list[Path]:
    """Every file of both packages, with their fonts and all else that lies in them, the scenes, and the measurements that they show.

    Which of them a film reads while it is drawn is not asked: one that was forgotten would give back the old film.
    """
    import flashviz_kernels
    from flashviz_kernels.bench.measured import FOLDER

    folders = Path(__file__).parents[1], Path(flashviz_kernels.__file__).parent, FOLDER
    files = [path for folder in folders for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    return sorted([*files, *scenes.glob("*.py")])


def versions() -> dict[str, str]:
    """Of Python and of what draws and records; cairo and Pango are the system's."""
    import cairo

    from flashviz.outlines import PANGO

    found = {"python": platform.python_version(), "cairo": cairo.cairo_version_string(), "pango": PANGO}
    for name in DRAW_WITH:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "none"
    return found
