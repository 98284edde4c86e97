"""Lines of text as outlines: set by Pango with the bundled fonts, read from the SVG that it writes.

manim's Text takes a hundred times as long, nearly all of it in a parser for any SVG, and keeps what it drew in a cache that outlives a
font's absence.
"""

from __future__ import annotations

import re
import tempfile
from collections import Counter
from functools import cache
from pathlib import Path
from xml.etree import ElementTree as ET

import manimpango
import numpy as np

from flashviz.errors import MissingPartError
from flashviz.lettering import FONTS_DIR, NOTE_PX, Face, em, text_width

# Names that no installed font has: Pango draws with whatever file has the name, and another version of Inter has other curves.
FAMILY = {
    Face.TEXT: ("Flashviz Sans", "NORMAL"), Face.STRONG: ("Flashviz Sans", "SEMIBOLD"),
    Face.MONO: ("Flashviz Mono", "NORMAL"), Face.MONO_STRONG: ("Flashviz Mono", "SEMIBOLD"),
}  # fmt: skip

PANGO = manimpango.pango_version()  # the system's
POINTS = 96.0  # size that Pango is asked for: it rounds outlines to 1/64 pixel
EM = POINTS * 96 / 72  # the same in the SVG's pixels
NO_WRAP = 1_000_000
STEP = re.compile(r"[MLCZ]|-?[\d.]+(?:e-?\d+)?")


@cache
def register_fonts() -> None:
    """Make the bundled fonts known to Pango, once a process.

    Raises:
        MissingPartError: a font file is absent, Pango refuses it, or Pango keeps drawing with the fonts that it found when this
            process drew its first text; manim itself would only warn and draw another font.
    """
    for face in Face:
        path = FONTS_DIR / face
        if not path.is_file() or not manimpango.register_font(str(path)):
            raise MissingPartError(f"expected the bundled font {path}, got none that Pango can read; reinstall flashviz")
    known = manimpango.list_fonts()
    for family, _ in FAMILY.values():
        if family not in known:
            raise MissingPartError(f"expected Pango to know {family} once registered, got {len(known)} other families; reinstall flashviz")
    for face in Face:
        _drawn_in_its_own_font(face)


def _drawn_in_its_own_font(face: Face) -> None:
    """Pango lists the fonts when it first draws a text, and never again: one registered later is known, and yet not drawn with."""
    sample = "mW" * 8  # as wide as letters get: families and weights differ by more than the side bearings of two letters
    drawn = _outline(sample, face)
    if abs(np.ptp(drawn[:, 0]) * em(NOTE_PX) - text_width(sample, NOTE_PX, face)) > 0.2 * em(NOTE_PX):
        raise MissingPartError(
            f"expected Pango to draw with {face}, got another font, since a text was drawn before the fonts were registered; "
            "call flashviz.outlines.register_fonts() before the first text of this process"
        )


@cache
def outline(text: str, face: Face) -> np.ndarray:
    """Cubic Bézier curves [4 n, 3] of one line at an em of 1, y upwards, first glyph's origin at (0, 0). Treat it as read-only.

    Raises:
        MissingPartError: As ``register_fonts``.
    """
    register_fonts()
    return _outline(text, face)


@cache
def outline_in(text: str, family: str | None) -> np.ndarray:
    """The same of a line in any script: in ``family``, None for the bundled one, and where that has no glyph in a font that has it.

    Its first glyph's origin need not be at x = 0: a line that runs from right to left ends there.

    Raises:
        MissingPartError: There is no such family here, or no font has some letter.
    """
    register_fonts()
    if family is not None and family not in manimpango.list_fonts():
        raise MissingPartError(f"expected the font {family}, got {len(manimpango.list_fonts())} other families; install it or name another")
    drawing = _drawing(text, family or FAMILY[Face.TEXT][0], "NORMAL")
    if _boxes(drawing):
        missing = sorted(letter for letter in set(text) if _boxes(_drawing(letter, family or FAMILY[Face.TEXT][0], "NORMAL")))
        raise MissingPartError(
            f"expected a font with the letters {' '.join(missing)}, got none in {text!r}; install one of their script, such as Noto Sans"
        )
    return _read(drawing)


def _boxes(drawing: ET.ElementTree[ET.Element]) -> int:
    """How many letters no font has: for each Pango draws a box by itself, outside the glyphs that it defines."""
    paths = sum(1 for element in drawing.iter() if element.tag.endswith("}path"))
    return paths - sum(1 for symbol in drawing.iter() if symbol.tag.endswith("}symbol") for part in symbol if part.tag.endswith("}path"))


def _outline(text: str, face: Face) -> np.ndarray:
    return _read(_drawing(text, *FAMILY[face]))


def _drawing(text: str, family: str, weight: str) -> ET.ElementTree[ET.Element]:
    """The SVG that Pango makes of one line."""
    setting = manimpango.TextSetting(0, len(text), family, "NORMAL", weight, 0)
    with tempfile.TemporaryDirectory(prefix="flashviz-line-") as folder:
        file = Path(folder) / "line.svg"
        size = NO_WRAP, round(4 * POINTS)
        manimpango.text2svg(
            [setting],
            POINTS,
            line_spacing=0,
            disable_liga=True,
            file_name=str(file),
            START_X=0,
            START_Y=0,
            width=size[0],
            height=size[1],
            orig_text=text,
        )
        return ET.parse(file)


def _read(drawing: ET.ElementTree[ET.Element]) -> np.ndarray:
    """The curves of all glyphs where they are placed, the baseline at y = 0."""
    glyphs: dict[str, np.ndarray] = {}
    placed: list[np.ndarray] = []
    for element in drawing.iter():
        name = element.get("id")
        path = next((part.get("d") for part in element.iter() if part.tag.endswith("}path")), None) if name else None
        if name and name.startswith("glyph"):
            glyphs[name] = curves(path or "")
        elif element.tag.endswith("}use"):
            glyph = glyphs[element.get("{http://www.w3.org/1999/xlink}href", "").removeprefix("#")]
            placed.append(glyph + np.array([float(element.get("x", 0)), float(element.get("y", 0)), 0.0]))
    if not placed:
        return np.zeros((0, 3))
    joined = np.concatenate(placed)
    heights = Counter(float(use.get("y", 0)) for use in drawing.iter() if use.tag.endswith("}use"))
    baseline = heights.most_common(1)[0][0]  # marks stand above and below it
    return np.asarray((joined - (0.0, baseline, 0.0)) * (1 / EM, -1 / EM, 1.0))


def curves(path: str) -> np.ndarray:
    """The cubic curves [4 n, 3] of a path of absolute M, L, C and Z; lines are curves too, and shapes are closed."""
    points: list[tuple[float, float]] = []
    start = here = (0.0, 0.0)
    steps = iter(STEP.findall(path))

    def pair() -> tuple[float, float]:
        return float(next(steps)), float(next(steps))

    def line(end: tuple[float, float]) -> None:
        (x0, y0), (x1, y1) = here, end
        points.extend((here, ((2 * x0 + x1) / 3, (2 * y0 + y1) / 3), ((x0 + 2 * x1) / 3, (y0 + 2 * y1) / 3), end))

    for step in steps:
        if step == "M":
            start = here = pair()
        elif step == "L":
            end = pair()
            line(end)
            here = end
        elif step == "C":
            first, second, end = pair(), pair(), pair()
            points.extend((here, first, second, end))
            here = end
        elif here != start:
            line(start)
            here = start
    return np.column_stack([np.array(points).reshape(-1, 2), np.zeros(len(points))])
