"""The shots of RooflineScene: what one row block keeps on chip and moves, operations over bytes, and the roof over their ratio."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from flashviz.layout.rect import Aspect, Rect
from flashviz.layout.table import Place, Table
from flashviz.lettering import em


def lines(names: str, left: float, top: float, right: float, high: float) -> Table:
    """Places of equal height, one under the other."""
    return {name: (left, top + at * high, right, top + (at + 1) * high) for at, name in enumerate(names.split())}


def framed(plot: Place, **parts: Place) -> Table:
    """A plot, and what stands along its axis in both shots."""
    return {"plot": plot, **parts}


# The axis of both shots, beneath ``plot``: over it in ``dots`` what dots are of, under it numbers in ``ticks``, then ``badge``, who quotes
# the rates, and what the axis is of.
AXES: Mapping[Aspect, Table] = {
    "16:9": framed(
        (150, 80, 1860, 840), dots=(60, 770, 1860, 824), ticks=(60, 834, 1860, 906), badge=(60, 892, 1260, 932), axis=(1300, 892, 1860, 932)
    ),
    "4:3": framed(
        (120, 80, 1410, 840), dots=(30, 770, 1410, 824), ticks=(30, 834, 1410, 906), badge=(30, 892, 850, 932), axis=(880, 892, 1410, 932)
    ),
    "1:1": framed(
        (104, 64, 1050, 846), dots=(20, 786, 1060, 826), ticks=(20, 858, 1060, 898), badge=(20, 896, 560, 936), axis=(580, 896, 1060, 936)
    ),
    "9:16": framed(
        (150, 156, 1020, 1290), dots=(60, 1222, 1020, 1268), ticks=(60, 1300, 1020, 1344), badge=(60, 100, 1020, 148),
        axis=(300, 1346, 1020, 1390),
    ),
}  # fmt: skip

# ``who`` does it. ``hbm`` has a row for each of its tensors, ``chip`` what a block has there: ``core``, over it ``use`` of its registers.
# ``count`` is operations over bytes, ``rates`` the same of the GPU.
WORK: Mapping[Aspect, Table] = {
    "16:9": {
        "who": (60, 20, 1860, 76), "hbm": (40, 88, 568, 626), "hbm name": (62, 96, 180, 146), "tile": (200, 96, 558, 146),
        **lines("Q K V S P O LSE", 150, 152, 556, 66), "chip": (690, 88, 1880, 626), "chip name": (714, 96, 1000, 146),
        "use": (1100, 96, 1866, 146), "core": (714, 156, 1866, 618), "count": (60, 640, 1060, 766), "rates": (1100, 640, 1860, 766),
        **AXES["16:9"],
    },
    "4:3": {
        "who": (30, 20, 1420, 76), "hbm": (20, 88, 424, 626), "hbm name": (36, 96, 150, 146), "tile": (170, 96, 418, 146),
        **lines("Q K V S P O LSE", 108, 152, 414, 66), "chip": (490, 88, 1424, 626), "chip name": (508, 96, 760, 146),
        "use": (780, 96, 1412, 146), "core": (504, 156, 1414, 618), "count": (30, 640, 820, 766), "rates": (840, 640, 1410, 766),
        **AXES["4:3"],
    },
    "1:1": {
        "who": (20, 8, 1060, 60), "hbm": (10, 64, 1070, 262), "hbm name": (24, 68, 130, 114), "tile": (150, 68, 480, 114),
        **lines("Q K V", 110, 116, 500, 47), **lines("S P O LSE", 640, 70, 1030, 47), "chip": (10, 288, 1070, 688),
        "chip name": (26, 292, 300, 338), "use": (420, 292, 1058, 338), "core": (24, 342, 1058, 682), "count": (20, 696, 664, 788),
        "rates": (684, 696, 1062, 788), **AXES["1:1"],
    },
    "9:16": {
        "who": (60, 40, 1020, 96), "hbm": (40, 156, 1040, 556), "hbm name": (60, 162, 180, 210), "tile": (200, 162, 700, 210),
        **lines("Q K V S P O LSE", 160, 214, 1020, 48), "chip": (40, 640, 1040, 1072), "chip name": (60, 646, 300, 694),
        "use": (420, 646, 1026, 694), "core": (54, 700, 1026, 1066), "count": (40, 1086, 674, 1206), "rates": (690, 1086, 1042, 1206),
        **AXES["9:16"],
    },
}  # fmt: skip

# In the place of HBM and chip: a byte crosses ``lane``, with names of its ends over it, and beneath it, a cell each, what could be computed
# meanwhile; ``cells name`` says so, ``done`` and ``idle`` what is.
WAITS: Mapping[Aspect, Table] = {
    "16:9": {"from": (120, 110, 700, 160), "to": (1220, 110, 1800, 160), "lane": (120, 172, 1800, 272), "cells name": (120, 318, 1800, 372),
             "cells": (120, 384, 1800, 520), "done": (120, 540, 800, 594), "idle": (800, 540, 1800, 594)},
    "4:3": {"from": (60, 110, 640, 160), "to": (800, 110, 1380, 160), "lane": (60, 172, 1380, 272), "cells name": (60, 318, 1380, 372),
            "cells": (60, 384, 1380, 520), "done": (60, 540, 560, 594), "idle": (560, 540, 1380, 594)},
    "1:1": {"from": (40, 80, 640, 130), "to": (700, 80, 1040, 130), "lane": (40, 136, 1040, 216), "cells name": (40, 250, 1040, 304),
            "cells": (40, 316, 1040, 628), "done": (40, 636, 500, 686), "idle": (500, 636, 1040, 686)},
    "9:16": {"from": (80, 180, 660, 230), "to": (700, 180, 1000, 230), "lane": (80, 244, 1000, 344), "cells name": (80, 430, 1000, 484),
             "cells": (80, 500, 1000, 800), "done": (80, 830, 500, 884), "idle": (500, 830, 1000, 884)},
}  # fmt: skip
WAIT: Mapping[Aspect, Table] = {
    aspect: {**{part: place for part, place in WORK[aspect].items() if part in ("who", "count", "rates", *AXES[aspect])}, **parts}
    for aspect, parts in WAITS.items()
}

# ``up`` names the other axis.
ROOF: Mapping[Aspect, Table] = {
    "16:9": {"up": (60, 20, 960, 70), **AXES["16:9"]}, "4:3": {"up": (30, 20, 930, 70), **AXES["4:3"]},
    "1:1": {"up": (20, 10, 1060, 58), **AXES["1:1"]}, "9:16": {"up": (60, 40, 1020, 90), **AXES["9:16"]},
}  # fmt: skip

BEYOND = 1.5  # times the largest intensity that is shown: the right edge
HEADROOM = em(64)  # above the roof, for its name
FILLED = 0.86  # of a square's pitch: what is left is the gap between two
HARDLY = 0.8  # of the largest squares' pitch
ASIDE, RULER = em(16), em(48)  # between tiles that come and registers; under these, how many queries fill so much


@dataclass(frozen=True)
class Squares:
    """Equal squares that stand for equal amounts, in a row."""

    rect: Rect
    columns: int

    @property
    def pitch(self) -> float:
        """Between squares, so that all fit."""
        return min(self.rect.width / self.columns, self.rect.height)

    def of(self, amount: float, start: float = 0.0) -> np.ndarray:
        """[n, 4] the squares from ``start`` to ``amount``, from the left; the last may be narrower."""
        index, half = np.arange(int(start), int(np.ceil(amount))), FILLED * self.pitch / 2
        left, middle = self.rect.x0 + index * self.pitch, self.rect.center[1] + 0.0 * index
        low, high = (2 * half * np.clip(end - index, 0.0, 1.0) for end in (start, amount))
        return np.stack([left + low, middle - half, left + high, middle + half], 1)


@dataclass(frozen=True)
class Cells:
    """So many equal squares, column by column from the left."""

    rect: Rect
    count: int

    def pitch(self, down: int) -> float:
        """Of columns of so many."""
        return min(self.rect.height / down, self.rect.width / -(-self.count // down))

    @property
    def down(self) -> int:
        """In a column: as many as leave the squares largest; with a last column that is full, where they are hardly smaller."""
        best = max(range(1, self.count + 1), key=self.pitch)
        full = (down for down in range(1, self.count + 1) if self.count % down == 0 and self.pitch(down) > HARDLY * self.pitch(best))
        return max(full, key=self.pitch, default=best)

    def first(self, amount: float) -> np.ndarray:
        """[n, 4] the first ``amount`` of them; the last may be lower."""
        down, index = self.down, np.arange(int(np.ceil(amount)))
        pitch, (column, row) = self.pitch(down), np.divmod(index, down)
        left, top = self.rect.x0 + column * pitch, self.rect.y1 - row * pitch
        side = FILLED * pitch
        return np.stack([left, top - side * np.clip(amount - index, 0.0, 1.0), left + side, top], 1)


@dataclass(frozen=True)
class Chip:
    """What a block of rows has on chip, one pitch a number: tiles that come beside and over the registers, where products are kept.

    Queries run to the right: Q stands over S and K beside it, S (which becomes P) over O and V beside that, m and l beneath.

    Args:
        keys: Of a tile.
        dims: d.
        statistics: Numbers of a query beneath O.
        capacity: Rows that fill the registers.
        most: Rows for which there is to be room.
    """

    rect: Rect
    keys: int
    dims: int
    statistics: int
    capacity: float
    most: float

    @property
    def pitch(self) -> float:
        """Of one number."""
        wide, high = max(self.keys, self.dims) + max(self.capacity, self.most), 2 * self.dims + self.keys + self.statistics
        return min((self.rect.width - ASIDE) / wide, (self.rect.height - ASIDE - RULER) / high)

    @property
    def registers(self) -> Rect:
        """As wide as the rows that fill them."""
        left, top = self.rect.x0 + self.pitch * max(self.keys, self.dims) + ASIDE, self.rect.y1 - self.pitch * self.dims - ASIDE
        high = self.pitch * (self.keys + self.dims + self.statistics)
        return Rect(left, top - high, left + self.pitch * self.capacity, top)

    def x(self, rows: float) -> float:
        """Where so many rows end."""
        return self.registers.x0 + rows * self.pitch

    def slot(self, name: str, rows: float) -> Rect:
        """Of a tile."""
        inside, keys, dims = self.registers, self.keys * self.pitch, self.dims * self.pitch
        right, split, left = self.x(rows), inside.y1 - keys, inside.x0 - ASIDE
        return {
            "Q": Rect(inside.x0, self.rect.y1 - dims, right, self.rect.y1),
            "K": Rect(left - dims, split, left, inside.y1), "V": Rect(left - keys, split - dims, left, split),
            "S": Rect(inside.x0, split, right, inside.y1), "P": Rect(inside.x0, split, right, inside.y1),
            "O": Rect(inside.x0, split - dims, right, split), "LSE": Rect(inside.x0, inside.y0, right, split - dims),
        }[name]  # fmt: skip


@dataclass(frozen=True)
class Axes:
    """A plot from zero both ways: operations a byte to the right, TFLOP/s up."""

    rect: Rect
    most: tuple[float, float]  # at the right edge, and at the roof's height

    def x(self, intensity: float) -> float:
        return self.rect.x0 + intensity / self.most[0] * self.rect.width

    def y(self, rate: float) -> float:
        return self.rect.y0 + rate / self.most[1] * (self.rect.height - HEADROOM)
