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
# one bar a feature; ``answer``: acc / l, with room for one that is too tall. Names stand above what they name, numbers beneath. ``sum``:
# the arithmetic of l. ``term``: what a term is. ``values``: where V's tile arrives, beside its ``weights``. ``note``: on the answer.
RESCALE: dict[Aspect, Table] = {
    "16:9": {
        "measured": (916, 118, 1864, 640), "names": (916, 648, 1864, 698), "sum": (916, 700, 1864, 780), "term": (1180, 130, 1820, 300),
        "acc name": (56, 56, 846, 126), "acc": (56, 130, 846, 430), "answer name": (56, 462, 846, 518), "answer": (56, 526, 846, 930),
        "note": (916, 806, 1864, 926), "weights": (950, 110, 1054, 350), "values": (1074, 110, 1864, 350),
        "formula": (916, 80, 1864, 330), "caption": (100, 940, 1820, 1080),
    },
    "4:3": {
        "measured": (640, 118, 1370, 640), "names": (640, 648, 1370, 698), "sum": (640, 700, 1370, 780), "term": (860, 130, 1360, 300),
        "acc name": (70, 56, 590, 126), "acc": (70, 130, 550, 430), "answer name": (70, 462, 590, 518), "answer": (70, 526, 550, 930),
        "note": (640, 806, 1370, 926), "weights": (740, 110, 860, 350), "values": (880, 110, 1360, 350),
        "formula": (610, 80, 1400, 330), "caption": (60, 940, 1380, 1080),
    },
    "1:1": {
        "measured": (100, 110, 1030, 430), "names": (100, 436, 1030, 484), "sum": (100, 486, 1030, 556), "term": (560, 40, 1020, 190),
        "acc name": (50, 576, 510, 640), "acc": (50, 644, 510, 862), "answer name": (570, 576, 1030, 640), "answer": (570, 644, 1030, 862),
        "note": (50, 866, 1030, 936), "weights": (420, 90, 540, 240), "values": (560, 90, 1020, 240),
        "formula": (60, 50, 1020, 240), "caption": (40, 942, 1040, 1078),
    },
    "9:16": {
        "measured": (110, 190, 1020, 680), "names": (110, 688, 1020, 738), "sum": (110, 742, 1020, 822), "term": (420, 190, 1000, 330),
        "acc name": (60, 842, 1020, 902), "acc": (60, 906, 1020, 1072), "answer name": (60, 1078, 1020, 1134),
        "answer": (60, 1138, 1020, 1310), "note": (60, 1314, 1020, 1390), "weights": (110, 170, 230, 400), "values": (250, 170, 1010, 400),
        "formula": (60, 150, 1020, 380), "caption": (60, 1394, 1020, 1536),
    },
}  # fmt: skip
# The tile that the row belongs to: its acc, one line a row; beside it every row's l, and every row's alpha, one bar a row.
ROWS: dict[Aspect, Table] = {
    "16:9": {
        "factors": (240, 150, 640, 830), "sums": (700, 150, 900, 830), "tile": (960, 150, 1640, 830), "factors name": (240, 80, 640, 140),
        "sums name": (700, 80, 900, 140), "tile name": (960, 80, 1640, 140), "code": (240, 850, 1820, 900),
        "caption": (100, 940, 1820, 1080),
    },
    "4:3": {
        "factors": (90, 190, 430, 830), "sums": (480, 190, 640, 830), "tile": (690, 190, 1330, 830), "factors name": (90, 120, 450, 180),
        "sums name": (480, 120, 640, 180), "tile name": (690, 120, 1330, 180), "code": (90, 850, 1380, 900),
        "caption": (60, 940, 1380, 1080),
    },
    "1:1": {
        "factors": (60, 170, 350, 710), "sums": (390, 170, 500, 710), "tile": (540, 170, 1040, 710), "factors name": (60, 104, 380, 160),
        "sums name": (390, 104, 520, 160), "tile name": (540, 104, 1040, 160), "code": (60, 740, 1030, 800),
        "caption": (40, 930, 1040, 1070),
    },
    "9:16": {
        "factors": (60, 380, 340, 980), "sums": (370, 380, 480, 980), "tile": (510, 380, 1020, 980), "factors name": (60, 300, 360, 362),
        "sums name": (370, 300, 500, 362), "tile name": (510, 300, 1020, 362), "code": (60, 1010, 1020, 1070),
        "caption": (60, 1394, 1020, 1536),
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
        parts |= {part: parts[part].top(parts[part].height * max(share, 0.25)) for part in ("factors", "sums", "tile")}
    return Shot(name, whole, parts)


def _on(whole: Rect, edges: tuple[float, float, float, float]) -> Rect:
    """A rectangle given in pixels from the top left corner of the frame."""
    left, top, right, bottom = (em(edge) for edge in edges)
    return Rect(whole.x0 + left, whole.y1 - bottom, whole.x0 + right, whole.y1 - top)
