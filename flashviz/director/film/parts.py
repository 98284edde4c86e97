"""What the beats of the main film share: the one move between shots, pictures of values on their way, type that fits its place."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from manim.utils.rate_functions import ease_in_out_cubic

from flashviz import theme
from flashviz.director.words import LABEL, Word, middle, word
from flashviz.layout import Rect
from flashviz.lettering import Face, em, text_width
from flashviz.mobjects.motion import Shows
from flashviz.mobjects.named import Act, Named
from flashviz.mobjects.tiles import Matrix, box, image_corners
from flashviz.mobjects.whole import HbmPanel, Sheet

LOAD = 0.7  # seconds of a tile's way
TITLE = 46
SQUARE = 34  # px of a square on its way
IN_FLIGHT = 6  # squares on their way at once
SET_OUT, LANDED = 0.06, 0.96  # of the time of a flight: until the first square has arrived, and the last one


def heading(rect: Rect, text: str, color: str, px: float = TITLE) -> Word:
    """A title in the middle of its place, smaller where it would not fit."""
    px *= min(1.0, rect.width / text_width(text, px, Face.STRONG))
    wide = text_width(text, px, Face.STRONG)
    return Word(text, px, color, rect.center[0] - wide / 2, middle(rect, px), "title")


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
    return float(np.clip((share - SET_OUT) / (LANDED - SET_OUT), 0.0, 1.0))


def flight(
    share: float, count: int, cells: Callable[[int], Rect], tile: Rect, pipe: Rect, *, out: bool, around: bool = False
) -> np.ndarray:  # fmt: skip
    """Boxes of the squares that are on their way between cells of HBM and a tile on chip, through the pipe: one leaves after another.

    Args:
        around: Along a line at the pipe's end, beside all that lies in HBM; else straight to the pipe.
    """
    each, side, boxes = IN_FLIGHT / (count + IN_FLIGHT), em(SQUARE), []
    x, y = pipe.center[:2]
    lying = pipe.width >= pipe.height
    gates = [(pipe.x0, y), (pipe.x1, y), (tile.center[0], y)] if lying else [(x, pipe.y1), (x, pipe.y0)]
    for index in range(count):
        at = (share - index * (1 - each) / max(count - 1, 1)) / each
        if not 0 < at < 1:
            continue
        cell = cells(index).center[:2]
        beside = [(cell[0], gates[0][1])] if around else []
        way = np.array([cell, *beside, *gates, tile.center[:2]])
        way = way[::-1] if out else way
        reached = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(way, axis=0), axis=1))])
        here = ease_in_out_cubic(at) * reached[-1]
        left, low = np.interp(here, reached, way[:, 0]) - side / 2, np.interp(here, reached, way[:, 1]) - side / 2
        boxes.append([left, low, left + side, low + side])
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
    pixels = matrix.image.pixel_array
    rows = np.arange(len(pixels)) * len(shown) // len(pixels)
    pixels[:, :, 3] = np.where(shown[rows][:, None], 255, 0)
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
