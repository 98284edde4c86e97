"""The shot of SpeedScene: two measured pairs; HBM, the chip and the pipe between them; the bytes of either algorithm, small, then large."""

from __future__ import annotations

import math
from collections.abc import Mapping

from flashviz.layout.rect import Aspect, Rect
from flashviz.layout.table import Table
from flashviz.lettering import em

# ``time`` and ``bytes``: of either, with their names; ``what``: what they are; ``source``: whose figures they are.
# ``why``: what is asked, of which run; ``hbm``, ``pipe``, ``chip``: the machine; ``lane``: between matrices and pipe.
# ``slot``: what the chip works on, ``output``: O's rows.
# ``bar``: bytes of either while the machine runs, ``end``: all of them; ``axis``: their scale, and ``what`` they are; ``both``: S and P.
SPEED: Mapping[Aspect, Table] = {
    "16:9": {
        "time what": (80, 30, 1840, 96), "standard time name": (80, 110, 530, 220), "standard time": (540, 110, 1840, 220),
        "flash time name": (80, 240, 530, 350), "flash time": (540, 240, 1840, 350), "bytes what": (80, 420, 1840, 486),
        "standard bytes name": (80, 500, 530, 620), "standard bytes": (540, 500, 1840, 620), "flash bytes name": (80, 640, 530, 760),
        "flash bytes": (540, 640, 1840, 760), "source": (80, 810, 1840, 902),
        "why": (80, 16, 1840, 70), "hbm": (80, 78, 960, 572), "lane": (80, 450, 960, 566), "pipe": (960, 450, 1180, 566),
        "pipe name": (966, 290, 1174, 440), "chip": (1180, 78, 1840, 572), "hbm name": (80, 80, 960, 126),
        "chip name": (1180, 80, 1840, 126), "Q": (100, 176, 140, 440), "K": (152, 176, 192, 440), "V": (204, 176, 244, 440),
        "S": (272, 176, 536, 440), "P": (580, 176, 844, 440), "O": (898, 176, 938, 440), "Q name": (95, 126, 145, 174),
        "K name": (147, 126, 197, 174), "V name": (199, 126, 249, 174), "S name": (272, 126, 536, 174), "P name": (580, 126, 844, 174),
        "O name": (893, 126, 943, 174), "slot": (1240, 190, 1610, 560), "output": (1644, 290, 1814, 460),
        "output name": (1644, 238, 1814, 288),
        "what": (860, 706, 1840, 752), "standard bar name": (80, 576, 700, 622), "standard bar": (80, 626, 1840, 700),
        "flash bar name": (80, 706, 700, 752), "flash bar": (80, 756, 1840, 830), "axis": (80, 846, 1840, 910),
        "end what": (860, 500, 1840, 576), "standard end name": (80, 98, 700, 170), "both": (80, 180, 1840, 240),
        "standard end": (80, 252, 1840, 424), "flash end name": (80, 500, 700, 576), "flash end": (80, 590, 1840, 764),
    },
    "4:3": {
        "time what": (60, 30, 1380, 96), "standard time name": (60, 110, 420, 220), "standard time": (440, 110, 1380, 220),
        "flash time name": (60, 240, 420, 350), "flash time": (440, 240, 1380, 350), "bytes what": (60, 420, 1380, 486),
        "standard bytes name": (60, 500, 420, 620), "standard bytes": (440, 500, 1380, 620), "flash bytes name": (60, 640, 420, 760),
        "flash bytes": (440, 640, 1380, 760), "source": (60, 810, 1380, 902),
        "why": (30, 16, 1410, 68), "hbm": (30, 76, 740, 582), "lane": (30, 460, 740, 576), "pipe": (740, 460, 900, 576),
        "pipe name": (741, 262, 899, 450), "chip": (900, 76, 1410, 582), "hbm name": (30, 80, 740, 130),
        "chip name": (900, 80, 1410, 130), "Q": (46, 184, 76, 400), "K": (88, 184, 118, 400), "V": (130, 184, 160, 400),
        "S": (180, 184, 396, 400), "P": (428, 184, 644, 400), "O": (676, 184, 706, 400), "Q name": (38, 132, 84, 182),
        "K name": (80, 132, 126, 182), "V name": (122, 132, 168, 182), "S name": (180, 132, 396, 182), "P name": (428, 132, 644, 182),
        "O name": (666, 132, 716, 182), "slot": (944, 318, 1200, 574), "output": (1226, 352, 1396, 522),
        "output name": (1226, 300, 1396, 350),
        "what": (700, 714, 1410, 764), "standard bar name": (30, 586, 700, 634), "standard bar": (30, 638, 1410, 708),
        "flash bar name": (30, 714, 700, 764), "flash bar": (30, 768, 1410, 838), "axis": (30, 852, 1410, 916),
        "end what": (760, 510, 1410, 590), "standard end name": (30, 90, 700, 166), "both": (30, 190, 1410, 250),
        "standard end": (30, 262, 1410, 440), "flash end name": (30, 510, 700, 590), "flash end": (30, 604, 1410, 782),
    },
    "1:1": {
        "time what": (40, 20, 1040, 80), "standard time name": (40, 86, 1040, 136), "standard time": (40, 140, 1040, 220),
        "flash time name": (40, 228, 1040, 278), "flash time": (40, 282, 1040, 362), "bytes what": (40, 392, 1040, 452),
        "standard bytes name": (40, 458, 1040, 508), "standard bytes": (40, 512, 1040, 592), "flash bytes name": (40, 600, 1040, 650),
        "flash bytes": (40, 654, 1040, 734), "source": (40, 766, 1040, 910),
        "why": (20, 16, 1060, 68), "hbm": (14, 76, 556, 572), "lane": (14, 450, 556, 566), "pipe": (556, 450, 676, 566),
        "pipe name": (16, 398, 554, 446), "chip": (676, 76, 1066, 572), "hbm name": (14, 80, 556, 130), "chip name": (676, 80, 1066, 130),
        "Q": (26, 212, 50, 392), "K": (60, 212, 84, 392), "V": (94, 212, 118, 392), "S": (134, 212, 314, 392), "P": (328, 212, 508, 392),
        "O": (522, 212, 546, 392), "Q name": (18, 158, 58, 208), "K name": (54, 158, 90, 208), "V name": (88, 158, 124, 208),
        "S name": (134, 158, 314, 208), "P name": (328, 158, 508, 208), "O name": (514, 158, 554, 208), "slot": (712, 336, 940, 564),
        "output": (950, 382, 1060, 492), "output name": (950, 330, 1060, 380),
        "what": (700, 706, 1060, 754), "standard bar name": (20, 576, 700, 624), "standard bar": (20, 628, 1060, 700),
        "flash bar name": (20, 706, 700, 754), "flash bar": (20, 758, 1060, 830), "axis": (20, 846, 1060, 912),
        "end what": (760, 516, 1060, 596), "standard end name": (20, 90, 700, 166), "both": (20, 200, 1060, 260),
        "standard end": (20, 272, 1060, 450), "flash end name": (20, 516, 700, 596), "flash end": (20, 610, 1060, 786),
    },
    "9:16": {
        "time what": (60, 60, 1020, 130), "standard time name": (60, 150, 1020, 210), "standard time": (60, 216, 1020, 346),
        "flash time name": (60, 370, 1020, 430), "flash time": (60, 436, 1020, 566), "bytes what": (60, 650, 1020, 720),
        "standard bytes name": (60, 740, 1020, 800), "standard bytes": (60, 806, 1020, 956), "flash bytes name": (60, 980, 1020, 1040),
        "flash bytes": (60, 1046, 1020, 1196), "source": (60, 1240, 1020, 1380),
        "why": (40, 20, 1040, 72), "hbm": (40, 78, 1040, 618), "lane": (40, 502, 1040, 618), "pipe": (470, 618, 610, 712),
        "pipe name": (630, 624, 1030, 706), "chip": (40, 712, 1040, 1042), "hbm name": (50, 80, 1030, 128),
        "chip name": (50, 716, 380, 766), "Q": (70, 180, 110, 494), "K": (126, 180, 166, 494), "V": (182, 180, 222, 494),
        "S": (247, 180, 561, 494), "P": (587, 180, 901, 494), "O": (930, 180, 970, 494), "Q name": (60, 130, 120, 178),
        "K name": (116, 130, 176, 178), "V name": (172, 130, 232, 178), "S name": (247, 130, 561, 178), "P name": (587, 130, 901, 178),
        "O name": (920, 130, 980, 178), "slot": (400, 752, 680, 1032), "output": (780, 802, 980, 1002),
        "output name": (780, 750, 980, 800),
        "what": (700, 1192, 1040, 1246), "standard bar name": (40, 1054, 700, 1108), "standard bar": (40, 1112, 1040, 1184),
        "flash bar name": (40, 1192, 700, 1246), "flash bar": (40, 1250, 1040, 1314), "axis": (40, 1324, 1040, 1388),
        "end what": (760, 830, 1040, 910), "standard end name": (40, 200, 700, 280), "both": (40, 350, 1040, 420),
        "standard end": (40, 436, 1040, 720), "flash end name": (40, 830, 700, 910), "flash end": (40, 940, 1040, 1220),
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
