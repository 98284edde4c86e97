"""A roof from zero both ways; one row block in HBM and on chip, and its operations over its bytes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from manim import VGroup, VMobject
from manim.utils.rate_functions import ease_in_out_cubic

from flashviz import theme
from flashviz.chapters.roofline import WAYS, Count, Moment, Roof
from flashviz.layout import Rect
from flashviz.layout.roofline import Axes, Chip, Squares
from flashviz.lettering import Face, em, text_width
from flashviz.mobjects.named import NamedPath
from flashviz.mobjects.readout import ADVANCE, Readout
from flashviz.mobjects.tiles import Rectangles, box, edges, outlines, plane
from flashviz.palette import FAINT, Theme

LEAST = 1e-3  # of a line: a path has a length
LETTER, SMALL, LEADING = 40, 36, 1.1  # px of a tile's letter, of words under it; from line to line
TENSORS = tuple(dict.fromkeys(way.tensor for way in WAYS))
LETTERS = {"Q": "Q", "K": "K", "V": "V", "S": "S", "P": "P", "O": "O so far"}


class RoofView(VGroup):
    """What a device attains at the most, over operations a byte: the slope of its memory, the level of its arithmetic."""

    def __init__(self, roof: Roof, axes: Axes, skin: Theme) -> None:
        self.tag, self.roof = "roof", roof
        self.under = VMobject(stroke_width=0, fill_color=skin.panel, fill_opacity=1.0)
        self.line = VMobject(stroke_color=skin.ink, stroke_width=1.6 * theme.HEAVY, fill_opacity=0.0)
        self.base, self.knee = Rectangles(skin.quiet, name="base"), Rectangles(skin.ink, name="knee")
        super().__init__(self.under, self.base, self.knee, self.line)
        self.place(axes)

    def place(self, axes: Axes, shown: float = 1.0, raised: float = 1.0, risen: float = 1.0) -> RoofView:
        """Stand in a plot.

        Args:
            axes: Of the plot.
            shown: So much of the line is drawn, from the left.
            raised: How high the ridge's line is, of the way from its number to the roof.
            risen: How high the axis of rates is.
        """
        self.axes, rect = axes, axes.rect
        floor, half = rect.y0, em(2)
        points = [(axes.x(x), axes.y(y), 0.0) for x, y in self.roof.between(0.0, axes.most[0] * max(shown, LEAST))]
        self.line.set_points_as_corners(points if shown else points[:1])
        self.under.set_points_as_corners([*points, (points[-1][0], floor, 0.0), (points[0][0], floor, 0.0), points[0]])
        wall = [[rect.x0 - half, floor, rect.x0 + half, floor + rect.height * risen]] if risen else []
        self.base.display(np.array([[rect.x0, floor - half, rect.x1, floor + half], *wall]))
        if self.roof.knee is not None:
            x, top = axes.x(self.roof.knee), axes.y(self.roof.at(self.roof.knee))
            self.knee.display(edges([Rect(x - half, floor, x + half, floor + (top - floor) * raised)] if raised else []))
            self.knee.values = np.array([self.roof.knee])
        return self

    def spot(self, intensity: float, up: float = 1.0) -> tuple[float, float, float]:
        """Where an intensity stands, so far on its way up from the axis to the roof."""
        floor = self.axes.rect.y0
        return self.axes.x(intensity), floor + up * (self.axes.y(self.roof.at(intensity)) - floor), 0.0


class Letter(NamedPath):
    """Words in the middle of a tile, a line each; none where there is no tile."""

    def __init__(self, text: str, color: str, name: str, room: float) -> None:
        super().__init__(name, stroke_width=0, fill_color=color, fill_opacity=1)
        first, _, rest = text.partition(" ")
        self.words, drawn = text, []
        for line, (part, most) in enumerate([(first, LETTER), (rest, SMALL)][: 1 + bool(rest)]):
            px = most * min(1.0, room / text_width(part, most, Face.STRONG))
            low = LEADING * em(SMALL) * (bool(rest) / 2 - line) - 0.36 * em(px)
            left = -text_width(part, px, Face.STRONG) / 2
            drawn.append(theme.on_baseline(theme.line(part, px, color, Face.STRONG), px, left, low, part, Face.STRONG))
        self.made = np.concatenate([part.points for each in drawn for part in each.get_family() if len(part.points)])

    def display(self, rect: Rect | None) -> None:
        """Stand there."""
        self.text = "" if rect is None else self.words
        self.points = np.zeros((0, 3)) if rect is None else self.made + np.array(rect.center)


class Block(VGroup):
    """One row block: its tensors in HBM, square by square, and on chip its tiles and what its registers hold.

    Args:
        chip: Places on chip.
        stock: A row of squares in HBM for each tensor.
        square: Bytes of one.
        rows: Of the first block: words fit into it.
    """

    def __init__(self, chip: Chip, stock: Mapping[str, Squares], square: float, rows: int, skin: Theme) -> None:
        self.tag, self.chip, self.stock, self.square, self.skin = "block", chip, stock, square, skin
        self.rows, self.frame = rows, box(chip.registers, stroke=skin.ink)
        self.registers = Rectangles(skin.registers, name="registers").display(edges([chip.registers]))
        self.places, self.spilled = outlines(skin.quiet, "places"), Rectangles(skin.warn, name="spilled")
        self.stored, self.held, self.aloft = (
            {name: plane(skin.hue(name), skin.ground, f"{kind} {name}") for name in stock} for kind in ("stored", "held", "aloft")
        )  # fmt: skip
        self.letters = {
            name: Letter(text, skin.ground, "tile", 0.94 * chip.slot(name, rows).width) for name, text in LETTERS.items()
        }  # fmt: skip
        super().__init__(
            self.registers, self.places, *self.stored.values(), *self.held.values(), *self.letters.values(), self.spilled, self.frame,
            *self.aloft.values(),
        )  # fmt: skip

    def display(self, now: Moment, whole: Count, rows: float, awaited: Sequence[str] = ()) -> Block:
        """What is where; HBM has all of Q, K and V of ``whole`` from the start, and empty places for what is ``awaited``."""
        spaces = [self.stock[name].of(self._amount(whole, name)) for name in awaited]
        self.places.display(np.concatenate([np.zeros((0, 4)), *spaces]))
        for name, squares in self.stock.items():
            loaded = any(way.tensor == name and way.inward and name not in "SP" for way in WAYS)
            nbytes = self._amount(whole if loaded else now.landed, name)
            self.stored[name].display(squares.of(nbytes))
            self.stored[name].values = np.array([nbytes * self.square])
            there = now.held.get(name, 0.0)
            self.held[name].display(edges([self.chip.slot(name, rows)] if there else []))
            self.held[name].set_fill(opacity=seen(name, there))
            self.held[name].values = np.array([rows])
            self.aloft[name].display(np.concatenate([np.zeros((0, 4)), *self._flying(now, name, rows)]))
            if name in self.letters:
                self.letters[name].display(self.chip.slot(name, self.rows) if there else None)
        inside, most = self.chip.registers, self.chip.x(rows)
        over = most > inside.x1
        self.spilled.display(edges([Rect(inside.x1, inside.y0, most, inside.y1)] if over else []))
        self.spilled.values = np.array([max(rows - self.chip.capacity, 0.0)])
        self.frame.set_stroke(self.skin.warn if over else self.skin.ink, width=3 * theme.HEAVY if over else theme.OUTLINE)
        return self

    def _amount(self, count: Count, name: str) -> float:
        """Squares of a tensor that have crossed once: of S and P as they were written."""
        return float(next(count.ways[at] for at, way in enumerate(WAYS) if way.tensor == name)) / self.square

    def _flying(self, now: Moment, name: str, rows: float) -> list[np.ndarray]:
        """[n, 4] each of what is under way between its squares and its place on chip, of which each has a part."""
        found = []
        for before, after, share in now.aloft:
            at = int(np.argmax(after.ways - before.ways))
            way = WAYS[at]
            if way.tensor != name:
                continue
            squares = self.stock[name].of(after.ways[at] / self.square, before.ways[at] / self.square)
            slot = self.chip.slot(name, rows)
            ends = slot.x0 + slot.width * np.cumsum([0.0, *(squares[:, 2] - squares[:, 0])]) / (squares[:, 2] - squares[:, 0]).sum()
            parts = np.stack([ends[:-1], 0 * ends[1:] + slot.y0, ends[1:], 0 * ends[1:] + slot.y1], 1)
            start, stop = (squares, parts) if way.inward else (parts, squares)
            found.append(start + (stop - start) * ease_in_out_cubic(share))
        return found


def seen(name: str, there: float) -> float:
    """How strong a tile is: O is the stronger the more is summed."""
    return FAINT + (1 - FAINT) * there if name == "O" and there else there


class Fraction(VGroup):
    """Operations over bytes, as whole numbers that count.

    Args:
        rect: Where.
        px: Of its words, which are smaller where they would not leave ``aside``.
        digits: Of the longest number.
        units: Of both.
        aside: How much room is left for what it is.
    """

    def __init__(self, rect: Rect, px: float, digits: int, units: tuple[str, str], aside: float, skin: Theme) -> None:
        self.tag, self.rect, self.digits, self.units = "fraction", rect, digits, units
        wide = self.width_of(digits, units, px)
        px *= min(1.0, (rect.width - aside) / wide)
        self.right = rect.x0 + min(wide, rect.width - aside)
        high = rect.height / 2
        self.lines = [
            Readout("", px, skin.ink, name=unit, face=Face.MONO_STRONG).at(rect.top((1 + at) * high).bottom(high))
            for at, unit in enumerate(units)
        ]  # fmt: skip
        self.rule = Rectangles(skin.ink, name="rule")
        half, y = em(2), rect.center[1]
        self.rule.display(np.array([[rect.x0, y - half, self.right, y + half]]))
        super().__init__(*self.lines, self.rule)

    @staticmethod
    def width_of(digits: int, units: Sequence[str], px: float) -> float:
        """Of its longer line."""
        return ADVANCE * em(px) * (digits + 1 + max(map(len, units)))

    def display(self, count: Count) -> Fraction:
        """Of a count."""
        for line, value, unit in zip(self.lines, (count.operations, count.nbytes), self.units, strict=True):
            line.display(f"{round(value):>{self.digits},} {unit}")
        return self


class Climb(VMobject):
    """The part of the roof that was climbed."""

    def __init__(self, axes: Axes, roof: Roof, skin: Theme) -> None:
        super().__init__(stroke_color=skin.o, stroke_width=3 * theme.HEAVY, fill_opacity=0.0)
        self.tag, self.axes, self.roof = "climbed", axes, roof

    def display(self, low: float, high: float) -> Climb:
        """From one intensity to another."""
        self.values = np.array([low, high])
        high = max(high, low + LEAST)
        self.set_points_as_corners([(self.axes.x(x), self.axes.y(y), 0.0) for x, y in self.roof.between(low, high)])
        return self
