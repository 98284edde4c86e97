"""Shots of TrainingMemoryScene: one layer; what layers keep while a training step goes on; one tile of P, as stored and made again."""

from __future__ import annotations

from collections.abc import Mapping

from flashviz.layout.rect import Aspect
from flashviz.layout.table import Table

# ``standard`` and ``flash``: cards of layers, one on another; in the second P's place stays empty.
TRAINING: Mapping[Aspect, Table] = {
    "16:9": {
        "n": (80, 14, 1000, 96), "note": (1040, 30, 1880, 86),
        "standard name": (80, 104, 1000, 160), "standard": (80, 214, 1000, 710), "standard bytes": (80, 726, 1000, 812),
        "standard rest": (80, 820, 1000, 876),
        "flash name": (1040, 104, 1880, 160), "flash": (1040, 214, 1900, 710), "flash bytes": (1040, 726, 1880, 812),
        "flash rest": (1040, 820, 1880, 876),
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
        "standard name": (60, 180, 1020, 236), "standard": (60, 290, 1020, 712), "standard bytes": (60, 726, 560, 800),
        "standard rest": (570, 734, 1060, 790),
        "flash name": (60, 806, 1020, 862), "flash": (60, 916, 1020, 1306), "flash bytes": (60, 1316, 560, 1390),
        "flash rest": (570, 1324, 1060, 1380),
    },
}  # fmt: skip
# What one layer has, areas as bytes, beside one another from the left.
ONE_LAYER: Mapping[Aspect, Table] = {
    "16:9": {
        "layer": (60, 150, 1100, 750), "P name": (1140, 120, 1890, 200), "P note": (1140, 206, 1890, 262),
        "P bytes": (1140, 272, 1890, 352), "LSE name": (1140, 410, 1890, 490), "LSE note": (1140, 496, 1890, 552),
        "LSE bytes": (1140, 562, 1890, 642), "units": (1140, 720, 1890, 776), "rest": (1140, 790, 1890, 846),
    },
    "4:3": {
        "layer": (30, 150, 850, 700), "P name": (880, 120, 1420, 190), "P note": (880, 196, 1420, 252),
        "P bytes": (880, 262, 1420, 342), "LSE name": (880, 410, 1420, 480), "LSE note": (880, 486, 1420, 542),
        "LSE bytes": (880, 552, 1420, 632), "units": (880, 700, 1420, 756), "rest": (880, 770, 1420, 826),
    },
    "1:1": {
        "layer": (20, 80, 1060, 560), "P name": (30, 580, 520, 650), "P note": (30, 652, 520, 702),
        "P bytes": (30, 708, 520, 778), "LSE name": (560, 580, 1060, 650), "LSE note": (560, 652, 1060, 702),
        "LSE bytes": (560, 708, 1060, 778), "units": (30, 800, 1050, 850), "rest": (30, 860, 1050, 910),
    },
    "9:16": {
        "layer": (30, 110, 1050, 760), "P name": (40, 800, 1040, 876), "P note": (40, 880, 700, 936),
        "P bytes": (710, 876, 1050, 940), "LSE name": (40, 970, 1040, 1046), "LSE note": (40, 1050, 700, 1106),
        "LSE bytes": (710, 1046, 1050, 1110), "units": (40, 1160, 1040, 1216), "rest": (40, 1230, 1040, 1286),
    },
}  # fmt: skip
# A tile of P as it is stored, and beside it made again: of Q at its left, K over it, and LSE at its right. Then one weight is reckoned.
REMADE: Mapping[Aspect, Table] = {
    "16:9": {
        "stored name": (20, 96, 544, 152), "stored": (20, 160, 544, 684), "stored value": (20, 756, 700, 846),
        "Q": (586, 160, 710, 684), "K": (718, 48, 1242, 152), "S": (718, 160, 1242, 684), "LSE": (1250, 160, 1298, 684),
        "Q name": (586, 102, 700, 154), "K name": (664, 74, 712, 126), "S name": (718, 692, 1290, 748), "LSE name": (1250, 102, 1394, 154),
        "price": (718, 750, 1890, 846),
        "score": (1330, 140, 1904, 272), "less": (1330, 290, 1904, 380), "difference": (1330, 404, 1904, 494),
        "weight": (1330, 546, 1904, 646),
    },
    "4:3": {
        "stored name": (30, 192, 400, 246), "stored": (30, 250, 400, 620), "stored value": (30, 690, 400, 770),
        "Q": (470, 250, 590, 620), "K": (600, 130, 970, 240), "S": (600, 250, 970, 620), "LSE": (980, 250, 1014, 620),
        "Q name": (470, 192, 590, 244), "K name": (546, 160, 596, 212), "S name": (600, 630, 1020, 690),
        "LSE name": (980, 192, 1110, 244), "price": (600, 700, 1420, 760),
        "score": (1060, 256, 1420, 336), "less": (1060, 346, 1420, 426), "difference": (1060, 436, 1420, 516),
        "weight": (1060, 550, 1420, 640),
    },
    "1:1": {
        "stored name": (20, 160, 340, 212), "stored": (20, 220, 340, 540), "stored value": (20, 610, 340, 690),
        "Q": (480, 220, 590, 540), "K": (600, 110, 920, 210), "S": (600, 220, 920, 540), "LSE": (930, 220, 960, 540),
        "Q name": (480, 164, 590, 214), "K name": (546, 132, 596, 184), "S name": (600, 548, 1060, 602),
        "LSE name": (930, 164, 1060, 214), "price": (400, 860, 1070, 916),
        "score": (400, 610, 720, 690), "less": (730, 610, 1070, 690), "difference": (400, 700, 720, 780), "weight": (730, 700, 1070, 780),
    },
    "9:16": {
        "stored name": (60, 60, 560, 116), "stored": (60, 124, 480, 544), "stored value": (560, 300, 1040, 390),
        "Q": (60, 764, 196, 1184), "K": (206, 650, 626, 754), "S": (206, 764, 626, 1184), "LSE": (636, 764, 670, 1184),
        "Q name": (60, 704, 196, 756), "K name": (148, 676, 200, 728), "S name": (206, 1192, 800, 1250),
        "LSE name": (636, 704, 770, 756), "price": (206, 1260, 1060, 1316),
        "score": (710, 770, 1060, 850), "less": (710, 860, 1060, 940), "difference": (710, 950, 1060, 1030),
        "weight": (710, 1070, 1060, 1160),
    },
}  # fmt: skip
