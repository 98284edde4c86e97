"""The shot of SpeedScene: two lanes, each a bar of time and on it a pile of squares of bytes."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from flashviz.layout.rect import Aspect, Rect
from flashviz.layout.table import Table
from flashviz.lettering import Face, em, text_width

# Of both: a name, a note beside or beneath it, and a lane. What a ``square`` is, ``N`` and ``setting``, whose measurement it is, stand
# where the lower lane, whose bar is short, leaves room.
LANES: Mapping[Aspect, Table] = {
    "16:9": {
        "standard name": (80, 16, 560, 76), "standard note": (560, 16, 1840, 76), "standard": (80, 84, 1840, 452),
        "flash name": (80, 472, 560, 532), "flash note": (560, 472, 1840, 532), "flash": (80, 540, 1840, 908),
        "square": (760, 568, 1840, 628), "N": (760, 568, 1840, 668), "setting": (760, 756, 1840, 908),
    },
    "4:3": {
        "standard name": (60, 16, 540, 76), "standard note": (540, 16, 1380, 76), "standard": (60, 84, 1380, 452),
        "flash name": (60, 472, 540, 532), "flash note": (540, 472, 1380, 532), "flash": (60, 540, 1380, 908),
        "square": (660, 568, 1380, 628), "N": (660, 568, 1380, 668), "setting": (660, 716, 1380, 908),
    },
    "1:1": {
        "setting": (40, 16, 1040, 160),
        "standard name": (40, 168, 470, 224), "standard note": (480, 168, 1060, 224), "standard": (40, 230, 1040, 536),
        "flash name": (40, 554, 470, 610), "flash note": (480, 554, 1060, 610), "flash": (40, 616, 1040, 922),
        "square": (520, 640, 1040, 700), "N": (520, 640, 1040, 800),
    },
    "9:16": {
        "setting": (60, 50, 1020, 242),
        "standard name": (60, 262, 1020, 322), "standard note": (60, 324, 1020, 376), "standard": (60, 388, 1020, 784),
        "flash name": (60, 816, 1020, 876), "flash note": (60, 878, 1020, 930), "flash": (60, 942, 1020, 1338),
        "square": (520, 990, 1020, 1050), "N": (520, 990, 1020, 1150),
    },
}  # fmt: skip

NUMBER_PX = 72  # of the figures at the ends of bars and piles
BESIDE = em(20)  # from those ends to their figures
BAR = 0.2  # of a lane's height, for the bar beneath a pile
GAP = em(8)  # between both
MARKS = em(52)  # height of the line of marks beneath a bar


@dataclass(frozen=True)
class Lane:
    """A bar, and on it a pile of unit squares: columns from the left, each from its bottom. Both are as wide at their most.

    Args:
        rect: All of it.
        rows: Of the pile.
        side: Of a square.
        full: How wide the longest bar and the largest pile are.
    """

    rect: Rect
    rows: int
    side: float
    full: float

    @classmethod
    def of(cls, rect: Rect, most: float) -> Lane:
        """With the largest squares of which ``most`` have room, and a figure beside them."""
        high = (1 - BAR) * rect.height - GAP
        wide = rect.width - BESIDE - text_width("00.0 ms", NUMBER_PX, Face.MONO_STRONG)
        side, rows = max((min(high / rows, wide / math.ceil(most / rows)), rows) for rows in range(1, math.ceil(most) + 1))
        return cls(rect, rows, side, side * most / rows)

    @property
    def thin(self) -> Rect:
        """Of the bar beneath a pile."""
        return self.rect.bottom(BAR * self.rect.height)

    @property
    def pile(self) -> Rect:
        """Of the squares over it."""
        return Rect(self.rect.x0, self.thin.y1 + GAP, self.rect.x0 + self.side * math.ceil(self.full / self.side), self.rect.y1)

    @property
    def marked(self) -> Rect:
        """Of the bar over a line of marks."""
        return self.rect.above(MARKS)

    def squares(self, amount: float) -> list[Rect]:
        """So many unit squares; the last one is as high as what is left of it."""
        made = []
        for at in range(math.ceil(amount)):
            column, row = divmod(at, self.rows)
            x, y = self.pile.x0 + column * self.side, self.pile.y0 + row * self.side
            made.append(Rect(x, y, x + self.side, y + self.side * min(1.0, amount - at)))
        return made
