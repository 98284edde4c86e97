"""The shot of SpeedScene: two measured pairs; HBM, the chip and the pipe between them; the steps of either algorithm, small, then large."""

from __future__ import annotations

import math
from collections.abc import Mapping

from flashviz.layout.rect import Aspect, Rect
from flashviz.layout.table import Table
from flashviz.lettering import em

# ``time`` and ``bytes``: of either, with their names; ``source``: whose figures they are.
# ``hbm``, ``pipe``, ``chip``: the machine; ``slot``: of a tile of S or P on chip, ``output``: of O's rows; ``state``: what the chip does.
# ``row``: steps of either while the machine runs, ``end``: all of them; ``key``: what they are.
SPEED: Mapping[Aspect, Table] = {
    "16:9": {
        "title": (80, 14, 1840, 66), "source": (80, 826, 1840, 918),
        "standard name": (80, 84, 1200, 146), "standard time": (80, 152, 1840, 282), "standard bytes": (80, 300, 1840, 430),
        "flash name": (80, 452, 1200, 514), "flash time": (80, 520, 1840, 650), "flash bytes": (80, 668, 1840, 798),
        "hbm": (80, 24, 1016, 570), "pipe": (1016, 486, 1180, 562), "chip": (1180, 24, 1840, 570),
        "hbm name": (80, 28, 1016, 78), "chip name": (1180, 28, 1840, 78),
        "Q": (100, 132, 140, 466), "K": (152, 132, 192, 466), "V": (204, 132, 244, 466), "S": (262, 132, 596, 466),
        "P": (614, 132, 948, 466), "O": (962, 132, 1002, 466),
        "Q name": (95, 80, 145, 130), "K name": (147, 80, 197, 130), "V name": (199, 80, 249, 130), "S name": (262, 80, 596, 130),
        "P name": (614, 80, 948, 130), "O name": (957, 80, 1007, 130),
        "slot": (1220, 132, 1544, 456), "output": (1600, 190, 1800, 390), "output name": (1600, 138, 1800, 188),
        "counter": (1220, 80, 1820, 130), "state": (1450, 494, 1820, 562),
        "standard row name": (80, 582, 700, 632), "standard row": (80, 636, 1840, 730),
        "flash row name": (80, 748, 700, 798), "flash row": (80, 802, 1840, 896),
        "key": (80, 60, 1840, 130),
        "standard end name": (80, 170, 900, 236), "standard end": (80, 290, 1840, 460),
        "flash end name": (80, 530, 900, 596), "flash end": (80, 650, 1840, 820),
    },
    "4:3": {
        "title": (60, 14, 1380, 66), "source": (60, 826, 1380, 918),
        "standard name": (60, 84, 1000, 146), "standard time": (60, 152, 1380, 282), "standard bytes": (60, 300, 1380, 430),
        "flash name": (60, 452, 1000, 514), "flash time": (60, 520, 1380, 650), "flash bytes": (60, 668, 1380, 798),
        "hbm": (30, 28, 770, 552), "pipe": (770, 468, 890, 544), "chip": (890, 28, 1410, 552),
        "hbm name": (30, 32, 770, 82), "chip name": (890, 32, 1410, 82),
        "Q": (48, 160, 80, 400), "K": (94, 160, 126, 400), "V": (140, 160, 172, 400), "S": (192, 160, 432, 400),
        "P": (450, 160, 690, 400), "O": (712, 160, 744, 400),
        "Q name": (42, 106, 86, 156), "K name": (88, 106, 132, 156), "V name": (134, 106, 178, 156), "S name": (192, 106, 432, 156),
        "P name": (450, 106, 690, 156), "O name": (706, 106, 750, 156),
        "slot": (920, 150, 1190, 420), "output": (1220, 200, 1390, 370), "output name": (1220, 146, 1390, 196),
        "counter": (920, 88, 1400, 138), "state": (1080, 476, 1400, 544),
        "standard row name": (30, 582, 700, 632), "standard row": (30, 636, 1410, 730),
        "flash row name": (30, 748, 700, 798), "flash row": (30, 802, 1410, 896),
        "key": (30, 14, 1410, 150),
        "standard end name": (30, 170, 900, 236), "standard end": (30, 290, 1410, 460),
        "flash end name": (30, 530, 900, 596), "flash end": (30, 650, 1410, 820),
    },
    "1:1": {
        "title": (40, 14, 1040, 66), "source": (40, 762, 1040, 910),
        "standard name": (40, 80, 800, 136), "standard time": (40, 142, 1040, 252), "standard bytes": (40, 268, 1040, 378),
        "flash name": (40, 400, 800, 456), "flash time": (40, 462, 1040, 572), "flash bytes": (40, 588, 1040, 698),
        "hbm": (20, 28, 560, 552), "pipe": (560, 476, 640, 544), "chip": (640, 28, 1060, 552),
        "hbm name": (20, 32, 560, 82), "chip name": (640, 32, 1060, 82),
        "Q": (32, 190, 56, 350), "K": (68, 190, 92, 350), "V": (104, 190, 128, 350), "S": (146, 190, 316, 360),
        "P": (330, 190, 500, 360), "O": (516, 190, 540, 360),
        "Q name": (24, 136, 64, 186), "K name": (60, 136, 100, 186), "V name": (96, 136, 136, 186), "S name": (146, 136, 316, 186),
        "P name": (330, 136, 500, 186), "O name": (506, 136, 550, 186),
        "slot": (660, 170, 870, 380), "output": (900, 205, 1040, 345), "output name": (900, 151, 1040, 201),
        "counter": (660, 92, 1050, 142), "state": (780, 480, 1050, 544),
        "standard row name": (20, 582, 700, 632), "standard row": (20, 636, 1060, 730),
        "flash row name": (20, 748, 700, 798), "flash row": (20, 802, 1060, 896),
        "key": (20, 14, 1060, 150),
        "standard end name": (20, 170, 900, 236), "standard end": (20, 290, 1060, 460),
        "flash end name": (20, 530, 900, 596), "flash end": (20, 650, 1060, 820),
    },
    "9:16": {
        "title": (60, 14, 1020, 66), "source": (60, 1240, 1020, 1380),
        "standard name": (60, 100, 1020, 170), "standard time": (60, 180, 1020, 350), "standard bytes": (60, 380, 1020, 590),
        "flash name": (60, 660, 1020, 730), "flash time": (60, 740, 1020, 910), "flash bytes": (60, 940, 1020, 1150),
        "hbm": (40, 20, 1040, 490), "pipe": (480, 490, 580, 590), "chip": (40, 590, 1040, 1010),
        "hbm name": (50, 24, 1030, 74), "chip name": (50, 594, 470, 644),
        "Q": (62, 134, 102, 474), "K": (122, 134, 162, 474), "V": (182, 134, 222, 474), "S": (244, 134, 584, 474),
        "P": (604, 134, 944, 474), "O": (966, 134, 1006, 474),
        "Q name": (57, 82, 107, 132), "K name": (117, 82, 167, 132), "V name": (177, 82, 227, 132), "S name": (244, 82, 584, 132),
        "P name": (604, 82, 944, 132), "O name": (961, 82, 1011, 132),
        "slot": (380, 654, 680, 954), "output": (780, 714, 980, 914), "output name": (780, 660, 980, 710),
        "counter": (60, 730, 370, 780), "state": (60, 830, 370, 898),
        "standard row name": (40, 1036, 700, 1086), "standard row": (40, 1092, 1040, 1192),
        "flash row name": (40, 1216, 700, 1266), "flash row": (40, 1272, 1040, 1372),
        "key": (40, 80, 1040, 230),
        "standard end name": (40, 330, 900, 400), "standard end": (40, 460, 1040, 690),
        "flash end name": (40, 800, 900, 870), "flash end": (40, 930, 1040, 1160),
    },
}  # fmt: skip

BESIDE = em(20)  # from a bar to its figure
LINE = em(46)  # height of a line of a source


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
