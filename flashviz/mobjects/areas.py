"""A row as areas: a bar a key, as wide as its weight and as high as its value, about a level: the mean by these weights."""

from __future__ import annotations

import numpy as np
from manim import Group

from flashviz import palette, theme
from flashviz.layout import Rect
from flashviz.lettering import em
from flashviz.mobjects.bars import fit
from flashviz.mobjects.cast import set_ends
from flashviz.mobjects.tiles import Rectangles
from flashviz.palette import Theme

LINE = em(5)  # how thick the level is
RAISED, MOST = 0.5, 0.05  # what a weight gains that is raised: of itself, and at most of all weights together
STRONG = palette.SECOND, palette.FAINT  # bars that stand out, and all others


class Areas(Group):
    """Bars side by side in ``plot``, all weights together as wide as it.

    Args:
        weights: [n] not negative.
        values: [n] heights, of either sign.
        mean: Of the values by these weights.
        own: Bars that stand out.
        key: One of them, which is looked at.
    """

    def __init__(self, weights: np.ndarray, values: np.ndarray, mean: float, own: slice, key: int, plot: Rect, skin: Theme) -> None:
        self.tag, self.weights, self.values, self.mean, self.at = "areas", np.asarray(weights, float), np.asarray(values, float), mean, key
        self.chosen = np.zeros(len(values), bool)
        self.chosen[own] = True
        self.axis = theme.rule(skin.quiet, theme.OUTLINE)
        self.place(plot)
        self.own = Rectangles(skin.scores, name="own bars", opacity=STRONG[0])
        self.others = Rectangles(skin.scores, name="other bars", opacity=STRONG[1])
        self.above, self.above_others = (Rectangles(skin.scores, name="above", opacity=share) for share in STRONG)
        self.below, self.below_others = (Rectangles(skin.below, name="below", opacity=share) for share in STRONG)
        self.level = Rectangles(skin.hue("D"), name="mean line")
        self.was = Rectangles(skin.scores, name="bars as they were", opacity=palette.DIM)
        self.key = Rectangles(skin.ink, name="one key")
        self.lost = Rectangles(skin.below, name="what the others lose")
        parts = self.was, self.others, self.own, self.above_others, self.below_others, self.above, self.below, self.key, self.lost
        super().__init__(*parts, self.axis, self.level)

    def place(self, plot: Rect) -> None:
        """Where the bars stand from now on."""
        self.plot, (self.zero, self.unit) = plot, fit(plot, self.values)
        self.feet = self.feet_of(self.weights)
        set_ends(self.axis, (plot.x0, self.zero, 0), (plot.x1, self.zero, 0))

    def feet_of(self, weights: np.ndarray) -> np.ndarray:
        """[n + 1] where bars begin and end; the weights as they are given are as wide as the plot."""
        ends = np.concatenate([[0.0], np.cumsum(weights, dtype=float)])
        return np.asarray(self.plot.x0 + self.plot.width * ends / max(float(self.weights.sum()), 1e-30))

    def with_more(self, share: float) -> np.ndarray:
        """[n] weights of which the one that is looked at has gained so much of what it gains."""
        more = self.weights.copy()
        more[self.at] += share * min(RAISED * self.weights[self.at], MOST * float(self.weights.sum()))
        return more

    def level_of(self, value: float) -> float:
        """Where a value stands."""
        return self.zero + self.unit * value

    def boxes(self, start: np.ndarray | float, stop: np.ndarray | float) -> np.ndarray:
        """[n, 4] of bars from one value to another."""
        ends = self.zero + self.unit * np.stack(np.broadcast_arrays(start, stop, self.values)[:2])
        return np.stack([self.feet[:-1], ends.min(0), self.feet[1:], ends.max(0)], 1)

    def grow(self, share: float) -> None:
        """The bars that do not stand out, so high."""
        self.others.display(self.boxes(0.0, self.values * share)[~self.chosen])

    def point(self, share: float) -> None:
        """The one that is looked at, so far in ink."""
        self.key.display(self.boxes(0.0, self.values)[[self.at]]).set_fill(opacity=share)

    def bars(self, boxes: np.ndarray) -> None:
        """[n, 4] of all bars."""
        self.own.display(boxes[self.chosen])
        self.others.display(boxes[~self.chosen])
        self.key.display(boxes[[self.at]])

    def widen(self, share: float) -> None:
        """The weight that is looked at gains: those at its right make room, and all together are wider than the plot."""
        self.feet = self.feet_of(self.with_more(share))
        self.bars(self.boxes(0.0, self.values))

    def squeeze(self, share: float) -> None:
        """All of them shrink alike, until together they are as wide as before."""
        raised, whole = self.with_more(1.0), float(self.weights.sum())
        self.feet = self.feet_of(raised * (1 + (whole / float(raised.sum()) - 1) * share))
        self.bars(self.boxes(0.0, self.values))

    def settle(self, share: float) -> None:
        """All bars, so far on their way to the mean, before a shadow of what they were: as much as sinks rises elsewhere."""
        self.feet = self.feet_of(self.weights)
        self.was.display(self.boxes(0.0, self.values))
        left = self.with_more(1 - share)
        self.feet = self.feet_of(left * float(self.weights.sum()) / float(left.sum()))
        self.bars(self.boxes(0.0, self.values + (self.mean - self.values) * share))

    def gain(self, share: float) -> None:
        """The one that is looked at rises from the mean to its own value."""
        self.key.display(self.boxes(0.0, self.mean + (self.values - self.mean) * share)[[self.at]])

    def lose(self, share: float) -> None:
        """As much of it as a bar of its width at the mean is taken from it."""
        self.lost.display(self.boxes(0.0, self.mean * share)[[self.at]])
        self.key.display(self.boxes(self.mean * share, self.values)[[self.at]])

    def part(self, share: float) -> None:
        """What is above the mean, and what is below it, so far; the bars about 0 fade."""
        for drawn, full in ((self.was, palette.DIM), (self.own, STRONG[0]), (self.others, STRONG[1]), (self.lost, 1.0)):
            drawn.set_fill(opacity=full * (1 - share))
        away = self.mean + (self.values - self.mean) * share
        above, below = self.boxes(self.mean, np.maximum(away, self.mean)), self.boxes(np.minimum(away, self.mean), self.mean)
        for drawn, boxes, chosen in (
            (self.above, above, self.chosen), (self.above_others, above, ~self.chosen),
            (self.below, below, self.chosen), (self.below_others, below, ~self.chosen),
        ):  # fmt: skip
            drawn.display(boxes[chosen])
        self.key.display(self.boxes(self.mean, self.values)[[self.at]])

    def rise(self, share: float) -> None:
        """The level, drawn so far from the left."""
        y, x = self.level_of(self.mean), self.plot.x0 + self.plot.width * share
        self.level.display(np.array([[self.plot.x0, y - LINE / 2, x, y + LINE / 2]]) if share else np.zeros((0, 4)))
