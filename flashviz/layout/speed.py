"""The shot of SpeedScene: two measured pairs; HBM, the chip and the pipe between them; the bytes of either algorithm, small, then large."""

from __future__ import annotations

import math
from collections.abc import Mapping

from flashviz.layout.rect import Aspect, Rect
from flashviz.layout.table import Table
from flashviz.lettering import em

# ``time`` and ``bytes``: of either, with their names; ``what``: what they are; ``source``: whose figures they are.
# ``hbm``, ``pipe``, ``chip``: the machine; ``lane``: between matrices and pipe; ``slot``: what the chip works on, ``output``: O's rows.
# ``bar``: bytes of either while the machine runs, ``end``: all of them; ``axis``: their scale, and ``what`` they are; ``both``: S and P.
SPEED: Mapping[Aspect, Table] = {
    "16:9": {
        "time what": (80, 30, 1840, 96), "standard time name": (80, 110, 530, 220), "standard time": (540, 110, 1840, 220),
        "flash time name": (80, 240, 530, 350), "flash time": (540, 240, 1840, 350), "bytes what": (80, 420, 1840, 486),
        "standard bytes name": (80, 500, 530, 620), "standard bytes": (540, 500, 1840, 620), "flash bytes name": (80, 640, 530, 760),
        "flash bytes": (540, 640, 1840, 760), "source": (80, 810, 1840, 902),
        "hbm": (80, 24, 960, 566), "lane": (80, 442, 960, 558), "pipe": (960, 442, 1180, 558), "pipe name": (966, 282, 1174, 432),
        "chip": (1180, 24, 1840, 566), "hbm name": (80, 28, 960, 78), "chip name": (1180, 28, 1840, 78), "Q": (100, 132, 140, 432),
        "K": (152, 132, 192, 432), "V": (204, 132, 244, 432), "S": (262, 132, 562, 432), "P": (580, 132, 880, 432),
        "O": (898, 132, 938, 432), "Q name": (95, 80, 145, 130), "K name": (147, 80, 197, 130), "V name": (199, 80, 249, 130),
        "S name": (262, 80, 562, 130), "P name": (580, 80, 880, 130), "O name": (893, 80, 943, 130), "slot": (1224, 170, 1604, 550),
        "output": (1640, 275, 1810, 445), "output name": (1640, 223, 1810, 273),
        "what": (860, 574, 1840, 624), "standard bar name": (80, 574, 700, 624), "standard bar": (80, 628, 1840, 706),
        "flash bar name": (80, 714, 700, 764), "flash bar": (80, 768, 1840, 846), "axis": (80, 856, 1840, 920),
        "end what": (860, 60, 1840, 140), "standard end name": (80, 60, 700, 140), "both": (80, 184, 1840, 250),
        "standard end": (80, 262, 1840, 452), "flash end name": (80, 530, 700, 610), "flash end": (80, 630, 1840, 820),
    },
    "4:3": {
        "time what": (60, 30, 1380, 96), "standard time name": (60, 110, 420, 220), "standard time": (440, 110, 1380, 220),
        "flash time name": (60, 240, 420, 350), "flash time": (440, 240, 1380, 350), "bytes what": (60, 420, 1380, 486),
        "standard bytes name": (60, 500, 420, 620), "standard bytes": (440, 500, 1380, 620), "flash bytes name": (60, 640, 420, 760),
        "flash bytes": (440, 640, 1380, 760), "source": (60, 810, 1380, 902),
        "hbm": (30, 24, 740, 530), "lane": (30, 410, 740, 522), "pipe": (740, 410, 900, 522), "pipe name": (180, 354, 734, 406),
        "chip": (900, 24, 1410, 530), "hbm name": (30, 28, 740, 78), "chip name": (900, 28, 1410, 78), "Q": (46, 132, 76, 348),
        "K": (88, 132, 118, 348), "V": (130, 132, 160, 348), "S": (180, 132, 396, 348), "P": (428, 132, 644, 348),
        "O": (676, 132, 706, 348), "Q name": (38, 80, 84, 130), "K name": (80, 80, 126, 130), "V name": (122, 80, 168, 130),
        "S name": (180, 80, 396, 130), "P name": (428, 80, 644, 130), "O name": (666, 80, 716, 130), "slot": (930, 262, 1190, 522),
        "output": (1220, 300, 1390, 470), "output name": (1220, 248, 1390, 298),
        "what": (600, 534, 1410, 580), "standard bar name": (30, 582, 700, 632), "standard bar": (30, 636, 1410, 708),
        "flash bar name": (30, 714, 700, 764), "flash bar": (30, 768, 1410, 840), "axis": (30, 852, 1410, 916),
        "end what": (600, 20, 1410, 70), "standard end name": (30, 80, 700, 160), "both": (30, 194, 1410, 256),
        "standard end": (30, 268, 1410, 452), "flash end name": (30, 530, 700, 610), "flash end": (30, 630, 1410, 814),
    },
    "1:1": {
        "time what": (40, 20, 1040, 80), "standard time name": (40, 86, 1040, 136), "standard time": (40, 140, 1040, 220),
        "flash time name": (40, 228, 1040, 278), "flash time": (40, 282, 1040, 362), "bytes what": (40, 392, 1040, 452),
        "standard bytes name": (40, 458, 1040, 508), "standard bytes": (40, 512, 1040, 592), "flash bytes name": (40, 600, 1040, 650),
        "flash bytes": (40, 654, 1040, 734), "source": (40, 766, 1040, 910),
        "hbm": (14, 24, 556, 520), "lane": (14, 404, 556, 512), "pipe": (556, 404, 676, 512), "pipe name": (16, 346, 554, 396),
        "chip": (676, 24, 1066, 520), "hbm name": (14, 28, 556, 78), "chip name": (676, 28, 1066, 78), "Q": (26, 160, 50, 340),
        "K": (60, 160, 84, 340), "V": (94, 160, 118, 340), "S": (134, 160, 314, 340), "P": (328, 160, 508, 340),
        "O": (522, 160, 546, 340), "Q name": (18, 106, 58, 156), "K name": (54, 106, 90, 156), "V name": (88, 106, 124, 156),
        "S name": (134, 106, 314, 156), "P name": (328, 106, 508, 156), "O name": (514, 106, 554, 156), "slot": (700, 282, 930, 512),
        "output": (946, 330, 1056, 440), "output name": (946, 278, 1056, 328),
        "what": (20, 528, 1060, 574), "standard bar name": (20, 576, 700, 626), "standard bar": (20, 630, 1060, 702),
        "flash bar name": (20, 708, 700, 758), "flash bar": (20, 762, 1060, 834), "axis": (20, 846, 1060, 912),
        "end what": (20, 24, 1060, 80), "standard end name": (20, 100, 700, 180), "both": (20, 216, 1060, 278),
        "standard end": (20, 290, 1060, 470), "flash end name": (20, 540, 700, 620), "flash end": (20, 640, 1060, 810),
    },
    "9:16": {
        "time what": (60, 60, 1020, 130), "standard time name": (60, 150, 1020, 210), "standard time": (60, 216, 1020, 346),
        "flash time name": (60, 370, 1020, 430), "flash time": (60, 436, 1020, 566), "bytes what": (60, 650, 1020, 720),
        "standard bytes name": (60, 740, 1020, 800), "standard bytes": (60, 806, 1020, 956), "flash bytes name": (60, 980, 1020, 1040),
        "flash bytes": (60, 1046, 1020, 1196), "source": (60, 1240, 1020, 1380),
        "hbm": (40, 20, 1040, 566), "lane": (40, 460, 1040, 566), "pipe": (470, 566, 610, 660), "pipe name": (630, 572, 1030, 654),
        "chip": (40, 660, 1040, 990), "hbm name": (50, 24, 1030, 74), "chip name": (50, 664, 380, 714), "Q": (70, 130, 110, 450),
        "K": (126, 130, 166, 450), "V": (182, 130, 222, 450), "S": (244, 130, 564, 450), "P": (584, 130, 904, 450),
        "O": (930, 130, 970, 450), "Q name": (60, 78, 120, 128), "K name": (116, 78, 176, 128), "V name": (172, 78, 232, 128),
        "S name": (244, 78, 564, 128), "P name": (584, 78, 904, 128), "O name": (920, 78, 980, 128), "slot": (390, 680, 690, 980),
        "output": (780, 750, 980, 950), "output name": (780, 698, 980, 748),
        "what": (40, 1000, 1040, 1050), "standard bar name": (40, 1054, 700, 1108), "standard bar": (40, 1112, 1040, 1184),
        "flash bar name": (40, 1192, 700, 1246), "flash bar": (40, 1250, 1040, 1314), "axis": (40, 1324, 1040, 1388),
        "end what": (40, 90, 1040, 150), "standard end name": (40, 220, 700, 300), "both": (40, 370, 1040, 440),
        "standard end": (40, 456, 1040, 740), "flash end name": (40, 850, 700, 930), "flash end": (40, 960, 1040, 1244),
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
