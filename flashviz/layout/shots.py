"""Shots as data: which parts are in a shot, and where each stands. Pure, without manim.

A shot frames one subject. A part that is not in a shot has no place there. Tables are in pixels of a frame whose short side has 1080,
from its top left corner, as a film is drawn on paper: (left, top, right, bottom).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from flashviz.config import AttentionConfig
from flashviz.errors import ConfigError
from flashviz.layout.film import FILM
from flashviz.layout.rect import Aspect, Rect, frame
from flashviz.lettering import em

Table = Mapping[str, tuple[float, float, float, float]]

# Parts of the row's space. ``measured``: l and this tile's terms on one baseline, the rectangle's lower edge, under one ceiling; ``acc``:
# one bar a feature; ``answer``: acc / l. Names stand above what they name, numbers beneath. ``sum``: the arithmetic of l.
# ``values``: where V's tile arrives, and is weighed. ``note``: what would be if l were squeezed alone.
RESCALE: dict[Aspect, Table] = {
    "16:9": {
        "measured": (816, 118, 1804, 610), "names": (816, 618, 1804, 668), "sum": (816, 672, 1804, 752),
        "acc": (116, 402, 756, 716), "acc name": (116, 316, 756, 396), "answer": (116, 728, 756, 868), "answer room": (116, 616, 756, 944),
        "answer name": (816, 783, 1820, 839), "note": (816, 852, 1820, 908), "values": (116, 84, 756, 304),
        "formula": (116, 96, 1804, 330), "caption": (100, 940, 1820, 1080),
    },
    "4:3": {
        "measured": (640, 150, 1370, 610), "names": (640, 618, 1370, 668), "sum": (640, 672, 1370, 752),
        "acc": (70, 402, 550, 716), "acc name": (70, 316, 590, 396), "answer": (70, 728, 550, 868), "answer room": (70, 616, 550, 944),
        "answer name": (640, 783, 1380, 839), "note": (640, 852, 1380, 908), "values": (70, 84, 550, 304),
        "formula": (70, 96, 1370, 330), "caption": (60, 940, 1380, 1080),
    },
    "1:1": {
        "measured": (100, 120, 1030, 440), "names": (100, 446, 1030, 494), "sum": (100, 496, 1030, 566),
        "acc": (50, 684, 510, 862), "acc name": (50, 598, 510, 674), "answer": (570, 718, 1030, 822), "answer room": (570, 676, 1030, 922),
        "answer name": (570, 598, 1030, 674), "note": (50, 862, 560, 910), "values": (340, 60, 940, 236),
        "formula": (60, 50, 1020, 200), "caption": (40, 942, 1040, 1078),
    },
    "9:16": {
        "measured": (110, 190, 1020, 680), "names": (110, 688, 1020, 738), "sum": (110, 742, 1020, 822),
        "acc": (60, 940, 1020, 1140), "acc name": (60, 848, 1020, 930), "answer": (60, 1246, 1020, 1350),
        "answer room": (60, 1150, 1020, 1392), "answer name": (60, 1154, 1020, 1210), "note": (60, 1154, 1020, 1210),
        "values": (300, 130, 930, 410),
        "formula": (60, 150, 1020, 320), "caption": (60, 1394, 1020, 1536),
    },
}  # fmt: skip
# The tile that the row belongs to: its acc, one line a row, and beside it every row's alpha, one bar a row.
ROWS: dict[Aspect, Table] = {
    "16:9": {
        "factors": (380, 190, 800, 830), "tile": (880, 190, 1520, 830), "factors name": (380, 120, 800, 180),
        "tile name": (880, 120, 1520, 180), "code": (380, 850, 1820, 900), "caption": (100, 940, 1820, 1080),
    },
    "4:3": {
        "factors": (240, 190, 600, 830), "tile": (660, 190, 1300, 830), "factors name": (240, 120, 600, 180),
        "tile name": (660, 120, 1300, 180), "code": (240, 850, 1380, 900), "caption": (60, 940, 1380, 1080),
    },
    "1:1": {
        "factors": (170, 170, 450, 710), "tile": (490, 170, 1030, 710), "factors name": (170, 104, 450, 160),
        "tile name": (490, 104, 1030, 160), "code": (170, 740, 1030, 800), "caption": (40, 930, 1040, 1070),
    },
    "9:16": {
        "factors": (110, 380, 380, 980), "tile": (420, 380, 1020, 980), "factors name": (60, 300, 400, 362),
        "tile name": (420, 300, 1020, 362), "code": (110, 1010, 1020, 1070), "caption": (60, 1394, 1020, 1536),
    },
}  # fmt: skip
SHOTS: Mapping[str, Mapping[Aspect, Table]] = {"rescale": RESCALE, "rows": ROWS, **FILM}


@dataclass(frozen=True)
class Shot:
    """What is in the frame, and where."""

    name: str
    frame: Rect
    parts: Mapping[str, Rect]

    def __getitem__(self, part: str) -> Rect:
        return self.parts[part]

    def __contains__(self, part: str) -> bool:
        return part in self.parts


def shot(config: AttentionConfig, aspect: Aspect, name: str) -> Shot:
    """Where each part of the shot stands, in scene units.

    Raises:
        ConfigError: There is no such shot.
    """
    if name not in SHOTS:
        raise ConfigError(f"expected a shot, one of {', '.join(SHOTS)}, got {name}")
    whole = frame(aspect)
    parts = {part: _on(whole, edges) for part, edges in SHOTS[name][aspect].items()}
    if name == "rows":  # a tile of few rows is as tall as its rows, at most as high as the place
        rows, columns = min(config.block_m, config.seq_q), config.head_dim
        share = min(1.0, rows * parts["tile"].width / (columns * parts["tile"].height))
        parts |= {part: parts[part].top(parts[part].height * max(share, 0.25)) for part in ("factors", "tile")}
    return Shot(name, whole, parts)


def _on(whole: Rect, edges: tuple[float, float, float, float]) -> Rect:
    """A rectangle given in pixels from the top left corner of the frame."""
    left, top, right, bottom = (em(edge) for edge in edges)
    return Rect(whole.x0 + left, whole.y1 - bottom, whole.x0 + right, whole.y1 - top)
