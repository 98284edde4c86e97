"""A row of scores in tiles, and parts of it that merge: terms on a baseline, blocks whose areas are their sums, ceilings above them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from manim import VGroup

from flashviz import theme
from flashviz.layout import Rect, columns
from flashviz.lettering import em
from flashviz.mobjects.bars import fit
from flashviz.mobjects.cast import set_ends
from flashviz.mobjects.measured import LINE, seams
from flashviz.mobjects.tiles import Rectangles, edges, outlines
from flashviz.palette import Theme

FILLED = 0.8  # of a key's width, as long as terms stand apart
GAP = 10  # px between two tiles of the row


@dataclass(frozen=True)
class Block:
    """``area`` in keys x ceilings, ``tall`` in ceilings, ``x`` its left edge in scene units."""

    x: float
    area: float
    tall: float = 1.0

    @property
    def wide(self) -> float:
        """In keys."""
        return self.area / self.tall if self.tall > 0 else 0.0


class Merging(VGroup):
    """Terms and blocks in ``rect``, whose lower edge is the baseline.

    ``key`` is a key's width, ``unit`` the height of one ceiling. ``hues``: of the left part and of the right; ``names`` of their blocks.
    """

    def __init__(
        self, rect: Rect, key: float, hues: tuple[str, str], skin: Theme, names: tuple[str, str] = ("block left", "block right")
    ) -> None:
        self.tag, self.rect, self.key, self.unit, self.hues, self.skin = "merging", rect, key, rect.height, hues, skin
        self.cut = 1.0  # how far cells part
        self.terms = Rectangles(skin.scores, name="terms")
        self.blocks = [Rectangles(hue, name=name) for hue, name in zip(hues, names, strict=True)]
        self.baseline = theme.rule(skin.edge, theme.HEAVY)
        self.place(rect, key)
        super().__init__(self.terms, *self.blocks, self.baseline)

    def place(self, rect: Rect, key: float) -> Merging:
        """Stand in ``rect``: one ceiling is as high."""
        self.rect, self.key, self.unit = rect, key, rect.height
        set_ends(self.baseline, (rect.x0, rect.y0, 0), (rect.x1, rect.y0, 0))
        return self

    def standing(self, terms: np.ndarray, at: float) -> np.ndarray:
        """[keys, 4] of terms side by side from ``at`` on."""
        low, left = np.full(len(terms), self.rect.y0), at + (np.arange(len(terms)) + (1 - FILLED) / 2) * self.key
        return np.stack([left, low, left + FILLED * self.key, low + terms * self.unit], 1)

    def come(self, terms: np.ndarray, at: float, start: np.ndarray, share: float) -> Merging:
        """Scores come from where they stand, ``start`` [keys, 4], to ``at``, and become terms on the way."""
        self.terms.values = terms
        self.terms.display(start + (self.standing(terms, at) - start) * share)
        return self

    def pour(self, terms: np.ndarray, at: float, *, joined: float = 0.0, level: float = 0.0) -> Merging:
        """Terms stand from ``at`` on; there they join and level at the ceiling. ``values`` are their heights.

        Each keeps its area: as much narrower as it gets taller.
        """
        low, key = self.rect.y0, self.key
        wide = np.where(terms > 0, np.maximum(terms, 1e-12) ** level, 1.0)
        tall = np.where(terms > 0, terms / wide, 0.0)
        reach = at + np.concatenate([[0.0], np.cumsum(wide * (terms > 0))]) * key
        lying = np.stack([reach[:-1], np.full(len(terms), low), reach[1:], low + tall * self.unit], 1)
        self.terms.values = terms
        self.terms.display((self.standing(terms, at) * (1 - joined) + lying * joined)[terms > 0])
        return self

    def clear(self) -> Merging:
        """No terms."""
        self.terms.values = None
        self.terms.display(np.zeros((0, 4)))
        return self

    def stand(self, side: int, block: Block | None) -> Merging:
        """One of the two blocks, or none; ``values`` are its area and its height."""
        drawn = self.blocks[side]
        drawn.values = None if block is None else np.array([block.area, block.tall])
        drawn.display(np.zeros((0, 4)) if block is None else self.cells(block))
        return self

    def cells(self, block: Block) -> np.ndarray:
        """[n, 4] of a block's cells, each a key wide: under the ceiling it is 1."""
        left, low, right, high = self.box(block)
        apart = seams(left, right, self.key)
        stops = np.append(apart, right)
        starts = np.append(left, np.minimum(apart + self.cut * em(LINE), stops[1:]))
        return np.stack([starts, np.full(len(starts), low), stops, np.full(len(starts), high)], 1)

    def box(self, block: Block) -> tuple[float, float, float, float]:
        """Where a block stands."""
        return block.x, self.rect.y0, block.x + block.wide * self.key, self.y(block.tall)

    def y(self, tall: float) -> float:
        """Of so many ceilings."""
        return self.rect.y0 + tall * self.unit


class ScoreStrip(VGroup):
    """One row of S in its tiles, a bar a score, signed, in a frame a tile.

    Args:
        tiles: Scores [keys] of each; a key that is not seen has no bar.
    """

    def __init__(self, tiles: Sequence[np.ndarray], skin: Theme) -> None:
        self.tag, self.tiles = "scores", [np.where(np.isfinite(tile), tile, 0.0) for tile in tiles]
        self.frames = outlines(skin.edge, "tiles")
        self.bars = [Rectangles(skin.scores, name=f"scores {at}") for at in range(len(tiles))]
        super().__init__(self.frames, *self.bars)

    def place(self, rect: Rect) -> ScoreStrip:
        """Stand in ``rect``; all scores have one scale."""
        self.cells = columns(rect, len(self.tiles), min(em(GAP), 0.1 * rect.width / len(self.tiles)))
        self.frames.display(edges(self.cells))
        pad = 0.06 * rect.height
        zero, unit = fit(rect.inset(0.0, pad), *self.tiles)
        most = max(map(len, self.tiles))
        self.boxes = []
        for cell, scores, bars in zip(self.cells, self.tiles, self.bars, strict=True):
            pitch = (cell.width - 2 * em(GAP / 2)) / most
            left = cell.x0 + em(GAP / 2) + (np.arange(len(scores)) + (1 - FILLED) / 2) * pitch
            ends = zero + unit * np.stack([np.minimum(scores, 0.0), np.maximum(scores, 0.0)])
            self.boxes.append(np.stack([left, ends[0], left + FILLED * pitch, ends[1]], 1))
            bars.display(self.boxes[-1])
        return self
