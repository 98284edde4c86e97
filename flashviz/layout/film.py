"""Shots of the main film, in pixels of a frame whose short side has 1080, from its top left corner."""

from __future__ import annotations

from collections.abc import Mapping

from flashviz.layout.rect import Aspect
from flashviz.layout.rescale import SUM
from flashviz.layout.table import Place, Table

# Two HBMs: the same O, and one grid that stays empty.
HOOK: Mapping[Aspect, Table] = {
    "16:9": {
        "left": (60, 90, 900, 860), "right": (1020, 90, 1860, 860), "left name": (60, 28, 900, 92), "right name": (1020, 28, 1860, 92),
        "left note": (60, 868, 900, 924), "right note": (1020, 868, 1860, 924),
    },
    "4:3": {
        "left": (30, 140, 710, 790), "right": (730, 140, 1410, 790), "left name": (30, 70, 710, 132), "right name": (730, 70, 1410, 132),
        "left note": (30, 800, 710, 860), "right note": (730, 800, 1410, 860),
    },
    "1:1": {
        "left": (10, 200, 535, 690), "right": (545, 200, 1070, 690), "left name": (10, 130, 535, 192), "right name": (545, 130, 1070, 192),
        "left note": (10, 710, 535, 770), "right note": (545, 710, 1070, 770),
    },
    "9:16": {
        "left": (190, 116, 890, 716), "right": (190, 790, 890, 1390), "left name": (60, 50, 1020, 112), "right name": (60, 724, 1020, 786),
    },
}  # fmt: skip
# One query: its row of Q, a term for every key, its row of O.
QUERY: Mapping[Aspect, Table] = {
    "16:9": {
        "hbm": (50, 190, 570, 710), "q": (640, 110, 1480, 170), "q name": (640, 44, 1860, 104), "terms": (640, 250, 1860, 700),
        "terms name": (640, 706, 1860, 762), "o": (640, 846, 1480, 906), "o name": (640, 780, 1860, 840),
    },
    "4:3": {
        "hbm": (20, 250, 480, 710), "q": (530, 130, 1230, 186), "q name": (530, 66, 1390, 124), "terms": (530, 270, 1400, 660),
        "terms name": (530, 666, 1400, 720), "o": (530, 830, 1230, 886), "o name": (530, 766, 1390, 824),
    },
    "1:1": {
        "hbm": (10, 330, 390, 710), "q": (420, 130, 1050, 180), "q name": (420, 66, 1060, 124), "terms": (420, 270, 1060, 640),
        "terms name": (420, 646, 1060, 700), "o": (420, 830, 1050, 880), "o name": (420, 766, 1060, 824),
    },
    "9:16": {
        "hbm": (250, 50, 830, 590), "q": (60, 680, 1020, 740), "q name": (60, 614, 1020, 674), "terms": (60, 810, 1020, 1150),
        "terms name": (60, 1156, 1020, 1212), "o": (60, 1300, 1020, 1360), "o name": (60, 1234, 1020, 1294),
    },
}  # fmt: skip
WHOLE: Mapping[Aspect, Table] = {
    "16:9": {"hbm": (110, 60, 950, 890), "square": (1180, 160, 1640, 620)},
    "4:3": {"hbm": (30, 80, 830, 880), "square": (930, 230, 1310, 610)},
    "1:1": {"hbm": (10, 130, 680, 800), "square": (720, 260, 1040, 580)},
    "9:16": {"hbm": (140, 70, 940, 800), "square": (370, 850, 710, 1190)},
}  # fmt: skip
# HBM, the pipe, the chip; beneath them everything that crossed, as one bar.
MACHINE: Mapping[Aspect, Table] = {
    "16:9": {
        "hbm": (40, 90, 840, 830), "hbm name": (40, 28, 840, 88), "pipe": (790, 306, 1150, 366), "chip": (1150, 40, 1860, 826),
        "chip name": (1180, 50, 1505, 106), "q": (1220, 364, 1470, 614), "k": (1560, 64, 1810, 314), "s": (1560, 364, 1810, 614),
        "strip": (1190, 640, 1820, 730), "softmax": (1190, 740, 1820, 800),
        "crossed": (872, 200, 1126, 296), "crossed name": (872, 376, 1126, 430), "ways": (872, 470, 1126, 590),
        "bar": (100, 842, 1820, 884), "bar names": (100, 886, 1880, 936),
        "path time": (1190, 640, 1820, 722), "product time": (1190, 734, 1820, 816), "times from": (100, 842, 1820, 900),
    },
    "4:3": {
        "hbm": (10, 110, 670, 760), "hbm name": (10, 40, 670, 100), "pipe": (680, 312, 800, 368), "chip": (810, 60, 1420, 826),
        "chip name": (830, 70, 1105, 126), "q": (860, 368, 1085, 593), "k": (1120, 88, 1345, 313), "s": (1120, 368, 1345, 593),
        "strip": (840, 630, 1390, 710), "softmax": (840, 722, 1400, 780),
        "crossed": (40, 766, 420, 830), "crossed name": (430, 766, 800, 830),
        "bar": (40, 842, 1400, 884), "bar names": (40, 886, 1400, 936),
        "path time": (840, 630, 1400, 712), "product time": (840, 722, 1400, 804), "times from": (40, 842, 1400, 900),
    },
    "1:1": {
        "hbm": (4, 140, 534, 650), "hbm name": (4, 76, 534, 132), "pipe": (540, 358, 596, 398), "chip": (600, 76, 1066, 780),
        "chip name": (616, 86, 860, 142), "q": (620, 400, 820, 600), "k": (840, 156, 1040, 356), "s": (840, 400, 1040, 600),
        "strip": (620, 614, 1046, 680), "softmax": (620, 690, 1050, 744), "crossed": (30, 670, 330, 740),
        "crossed name": (340, 670, 590, 740), "bar": (30, 800, 1050, 844), "bar names": (30, 850, 1050, 904),
        "path time": (620, 614, 1050, 690), "product time": (620, 696, 1050, 772), "times from": (30, 800, 1050, 860),
    },
    "9:16": {
        "hbm": (160, 84, 920, 770), "hbm name": (60, 28, 1020, 84), "pipe": (900, 772, 960, 846), "chip": (40, 850, 1040, 1256),
        "chip name": (60, 858, 400, 914), "q": (430, 1050, 620, 1240), "k": (640, 862, 830, 1040), "s": (640, 1050, 830, 1240),
        "strip": (60, 930, 420, 1010), "softmax": (60, 1020, 420, 1076), "crossed": (60, 776, 440, 844),
        "crossed name": (450, 776, 880, 844), "bar": (60, 1274, 1020, 1314), "bar names": (60, 1318, 1020, 1372),
        "path time": (60, 1264, 530, 1336), "product time": (550, 1264, 1020, 1336), "times from": (60, 1340, 1020, 1386),
    },
}  # fmt: skip
# The chip's three tiles, a times b; where they come from stands small beside them.
SCORE: Mapping[Aspect, Table] = {
    "16:9": {
        "chip": (424, 24, 1880, 916), "chip name": (456, 36, 800, 96),
        "hbm": (70, 120, 390, 440), "hbm name": (92, 56, 390, 110), "crossed": (92, 460, 420, 540), "crossed name": (92, 540, 420, 590),
        "a": (540, 480, 920, 860), "b": (960, 60, 1340, 440), "ab": (960, 480, 1340, 860), "a name": (430, 630, 530, 710),
        "b name": (1360, 210, 1470, 290), "ab name": (1370, 520, 1830, 600), "row name": (1370, 760, 1830, 830),
    },
    "4:3": {
        "chip": (340, 24, 1430, 900), "chip name": (366, 36, 640, 96),
        "hbm": (30, 120, 330, 420), "hbm name": (50, 56, 330, 110), "crossed": (50, 440, 380, 510), "crossed name": (50, 510, 380, 560),
        "a": (430, 490, 790, 850), "b": (820, 100, 1180, 460), "ab": (820, 490, 1180, 850), "a name": (340, 640, 420, 710),
        "b name": (1190, 250, 1290, 320), "ab name": (1194, 530, 1420, 600), "row name": (1194, 770, 1420, 840),
    },
    "1:1": {
        "chip": (110, 504, 1074, 930), "chip name": (240, 860, 590, 916),
        "hbm": (20, 120, 270, 370), "hbm name": (36, 60, 300, 110), "crossed": (36, 390, 300, 450), "crossed name": (36, 450, 300, 496),
        "a": (240, 520, 570, 850), "b": (600, 160, 930, 490), "ab": (600, 520, 930, 850), "a name": (140, 650, 230, 720),
        "b name": (940, 290, 1040, 360), "ab name": (600, 856, 930, 920), "row name": (940, 780, 1070, 850),
    },
    "9:16": {
        "chip": (20, 640, 1060, 1392), "chip name": (40, 650, 300, 706),
        "hbm": (60, 130, 380, 450), "hbm name": (80, 66, 380, 120), "crossed": (60, 480, 440, 560), "crossed name": (60, 560, 440, 610),
        "a": (60, 850, 520, 1310), "b": (550, 360, 1010, 820), "ab": (550, 850, 1010, 1310), "a name": (230, 770, 350, 840),
        "b name": (430, 700, 540, 780), "ab name": (550, 1316, 1010, 1386), "row name": (60, 1316, 520, 1386),
    },
}  # fmt: skip
# One row of scores, of which a tile is known.
ROW: Mapping[Aspect, Table] = {
    "16:9": {
        "scores": (116, 170, 1804, 410), "scores name": (116, 90, 1804, 160), "divide": (116, 440, 1804, 600),
        "carry": (116, 690, 1804, 850),
    },
    "4:3": {
        "scores": (60, 200, 1380, 300), "scores name": (60, 120, 1380, 190), "divide": (60, 340, 1380, 480), "carry": (60, 540, 1380, 880),
    },
    "1:1": {
        "scores": (40, 200, 1040, 290), "scores name": (40, 120, 1040, 190), "divide": (40, 330, 1040, 470), "carry": (40, 520, 1040, 890),
    },
    "9:16": {
        "scores": (60, 330, 1020, 430), "scores name": (60, 250, 1020, 320), "divide": (60, 480, 1020, 640), "carry": (60, 760, 1020, 1280),
    },
}  # fmt: skip
# All of the frame above the caption: what is seen happens on the chip.
INSIDE: Mapping[Aspect, Table] = {
    "16:9": {"chip": (24, 16, 1896, 932)}, "4:3": {"chip": (14, 16, 1426, 932)},
    "1:1": {"chip": (8, 10, 1072, 938)}, "9:16": {"chip": (14, 40, 1066, 1390)},
}  # fmt: skip
# A row's terms under their scores; what a term is stands between. The chart reaches lower: no arithmetic stands beneath it yet but l.
ABOVE: Mapping[Aspect, Table] = {
    "16:9": {
        "scores": (110, 150, 1810, 206), "term": (560, 216, 1360, 326),
        "measured": (110, 116, 1810, 700), "names": (110, 708, 1810, 758), "sum": (110, 762, 1170, 842),
    },
    "4:3": {
        "scores": (90, 150, 1350, 206), "term": (400, 216, 1040, 326),
        "measured": (90, 116, 1350, 700), "names": (90, 708, 1350, 758), "sum": (90, 762, 800, 842),
    },
    "1:1": {"scores": (100, 170, 1030, 220), "term": (270, 232, 1030, 370)},
    "9:16": {"scores": (110, 360, 1020, 430), "term": (250, 450, 1020, 600)},
}  # fmt: skip
CEILING: Mapping[Aspect, Table] = {aspect: {**SUM[aspect], **above} for aspect, above in ABOVE.items()}
# HBM where the machine has it; beside it how many row blocks there are.
BESIDE: Mapping[Aspect, Table] = {
    "16:9": {
        "stored name": (1000, 160, 1840, 220), "stored": (1000, 230, 1840, 400),
        "crossed name": (1000, 440, 1840, 500),
    },
    "4:3": {
        "stored name": (730, 160, 1400, 220), "stored": (730, 230, 1400, 390),
        "crossed name": (730, 430, 1400, 490),
    },
    "1:1": {
        "stored name": (570, 180, 1060, 234), "stored": (570, 240, 1060, 390),
        "crossed name": (570, 430, 1060, 484),
    },
    "9:16": {
        "stored name": (160, 850, 920, 904), "stored": (160, 910, 920, 1060),
        "crossed name": (160, 1090, 920, 1144),
    },
}  # fmt: skip
STRIPS: Mapping[Aspect, Table] = {aspect: {"hbm": MACHINE[aspect]["hbm"], **table} for aspect, table in BESIDE.items()}
# The machine again, for all row blocks: what crosses goes to its place on chip, and joins one bar.
HELD: Mapping[Aspect, Place] = {
    "16:9": (1210, 130, 1800, 796), "4:3": (850, 140, 1380, 800), "1:1": (624, 160, 1042, 760), "9:16": (420, 924, 1020, 1246),
}  # fmt: skip
ON_CHIP = "q", "k", "s", "ways", "strip", "softmax", "path time", "product time", "times from"
REST: Mapping[Aspect, Table] = {
    aspect: {part: place for part, place in MACHINE[aspect].items() if part not in ON_CHIP}
    | {
        "held": held,
        "chip name": (*MACHINE[aspect]["chip name"][:2], MACHINE[aspect]["chip"][2] - 10, MACHINE[aspect]["chip name"][3]),
    }
    for aspect, held in HELD.items()
}
BILL: Mapping[Aspect, Table] = {
    "16:9": {
        "standard name": (100, 36, 1820, 116), "standard": (100, 124, 1820, 399), "standard letters": (100, 406, 1820, 462),
        "flash name": (100, 486, 1820, 566), "flash": (100, 574, 1820, 849), "flash letters": (100, 856, 1820, 912),
    },
    "4:3": {
        "standard name": (60, 60, 1380, 136), "standard": (60, 144, 1380, 366), "standard letters": (60, 374, 1380, 430),
        "flash name": (60, 500, 1380, 576), "flash": (60, 584, 1380, 806), "flash letters": (60, 814, 1380, 870),
    },
    "1:1": {
        "standard name": (40, 80, 1040, 150), "standard": (40, 158, 1040, 370), "standard letters": (40, 378, 1040, 434),
        "flash name": (40, 510, 1040, 580), "flash": (40, 588, 1040, 800), "flash letters": (40, 808, 1040, 864),
    },
    "9:16": {
        "standard name": (60, 90, 1020, 166), "standard": (60, 174, 1020, 574), "standard letters": (60, 582, 1020, 638),
        "flash name": (60, 720, 1020, 796), "flash": (60, 804, 1020, 1204), "flash letters": (60, 1212, 1020, 1268),
    },
}  # fmt: skip
# What every row block reads, a line each: K above, V beneath; beside it the same, with two row blocks read together.
TALLER: Mapping[Aspect, Table] = {
    "16:9": {
        "left name": (100, 36, 920, 96), "left": (100, 104, 920, 384), "left letters": (100, 390, 920, 440),
        "left number": (100, 450, 920, 530),
        "left held": (100, 548, 920, 918),
        "right name": (1000, 36, 1820, 96), "right": (1000, 104, 1820, 384), "right letters": (1000, 390, 1820, 440),
        "right number": (1000, 450, 1820, 530),
        "right held": (1000, 548, 1820, 918),
    },
    "4:3": {
        "left name": (50, 56, 690, 116), "left": (50, 130, 690, 486), "left letters": (50, 492, 690, 546),
        "left number": (50, 556, 690, 640),
        "left held": (50, 660, 690, 906),
        "right name": (750, 56, 1390, 116), "right": (750, 130, 1390, 486), "right letters": (750, 492, 1390, 546),
        "right number": (750, 556, 1390, 640),
        "right held": (750, 660, 1390, 906),
    },
    "1:1": {
        "left name": (30, 76, 510, 130), "left": (30, 146, 510, 456), "left letters": (30, 464, 510, 518),
        "left number": (30, 526, 510, 600),
        "left held": (30, 640, 510, 906),
        "right name": (560, 76, 1040, 130), "right": (560, 146, 1040, 456), "right letters": (560, 464, 1040, 518),
        "right number": (560, 526, 1040, 600),
        "right held": (560, 640, 1040, 906),
    },
    "9:16": {
        "left name": (50, 100, 510, 156), "left": (50, 180, 510, 746), "left letters": (50, 756, 510, 812),
        "left number": (50, 830, 510, 910),
        "left held": (50, 960, 510, 1330),
        "right name": (570, 100, 1030, 156), "right": (570, 180, 1030, 746), "right letters": (570, 756, 1030, 812),
        "right number": (570, 830, 1030, 910),
        "right held": (570, 960, 1030, 1330),
    },
}  # fmt: skip
# What the programs on one core share, alone.
TURNS: Mapping[Aspect, Table] = {
    "16:9": {
        "places": (340, 120, 1580, 900), "registers name": (100, 36, 1820, 96), "states": (100, 100, 1820, 160),
        "registers": (100, 166, 1820, 426), "registers letters": (100, 432, 1820, 488),
        "shared name": (100, 530, 1820, 590), "shared": (100, 596, 1820, 856), "shared letters": (100, 862, 1820, 918),
    },
    "4:3": {
        "places": (160, 130, 1280, 890), "registers name": (60, 40, 1380, 100), "states": (60, 104, 1380, 164),
        "registers": (60, 170, 1380, 420), "registers letters": (60, 426, 1380, 482),
        "shared name": (60, 530, 1380, 590), "shared": (60, 596, 1380, 846), "shared letters": (60, 852, 1380, 908),
    },
    "1:1": {
        "places": (60, 150, 1020, 890), "registers name": (40, 60, 1040, 116), "states": (40, 120, 1040, 180),
        "registers": (40, 186, 1040, 430), "registers letters": (40, 436, 1040, 492),
        "shared name": (40, 530, 1040, 586), "shared": (40, 592, 1040, 836), "shared letters": (40, 842, 1040, 898),
    },
    "9:16": {
        "places": (100, 260, 980, 1340), "registers name": (60, 120, 1020, 180), "states": (60, 190, 1020, 250),
        "registers": (60, 260, 1020, 640), "registers letters": (60, 650, 1020, 706),
        "shared name": (60, 780, 1020, 840), "shared": (60, 850, 1020, 1230), "shared letters": (60, 1240, 1020, 1296),
    },
}  # fmt: skip
DIFFERENCE: Mapping[Aspect, Table] = {
    "16:9": {
        "left": (280, 100, 680, 780), "right": (1240, 100, 1640, 780), "middle": (760, 60, 1160, 760), "note": (300, 772, 1620, 846),
        "most": (300, 850, 1620, 910),
    },
    "4:3": {
        "left": (220, 150, 520, 770), "right": (920, 150, 1220, 770), "middle": (540, 70, 900, 760), "note": (60, 776, 1380, 846),
        "most": (60, 850, 1380, 910),
    },
    "1:1": {
        "left": (120, 210, 420, 760), "right": (660, 210, 960, 760), "middle": (360, 80, 720, 760), "note": (60, 776, 1020, 846),
        "most": (60, 850, 1020, 910),
    },
    "9:16": {
        "left": (110, 130, 430, 690), "right": (650, 800, 970, 1370), "middle": (320, 160, 760, 1160), "note": (60, 1190, 1020, 1260),
        "most": (60, 1270, 1020, 1330),
    },
}  # fmt: skip
CARD: Mapping[Aspect, Table] = {
    "16:9": {"card": (200, 200, 1720, 880)}, "4:3": {"card": (80, 120, 1360, 900)},
    "1:1": {"card": (60, 60, 1020, 900)}, "9:16": {"card": (60, 200, 1020, 1360)},
}  # fmt: skip
FILM: Mapping[str, Mapping[Aspect, Table]] = {
    "hook": HOOK, "query": QUERY, "whole": WHOLE, "machine": MACHINE, "score": SCORE, "row": ROW, "inside": INSIDE, "ceiling": CEILING,
    "strips": STRIPS, "rest": REST, "bill": BILL, "turns": TURNS, "taller": TALLER, "difference": DIFFERENCE, "card": CARD,
}  # fmt: skip
