"""Where everything stands in the film of any kernel: shapes + aspect -> rectangles. Pure, without manim, property-tested.

HBM holds a sheet for each tensor, the chip a place for each statement of the shown program; kernel lines and the caption beneath.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from flashviz.generic.touches import flat
from flashviz.layout import (
    CODE_LINES,
    GAP,
    MARGIN,
    TALL_CLEAR,
    TITLE_H,
    Aspect,
    Rect,
    caption_height,
    centered,
    columns,
    frame,
    rows,
)
from flashviz.lettering import CODE_PX, LINE_PITCH, NOTE_PX, em

SHEETS = 8  # tensors that are shown at most
LINE = em(NOTE_PX) * LINE_PITCH
NARROWEST = 18 * 0.6 * em(NOTE_PX) + 0.01  # of a sheet's cell: so many characters have its counters
PLACE = (1.62, 1.42)  # least width and height of a place on the chip with its two lines
FLATTEST = {1: 14.0, 2: 6.0}  # a strip of one axis may be longer than a matrix
STRIP = 0.34  # height of one row
SMALLEST = 0.2


@dataclass(frozen=True)
class Sheet:
    """One tensor in HBM: name, shape, picture of ``rows`` x ``cols`` elements, bytes read and written."""

    cell: Rect
    name: Rect
    shape: Rect
    picture: Rect
    read: Rect
    written: Rect
    rows: int
    cols: int

    def part(self, first: int, stop: int, left: int, right: int) -> Rect:
        """Where rows ``first`` to ``stop`` and columns ``left`` to ``right`` lie."""
        high, wide = self.picture.height / max(self.rows, 1), self.picture.width / max(self.cols, 1)
        return Rect(
            self.picture.x0 + left * wide, self.picture.y1 - stop * high, self.picture.x0 + right * wide, self.picture.y1 - first * high
        )


@dataclass(frozen=True)
class Place:
    """Where a statement's block lies on the chip, under its name and shape."""

    name: Rect
    shape: Rect
    body: Rect


@dataclass(frozen=True)
class KernelStage:
    """The stage of the film of any kernel."""

    aspect: Aspect
    frame: Rect
    caption: Rect
    hbm: Rect
    hbm_title: Rect
    sheets: tuple[Sheet, ...]
    slot: Rect
    chip: Rect
    chip_title: Rect
    places: tuple[Place, ...]
    now: Rect
    code: Rect

    @property
    def center_stage(self) -> Rect:
        """Everything above the caption."""
        whole = self.frame.inset(MARGIN)
        return Rect(whole.x0, self.caption.y1 + GAP, whole.x1, whole.y1)

    @property
    def panels(self) -> dict[str, Rect]:
        return {"caption": self.caption, "hbm": self.hbm, "slot": self.slot, "chip": self.chip, "code": self.code}


def kernel_stage(shapes: Sequence[tuple[int, ...]], statements: int, aspect: Aspect = "16:9", *, both: bool = True) -> KernelStage:
    """The stage for tensors of these shapes, at most as many as ``room_for``, and a program of so many statements.

    Args:
        both: Whether a tensor is both read and written: then there is a line for each counter.
    """
    hbm, chip, slot, code, caption = _panels(aspect)
    chip_title, chip_body = chip.inset(0.15, 0.08).top(TITLE_H), chip.inset(0.15, 0.08).below(TITLE_H)
    return KernelStage(
        aspect=aspect,
        frame=frame(aspect),
        caption=caption,
        hbm=hbm,
        hbm_title=hbm.inset(0.15, 0.08).top(TITLE_H),
        sheets=sheets(shapes, _sheets_room(hbm), both=both),
        slot=slot,
        chip=chip,
        chip_title=chip_title,
        places=places(statements, chip_body.above(LINE + GAP)),
        now=chip_body.bottom(LINE),
        code=code,
    )


def code_lines(aspect: Aspect) -> int:
    """Kernel lines that are shown."""
    return 1 if aspect == "1:1" else CODE_LINES


def _panels(aspect: Aspect) -> tuple[Rect, Rect, Rect, Rect, Rect]:
    """HBM, chip, slot, code, caption. HBM beside the chip in wide frames, above it in the others."""
    whole = frame(aspect).inset(MARGIN)
    if aspect == "9:16":
        whole = Rect(whole.x0, whole.y0 + frame(aspect).height * TALL_CLEAR - MARGIN, whole.x1, whole.y1)
    caption, board = whole.bottom(caption_height(aspect)), whole.above(caption_height(aspect) + GAP)
    code_h = code_lines(aspect) * em(CODE_PX) * LINE_PITCH * 1.12 + 0.22
    code, upper = board.bottom(code_h), board.above(code_h + GAP)
    if aspect in ("16:9", "4:3"):
        gap = 0.42
        hbm, chip = upper.left((upper.width - gap) * 0.57), upper.right((upper.width - gap) * 0.43)
        return hbm, chip, Rect(hbm.x1, chip.center[1] - 0.3, chip.x0, chip.center[1] + 0.3), code, caption
    gap = 0.32
    hbm, chip = upper.top((upper.height - gap) * 0.55), upper.bottom((upper.height - gap) * 0.45)
    return hbm, chip, Rect(-0.3, chip.y1, 0.3, hbm.y0), code, caption


def _sheets_room(hbm: Rect) -> Rect:
    return hbm.inset(0.15, 0.08).below(TITLE_H)


def room_for(aspect: Aspect, *, both: bool) -> int:
    """How many tensors can be shown."""
    room = _sheets_room(_panels(aspect)[0])
    lines = int((room.height + GAP) / (_lowest(both=both) + GAP) + 1e-9)
    return min(SHEETS, lines * int((room.width + 2 * GAP) / (NARROWEST + 2 * GAP) + 1e-9))


def _lowest(*, both: bool) -> float:
    """Height of a cell: a line for name and shape, a strip, the counters."""
    return (3 if both else 2) * LINE + STRIP + 0.1


def sheets(shapes: Sequence[tuple[int, ...]], rect: Rect, *, both: bool) -> tuple[Sheet, ...]:
    """As many columns as make the smallest picture largest."""
    if not shapes:
        return ()
    most = max(1, int((rect.width + 2 * GAP) / (NARROWEST + 2 * GAP) + 1e-9))
    lines = max(1, int((rect.height + GAP) / (_lowest(both=both) + GAP) + 1e-9))
    arranged = [
        _arranged(shapes, rect, count, both=both)
        for count in range(1, min(most, len(shapes)) + 1)
        if count * lines >= len(shapes) or count == min(most, len(shapes))
    ]
    return max(arranged, key=lambda found: (min(_size(sheet.picture) for sheet in found), sum(_size(sheet.picture) for sheet in found)))


def _size(rect: Rect) -> float:
    """The geometric mean of the sides, as the eye takes it: a strip counts though it is low."""
    return math.sqrt(rect.width * rect.height)


def _arranged(shapes: Sequence[tuple[int, ...]], rect: Rect, count: int, *, both: bool) -> tuple[Sheet, ...]:
    lines = -(-len(shapes) // count)
    cells = [cell for row in rows(rect, lines, GAP) for cell in columns(row, count, 2 * GAP)]
    return tuple(_sheet(shape, cell, both=both) for shape, cell in zip(shapes, cells, strict=False))


def _sheet(shape: tuple[int, ...], cell: Rect, *, both: bool) -> Sheet:
    n_rows, n_cols = flat(shape)
    wide = cell.width >= 2 * NARROWEST  # name and shape in one line, likewise both counters
    low = cell.height < (4 if both else 3) * LINE + 3 * STRIP
    head_lines, foot_lines = 1 if wide or low else 2, 1 if wide or not both else 2
    head, body = cell.top(head_lines * LINE), cell.below(head_lines * LINE).above(foot_lines * LINE).inset(0, 0.05)
    picture = fitted(n_rows, n_cols, body, FLATTEST[1 if n_rows == 1 else 2])
    picture = Rect(body.x0, body.y1 - picture.height, body.x0 + picture.width, body.y1)  # directly under its name
    foot = Rect(cell.x0, picture.y0 - 0.05 - foot_lines * LINE, cell.x1, picture.y0 - 0.05)
    name, about = (head.left(0.45 * head.width), head.right(0.52 * head.width)) if head_lines == 1 else rows(head, 2)
    read, written = columns(foot, 2) if wide else rows(foot, foot_lines) * (3 - foot_lines)
    return Sheet(cell, name, about, picture, read, written, n_rows, n_cols)


def fitted(n_rows: int, n_cols: int, room: Rect, flattest: float) -> Rect:
    """A rectangle of these proportions, or as near to them as can be seen; a single row is a strip, a few elements a few squares."""
    ratio = min(max(n_cols / max(n_rows, 1), 1 / flattest), flattest)
    width = min(room.width, room.height * ratio)
    height = STRIP if n_rows == 1 else min(room.height, width / ratio)
    if n_rows == 1:
        width = min(width, n_cols * STRIP)
    return centered(*room.center[:2], max(width, SMALLEST), min(max(height, SMALLEST), max(room.height, SMALLEST)))


def places(count: int, rect: Rect) -> tuple[Place, ...]:
    """A grid of ``count`` places, or as many as there is room for; left to right and down, as large as can be."""
    most_wide, most_high = (max(1, int((side + GAP) / (least + GAP))) for side, least in zip((rect.width, rect.height), PLACE, strict=True))
    count = min(max(count, 1), most_wide * most_high)
    wide, high = max(
        ((wide, -(-count // wide)) for wide in range(1, most_wide + 1) if -(-count // wide) <= most_high),
        key=lambda grid: min(rect.width / grid[0], rect.height / grid[1] - 2 * LINE),
    )
    cells = [cell for row in rows(rect, high, GAP) for cell in columns(row, wide, GAP)]
    return tuple(Place(cell.top(LINE), cell.below(LINE).top(LINE), cell.below(2 * LINE + 0.05)) for cell in cells)


def block(shape: tuple[int, ...], largest: int, body: Rect) -> Rect:
    """A block of values in its place; ``largest`` is the longest side of all blocks, which fills a place."""
    n_rows, n_cols = flat(shape)
    side = min(body.width, body.height)
    width, height = (min(max(count / max(largest, 1), SMALLEST) * side, side) for count in (n_cols, n_rows))
    return centered(*body.center[:2], width, height)
