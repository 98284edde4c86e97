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
# ``note``: what is done there. Said of either, one above the other: ``name``; ``count``, bytes so far; ``state``, what they are.
# ``end``: bytes of either, with name and number; ``both``: over S and P, and all else; ``shared``: of K and V.
Px = tuple[int, int, int, int]


def both(down: int, machine: Mapping[str, Px], apart: int, head: Mapping[str, Px]) -> dict[str, Px]:
    """The parts of a machine, and of what is said of it, for either algorithm: FlashAttention's stand so much lower."""
    standard = {f"standard {name}": place for name, place in (*machine.items(), *head.items())}
    lower = [*((down, *each) for each in machine.items()), *((apart, *each) for each in head.items())]
    return standard | {f"flash {name}": (x0, y0 + by, x1, y1 + by) for by, name, (x0, y0, x1, y1) in lower}


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
            "row": (430, 120, 1840, 514), "hbm": (430, 120, 1130, 514), "pipe": (1130, 424, 1280, 508), "chip": (1280, 120, 1840, 514),
            "Q": (446, 172, 474, 412), "K": (484, 172, 512, 412), "V": (522, 172, 550, 412), "S": (570, 172, 810, 412),
            "P": (828, 172, 1068, 412), "O": (1086, 172, 1114, 412), "Q name": (440, 124, 480, 170), "K name": (480, 124, 516, 170),
            "V name": (518, 124, 554, 170), "S name": (570, 124, 810, 170), "P name": (828, 124, 1068, 170),
            "O name": (1080, 124, 1120, 170), "first": (1300, 222, 1356, 278), "inputs": (1368, 158, 1816, 214),
            "strip": (1368, 222, 1816, 278), "output": (1554, 306, 1644, 396), "note": (1326, 430, 1836, 480),
        }, 260, {"name": (80, 260, 420, 310), "count": (80, 312, 420, 392), "state": (80, 394, 420, 464)}),
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
        **both(460, {
            "row": (30, 120, 1410, 458), "hbm": (30, 120, 700, 458), "pipe": (700, 374, 850, 452), "chip": (850, 120, 1410, 458),
            "Q": (46, 170, 74, 366), "K": (86, 170, 114, 366), "V": (126, 170, 154, 366), "S": (190, 170, 386, 366),
            "P": (412, 170, 608, 366), "O": (644, 170, 672, 366), "Q name": (40, 122, 80, 168), "K name": (82, 122, 118, 168),
            "V name": (122, 122, 158, 168), "S name": (190, 122, 386, 168), "P name": (412, 122, 608, 168),
            "O name": (638, 122, 678, 168), "first": (870, 198, 926, 254), "inputs": (938, 134, 1386, 190),
            "strip": (938, 198, 1386, 254), "output": (1124, 274, 1204, 354), "note": (874, 384, 1406, 434),
        }, 60, {"name": (30, 464, 380, 514), "count": (400, 464, 700, 514), "state": (720, 464, 1410, 514)}),
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
        **both(460, {
            "row": (20, 120, 1060, 458), "hbm": (20, 120, 500, 458), "pipe": (500, 374, 610, 452), "chip": (610, 120, 1060, 458),
            "Q": (32, 198, 52, 342), "K": (66, 198, 86, 342), "V": (100, 198, 120, 342), "S": (138, 198, 282, 342),
            "P": (300, 198, 444, 342), "O": (462, 198, 482, 342), "Q name": (22, 148, 62, 194), "K name": (58, 148, 94, 194),
            "V name": (92, 148, 128, 194), "S name": (138, 148, 282, 194), "P name": (300, 148, 444, 194),
            "O name": (452, 148, 492, 194), "first": (624, 198, 668, 242), "inputs": (676, 148, 1028, 192),
            "strip": (676, 198, 1028, 242), "output": (816, 266, 896, 346), "note": (660, 384, 1056, 434),
        }, 60, {"name": (20, 464, 360, 514), "count": (374, 464, 640, 514), "state": (660, 464, 1060, 514)}),
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
        **both(640, {
            "row": (40, 196, 1040, 676), "hbm": (40, 196, 500, 676), "pipe": (500, 576, 620, 660), "chip": (620, 196, 1040, 676),
            "Q": (50, 300, 70, 436), "K": (84, 300, 104, 436), "V": (118, 300, 138, 436), "S": (156, 300, 292, 436),
            "P": (308, 300, 444, 436), "O": (462, 300, 482, 436), "Q name": (40, 250, 80, 296), "K name": (76, 250, 112, 296),
            "V name": (110, 250, 146, 296), "S name": (156, 250, 292, 296), "P name": (308, 250, 444, 296),
            "O name": (452, 250, 492, 296), "first": (630, 310, 674, 354), "inputs": (680, 258, 1032, 302),
            "strip": (680, 310, 1032, 354), "output": (806, 400, 906, 500), "note": (660, 606, 1036, 656),
        }, 80, {"name": (40, 686, 370, 746), "count": (376, 686, 640, 746), "state": (660, 686, 1040, 746)}),
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
