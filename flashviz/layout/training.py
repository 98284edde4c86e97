"""Shots of TrainingMemoryScene: P with Q, K, V and O around it; one row of scores and its LSE; what either attention keeps."""

from __future__ import annotations

from collections.abc import Mapping

from flashviz.layout.rect import Aspect
from flashviz.layout.table import Table

# ``stage``: P, and around it what belongs to its queries (Q and O, or LSE) and to its keys (K and V, or dV). Beside it what is kept in
# numbers, or what a tile is made of and gives.
TRAINING: Mapping[Aspect, Table] = {
    "16:9": {
        "stage": (30, 12, 960, 926),
        "title": (1050, 84, 1890, 164), "n": (1050, 186, 1890, 276), "bytes": (1050, 330, 1890, 440), "how": (1050, 450, 1890, 506),
        "each": (1050, 508, 1890, 564), "rest": (1050, 660, 1890, 720), "note": (1050, 728, 1890, 784),
        "S name": (1050, 224, 1890, 324), "price": (1050, 344, 1890, 404), "P name": (1050, 470, 1890, 570),
    },
    "4:3": {
        "stage": (24, 70, 770, 850),
        "title": (846, 110, 1430, 170), "n": (846, 200, 1430, 280), "bytes": (846, 330, 1430, 430), "how": (846, 440, 1430, 496),
        "each": (846, 498, 1430, 554), "rest": (846, 640, 1430, 696), "note": (846, 702, 1430, 758),
        "S name": (846, 226, 1430, 320), "price": (846, 340, 1430, 398), "P name": (846, 460, 1430, 540),
    },
    "1:1": {
        "stage": (200, 4, 880, 600),
        "title": (20, 606, 760, 662), "n": (20, 666, 540, 732), "bytes": (20, 736, 650, 826), "how": (20, 830, 600, 882),
        "each": (620, 830, 1060, 882), "rest": (570, 670, 1060, 726), "note": (664, 738, 1060, 794),
        "S name": (20, 684, 640, 770), "price": (660, 696, 1060, 756), "P name": (20, 800, 1060, 886),
    },
    "9:16": {
        "stage": (60, 10, 1020, 930),
        "title": (60, 946, 820, 1004), "n": (60, 1012, 1020, 1088), "bytes": (60, 1094, 1020, 1192), "how": (60, 1196, 640, 1250),
        "each": (660, 1196, 1020, 1250), "rest": (60, 1260, 1020, 1316), "note": (60, 1322, 1020, 1376),
        "S name": (60, 1036, 1020, 1122), "price": (60, 1134, 1020, 1190), "P name": (60, 1230, 1020, 1310),
    },
}  # fmt: skip
# What either keeps, areas as bytes; in the second P's place stays empty.
SIDES: Mapping[Aspect, Table] = {
    "16:9": {
        "n": (170, 20, 900, 94),
        "standard name": (170, 98, 900, 156), "standard": (170, 170, 900, 764), "standard bytes": (170, 776, 900, 866),
        "standard how": (170, 868, 900, 922),
        "flash name": (1030, 98, 1880, 156), "flash": (1030, 170, 1760, 764), "flash bytes": (1030, 776, 1880, 866),
        "flash how": (1030, 868, 1880, 922),
    },
    "4:3": {
        "n": (40, 6, 700, 82),
        "standard name": (40, 88, 700, 146), "standard": (40, 160, 700, 780), "standard bytes": (40, 790, 700, 872),
        "standard how": (40, 874, 724, 928),
        "flash name": (740, 88, 1430, 146), "flash": (740, 160, 1400, 780), "flash bytes": (740, 790, 1430, 872),
        "flash how": (740, 874, 1430, 928),
    },
    "1:1": {
        "n": (20, 4, 530, 66),
        "standard name": (20, 96, 530, 154), "standard": (20, 170, 530, 670), "standard bytes": (20, 700, 530, 784),
        "standard how": (20, 800, 535, 854),
        "flash name": (550, 96, 1070, 154), "flash": (550, 170, 1060, 670), "flash bytes": (550, 700, 1070, 784),
        "flash how": (550, 800, 1070, 854),
    },
    "9:16": {
        "n": (60, 20, 1020, 96),
        "standard name": (60, 160, 1020, 218), "standard": (60, 228, 580, 728), "standard bytes": (590, 390, 1074, 490),
        "standard how": (590, 500, 1074, 556),
        "flash name": (60, 756, 1020, 814), "flash": (60, 868, 580, 1368), "flash bytes": (590, 1030, 1074, 1130),
        "flash how": (590, 1140, 1074, 1196),
    },
}  # fmt: skip
# One row: a bar a key under all of K, whose keys it has; LSE is where the axis of the scores ends. In ``band`` lies what the bars
# add up to. Beneath, what is reckoned.
ONE_ROW: Mapping[Aspect, Table] = {
    "16:9": {
        "what": (80, 8, 1840, 84), "keys": (80, 140, 1560, 188), "plot": (80, 174, 1560, 650),
        "LSE name": (80, 98, 1100, 166), "band": (80, 696, 1560, 766), "sum": (1584, 696, 1890, 766),
        "way": (80, 776, 1880, 852), "figures": (80, 856, 1880, 932),
    },
    "4:3": {
        "what": (40, 8, 1400, 78), "keys": (40, 120, 1140, 166), "plot": (40, 154, 1140, 610),
        "LSE name": (40, 80, 900, 146), "band": (40, 664, 1140, 728), "sum": (1160, 664, 1430, 728),
        "way": (40, 754, 1420, 830), "figures": (40, 840, 1420, 916),
    },
    "1:1": {
        "what": (20, 4, 1060, 62), "keys": (20, 104, 840, 146), "plot": (20, 132, 840, 540),
        "LSE name": (20, 66, 900, 124), "band": (20, 596, 840, 652), "sum": (20, 684, 520, 736),
        "way": (20, 746, 1060, 812), "figures": (20, 820, 1060, 886),
    },
    "9:16": {
        "what": (40, 30, 1040, 104), "keys": (40, 160, 850, 208), "plot": (40, 192, 850, 790),
        "LSE name": (40, 112, 1040, 182), "band": (40, 880, 850, 950), "sum": (40, 980, 560, 1034),
        "way": (40, 1080, 1040, 1160), "figures": (40, 1176, 1040, 1256),
    },
}  # fmt: skip
