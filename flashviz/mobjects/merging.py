"""Parts of a row that merge: terms on a baseline, and blocks whose areas are their sums, each under the ceiling that it was measured by."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from manim import VGroup

from flashviz import theme
from flashviz.layout import Rect
from flashviz.lettering import em
from flashviz.mobjects.measured import LINE, seams
from flashviz.mobjects.tiles import Rectangles
from flashviz.palette import Theme

FILLED = 0.8  # of a key's width, as long as terms stand apart


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

    ``key`` is a key's width, ``unit`` the height of one ceiling. ``hues``: of the left part and of the right one.
    """

    def __init__(self, rect: Rect, key: float, hues: tuple[str, str], skin: Theme) -> None:
        self.tag, self.rect, self.key, self.unit, self.hues, self.skin = "merging", rect, key, rect.height, hues, skin
        self.terms = Rectangles(skin.scores, name="terms")
        self.blocks = [Rectangles(hue, name=f"block {name}") for hue, name in zip(hues, ("left", "right"), strict=True)]
        self.baseline = theme.rule(skin.edge, theme.HEAVY).put_start_and_end_on((rect.x0, rect.y0, 0), (rect.x1, rect.y0, 0))
        super().__init__(self.terms, *self.blocks, self.baseline)

    def pour(self, terms: np.ndarray, side: int, at: float, *, grown: float = 1.0, joined: float = 0.0, level: float = 0.0) -> Merging:
        """Terms stand from ``at`` on; there they join and level at the ceiling. ``values`` are their heights.

        Each keeps its area: as much narrower as it gets taller.
        """
        low, key = self.rect.y0, self.key
        index = np.arange(len(terms))
        share = np.clip((grown - 0.75 * index / max(len(terms), 1)) / 0.25, 0.0, 1.0)
        heights = terms * share
        lifted = np.where(terms > 0, np.maximum(terms, 1e-12) ** level, 1.0)
        wide, tall = lifted, np.where(terms > 0, heights / lifted, 0.0)
        reach = at + np.concatenate([[0.0], np.cumsum(wide * (terms > 0))]) * key
        lying = np.stack([reach[:-1], np.full(len(terms), low), reach[1:], low + tall * self.unit], 1)
        left = at + (index + (1 - FILLED) / 2) * key
        standing = np.stack([left, np.full(len(terms), low), left + FILLED * key, low + heights * self.unit], 1)
        self.terms.values = terms
        self.terms.display((standing * (1 - joined) + lying * joined)[terms > 0])
        self.terms.set_fill(theme.between(self.skin.scores, self.hues[side], level))
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
        starts = np.append(left, np.minimum(apart + em(LINE), stops[1:]))
        return np.stack([starts, np.full(len(starts), low), stops, np.full(len(starts), high)], 1)

    def box(self, block: Block) -> tuple[float, float, float, float]:
        """Where a block stands."""
        return block.x, self.rect.y0, block.x + block.wide * self.key, self.y(block.tall)

    def y(self, tall: float) -> float:
        """Of so many ceilings."""
        return self.rect.y0 + tall * self.unit
