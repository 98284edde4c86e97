"""The shot of SpeedScene: two measured pairs; two machines that race, each HBM, pipe and chip; all bytes, part by part."""

from __future__ import annotations

import math
from collections.abc import Mapping

from flashviz.layout.rect import Aspect, Rect
from flashviz.layout.table import Table
from flashviz.lettering import em

# ``time`` and ``bytes``: of either, with their names; ``alone``: the time, before there are bytes; ``what``: what they are;
# ``source``: whose figures they are.
# ``why``: which run is counted; ``unit``: what a square is. ``hbm``, ``pipe``, ``chip``: a machine, all of it a ``row``; names over both.
# On chip: ``first``, Q's block; ``strip``, a row of tiles of S or P, above each, in ``inputs``, its tile of K or V; ``output``, O's block;
# ``note``: what is done there. ``count``: bytes so far, and what they are; ``done``: that they are all.
# ``end``: bytes of either, with name and number; ``both``: over S and P, and all else; ``shared``: of K and V.
Px = tuple[int, int, int, int]


def both(down: int, machine: Mapping[str, Px]) -> dict[str, Px]:
    """The parts of a machine for either algorithm: FlashAttention's stand so much lower."""
    standard = {f"standard {name}": place for name, place in machine.items()}
    return standard | {f"flash {name}": (x0, y0 + down, x1, y1 + down) for name, (x0, y0, x1, y1) in machine.items()}


SPEED: Mapping[Aspect, Table] = {
    "16:9": {
        "alone what": (80, 130, 1840, 196), "standard alone name": (80, 230, 530, 410), "standard alone": (540, 230, 1840, 410),
        "flash alone name": (80, 460, 530, 640), "flash alone": (540, 460, 1840, 640),
        "time what": (80, 30, 1840, 96), "standard time name": (80, 110, 530, 220), "standard time": (540, 110, 1840, 220),
        "flash time name": (80, 240, 530, 350), "flash time": (540, 240, 1840, 350), "bytes what": (80, 420, 1840, 486),
        "standard bytes name": (80, 500, 530, 620), "standard bytes": (540, 500, 1840, 620), "flash bytes name": (80, 640, 530, 760),
        "flash bytes": (540, 640, 1840, 760), "source": (80, 810, 1840, 902),
        "why": (80, 14, 1240, 66), "unit": (1250, 14, 1840, 66), "hbm name": (430, 70, 1130, 116),
        "pipe name": (1050, 70, 1360, 116), "chip name": (1280, 70, 1840, 116),
        **both(404, {
            "row": (80, 120, 1840, 514), "name": (80, 170, 420, 220), "count": (80, 226, 420, 306),
            "count name": (80, 308, 420, 356), "done": (80, 366, 420, 436), "hbm": (430, 120, 1130, 514),
            "pipe": (1130, 424, 1280, 508), "chip": (1280, 120, 1840, 514),
            "Q": (446, 172, 474, 412), "K": (484, 172, 512, 412), "V": (522, 172, 550, 412), "S": (570, 172, 810, 412),
            "P": (828, 172, 1068, 412), "O": (1086, 172, 1114, 412), "Q name": (440, 124, 480, 170),
            "K name": (480, 124, 516, 170), "V name": (518, 124, 554, 170), "S name": (570, 124, 810, 170),
            "P name": (828, 124, 1068, 170), "O name": (1080, 124, 1120, 170), "first": (1300, 222, 1356, 278),
            "inputs": (1368, 158, 1816, 214), "strip": (1368, 222, 1816, 278), "output": (1554, 306, 1644, 396),
            "note": (1420, 430, 1830, 480),
        }),
        "standard end name": (80, 90, 420, 160), "standard end count": (440, 90, 900, 160), "both": (80, 166, 1840, 226),
        "standard end": (80, 236, 1840, 396), "shared": (80, 450, 800, 500), "flash end name": (80, 540, 420, 610),
        "flash end count": (440, 540, 900, 610), "flash end": (80, 630, 1840, 790),
    },
    "4:3": {
        "alone what": (60, 130, 1380, 196), "standard alone name": (60, 230, 420, 410), "standard alone": (440, 230, 1380, 410),
        "flash alone name": (60, 460, 420, 640), "flash alone": (440, 460, 1380, 640),
        "time what": (60, 30, 1380, 96), "standard time name": (60, 110, 420, 220), "standard time": (440, 110, 1380, 220),
        "flash time name": (60, 240, 420, 350), "flash time": (440, 240, 1380, 350), "bytes what": (60, 420, 1380, 486),
        "standard bytes name": (60, 500, 420, 620), "standard bytes": (440, 500, 1380, 620), "flash bytes name": (60, 640, 420, 760),
        "flash bytes": (440, 640, 1380, 760), "source": (60, 810, 1380, 902),
        "why": (30, 14, 900, 66), "unit": (910, 14, 1410, 66), "hbm name": (30, 70, 700, 116), "pipe name": (630, 70, 920, 116),
        "chip name": (850, 70, 1410, 116),
        **both(404, {
            "row": (30, 120, 1410, 514), "name": (30, 120, 380, 170), "count": (400, 120, 700, 170),
            "count name": (720, 120, 1000, 170), "done": (1130, 120, 1410, 170), "hbm": (30, 176, 700, 514),
            "pipe": (700, 430, 850, 508), "chip": (850, 176, 1410, 514), "Q": (46, 226, 74, 422),
            "K": (86, 226, 114, 422), "V": (126, 226, 154, 422), "S": (190, 226, 386, 422), "P": (412, 226, 608, 422),
            "O": (644, 226, 672, 422), "Q name": (40, 178, 80, 224), "K name": (82, 178, 118, 224), "V name": (122, 178, 158, 224),
            "S name": (190, 178, 386, 224), "P name": (412, 178, 608, 224), "O name": (638, 178, 678, 224),
            "first": (870, 254, 926, 310), "inputs": (938, 190, 1386, 246), "strip": (938, 254, 1386, 310),
            "output": (1124, 330, 1204, 410), "note": (990, 440, 1400, 490),
        }),
        "standard end name": (30, 90, 380, 160), "standard end count": (400, 90, 860, 160), "both": (30, 166, 1410, 226),
        "standard end": (30, 236, 1410, 396), "shared": (30, 450, 700, 500), "flash end name": (30, 540, 380, 610),
        "flash end count": (400, 540, 860, 610), "flash end": (30, 630, 1410, 790),
    },
    "1:1": {
        "alone what": (40, 110, 1040, 170), "standard alone name": (40, 200, 1040, 250), "standard alone": (40, 256, 1040, 386),
        "flash alone name": (40, 430, 1040, 480), "flash alone": (40, 486, 1040, 616),
        "time what": (40, 20, 1040, 80), "standard time name": (40, 86, 1040, 136), "standard time": (40, 140, 1040, 220),
        "flash time name": (40, 228, 1040, 278), "flash time": (40, 282, 1040, 362), "bytes what": (40, 392, 1040, 452),
        "standard bytes name": (40, 458, 1040, 508), "standard bytes": (40, 512, 1040, 592), "flash bytes name": (40, 600, 1040, 650),
        "flash bytes": (40, 654, 1040, 734), "source": (40, 766, 1040, 910),
        "why": (20, 14, 720, 66), "unit": (730, 14, 1060, 66), "hbm name": (20, 70, 400, 116), "pipe name": (410, 70, 700, 116),
        "chip name": (710, 70, 1060, 116),
        **both(404, {
            "row": (20, 120, 1060, 514), "name": (20, 120, 360, 170), "count": (374, 120, 620, 170),
            "count name": (650, 120, 870, 170), "done": (880, 120, 1060, 170), "hbm": (20, 176, 500, 514),
            "pipe": (500, 430, 610, 508), "chip": (610, 176, 1060, 514), "Q": (32, 254, 52, 398),
            "K": (66, 254, 86, 398), "V": (100, 254, 120, 398), "S": (138, 254, 282, 398), "P": (300, 254, 444, 398),
            "O": (462, 254, 482, 398), "Q name": (22, 204, 62, 250), "K name": (58, 204, 94, 250), "V name": (92, 204, 128, 250),
            "S name": (138, 204, 282, 250), "P name": (300, 204, 444, 250), "O name": (452, 204, 492, 250),
            "first": (624, 254, 668, 298), "inputs": (676, 204, 1028, 248), "strip": (676, 254, 1028, 298),
            "output": (816, 322, 896, 402), "note": (676, 440, 1054, 490),
        }),
        "standard end name": (20, 90, 360, 160), "standard end count": (380, 90, 840, 160), "both": (20, 166, 1060, 226),
        "standard end": (20, 236, 1060, 396), "shared": (20, 450, 700, 500), "flash end name": (20, 540, 360, 610),
        "flash end count": (380, 540, 840, 610), "flash end": (20, 630, 1060, 790),
    },
    "9:16": {
        "alone what": (60, 240, 1020, 310), "standard alone name": (60, 370, 1020, 430), "standard alone": (60, 440, 1020, 640),
        "flash alone name": (60, 720, 1020, 780), "flash alone": (60, 790, 1020, 990),
        "time what": (60, 60, 1020, 130), "standard time name": (60, 150, 1020, 210), "standard time": (60, 216, 1020, 346),
        "flash time name": (60, 370, 1020, 430), "flash time": (60, 436, 1020, 566), "bytes what": (60, 650, 1020, 720),
        "standard bytes name": (60, 740, 1020, 800), "standard bytes": (60, 806, 1020, 956), "flash bytes name": (60, 980, 1020, 1040),
        "flash bytes": (60, 1046, 1020, 1196), "source": (60, 1240, 1020, 1380),
        "why": (40, 20, 1040, 76), "unit": (40, 80, 1040, 136), "hbm name": (40, 140, 405, 190), "pipe name": (415, 140, 705, 190),
        "chip name": (715, 140, 1040, 190),
        **both(590, {
            "row": (40, 196, 1040, 746), "name": (40, 196, 370, 256), "count": (376, 196, 610, 256), "count name": (640, 196, 874, 256),
            "done": (900, 196, 1040, 256), "hbm": (40, 266, 500, 746), "pipe": (500, 646, 620, 730), "chip": (620, 266, 1040, 746),
            "Q": (50, 370, 70, 506), "K": (84, 370, 104, 506), "V": (118, 370, 138, 506), "S": (156, 370, 292, 506),
            "P": (308, 370, 444, 506), "O": (462, 370, 482, 506), "Q name": (40, 320, 80, 366), "K name": (76, 320, 112, 366),
            "V name": (110, 320, 146, 366), "S name": (156, 320, 292, 366), "P name": (308, 320, 444, 366), "O name": (452, 320, 492, 366),
            "first": (630, 380, 674, 424), "inputs": (680, 328, 1032, 372), "strip": (680, 380, 1032, 424), "output": (806, 470, 906, 570),
            "note": (660, 676, 1034, 726),
        }),
        "standard end name": (40, 200, 380, 280), "standard end count": (400, 200, 860, 280), "both": (40, 300, 1040, 360),
        "standard end": (40, 370, 1040, 620), "shared": (40, 680, 720, 740), "flash end name": (40, 800, 380, 880),
        "flash end count": (400, 800, 860, 880), "flash end": (40, 900, 1040, 1150),
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
