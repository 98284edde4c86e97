"""What the beats of the main film share: the one move between shots, pictures of values on their way, type that fits its place."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from manim.utils.rate_functions import ease_in_out_cubic

from flashviz import theme
from flashviz.director.words import LABEL, Word, middle, word
from flashviz.layout import Cross, Rect
from flashviz.lettering import Face, em, text_width
from flashviz.mobjects.motion import Shows, during
from flashviz.mobjects.named import Act, Named
from flashviz.mobjects.tiles import Matrix, box, image_corners
from flashviz.mobjects.whole import HbmPanel, Sheet

Point = tuple[float, float]

LOAD = 0.7  # seconds of a tile's way
TITLE = 46
SQUARE = 34  # px of a square on its way
IN_FLIGHT = 6  # squares on their way at once
SET_OUT, LANDED = 0.06, 0.96  # of the time of a flight: until the first square has arrived, and the last one


def heading(rect: Rect, text: str, color: str, px: float = TITLE, name: str = "title") -> Word:
    """A title in the middle of its place, smaller where it would not fit."""
    px *= min(1.0, rect.width / text_width(text, px, Face.STRONG))
    wide = text_width(text, px, Face.STRONG)
    return Word(text, px, color, rect.center[0] - wide / 2, middle(rect, px), name)


def label(rect: Rect, text: str, color: str, px: float = LABEL, name: str = "name") -> Word:
    """Words at the left of their place, smaller where they would not fit."""
    return word(text, px, color, rect, name, Face.TEXT)


def fitting(text: str, px: float, rect: Rect) -> float:
    """The size at which monospaced text fits into ``rect``."""
    return px * min(1.0, rect.width / text_width(text, px, Face.MONO_STRONG))


def formula(text: str, px: float, color: str, rect: Rect) -> Named:
    """A formula at the left of its place, smaller where it would not fit."""
    drawn = theme.maths(text, px, color)
    drawn.scale(min(1.0, rect.width / drawn.width))
    drawn.move_to((rect.x0 + drawn.width / 2, rect.center[1], 0))
    return Named(drawn, tag="formula", text=text)


def placed(panel: Any, to: Rect, **options: Any) -> Shows:
    """The one move between shots: a panel, and all in it, goes to another place."""
    start = panel.rect
    return Shows(panel, lambda share: panel.place(start.toward(to, share)), **{"rate_func": ease_in_out_cubic, **options})


def matrix_to(matrix: Matrix, to: Rect, start: Rect | None = None, **options: Any) -> Shows:
    """A picture of values goes to another place; it may leave from where it is a copy of."""
    begin = matrix.rect if start is None else start
    return Shows(matrix, lambda share: put(matrix, begin.toward(to, share)), **{"rate_func": ease_in_out_cubic, **options})


def put(matrix: Matrix, rect: Rect) -> None:
    """Stand in another rectangle."""
    matrix.rect = rect
    matrix.image.points = image_corners(rect)
    matrix.frame.points = box(rect, stroke=matrix.skin.ink).points


def arrived_of(share: float) -> float:
    """How much has arrived of what set out one after another."""
    return during(SET_OUT, LANDED)(share)


def stored_at(cross: Cross, tensor: str, i: int, j: int) -> tuple[int, Rect]:
    """The tile of Q, K, V or O that an event of a row block and a key tile is of: which one it is, and where it lies in HBM."""
    index = cross.row_of(i) if tensor in "QO" else cross.col_of(j)
    return index, cross.tile(tensor, index)


def beside(cross: Cross, tensor: str, cell: Point) -> list[Point]:
    """Corners of a tile's way out of HBM: not across the score grid, but around it to the right of all that lies there."""
    out, low = cross.strip("O").x1 + em(SQUARE), cross.strip("V").y0 - em(SQUARE)
    return [(cell[0], low), (out, low)] if tensor == "Q" else [(out, cell[1])]


def gates(pipe: Rect) -> list[Point]:
    """Where the path begins and ends: HBM's side first."""
    x, y = pipe.center[:2]
    return [(pipe.x0, y), (pipe.x1, y)] if pipe.width >= pipe.height else [(x, pipe.y1), (x, pipe.y0)]


@dataclass(frozen=True)
class Way:
    """Straight pieces from corner to corner."""

    corners: np.ndarray  # [n, 2]

    @classmethod
    def of(cls, *corners: Sequence[float]) -> Way:
        return cls(np.array([corner[:2] for corner in corners]))

    @cached_property
    def reached(self) -> np.ndarray:
        """[n] how long the way is up to each corner."""
        return np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(self.corners, axis=0), axis=1))])

    def at(self, share: float) -> Point:
        """Where one is after so much of it."""
        x, y = (float(np.interp(share * self.reached[-1], self.reached, self.corners[:, axis])) for axis in (0, 1))
        return x, y


def square_at(x: float, y: float) -> tuple[float, float, float, float]:
    """The box of a square on its way."""
    half = em(SQUARE) / 2
    return x - half, y - half, x + half, y + half


def flight(share: float, count: int, way: Callable[[int], Way]) -> np.ndarray:
    """[n, 4] boxes of the squares that are on their way, of ``count`` that set out one after another, each on its own ``way``."""
    each, boxes = IN_FLIGHT / (count + IN_FLIGHT), []
    for index in range(count):
        at = (share - index * (1 - each) / max(count - 1, 1)) / each
        if 0 < at < 1:
            boxes.append(square_at(*way(index).at(ease_in_out_cubic(at))))
    return np.array(boxes).reshape(-1, 4)


def fill(sheet: Sheet, cells: int, share: float) -> None:
    """So much of all tiles."""
    sheet.display(share * cells)


def share_grid(sheet: Sheet, panel: HbmPanel, share: float) -> None:
    """From all of the score grid to what a second sheet leaves."""
    sheet.place(panel.cross, shared=share)


def reveal(matrix: Matrix, share: float) -> None:
    """The upper rows of a picture; the others are clear."""
    show_rows(matrix, np.arange(len(matrix.values)) < share * len(matrix.values))


def show_rows(matrix: Matrix, shown: np.ndarray) -> None:
    """These rows of a picture; the others are clear."""
    show_cells(matrix, shown[:, None])


def show_columns(matrix: Matrix, share: float) -> None:
    """The left columns of a picture; the others are clear."""
    show_cells(matrix, (np.arange(matrix.values.shape[1]) < share * matrix.values.shape[1])[None, :])


def show_cells(matrix: Matrix, shown: np.ndarray) -> None:
    """Of a picture what is ``shown`` [rows or 1, columns or 1]; the rest is clear."""
    pixels = matrix.image.pixel_array
    rows, columns = (np.arange(count) * of // count for count, of in zip(pixels.shape[:2], shown.shape, strict=True))
    pixels[:, :, 3] = np.where(shown[np.ix_(rows, columns)], 255, 0)
    matrix.frame.set_stroke(opacity=float(shown.any()))


class Columns(Act):
    """A matrix fills column by column, linearly: what a product computes is not there before."""

    def __init__(self, matrix: Matrix, **kwargs: object) -> None:
        self.goal = matrix.values
        super().__init__(matrix, **kwargs)  # type: ignore[arg-type]

    def interpolate_mobject(self, alpha: float) -> None:
        shown = np.arange(self.goal.shape[1]) < alpha * self.goal.shape[1]
        self.mobject.display(np.where(shown[None, :] | (alpha >= 1), self.goal, np.nan))
        self.mobject.values = self.goal
