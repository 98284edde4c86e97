"""The shot of SpeedScene: a lane for each algorithm, the same from first to last: a stage, then its bytes and its time."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from flashviz.layout.rect import Aspect, Rect, centered, rows
from flashviz.layout.table import Place, Table
from flashviz.lettering import em


def both(down: int, **parts: Place) -> Table:
    """Parts of standard attention's lane; FlashAttention's lie so much lower."""
    lower = {name: (left, top + down, right, bottom + down) for name, (left, top, right, bottom) in parts.items()}
    return {f"{side} {name}": place for side, lane in (("standard", parts), ("flash", lower)) for name, place in lane.items()}


# ``stage``: what either does; ``bytes`` and ``time``: what they come to, with their figures ``amount`` and ``seconds``.
# ``title``, ``bytes title``, ``time title``: what stands in a column; ``source``: whose figures they are.
LANES: Mapping[Aspect, Table] = {
    "16:9": {
        "title": (80, 14, 1200, 66), "bytes title": (1240, 14, 1570, 66), "time title": (1610, 14, 1840, 66),
        "source": (80, 838, 1840, 930),
        **both(
            384, lane=(80, 150, 1840, 446), name=(80, 70, 1200, 146), stage=(80, 150, 1200, 446), bytes=(1240, 150, 1570, 446),
            amount=(1240, 70, 1570, 146), time=(1610, 150, 1840, 446), seconds=(1610, 70, 1840, 146),
        ),
    },
    "4:3": {
        "title": (60, 14, 700, 66), "bytes title": (730, 14, 1080, 66), "time title": (1100, 14, 1380, 66),
        "source": (60, 820, 1380, 924),
        **both(
            372, lane=(60, 158, 1380, 428), name=(60, 72, 720, 150), stage=(60, 158, 680, 428), bytes=(730, 158, 1060, 428),
            amount=(730, 72, 1060, 150), time=(1100, 158, 1380, 428), seconds=(1100, 72, 1380, 150),
        ),
    },
    "1:1": {
        "title": (40, 14, 540, 66), "bytes title": (570, 14, 820, 66), "time title": (850, 14, 1040, 66),
        "source": (40, 820, 1040, 924),
        **both(
            372, lane=(40, 158, 1040, 428), name=(40, 72, 550, 150), stage=(40, 158, 540, 428), bytes=(570, 158, 820, 428),
            amount=(570, 72, 820, 150), time=(850, 158, 1040, 428), seconds=(850, 72, 1040, 150),
        ),
    },
    "9:16": {
        "title": (60, 14, 1020, 66), "bytes title": (520, 424, 1020, 470), "time title": (60, 424, 480, 470),
        "source": (60, 1300, 1020, 1392),
        **both(
            630, lane=(60, 150, 1020, 414), name=(60, 70, 1020, 142), stage=(60, 150, 1020, 414), bytes=(520, 544, 1020, 664),
            amount=(520, 470, 1020, 540), time=(60, 544, 480, 664), seconds=(60, 470, 480, 540),
        ),
    },
}  # fmt: skip

BESIDE = em(20)  # from a bar to its figure
LINE = em(46)  # height of a line of a source
TITLE = em(48)  # of a panel's name over what is in it
MARGIN = em(12)  # in a panel
PANEL = 0.35  # of a stage's width: HBM, and the chip
PIPE = em(76)  # height of the pipe
ROW, NEAR = em(40), em(4)  # of a word at the pipe: its height, and how far it is


@dataclass(frozen=True)
class Lane:
    """One algorithm's places."""

    parts: Mapping[str, Rect]
    side: str

    def __getitem__(self, part: str) -> Rect:
        return self.parts[f"{self.side} {part}"]

    @property
    def hbm(self) -> Rect:
        return self["stage"].left(self["stage"].width * PANEL)

    @property
    def chip(self) -> Rect:
        return self["stage"].right(self["stage"].width * PANEL)

    @property
    def between(self) -> Rect:
        """HBM and the chip."""
        return Rect(self.hbm.x1, self["stage"].y0, self.chip.x0, self["stage"].y1)

    @property
    def pipe(self) -> Rect:
        """From HBM to the chip, straight to where tiles lie."""
        return centered(self.between.center[0], self.slot.center[1], self.between.width, PIPE)

    @property
    def ways(self) -> list[Rect]:
        """Of what crosses: two rows above the pipe, and two beneath it."""
        above = Rect(self.pipe.x0, self.pipe.y1, self.pipe.x1, self.pipe.y1 + 2 * ROW).shifted(0.0, NEAR)
        beneath = above.shifted(0.0, -PIPE - above.height - 2 * NEAR)
        return [*rows(above, 2), *rows(beneath, 2)]

    @property
    def slot(self) -> Rect:
        """Of a tile on chip, as large as there is room."""
        room = self.chip.below(TITLE).inset(MARGIN)
        side = min(room.width, room.height)
        return centered(*room.center[:2], side, side)

    @property
    def stored(self) -> dict[str, Rect]:
        """Where a tile of S and one of P lie in HBM: beside or under one another, as they are larger."""
        room = self.hbm.below(TITLE).inset(MARGIN)
        beside, under = min((room.width - MARGIN) / 2, room.height), min(room.width, (room.height - MARGIN) / 2)
        side, (x, y) = max(beside, under), room.center[:2]
        away = (side + MARGIN) / 2
        dx, dy = (away, 0.0) if beside >= under else (0.0, -away)
        return {name: centered(x + way * dx, y + way * dy, side, side) for name, way in (("S", -1), ("P", 1))}


def units(bar: Rect, most: float, amount: float) -> list[Rect]:
    """``amount`` unit squares in columns from the left of a bar that has room for ``most``; the last one is as high as what is left."""
    lines = max(range(1, math.ceil(most) + 1), key=lambda count: side_of(bar, most, count))
    side, made = side_of(bar, most, lines), []
    for at in range(math.ceil(amount)):
        column, line = divmod(at, lines)
        x, y = bar.x0 + column * side, bar.y0 + line * side
        made.append(Rect(x, y, x + side, y + side * min(1.0, amount - at)))
    return made


def side_of(bar: Rect, most: float, lines: int) -> float:
    """Of the squares, where so many lie one upon another."""
    return min(bar.height / lines, bar.width / math.ceil(most / lines))
