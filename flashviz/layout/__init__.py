"""Where everything stands: configuration and aspect -> rectangles. Pure, without manim, property-tested.

``rect`` is the algebra, ``cross``, ``stage`` and ``packing`` are parts, ``shots`` says where each part of a film stands in each shot.
"""

from flashviz.layout.causal import Limit, masked_grid
from flashviz.layout.cross import BAND_LIMIT, THINNEST, Cross, cross
from flashviz.layout.loop_order import Fringe, fringe
from flashviz.layout.rect import ASPECTS, GAP, MARGIN, SHORT_SIDE, Aspect, Rect, centered, columns, frame, rows
from flashviz.layout.shots import Shot, head_rect, machine_rect, shot
from flashviz.layout.stage import (
    CAPTION_LINES,
    CODE_LINES,
    LABELLED,
    SMALLEST,
    TALL_CLEAR,
    TITLE_H,
    ChipTiles,
    Lens,
    PlayerShape,
    Stage,
    caption_height,
    chip_tiles,
    lens,
    player_stage,
    stage,
)

__all__ = [
    "ASPECTS", "BAND_LIMIT", "CAPTION_LINES", "CODE_LINES", "GAP", "LABELLED", "MARGIN", "SHORT_SIDE", "SMALLEST",
    "TALL_CLEAR", "THINNEST", "TITLE_H", "Aspect", "ChipTiles", "Cross", "Fringe", "Lens", "Limit", "PlayerShape",
    "Rect", "Shot", "Stage", "caption_height", "centered", "chip_tiles", "columns", "cross", "frame", "fringe",
    "head_rect", "lens", "machine_rect", "masked_grid", "player_stage", "rows", "shot", "stage",
]  # fmt: skip
