"""Captions in other languages: a TOML file keyed by scene and beat. The English ones stand beside their beats and are the source.

Each line of a catalogue holds the English text that it translates and the translation, so that it knows when it is out of date. It is read
whole and held to the script of the scene that it is used for: every beat, no other, the same English, no brace that English has not.
"""

from __future__ import annotations

import difflib
import json
import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from string import Formatter
from typing import Any, NamedTuple

from flashviz.errors import UsageError
from flashviz.files import endless
from flashviz.storyboard import Beat
from flashviz.version import __version__

SHIPPED = Path(__file__).parent / "catalogues"
TITLES = "titles"  # a scene's table of titles, within its table of captions
RIGHT_TO_LEFT = frozenset({"ar", "arc", "ckb", "dv", "fa", "he", "ps", "sd", "ug", "ur", "yi"})  # by language, as they are usually written
TAG = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")  # BCP 47, but for its rarer forms
REMEDY = "flashviz captions --from FILE.toml --out NEW.toml keeps those that still hold"
ISOLATED = "\u2066{}\u2069"  # a value within a line that runs the other way keeps its own direction

HEAD = f"""\
# Captions of flashviz {__version__}. Of each pair the first text is the English one and stays; the second is to be translated.
# What stands in braces is filled in by the film. language is a tag such as de or pt-BR.
# A further line font = "..." names another family than the bundled one.
"""


class Entry(NamedTuple):
    """One text: the English one that was translated, and its translation."""

    english: str
    text: str


Table = Mapping[str, Entry]


@dataclass(frozen=True)
class Catalogue:
    """One language's captions.

    ``language`` is a BCP 47 tag; ``font`` the family to write in, None for the bundled one; ``captions`` and ``titles`` are by scene, then
    by beat.
    """

    file: str
    language: str
    font: str | None
    captions: Mapping[str, Table] = field(hash=False)
    titles: Mapping[str, Table] = field(hash=False)

    @property
    def right_to_left(self) -> bool:
        """Whether its lines begin at the right."""
        return self.language.split("-")[0].lower() in RIGHT_TO_LEFT

    def translated(self, scene: str, script: Sequence[Beat]) -> tuple[Beat, ...]:
        """The beats of a scene's script with this language's captions, and titles where it has any.

        Raises:
            UsageError: The scene has no script or no table here; a beat is missing, unknown or out of date; a brace is unknown.
        """
        if not script:
            raise UsageError(
                f"expected a scene whose captions can be translated, got {scene}, which makes them itself; leave out {self.file}"
            )
        if scene not in self.captions:
            raise UsageError(f"expected a table [{scene}] in {self.file}, got none; flashviz captions {scene} writes the English one")
        captions = self._held(self.captions[scene], {beat.name: beat.caption for beat in script if beat.caption}, f"[{scene}]")
        titles = {beat.name: beat.title for beat in script}
        if scene in self.titles:
            titles = self._held(self.titles[scene], titles, f"[{scene}.{TITLES}]")
        return tuple(replace(beat, title=titles[beat.name], caption=captions.get(beat.name, "")) for beat in script)

    def _held(self, table: Table, english: Mapping[str, str], name: str) -> dict[str, str]:
        """The texts of a table that has every beat of the English one, no other, translates its words, and has no brace of its own."""
        unknown, missing = [beat for beat in table if beat not in english], [beat for beat in english if beat not in table]
        if unknown:
            near = difflib.get_close_matches(unknown[0], english, n=1)
            raise UsageError(
                f"{self.file}: {name} expected beats of this scene, got {', '.join(unknown)}; "
                + (f"did you mean {near[0]}?" if near else "known are " + ", ".join(english))
            )
        if missing:
            raise UsageError(
                f"{self.file}: {name} expected every beat, got none for {', '.join(missing)}; put the English text there at least"
            )
        stale = [beat for beat in table if table[beat].english != english[beat]]
        if stale:
            raise UsageError(
                f"{self.file}: {name} expected translations of today's English text, {quoted(english[stale[0]])} in {stale[0]}, got one of "
                f"{quoted(table[stale[0]].english)} (out of date: {', '.join(stale)}); {REMEDY}"
            )
        for beat, (_, text) in table.items():
            known = braces(english[beat])
            others = [brace for brace in self._braces(text, f"{name} {beat}") if brace not in known]
            if others:
                has = ", ".join(f"{{{brace}}}" for brace in sorted(known)) or "none"
                raise UsageError(f"{self.file}: {name} {beat} expected braces of the English text ({has}), got {{{others[0]}}}; correct it")
        return {beat: entry.text for beat, entry in table.items()}

    def _braces(self, text: str, place: str) -> list[str]:
        try:
            return sorted(braces(text))
        except ValueError as error:
            raise UsageError(
                f"{self.file}: {place} expected braces in pairs, got {text!r} ({error}); write {{{{ for a brace itself"
            ) from error

    def values(self, said: Mapping[str, str]) -> dict[str, str]:
        """What the braces stand for, kept in its own direction where lines run from right to left."""
        return {name: ISOLATED.format(value) if self.right_to_left else value for name, value in said.items()}


def braces(text: str) -> set[str]:
    """Names in the braces of a caption, whatever stands behind them.

    Raises:
        ValueError: The braces do not pair.
    """
    return {
        f"{name}{'!' + how if how else ''}{':' + spec if spec else ''}"
        for _, name, spec, how in Formatter().parse(text)
        if name is not None
    }


def read_catalogue(given: str) -> Catalogue:
    """A catalogue by its file, or a shipped one by its language.

    Raises:
        UsageError: There is no such file, or it is not a catalogue.
    """
    path = Path(given) if given.endswith(".toml") else SHIPPED / f"{given}.toml"
    there = ", ".join(sorted(shipped.stem for shipped in SHIPPED.glob("*.toml")))
    none = f"expected a catalogue, a .toml file or one of {there}, got {given}; flashviz captions writes one"
    if endless(path):
        raise UsageError(none)
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(none) from error
    except (ValueError, RecursionError) as error:  # as of flashviz.toml
        raise UsageError(f"expected {given} to be TOML, got: {error}; see docs/captions.md") from error
    language, font = table.pop("language", None), table.pop("font", None)
    if not isinstance(language, str) or not TAG.fullmatch(language):
        raise UsageError(f"{given}: expected language as a tag such as de or pt-BR, got {language!r}; name it in the first line")
    if not isinstance(font, str | None):
        raise UsageError(f"{given}: expected font as the name of a family, got {font!r}; leave it out for the bundled one")
    captions, titles = {}, {}
    for scene, content in table.items():
        if not isinstance(content, dict):
            raise UsageError(
                f"{given}: expected a table for each scene, such as [FlashAttentionScene], got {scene} = {content!r}; correct it"
            )
        if TITLES in content:
            titles[scene] = _texts(given, f"{scene}.{TITLES}", content.pop(TITLES))
        captions[scene] = _texts(given, scene, content)
    return Catalogue(path.name, language, font, captions, titles)


def _texts(file: str, name: str, content: Any) -> dict[str, Entry]:
    """A table of texts."""
    if not isinstance(content, dict) or not all(map(_is_pair, content.values())):
        raise UsageError(f'{file}: expected lines of beat = ["English", "translation"] in [{name}], got {content!r}; correct it')
    return {beat: Entry(*pair) for beat, pair in content.items()}


def _is_pair(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 2 and all(isinstance(text, str) for text in value)


def check_scenes(catalogue: Catalogue, known: Iterable[str]) -> None:
    """Refuse a table of a scene that is not among ``known``.

    Raises:
        UsageError: There is one.
    """
    known = list(known)
    for scene in catalogue.captions:
        if scene not in known:
            near = difflib.get_close_matches(scene, known, n=1, cutoff=0.4)
            raise UsageError(
                f"{catalogue.file}: expected tables of scenes, got [{scene}]; "
                + (f"did you mean {near[0]}?" if near else "known are " + ", ".join(known))
            )


def source_catalogue(scripts: Mapping[str, Sequence[Beat]], earlier: Catalogue | None = None) -> str:
    """The captions of these scenes as TOML, to be translated: each in English twice, or with its translation in an ``earlier`` catalogue.

    What that one translated of another English text, or of beats that are no more, is left out.

    Raises:
        UsageError: A scene has no script.
    """
    font = f"font = {quoted(earlier.font)}\n" if earlier and earlier.font else ""
    parts = [f"{HEAD}language = {quoted(earlier.language if earlier else 'en')}\n{font}"]
    for scene, script in scripts.items():
        if not script:
            raise UsageError(f"expected scenes whose captions can be translated, got {scene}, which makes them itself; leave it out")
        captions = {beat.name: beat.caption for beat in script if beat.caption}
        titles = {beat.name: beat.title for beat in script}
        parts.append(f"[{scene}]\n" + _lines(captions, earlier.captions.get(scene, {}) if earlier else {}))
        parts.append(f"[{scene}.{TITLES}]\n" + _lines(titles, earlier.titles.get(scene, {}) if earlier else {}))
    return "\n".join(parts)


def _lines(english: Mapping[str, str], earlier: Table) -> str:
    """A table's lines, with the texts of an earlier one that still hold."""
    found = []
    for beat, text in english.items():
        kept = earlier.get(beat, Entry(text, text))
        found.append(f"{beat} = [\n  {quoted(text)},\n  {quoted(kept.text if kept.english == text else text)},\n]\n")
    return "".join(found)


def quoted(text: str) -> str:
    """A TOML string: JSON's are."""
    return json.dumps(text, ensure_ascii=False)
