"""All rows of a tile beside one another: what one row is shown to do, every row does with numbers of its own."""

from __future__ import annotations

import numpy as np
from manim import Group, VGroup

from flashviz import theme
from flashviz.layout import Rect, Shot
from flashviz.lettering import em
from flashviz.mobjects.tiles import Matrix, Rectangles, box, line_of
from flashviz.palette import Theme, spread

BRIGHT = 0.6  # of the spread: what is larger is as bright as can be


class TileRows(Group):
    """All rows of a tile: of each its alpha and its l as bars, and its acc and acc / l, by magnitude, as lines. ``row`` is the film's."""

    def __init__(self, place: Shot, acc: np.ndarray, l: np.ndarray, alphas: np.ndarray, row: int, skin: Theme) -> None:
        self.tag, self.place, self.alphas = "rows", place, alphas
        self.pitch = place["tile"].height / len(acc)
        self.tops = place["tile"].y1 - np.arange(len(acc)) * self.pitch
        self.line = line_of(place["tile"], len(acc), row)
        self.picture = Matrix(np.abs(acc), place["tile"], skin, "ACC", 0.0, BRIGHT * spread(np.abs(acc))[1])
        answers = np.abs(acc) / np.where(l > 0, l, 1.0)[:, None]
        self.answers = Matrix(answers, place["quotients"], skin, "O", 0.0, BRIGHT * spread(answers)[1])
        self.factors, self.sums = Rectangles(skin.quiet, name="alphas"), Rectangles(skin.stats, name="sums")
        self.ours = Rectangles(skin.ink, name="alpha of the row")
        self.factors.values, self.most = alphas, max(float(l.max()), 1e-12)
        reach = place["factors"].x1 - alphas * place["factors"].width  # of 1: the whole width
        self.factors.display(self.bars(reach, np.full(len(alphas), place["factors"].x1)))
        self.ours.display(self.bars(reach, np.full(len(alphas), place["factors"].x1))[row : row + 1])
        self.marks = VGroup(*(
            box(Rect(rect.x0 - em(8), self.line.y0 - em(5), rect.x1 + em(8), self.line.y1 + em(5)), stroke=skin.ink, width=theme.OUTLINE)
            for rect in (place["sums"], place["tile"], place["quotients"])
        ))  # fmt: skip
        super().__init__(self.picture, self.answers, self.factors, self.sums, self.ours, self.marks)
        self.display(acc, l)

    def bars(self, x0: np.ndarray, x1: np.ndarray) -> np.ndarray:
        """[rows, 4] one bar a row, between these edges."""
        return np.stack([x0, self.tops - 0.86 * self.pitch, x1, self.tops - 0.14 * self.pitch], 1)

    def display(self, acc: np.ndarray, l: np.ndarray) -> None:
        """These values: [rows, d] and [rows]."""
        self.picture.display(np.abs(acc))
        self.answers.display(np.abs(acc) / np.where(l > 0, l, 1.0)[:, None])
        self.sums.values, at = l, self.place["sums"]
        self.sums.display(self.bars(np.full(len(l), at.x0), at.x0 + l / self.most * at.width))
