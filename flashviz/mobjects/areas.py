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
MOST = 0.1  # of all weights together: what one gains at most that is raised
SEAM = em(4)  # between a bar and what it gains
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
        self.total = max(float(self.weights.sum()), 1e-30)
        self.gain = min(float(self.weights[key]), MOST * self.total)  # per unit of its score, or of a part of that
        self.losses = self.gain * self.weights / self.total
        self.axis = theme.rule(skin.quiet, theme.OUTLINE)
        self.place(plot)
        self.own = Rectangles(skin.scores, name="own bars", opacity=STRONG[0])
        self.others = Rectangles(skin.scores, name="other bars", opacity=STRONG[1])
        self.above, self.above_others = (Rectangles(skin.scores, name="above", opacity=share) for share in STRONG)
        self.below, self.below_others = (Rectangles(skin.below, name="below", opacity=share) for share in STRONG)
        self.level = Rectangles(skin.hue("D"), name="mean line")
        self.was = Rectangles(skin.scores, name="bars as they were", opacity=palette.DIM)
        self.key, self.gained = Rectangles(skin.ink, name="one key"), Rectangles(skin.ink, name="what it gains")
        self.lost = Rectangles(skin.below, name="what all lose")
        bars = self.was, self.others, self.own, self.above_others, self.below_others, self.above, self.below
        super().__init__(*bars, self.key, self.gained, self.lost, self.axis, self.level)

    def place(self, plot: Rect) -> None:
        """Where the bars stand from now on."""
        self.plot, (self.zero, self.unit) = plot, fit(plot, self.values)
        self.lay(self.weights)
        set_ends(self.axis, (plot.x0, self.zero, 0), (plot.x1, self.zero, 0))

    def wide(self, weights: np.ndarray | float) -> np.ndarray:
        """In scene units; all weights together are as wide as the plot."""
        return np.asarray(self.plot.width / self.total * np.asarray(weights))

    def lay(self, weights: np.ndarray, gaps: np.ndarray | float = 0.0, more: float = 0.0) -> None:
        """Bars of these weights [n] side by side, with gaps behind them; behind the one that is looked at also what it gains."""
        room = weights + gaps
        room[self.at] += more
        ends = self.plot.x0 + np.concatenate([[0.0], np.cumsum(self.wide(room))])
        self.left, self.right = ends[:-1].copy(), ends[:-1] + self.wide(weights)
        self.piece = ends[self.at + 1] - float(self.wide(more)), ends[self.at + 1]

    def level_of(self, value: float) -> float:
        """Where a value stands."""
        return self.zero + self.unit * value

    def boxes(self, start: np.ndarray | float, stop: np.ndarray | float) -> np.ndarray:
        """[n, 4] of bars from one value to another."""
        ends = self.zero + self.unit * np.stack(np.broadcast_arrays(start, stop, self.values)[:2])
        return np.stack([self.left, ends.min(0), self.right, ends.max(0)], 1)

    def join(self, share: float, whole: Rect) -> None:
        """The bars that do not stand out come beside those that do, so far, from outside ``whole``, from the left and from the right."""
        boxes, (first, last) = self.boxes(0.0, self.values), np.flatnonzero(self.chosen)[[0, -1]]
        before, behind = self.left[first] - whole.x0, whole.x1 - self.right[last]
        boxes[:, [0, 2]] += (1 - share) * np.where(np.arange(len(boxes)) < first, -before, behind)[:, None]
        self.others.display(boxes[~self.chosen])

    def point(self, share: float) -> None:
        """The one that is looked at, so far in ink."""
        self.key.display(self.boxes(0.0, self.values)[[self.at]]).set_fill(opacity=share)

    def bars(self, boxes: np.ndarray) -> None:
        """[n, 4] of all bars."""
        self.own.display(boxes[self.chosen])
        self.others.display(boxes[~self.chosen])
        self.key.display(boxes[[self.at]])

    def gain_of(self, start: float) -> np.ndarray:
        """[1, 4] what is gained, from a level to the value of the bar that gains it."""
        (x0, x1), ends = self.piece, sorted((self.level_of(start), self.level_of(self.values[self.at])))
        return np.array([[min(x0 + SEAM, x1), ends[0], x1, ends[1]]])

    def slivers(self, share: float, settled: float = 0.0) -> np.ndarray:
        """[n, 4] what each bar loses, so far on its way to the piece that is gained, and so far settled at the mean."""
        made = self.boxes(0.0, self.values + (self.mean - self.values) * settled)
        start, wide = self.left + self.wide(self.weights - self.losses), self.wide(self.losses)
        goal = self.piece[0] + np.cumsum(wide) - wide
        made[:, 0] = start + (goal - start) * share
        made[:, 2] = made[:, 0] + wide
        return made

    def widen(self, share: float) -> None:
        """The weight that is looked at gains: those at its right make room, and all together are wider than the plot."""
        self.lay(self.weights, more=share * self.gain)
        self.bars(self.boxes(0.0, self.values))
        self.gained.display(self.gain_of(0.0))

    def mark(self, share: float) -> None:
        """What each is to lose, the same share of its weight, at its right: so far to be seen."""
        self.lost.display(self.slivers(0.0)).set_fill(opacity=share)

    def gather(self, share: float) -> None:
        """What all lose leaves gaps in them and comes before the gained piece, side by side: together as wide as that."""
        self.lay(self.weights - self.losses, self.losses, self.gain)
        self.bars(self.boxes(0.0, self.values))
        self.lost.display(self.slivers(share))

    def close(self, share: float) -> None:
        """The gaps close, until together all are as wide as before."""
        self.lay(self.weights - self.losses, self.losses * (1 - share), self.gain)
        self.bars(self.boxes(0.0, self.values))
        self.gained.display(self.gain_of(0.0))
        self.lost.display(self.slivers(1.0))

    def settle(self, share: float) -> None:
        """All bars, and what they lost, so far on their way to the mean, before a shadow of what they were; what is gained stays."""
        self.was.display(self.boxes(0.0, self.values))
        self.bars(self.boxes(0.0, self.values + (self.mean - self.values) * share))
        self.key.set_fill(opacity=1 - share)
        self.lost.display(self.slivers(1.0, share))

    def part(self, share: float) -> None:
        """What is above the mean, and what is below it, so far; what was gained is now the bar that gained it, the bars about 0 fade."""
        weights, whole = self.weights - (1 - share) * self.losses, self.weights[self.at]
        weights[self.at] *= 1 - share
        self.lay(weights, more=self.gain + (whole - self.gain) * share)
        self.was.display(self.boxes(0.0, self.values))
        self.bars(self.boxes(0.0, self.mean))
        self.lost.display(self.slivers(1.0, 1.0))
        fading = (self.was, palette.DIM), (self.own, STRONG[0]), (self.others, STRONG[1]), (self.lost, 1.0), (self.key, 0.0)
        for drawn, full in fading:
            drawn.set_fill(opacity=full * (1 - share))
        self.left[self.at], self.right[self.at] = self.piece
        away = self.mean + (self.values - self.mean) * share
        above, below = self.boxes(self.mean, np.maximum(away, self.mean)), self.boxes(np.minimum(away, self.mean), self.mean)
        for drawn, boxes, chosen in (
            (self.above, above, self.chosen), (self.above_others, above, ~self.chosen),
            (self.below, below, self.chosen), (self.below_others, below, ~self.chosen),
        ):  # fmt: skip
            drawn.display(boxes[chosen])
        self.gained.display(self.gain_of(self.mean))

    def rise(self, share: float) -> None:
        """The level, drawn so far from the left."""
        y, x = self.level_of(self.mean), self.plot.x0 + self.plot.width * share
        self.level.display(np.array([[self.plot.x0, y - LINE / 2, x, y + LINE / 2]]) if share else np.zeros((0, 4)))
