"""Where the parts of one row stand, in each of its shots. See ``layout.shots`` for what a table is."""

from __future__ import annotations

from flashviz.layout.rect import Aspect
from flashviz.layout.table import Table

# One board, on which a row's parts keep their places: l and this tile's terms on one baseline, the lower edge of ``measured``, under one
# ceiling, as wide as in SUM; beneath them ``names`` and ``sum``, the arithmetic of l, then acc and acc / l, which has ``room`` where it
# becomes too tall. ``keys``: the row's tiles; ``crossed``: how many have crossed; ``held``: what stays on chip; ``note``: on the sum or the
# answer; ``entry``: of acc.
RESCALE: dict[Aspect, Table] = {
    "16:9": {
        "keys name": (440, 32, 800, 84), "keys": (110, 36, 420, 82), "crossed": (440, 32, 800, 84), "measured": (110, 116, 1810, 510),
        "names": (110, 512, 1810, 556), "sum": (110, 556, 1000, 626), "note": (1010, 556, 1860, 626),
        "acc name": (110, 660, 250, 720), "acc words": (260, 660, 940, 720), "acc": (110, 732, 940, 914),
        "answer name": (1010, 660, 1190, 720), "answer words": (1200, 660, 1860, 720), "answer": (1010, 732, 1860, 914),
    },
    "4:3": {
        "keys name": (90, 32, 480, 84), "held": (90, 32, 480, 84), "keys": (490, 36, 800, 82), "measured": (90, 116, 1350, 510),
        "names": (90, 512, 1350, 556), "sum": (90, 556, 840, 626), "note": (850, 556, 1390, 626),
        "acc name": (90, 660, 220, 720), "acc words": (230, 660, 700, 720), "acc": (60, 732, 700, 914),
        "answer name": (740, 660, 910, 720), "answer words": (920, 660, 1390, 720), "answer": (740, 732, 1390, 914),
    },
    "1:1": {
        "keys name": (100, 18, 480, 70), "held": (100, 18, 480, 70), "keys": (490, 24, 740, 66), "crossed": (755, 18, 1070, 70),
        "measured": (100, 120, 1030, 400),
        "names": (100, 404, 1030, 452), "sum": (100, 454, 1030, 522),
        "note": (50, 866, 1030, 936), "acc name": (50, 536, 190, 600), "acc words": (200, 536, 520, 600), "acc": (50, 640, 510, 822),
        "entry": (50, 824, 510, 866),
        "answer name": (570, 536, 740, 600), "answer words": (750, 536, 1044, 600), "answer": (570, 684, 1030, 784),
        "room": (570, 606, 1030, 862),
    },
    "9:16": {
        "keys name": (110, 100, 500, 152), "held": (110, 100, 500, 152), "keys": (510, 106, 740, 148), "crossed": (755, 100, 1070, 152),
        "measured": (110, 240, 1020, 630),
        "names": (110, 636, 1020, 686), "sum": (110, 690, 1020, 766),
        "note": (60, 1312, 1020, 1388), "acc name": (60, 776, 230, 842), "acc words": (240, 776, 1020, 842), "acc": (60, 848, 1020, 1014),
        "entry": (560, 776, 1020, 842),
        "answer name": (60, 1020, 240, 1076), "answer words": (250, 1020, 1020, 1076), "answer": (60, 1142, 1020, 1240),
        "room": (60, 1080, 1020, 1306),
    },
}  # fmt: skip
# The same board while acc and l shrink: l's block alone at the left, acc and acc / l beside it, over more than half of the frame.
# ``entry``: what acc has most, over its bar. ``note`` takes the place of what acc / l is.
SQUEEZE: dict[Aspect, Table] = {
    "16:9": {
        "keys name": (440, 32, 780, 84), "keys": (110, 36, 420, 82), "crossed": (440, 32, 780, 84), "measured": (110, 282, 800, 640),
        "names": (110, 648, 800, 698), "sum": (110, 702, 800, 782), "note": (864, 392, 1864, 472), "held": (110, 872, 520, 928),
        "acc name": (864, 40, 1004, 112), "acc words": (1014, 40, 1864, 112), "acc": (850, 120, 1864, 384),
        "entry": (1280, 40, 1864, 112),
        "answer name": (864, 392, 1044, 472), "answer words": (1050, 392, 1864, 472), "answer": (850, 634, 1864, 790),
        "room": (850, 480, 1864, 912),
    },
    "4:3": {
        "keys name": (60, 32, 410, 84), "held": (60, 32, 410, 84), "keys": (426, 36, 570, 82), "measured": (60, 291, 560, 640),
        "names": (40, 648, 570, 698), "sum": (40, 702, 570, 782), "note": (600, 372, 1396, 446),
        "acc name": (600, 50, 730, 122), "acc words": (740, 50, 1396, 122), "acc": (592, 130, 1396, 362),
        "entry": (1000, 50, 1396, 122),
        "answer name": (600, 372, 770, 446), "answer words": (780, 372, 1396, 446), "answer": (592, 600, 1396, 734),
        "room": (592, 452, 1396, 826),
    },
    "1:1": RESCALE["1:1"], "9:16": RESCALE["9:16"],
}  # fmt: skip
OF_SUM = "keys name", "keys", "crossed", "held"
# The sum, over all of the width. ``term``: what a term is.
SUM: dict[Aspect, Table] = {
    "16:9": {
        **{part: at for part, at in RESCALE["16:9"].items() if part in OF_SUM}, "held": (110, 872, 520, 928),
        "measured": (110, 116, 1810, 640), "names": (110, 648, 1810, 698), "sum": (110, 702, 1170, 782), "term": (560, 90, 1360, 344),
    },
    "4:3": {
        **{part: at for part, at in RESCALE["4:3"].items() if part in OF_SUM},
        "measured": (90, 116, 1350, 640), "names": (90, 648, 1350, 698), "sum": (90, 702, 800, 782), "term": (400, 96, 1040, 390),
    },
    "1:1": {
        "keys name": (100, 32, 480, 84), "held": (100, 32, 480, 84), "keys": (490, 38, 740, 80), "crossed": (755, 32, 1070, 84),
        "measured": (100, 180, 1030, 730),
        "names": (100, 738, 1030, 790),
        "sum": (100, 796, 1030, 886), "term": (150, 130, 1000, 390),
    },
    "9:16": {
        "keys name": (110, 120, 500, 172), "held": (110, 120, 500, 172), "keys": (110, 180, 700, 222), "crossed": (720, 176, 1060, 228),
        "measured": (110, 320, 1020, 1080),
        "names": (110, 1090, 1020, 1146), "sum": (110, 1154, 1020, 1250), "term": (150, 260, 980, 560),
    },
}  # fmt: skip
# One column a feature: V's tile, beneath it acc, one bar a feature, and acc / l. Left of each row of V the row's term.
VALUES: dict[Aspect, Table] = {
    "16:9": {
        "weights": (120, 96, 530, 350), "values": (560, 96, 1840, 350), "weights name": (120, 36, 530, 88),
        "values name": (560, 36, 1840, 88),
        "acc name": (120, 466, 540, 542), "acc words": (120, 542, 540, 588), "acc": (560, 386, 1840, 666),
        "answer name": (120, 754, 540, 814), "answer words": (120, 814, 540, 860), "answer": (560, 710, 1840, 914),
    },
    "4:3": {
        "weights": (60, 96, 350, 380), "values": (380, 96, 1380, 380), "weights name": (60, 36, 350, 88),
        "values name": (380, 36, 1380, 88),
        "acc name": (380, 392, 540, 458), "acc words": (550, 392, 1380, 458), "acc": (380, 464, 1380, 650),
        "answer name": (380, 662, 560, 722), "answer words": (570, 662, 1380, 722), "answer": (380, 750, 1380, 910),
    },
    "1:1": {
        "weights": (40, 96, 250, 370), "values": (270, 96, 1040, 370), "weights name": (40, 36, 250, 88),
        "values name": (270, 36, 1040, 88),
        "acc name": (270, 382, 430, 446), "acc words": (440, 382, 1040, 446), "acc": (270, 452, 1040, 640),
        "answer name": (270, 652, 450, 710), "answer words": (460, 652, 1040, 710), "answer": (270, 740, 1040, 840),
    },
    "9:16": {
        "weights": (60, 200, 280, 560), "values": (300, 200, 1020, 560), "weights name": (60, 140, 280, 194),
        "values name": (300, 140, 1020, 194), "acc name": (300, 584, 470, 654), "acc words": (480, 584, 1020, 654),
        "acc": (300, 660, 1020, 826), "answer name": (300, 850, 490, 912), "answer words": (500, 850, 1020, 912),
        "answer": (300, 930, 1020, 1028),
    },
}  # fmt: skip
# acc and acc / l alone, in the whole frame, and ``fraction``: why they are the answer.
ANSWER: dict[Aspect, Table] = {
    "16:9": {
        "held": (110, 872, 520, 928), "fraction": (700, 396, 1700, 584),
        "acc name": (120, 160, 540, 236), "acc words": (120, 236, 540, 282),
        "acc": (560, 80, 1840, 360), "names": (120, 400, 540, 450),
        "sum": (120, 456, 540, 540),
        "answer name": (120, 664, 540, 724), "answer words": (120, 724, 540, 770), "answer": (560, 590, 1840, 800),
    },
    "4:3": {
        "acc name": (60, 40, 220, 110), "acc words": (230, 40, 1380, 110), "acc": (60, 180, 1380, 366), "names": (60, 400, 260, 460),
        "sum": (270, 392, 1380, 468),
        "answer name": (60, 480, 240, 540), "answer words": (250, 480, 740, 540), "answer": (60, 630, 1380, 790),
        "fraction": (640, 380, 1380, 600),
    },
    "1:1": {
        "acc name": (40, 40, 200, 110), "acc words": (210, 40, 1040, 110), "acc": (40, 130, 1040, 318), "names": (40, 360, 240, 430),
        "sum": (250, 356, 1040, 432),
        "answer name": (40, 480, 220, 540), "answer words": (230, 480, 1040, 540), "answer": (40, 600, 1040, 700),
        "fraction": (460, 330, 1040, 560),
    },
    "9:16": {
        "held": (110, 60, 500, 112), "acc name": (60, 160, 230, 230), "acc words": (240, 160, 1020, 230), "acc": (60, 300, 1020, 466),
        "names": (60, 560, 260, 630),
        "sum": (270, 556, 1020, 632),
        "answer name": (60, 760, 240, 820), "answer words": (250, 760, 1020, 820), "answer": (60, 900, 1020, 998),
        "fraction": (300, 640, 1020, 850),
    },
}  # fmt: skip
# The answer, and what softmax over all keys at once gives.
FINAL: dict[Aspect, Table] = {
    "16:9": {
        "whole name": (120, 160, 540, 220), "whole words": (120, 220, 540, 266), "whole": (560, 60, 1840, 430),
        "answer name": (120, 630, 540, 690), "answer words": (120, 690, 540, 736), "answer": (560, 500, 1840, 870),
    },
    "4:3": {
        "whole name": (60, 40, 300, 100), "whole words": (310, 40, 1380, 100), "whole": (60, 110, 1380, 440),
        "answer name": (60, 480, 240, 540), "answer words": (250, 480, 1380, 540), "answer": (60, 560, 1380, 890),
    },
    "1:1": {
        "whole name": (40, 40, 280, 100), "whole words": (290, 40, 1040, 100), "whole": (40, 110, 1040, 440),
        "answer name": (40, 480, 220, 540), "answer words": (230, 480, 1040, 540), "answer": (40, 560, 1040, 890),
    },
    "9:16": {
        "whole name": (60, 180, 300, 240), "whole words": (310, 180, 1020, 240), "whole": (60, 260, 1020, 700),
        "answer name": (60, 760, 240, 820), "answer words": (250, 760, 1020, 820), "answer": (60, 840, 1020, 1280),
    },
}  # fmt: skip
# Why it is exact, alone.
FORMULA: dict[Aspect, Table] = {
    "16:9": {"held": (110, 872, 520, 928), "keys": (110, 36, 420, 82), "formula": (110, 200, 1810, 760)},
    "4:3": {"held": (90, 32, 480, 84), "keys": (520, 42, 1370, 76), "formula": (60, 240, 1380, 760)},
    "1:1": {"held": (100, 32, 480, 84), "keys": (490, 42, 1030, 76), "formula": (50, 260, 1030, 760)},
    "9:16": {"held": (110, 120, 500, 172), "keys": (110, 184, 1020, 218), "formula": (60, 420, 1020, 1000)},
}
# The tile that the row belongs to: its acc and acc / l, one line a row; beside them every row's l and alpha, one bar a row.
ROWS: dict[Aspect, Table] = {
    "16:9": {
        "factors": (120, 140, 420, 800), "sums": (470, 140, 620, 800), "tile": (680, 140, 1220, 800), "quotients": (1280, 140, 1820, 800),
        "factors name": (120, 70, 460, 130), "sums name": (470, 70, 670, 130), "tile name": (680, 70, 1220, 130),
        "quotients name": (1280, 70, 1820, 130), "code": (120, 820, 1820, 926),
    },
    "4:3": {
        "factors": (60, 180, 300, 780), "sums": (340, 180, 460, 780), "tile": (510, 180, 920, 780), "quotients": (970, 180, 1380, 780),
        "factors name": (60, 110, 330, 170), "sums name": (340, 110, 500, 170), "tile name": (510, 110, 920, 170),
        "quotients name": (970, 110, 1380, 170), "code": (60, 812, 1380, 926),
    },
    "1:1": {
        "factors": (40, 150, 220, 700), "sums": (250, 150, 350, 700), "tile": (390, 150, 690, 700), "quotients": (730, 150, 1040, 700),
        "factors name": (40, 84, 240, 140), "sums name": (250, 84, 380, 140), "tile name": (390, 84, 690, 140),
        "quotients name": (730, 84, 1040, 140), "code": (40, 730, 1040, 850),
    },
    "9:16": {
        "factors": (60, 380, 240, 980), "sums": (260, 380, 350, 980), "tile": (380, 380, 690, 980), "quotients": (720, 380, 1020, 980),
        "factors name": (60, 300, 250, 362), "sums name": (260, 300, 370, 362), "tile name": (380, 300, 690, 362),
        "quotients name": (720, 300, 1020, 362), "code": (60, 1010, 1020, 1130),
    },
}  # fmt: skip
