"""What a film's page says beside the film: the question that it answers, the maths, and the papers that are cited on the page."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from flashviz.citations import SOURCES, Source
from flashviz.storyboard import Told

MATHS = "maths"  # a file a film: one short derivation
SCENE = re.compile(r"\b[A-Z]\w*Scene\b")
FILM = "FlashAttentionScene"  # the chapters' page calls it "the film"


def rows_of(chapters: str) -> dict[str, tuple[str, str]]:
    """By scene: what it makes obvious, and where its figures come from, as docs/chapters.md has it."""
    found = re.findall(r"^\| `(\w+)` \| [^|]* \| ([^|]*) \| ([^|]*) \|$", chapters, re.MULTILINE)
    return {name: (idea, figures) for name, idea, figures in found}


def questions_of(chapters: str) -> dict[str, list[tuple[str, str]]]:
    """By scene: questions of docs/chapters.md that it answers, each with the whole answer."""
    found: dict[str, list[tuple[str, str]]] = {}
    for question, answer in re.findall(r"^\| ([^|]+\?) \| ([^|]+) \|$", chapters, re.MULTILINE):
        scenes = SCENE.findall(answer) + ([FILM] if "the film" in answer else [])
        for name in dict.fromkeys(scenes):
            found.setdefault(name, []).append((question, answer))
    return found


def answered(questions: list[tuple[str, str]], own: str) -> str:
    """Questions with their answers; other films named in them are links."""

    def named(found: re.Match[str]) -> str:
        return found[0] if found[0] == own else f"[{found[0]}]({found[0]}.md)"

    lines = [f"- **{question}** {SCENE.sub(named, answer)}." for question, answer in questions]
    return "\n".join(["## The question that it answers", "", *lines])


def parts_of(told: Sequence[Told], pages: Mapping[str, str]) -> str:
    """The films that a film consists of, with when each begins; ``pages`` has their names by subject. Empty of a film of one part."""
    begins: dict[str, float] = {}
    for beat in told:
        if beat.chapter:
            begins.setdefault(beat.chapter, beat.start)
    lines = [f"- {int(start) // 60}:{int(start) % 60:02} [{subject}]({pages[subject]}.md)" for subject, start in begins.items()]
    return "\n".join(["## Its chapters", "", *lines]) if lines else ""


def maths_of(name: str, folder: Path) -> str:
    """The derivation of a film, from its own file; empty where it has none."""
    path = folder / MATHS / f"{name}.md"
    return f"## The maths\n\n{path.read_text(encoding='utf-8').strip()}" if path.is_file() else ""


def cited_in(text: str) -> list[Source]:
    """Papers that are named in ``text`` as flashviz/citations.py names them."""
    return [source for source in SOURCES if source.short in text]


def sources(text: str) -> str:
    """What is cited on a page, with titles and links; empty where nothing is."""
    lines = [f"- {source.short}: [{source.title}](https://arxiv.org/abs/{source.arxiv}), arXiv {source.arxiv}" for source in cited_in(text)]
    return "\n".join(["## Sources", "", *lines]) if lines else ""
