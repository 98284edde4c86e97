"""Shots of TrainingMemoryScene: one row of scores and its LSE; what is kept for the backward pass; one tile of P, made again and used."""

from __future__ import annotations

from collections.abc import Mapping

from flashviz.layout.rect import Aspect
from flashviz.layout.table import Table

# ``standard`` and ``flash``: what either keeps, areas as bytes; in the second P's place stays empty.
TRAINING: Mapping[Aspect, Table] = {
    "16:9": {
        "n": (80, 8, 1000, 86), "note": (1040, 22, 1880, 76),
        "standard name": (80, 86, 1000, 140), "standard": (80, 192, 1000, 762), "standard bytes": (80, 770, 1000, 852),
        "standard rest": (80, 858, 1000, 912),
        "flash name": (1040, 86, 1880, 140), "flash": (1040, 192, 1900, 762), "flash bytes": (1040, 770, 1880, 852),
        "flash rest": (1040, 858, 1880, 912),
    },
    "4:3": {
        "n": (40, 14, 720, 96), "note": (750, 30, 1410, 86),
        "standard name": (40, 104, 720, 160), "standard": (40, 214, 720, 710), "standard bytes": (40, 726, 720, 812),
        "standard rest": (40, 820, 720, 876),
        "flash name": (750, 104, 1410, 160), "flash": (750, 214, 1430, 710), "flash bytes": (750, 726, 1410, 812),
        "flash rest": (750, 820, 1410, 876),
    },
    "1:1": {
        "n": (20, 6, 1070, 76), "note": (620, 80, 1070, 132),
        "standard name": (640, 150, 1070, 206), "standard": (20, 130, 620, 500), "standard bytes": (640, 230, 1070, 310),
        "standard rest": (640, 320, 1070, 376),
        "flash name": (640, 590, 1070, 646), "flash": (20, 560, 620, 930), "flash bytes": (640, 670, 1070, 750),
        "flash rest": (640, 760, 1070, 816),
    },
    "9:16": {
        "n": (60, 30, 1020, 110), "note": (60, 114, 1020, 170),
        "standard name": (60, 180, 1020, 236), "standard": (60, 290, 1020, 712), "standard bytes": (60, 726, 530, 800),
        "standard rest": (570, 734, 1060, 790),
        "flash name": (60, 806, 1020, 862), "flash": (60, 916, 1020, 1306), "flash bytes": (60, 1316, 530, 1390),
        "flash rest": (570, 1324, 1060, 1380),
    },
}  # fmt: skip
# One row: a bar a key. ``cell`` is its LSE, whose middle has the height of LSE on the axis of the scores. Beneath, what is reckoned.
ONE_ROW: Mapping[Aspect, Table] = {
    "16:9": {
        "what": (80, 40, 1470, 120), "plot": (80, 210, 1560, 730), "band": (80, 400, 1560, 520), "cell": (1620, 160, 1720, 260),
        "LSE name": (1500, 66, 1890, 146),
        "first": (80, 790, 620, 880), "second": (680, 790, 1220, 880), "third": (1280, 790, 1880, 880),
    },
    "4:3": {
        "what": (40, 34, 1150, 104), "plot": (40, 210, 1140, 640), "band": (40, 380, 1140, 470), "cell": (1180, 175, 1250, 245),
        "LSE name": (1180, 110, 1420, 166),
        "first": (40, 720, 460, 800), "second": (500, 720, 900, 800), "third": (940, 720, 1420, 800),
    },
    "1:1": {
        "what": (20, 30, 1060, 90), "plot": (20, 180, 840, 560), "band": (20, 330, 840, 410), "cell": (870, 148, 934, 212),
        "LSE name": (870, 94, 1070, 142),
        "first": (20, 620, 520, 700), "second": (560, 620, 1060, 700), "third": (20, 730, 1060, 810),
    },
    "9:16": {
        "what": (40, 90, 1040, 150), "plot": (40, 300, 850, 880), "band": (40, 540, 850, 640), "cell": (890, 265, 960, 335),
        "LSE name": (800, 200, 1070, 256),
        "first": (40, 960, 1040, 1050), "second": (40, 1070, 1040, 1160), "third": (40, 1180, 1040, 1270),
    },
}  # fmt: skip
# P as it is kept, and beside it the same place, in which a tile is made again: of Q at its left, K over it, and LSE at its right. It is
# used for dV, under its keys, and for dS, in the same rows.
REMADE: Mapping[Aspect, Table] = {
    "16:9": {
        "stored name": (30, 80, 650, 144), "stored": (30, 150, 650, 770),
        "K": (788, 62, 1408, 138), "K name": (732, 72, 780, 128), "Q": (700, 150, 776, 770),
        "Q name": (700, 778, 776, 834), "S": (788, 150, 1408, 770), "LSE": (1420, 150, 1446, 770), "LSE name": (1420, 86, 1540, 142),
        "S name": (1480, 300, 1904, 360), "price": (1480, 366, 1904, 416), "price of": (1480, 416, 1904, 466),
        "P name": (1480, 520, 1904, 580),
        "made name": (788, 778, 1408, 834),
        "dV": (788, 782, 1408, 862), "dV name": (1424, 792, 1880, 852), "dS": (1540, 150, 1904, 770), "dS name": (1480, 280, 1904, 340),
    },
    "4:3": {
        "stored name": (20, 186, 440, 242), "stored": (20, 250, 440, 670),
        "K": (560, 176, 980, 238), "K name": (508, 180, 552, 234), "Q": (486, 250, 548, 670),
        "Q name": (486, 676, 548, 730), "S": (560, 250, 980, 670), "LSE": (990, 250, 1010, 670), "LSE name": (990, 188, 1100, 242),
        "S name": (1040, 340, 1430, 396), "price": (1040, 402, 1430, 448), "price of": (1040, 448, 1430, 494),
        "P name": (1040, 530, 1430, 586),
        "made name": (560, 678, 980, 732),
        "dV": (560, 682, 980, 742), "dV name": (992, 684, 1430, 740), "dS": (1100, 250, 1430, 670), "dS name": (1050, 310, 1430, 366),
    },
    "1:1": {
        "stored name": (10, 206, 360, 260), "stored": (10, 270, 340, 600),
        "K": (450, 206, 780, 258), "K name": (400, 206, 444, 258), "Q": (390, 270, 440, 600),
        "Q name": (390, 606, 442, 658), "S": (450, 270, 780, 600), "LSE": (790, 270, 808, 600), "LSE name": (790, 206, 910, 258),
        "S name": (390, 730, 720, 790), "price": (390, 796, 1070, 846), "price of": (390, 846, 1070, 896),
        "P name": (730, 730, 1070, 790),
        "made name": (450, 606, 780, 658),
        "dV": (450, 612, 780, 662), "dV name": (794, 612, 1070, 662), "dS": (880, 270, 1070, 600), "dS name": (850, 312, 1070, 362),
    },
    "9:16": {
        "stored name": (60, 56, 700, 116), "stored": (60, 124, 500, 564),
        "K": (200, 676, 640, 740), "K name": (146, 680, 192, 736), "Q": (126, 752, 190, 1192),
        "Q name": (126, 1200, 190, 1256), "S": (200, 752, 640, 1192), "LSE": (650, 752, 672, 1192), "LSE name": (650, 684, 780, 740),
        "S name": (700, 860, 1070, 916), "price": (700, 922, 1070, 968), "price of": (700, 968, 1070, 1014),
        "P name": (700, 1060, 1070, 1116),
        "made name": (200, 1200, 640, 1256),
        "dV": (200, 1204, 640, 1264), "dV name": (656, 1206, 1060, 1262), "dS": (780, 752, 1060, 1192), "dS name": (730, 810, 1064, 866),
    },
}  # fmt: skip
