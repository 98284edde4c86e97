"""A lecture: one folder with all that is shown, asked and handed out, its list of files, and one zip of it. Nothing needs the internet."""

from __future__ import annotations

import hashlib
import math
import textwrap
from dataclasses import dataclass
from pathlib import Path
from zipfile import ZIP_STORED, BadZipFile, ZipFile, ZipInfo

import msgspec

from flashviz.delivery.clips import LONGEST, SHORTEST, Clip
from flashviz.delivery.manifest import LICENCE, Manifest
from flashviz.errors import UsageError
from flashviz.files import beside

LECTURE, PAGE, README = "lecture.json", "index.html", "README.txt"
CATALOGUE = "english.toml"
COMMENT = "flashviz lecture "  # of the zip; the SHA-256 of its lecture.json follows, and so of all that is in it
THE_SAME_TIME = (1980, 1, 1, 0, 0, 0)  # the earliest that a zip can say
LICENCE_URL = "https://creativecommons.org/licenses/by/4.0/"
PARTS = {
    "films": "Films with captions in the picture and without (-clean); posters, stills, captions, transcripts that describe the pictures.",
    "clips": f"The films in parts of {SHORTEST} to {LONGEST} seconds, with captions in the picture and without.",
    "slides": "A slide a section, with notes for the speaker. HTML: open index.html. reveal.js within is MIT; its licence lies there.",
    "player": "A page in which one steps through the trace, in one file.",
    "handout": "An exercise to be done by hand, and its key.",
    "quiz": "Questions for a learning platform.",
    "captions": "All captions in English, keyed by beat, to be translated: flashviz render --catalogue FILE.",
}  # fmt: skip


class Lecture(msgspec.Struct, frozen=True, kw_only=True):
    """lecture.json: what lies in the folder.

    Args:
        made_of: Key of code, settings, versions and options.
        clips: Of each film, by its scene.
        sha256: Of each file by its name.
        left_out: A line for each thing that is not there.
    """

    made_of: str
    clips: dict[str, list[Clip]]
    sha256: dict[str, str]
    left_out: list[str] = []
    licence: str = LICENCE
    schema: int = 1

    def told(self) -> list[str]:
        """A line for each clip that is not of 10 to 40 seconds, which then could not be."""
        return [
            f"{scene}/{clip.film}: {clip.seconds:.0f} s, though clips last {SHORTEST} to {LONGEST}: its beats cannot be joined or parted"
            for scene, clips in self.clips.items()
            for clip in clips
            if not clip.fits
        ]


@dataclass(frozen=True)
class Part:
    """One film of a lecture.

    Args:
        manifest: In films/SCENE.
        shown: What moves in a beat, by the beat's name.
        clips: In clips/SCENE.
        slides: Paths within the lecture.
    """

    manifest: Manifest
    shown: dict[str, str]
    clips: list[Clip]
    slides: list[str]


def read_lecture(folder: Path) -> Lecture | None:
    """The lecture that lies in a folder; None where there is none."""
    try:
        return msgspec.json.decode((folder / LECTURE).read_bytes(), type=Lecture)
    except (OSError, msgspec.DecodeError):
        return None


def check_place(folder: Path) -> None:
    """Raise ``UsageError`` where the folder or the zip beside it holds what no lecture has written."""
    was = read_lecture(folder)
    known = {LECTURE, *was.sha256} if was else set()
    other = next((name for name in files_of(folder) if name not in known), None)
    if other is not None:
        raise UsageError(f"--out {folder}: expected a new folder or a lecture made before, got {other} in it; choose another name")
    place = zip_of(folder)
    if place.exists() and _comment(place) is None:
        raise UsageError(f"--out {folder}: expected {place.name} beside it to be a lecture's zip, got something else; choose another name")


def standing(folder: Path, made_of: str) -> Lecture | None:
    """The lecture in a folder, where it was made of the same and every file is as it was written."""
    found = read_lecture(folder)
    if found is None or found.made_of != made_of:
        return None
    return found if found.sha256 == digests(folder) else None


def write_list(folder: Path, title: str, clips: dict[str, list[Clip]], left_out: list[str], made_of: str) -> Lecture:
    """Write README.txt and lecture.json, the last two files of a lecture."""
    (folder / README).write_text(readme(folder, title, left_out), encoding="utf-8")
    lecture = Lecture(made_of=made_of, clips=clips, sha256=digests(folder), left_out=left_out)
    (folder / LECTURE).write_bytes(msgspec.json.format(msgspec.json.encode(lecture), indent=2) + b"\n")
    return lecture


def readme(folder: Path, title: str, left_out: list[str]) -> str:
    """What lies where, with sizes, in plain text."""
    sizes = {name: (folder / name).stat().st_size for name in files_of(folder)}
    lines = [
        title, "=" * len(title), "",
        f"Open {PAGE} in a browser. Nothing here needs the internet. {len(sizes)} files, {size(sum(sizes.values()))}.", "",
        f"Licence: CC BY 4.0 ({LICENCE_URL}).", "Say that it was made with flashviz, and what you changed.", *left_out,
    ]  # fmt: skip
    for part in ("", *PARTS):
        names = [name for name in sizes if name.startswith(f"{part}/") or (not part and "/" not in name)]
        if names:
            about = textwrap.wrap(PARTS.get(part, ""), 100)
            lines += ["", *([part, "-" * len(part), *about] if part else []), *(f"{size(sizes[name]):>10}  {name}" for name in names)]
            lines += [] if part else [f"{'':>10}  {LECTURE}", f"{'':>10}  {README}"]
    return "\n".join(lines) + "\n"


def size(nbytes: int) -> str:
    """Of a file, in the decimal units of file managers."""
    return f"{nbytes / 1e6:,.1f} MB" if nbytes >= 1e6 else f"{math.ceil(nbytes / 1e3)} kB"


def files_of(folder: Path) -> list[str]:
    """All files in a folder, by their names within it, in order."""
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def digests(folder: Path) -> dict[str, str]:
    """SHA-256 of each file but lecture.json."""
    return {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in files_of(folder) if name != LECTURE}


# ------------------------------------------------------------------------------------------------------------------- the zip


def zip_of(folder: Path) -> Path:
    """Where the zip lies: beside the folder."""
    return folder.with_name(f"{folder.name}.zip")


def write_zip(folder: Path) -> Path:
    """Pack a lecture, unless its zip is there. The same files make the same zip: sorted, of one time, stored: films do not shrink.

    Raises:
        FlashvizError: The zip cannot be written.
    """
    place = zip_of(folder)
    comment = COMMENT + hashlib.sha256((folder / LECTURE).read_bytes()).hexdigest()
    if _comment(place) == comment:
        return place
    with beside(place) as partial, ZipFile(partial, "w", ZIP_STORED) as packed:
        packed.comment = comment.encode()
        for name in files_of(folder):
            entry = ZipInfo(f"{folder.name}/{name}", THE_SAME_TIME)
            entry.create_system, entry.external_attr = 3, 0o644 << 16
            packed.writestr(entry, (folder / name).read_bytes())
    return place


def _comment(place: Path) -> str | None:
    """What a lecture's zip was made of; None of any other file. It stands at a zip's end: one that was cut short has none."""
    try:
        with ZipFile(place) as packed:
            comment = packed.comment.decode(errors="replace")
    except (OSError, BadZipFile):
        return None
    return comment if comment.startswith(COMMENT) else None
