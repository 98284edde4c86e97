"""Where the parts of one row stand, in each of its shots. See ``layout.shots`` for what a table is."""

from __future__ import annotations

from flashviz.layout.rect import Aspect
from flashviz.layout.table import Table

# l and this tile's terms on one baseline, the lower edge of ``measured``, under one ceiling. ``names`` and ``sum``, the arithmetic of l,
# stand beneath; ``term``: what a term is; ``limit``: where the terms' own numbers end; ``keys``: the row's tiles.
SUM: dict[Aspect, Table] = {
    "16:9": {
        "keys name": (150, 32, 560, 84), "keys": (570, 42, 1820, 76), "measured": (150, 180, 1820, 740), "names": (150, 750, 1820, 806),
        "sum": (150, 812, 1820, 904), "term": (420, 130, 1500, 400), "limit": (150, 92, 1400, 176), "caption": (100, 940, 1820, 1080),
    },
    "4:3": {
        "keys name": (110, 32, 500, 84), "keys": (520, 42, 1370, 76), "measured": (110, 180, 1370, 740), "names": (110, 750, 1370, 806),
        "sum": (110, 812, 1370, 904), "term": (240, 130, 1240, 400), "limit": (110, 92, 1300, 176), "caption": (60, 940, 1380, 1080),
    },
    "1:1": {
        "keys name": (100, 32, 480, 84), "keys": (490, 42, 1030, 76), "measured": (100, 180, 1030, 730), "names": (100, 738, 1030, 790),
        "sum": (100, 796, 1030, 886), "term": (150, 130, 1000, 390), "limit": (100, 92, 1030, 176), "caption": (40, 942, 1040, 1078),
    },
    "9:16": {
        "keys name": (110, 120, 500, 172), "keys": (110, 184, 1020, 218), "measured": (110, 320, 1020, 1080),
        "names": (110, 1090, 1020, 1146), "sum": (110, 1154, 1020, 1250), "term": (150, 260, 980, 560), "limit": (110, 228, 1020, 312),
        "caption": (60, 1394, 1020, 1536),
    },
}  # fmt: skip
# One column a feature: V's tile, beneath it acc, one bar a feature, and acc / l. Left of each row of V the row's term.
VALUES: dict[Aspect, Table] = {
    "16:9": {
        "weights": (120, 96, 530, 400), "values": (560, 96, 1840, 400), "weights name": (120, 36, 530, 88),
        "values name": (560, 36, 1840, 88),
        "acc name": (120, 486, 540, 562), "acc words": (120, 562, 540, 608), "acc": (560, 440, 1840, 668),
        "answer name": (120, 764, 540, 824), "answer words": (120, 824, 540, 870), "answer": (560, 712, 1840, 926),
        "caption": (100, 940, 1820, 1080),
    },
    "4:3": {
        "weights": (60, 96, 350, 380), "values": (380, 96, 1380, 380), "weights name": (60, 36, 350, 88),
        "values name": (380, 36, 1380, 88),
        "acc name": (380, 392, 540, 458), "acc words": (550, 392, 1380, 458), "acc": (380, 464, 1380, 650),
        "answer name": (380, 662, 560, 722), "answer words": (570, 662, 1380, 722), "answer": (380, 728, 1380, 926),
        "caption": (60, 940, 1380, 1080),
    },
    "1:1": {
        "weights": (40, 96, 250, 370), "values": (270, 96, 1040, 370), "weights name": (40, 36, 250, 88),
        "values name": (270, 36, 1040, 88),
        "acc name": (270, 382, 430, 446), "acc words": (440, 382, 1040, 446), "acc": (270, 452, 1040, 640),
        "answer name": (270, 652, 450, 710), "answer words": (460, 652, 1040, 710), "answer": (270, 716, 1040, 928),
        "caption": (40, 942, 1040, 1078),
    },
    "9:16": {
        "weights": (60, 200, 280, 560), "values": (300, 200, 1020, 560), "weights name": (60, 140, 280, 194),
        "values name": (300, 140, 1020, 194), "acc name": (300, 584, 470, 654), "acc words": (480, 584, 1020, 654),
        "acc": (300, 660, 1020, 930), "answer name": (300, 950, 490, 1012), "answer words": (500, 950, 1020, 1012),
        "answer": (300, 1020, 1020, 1370), "caption": (60, 1394, 1020, 1536),
    },
}  # fmt: skip
# acc and acc / l alone.
ANSWER: dict[Aspect, Table] = {
    "16:9": {
        "acc name": (120, 130, 540, 206), "acc words": (120, 206, 540, 252), "acc": (560, 50, 1840, 440), "names": (120, 400, 540, 450),
        "sum": (120, 456, 540, 540),
        "answer name": (120, 664, 540, 724), "answer words": (120, 724, 540, 770), "answer": (560, 510, 1840, 916),
        "caption": (100, 940, 1820, 1080),
    },
    "4:3": {
        "acc name": (60, 40, 220, 110), "acc words": (230, 40, 1380, 110), "acc": (60, 116, 1380, 450), "names": (760, 480, 960, 540),
        "sum": (970, 470, 1380, 546),
        "answer name": (60, 480, 240, 540), "answer words": (250, 480, 740, 540), "answer": (60, 560, 1380, 916),
        "caption": (60, 940, 1380, 1080),
    },
    "1:1": {
        "acc name": (40, 40, 200, 110), "acc words": (210, 40, 640, 110), "acc": (40, 116, 1040, 450), "names": (650, 40, 840, 110),
        "sum": (850, 36, 1040, 112),
        "answer name": (40, 480, 220, 540), "answer words": (230, 480, 1040, 540), "answer": (40, 550, 1040, 916),
        "caption": (40, 942, 1040, 1078),
    },
    "9:16": {
        "acc name": (60, 160, 230, 230), "acc words": (240, 160, 640, 230), "acc": (60, 236, 1020, 700), "names": (650, 160, 830, 230),
        "sum": (840, 156, 1020, 232),
        "answer name": (60, 760, 240, 820), "answer words": (250, 760, 1020, 820), "answer": (60, 830, 1020, 1340),
        "caption": (60, 1394, 1020, 1536),
    },
}  # fmt: skip
# Both: l and the terms beside acc and acc / l, which has ``room`` to become too tall. ``note``: on the answer.
RESCALE: dict[Aspect, Table] = {
    "16:9": {
        "measured": (110, 118, 930, 640), "names": (110, 648, 930, 698), "sum": (110, 702, 930, 782), "note": (1020, 826, 1860, 922),
        "acc name": (1020, 50, 1190, 122), "acc words": (1200, 50, 1860, 122), "acc": (1020, 130, 1860, 430),
        "answer name": (1020, 462, 1200, 518), "answer words": (1210, 462, 1860, 518), "answer": (1020, 656, 1860, 796),
        "room": (1020, 526, 1860, 926),
        "caption": (100, 940, 1820, 1080),
    },
    "4:3": {
        "measured": (90, 118, 700, 640), "names": (90, 648, 700, 698), "sum": (90, 702, 700, 782), "note": (780, 826, 1390, 922),
        "acc name": (780, 50, 940, 122), "acc words": (950, 50, 1390, 122), "acc": (780, 130, 1370, 430),
        "answer name": (780, 462, 960, 518), "answer words": (970, 462, 1390, 518), "answer": (780, 656, 1370, 796),
        "room": (780, 526, 1370, 926),
        "caption": (60, 940, 1380, 1080),
    },
    "1:1": {
        "measured": (100, 110, 1030, 430), "names": (100, 436, 1030, 484), "sum": (100, 486, 1030, 556), "note": (50, 866, 1030, 936),
        "acc name": (50, 576, 190, 640), "acc words": (200, 576, 520, 640), "acc": (50, 644, 510, 862),
        "answer name": (570, 576, 740, 640), "answer words": (750, 576, 1044, 640), "answer": (570, 714, 1030, 792),
        "room": (570, 644, 1030, 862),
        "caption": (40, 942, 1040, 1078),
    },
    "9:16": {
        "measured": (110, 190, 1020, 680), "names": (110, 688, 1020, 738), "sum": (110, 742, 1020, 822), "note": (60, 1314, 1020, 1390),
        "acc name": (60, 836, 230, 902), "acc words": (240, 836, 1020, 902), "acc": (60, 906, 1020, 1072),
        "answer name": (60, 1078, 240, 1134), "answer words": (250, 1078, 1020, 1134), "answer": (60, 1192, 1020, 1256),
        "room": (60, 1138, 1020, 1310),
        "caption": (60, 1394, 1020, 1536),
    },
}  # fmt: skip
# Why it is exact, alone.
FORMULA: dict[Aspect, Table] = {
    "16:9": {"formula": (110, 200, 1810, 760), "caption": (100, 940, 1820, 1080)},
    "4:3": {"formula": (60, 240, 1380, 760), "caption": (60, 940, 1380, 1080)},
    "1:1": {"formula": (50, 260, 1030, 760), "caption": (40, 942, 1040, 1078)},
    "9:16": {"formula": (60, 420, 1020, 1000), "caption": (60, 1394, 1020, 1536)},
}
# The tile that the row belongs to: its acc, one line a row; beside it every row's l, and every row's alpha, one bar a row.
ROWS: dict[Aspect, Table] = {
    "16:9": {
        "factors": (240, 140, 640, 800), "sums": (700, 140, 900, 800), "tile": (960, 140, 1640, 800), "factors name": (240, 70, 640, 130),
        "sums name": (700, 70, 900, 130), "tile name": (960, 70, 1640, 130), "code": (240, 812, 1820, 932),
        "caption": (100, 940, 1820, 1080),
    },
    "4:3": {
        "factors": (90, 180, 430, 800), "sums": (480, 180, 640, 800), "tile": (690, 180, 1330, 800), "factors name": (90, 110, 450, 170),
        "sums name": (480, 110, 640, 170), "tile name": (690, 110, 1330, 170), "code": (90, 812, 1380, 932),
        "caption": (60, 940, 1380, 1080),
    },
    "1:1": {
        "factors": (60, 150, 350, 700), "sums": (390, 150, 500, 700), "tile": (540, 150, 1040, 700), "factors name": (60, 84, 380, 140),
        "sums name": (390, 84, 520, 140), "tile name": (540, 84, 1040, 140), "code": (60, 730, 1030, 870),
        "caption": (40, 930, 1040, 1070),
    },
    "9:16": {
        "factors": (60, 380, 340, 980), "sums": (370, 380, 480, 980), "tile": (510, 380, 1020, 980), "factors name": (60, 300, 360, 362),
        "sums name": (370, 300, 500, 362), "tile name": (510, 300, 1020, 362), "code": (60, 1010, 1020, 1150),
        "caption": (60, 1394, 1020, 1536),
    },
}  # fmt: skip
