"""Shots of TrainingMemoryScene: P with Q, K, V and O around it; one row of scores and its LSE; what either attention keeps."""

from __future__ import annotations

from collections.abc import Mapping

from flashviz.layout.rect import Aspect
from flashviz.layout.table import Table

# ``stage``: P, and around it what belongs to its queries (Q and O, or LSE) and to its keys (K and V, or dV). Beside it what is kept in
# numbers, or what a tile is made of.
TRAINING: Mapping[Aspect, Table] = {
    "16:9": {
        "stage": (30, 12, 960, 926),
        "title": (1010, 84, 1890, 164), "n": (1010, 186, 1890, 276), "bytes": (1010, 330, 1890, 440), "how": (1010, 450, 1890, 506),
        "each": (1010, 508, 1890, 564), "rest": (1010, 660, 1890, 720), "note": (1010, 728, 1890, 784),
        "S name": (1010, 224, 1890, 324), "price": (1010, 344, 1890, 404), "P name": (1010, 470, 1890, 570),
        "dV name": (1010, 830, 1890, 910),
    },
    "4:3": {
        "stage": (10, 70, 770, 850),
        "title": (796, 110, 1430, 170), "n": (796, 200, 1430, 280), "bytes": (796, 330, 1430, 430), "how": (796, 440, 1430, 496),
        "each": (796, 498, 1430, 554), "rest": (796, 640, 1430, 696), "note": (796, 702, 1430, 758),
        "S name": (796, 226, 1430, 320), "price": (796, 340, 1430, 398), "P name": (796, 460, 1430, 540), "dV name": (796, 764, 1430, 834),
    },
    "1:1": {
        "stage": (200, 4, 880, 600),
        "title": (20, 606, 760, 662), "n": (20, 666, 540, 732), "bytes": (20, 736, 1060, 826), "how": (20, 830, 600, 882),
        "each": (620, 830, 1060, 882), "rest": (570, 670, 1060, 726), "note": (20, 886, 1060, 936),
        "S name": (20, 684, 640, 770), "price": (660, 696, 1060, 756), "P name": (20, 800, 1060, 886), "dV name": (850, 530, 1076, 600),
    },
    "9:16": {
        "stage": (60, 10, 1020, 930),
        "title": (60, 946, 820, 1004), "n": (60, 1012, 1020, 1088), "bytes": (60, 1094, 1020, 1192), "how": (60, 1196, 640, 1250),
        "each": (660, 1196, 1020, 1250), "rest": (60, 1260, 1020, 1316), "note": (60, 1322, 1020, 1376),
        "S name": (60, 1036, 1020, 1122), "price": (60, 1134, 1020, 1190), "P name": (60, 1230, 1020, 1310),
        "dV name": (905, 852, 1074, 930),
    },
}  # fmt: skip
# What either keeps, areas as bytes; in the second P's place stays empty.
SIDES: Mapping[Aspect, Table] = {
    "16:9": {
        "n": (170, 4, 900, 80), "note": (1030, 16, 1880, 72),
        "standard name": (170, 84, 900, 144), "standard": (170, 156, 900, 770), "standard bytes": (170, 782, 900, 872),
        "standard how": (170, 874, 900, 928),
        "flash name": (1030, 84, 1880, 144), "flash": (1030, 156, 1760, 770), "flash bytes": (1030, 782, 1880, 872),
        "flash how": (1030, 874, 1880, 928),
    },
    "4:3": {
        "n": (40, 6, 700, 82), "note": (740, 18, 1430, 74),
        "standard name": (40, 88, 700, 146), "standard": (40, 160, 700, 780), "standard bytes": (40, 790, 700, 872),
        "standard how": (40, 874, 724, 928),
        "flash name": (740, 88, 1430, 146), "flash": (740, 160, 1400, 780), "flash bytes": (740, 790, 1430, 872),
        "flash how": (740, 874, 1430, 928),
    },
    "1:1": {
        "n": (20, 40, 530, 110), "note": (550, 50, 1070, 106),
        "standard name": (20, 134, 530, 192), "standard": (20, 206, 530, 706), "standard bytes": (20, 722, 530, 806),
        "standard how": (20, 814, 535, 868),
        "flash name": (550, 134, 1070, 192), "flash": (550, 206, 1060, 706), "flash bytes": (550, 722, 1070, 806),
        "flash how": (550, 814, 1070, 868),
    },
    "9:16": {
        "n": (60, 20, 1020, 96), "note": (60, 98, 1020, 154),
        "standard name": (60, 160, 1020, 218), "standard": (60, 228, 580, 728), "standard bytes": (590, 390, 1074, 490),
        "standard how": (590, 500, 1074, 556),
        "flash name": (60, 756, 1020, 814), "flash": (60, 868, 580, 1368), "flash bytes": (590, 1030, 1074, 1130),
        "flash how": (590, 1140, 1074, 1196),
    },
}  # fmt: skip
# One row: a bar a key under all of K, whose keys it has; LSE is where the axis of the scores ends, and ``cell`` where it waits. In ``band``
# lies what the bars add up to. Beneath, what is reckoned.
ONE_ROW: Mapping[Aspect, Table] = {
    "16:9": {
        "what": (80, 8, 1840, 92), "keys": (80, 150, 1560, 210), "key name": (1584, 150, 1890, 210), "plot": (80, 252, 1560, 590),
        "cell": (80, 190, 136, 206), "LSE name": (156, 162, 1100, 234), "band": (80, 690, 1560, 760), "sum": (1584, 690, 1890, 760),
        "softmax way": (80, 796, 600, 860), "middle way": (640, 796, 1230, 860), "LSE way": (1250, 796, 1880, 860),
        "softmax sum": (80, 866, 620, 930), "LSE sum": (1250, 866, 1880, 930),
    },
    "4:3": {
        "what": (40, 8, 1400, 82), "keys": (40, 140, 1140, 196), "key name": (1160, 140, 1430, 196), "plot": (40, 238, 1140, 560),
        "cell": (40, 180, 84, 196), "LSE name": (100, 156, 900, 220), "band": (40, 660, 1140, 724), "sum": (1160, 660, 1430, 724),
        "softmax way": (40, 770, 430, 826), "middle way": (450, 770, 900, 826), "LSE way": (920, 770, 1420, 826),
        "softmax sum": (40, 840, 500, 900), "LSE sum": (920, 840, 1420, 900),
    },
    "1:1": {
        "what": (20, 8, 1060, 74), "keys": (20, 128, 840, 176), "key name": (856, 128, 1074, 176), "plot": (20, 218, 840, 500),
        "cell": (20, 166, 60, 182), "LSE name": (74, 144, 900, 204), "band": (20, 590, 840, 646), "sum": (856, 590, 1074, 646),
        "softmax way": (20, 690, 290, 740), "middle way": (300, 690, 690, 740), "LSE way": (700, 690, 1070, 740),
        "softmax sum": (20, 760, 520, 816), "LSE sum": (550, 760, 1070, 816),
    },
    "9:16": {
        "what": (40, 60, 1040, 130), "keys": (40, 230, 850, 290), "key name": (866, 230, 1074, 290), "plot": (40, 340, 850, 760),
        "cell": (40, 276, 84, 292), "LSE name": (100, 250, 1040, 320), "band": (40, 880, 850, 950), "sum": (866, 880, 1074, 950),
        "softmax way": (40, 1020, 540, 1080), "middle way": (40, 1100, 540, 1160), "LSE way": (40, 1180, 540, 1240),
        "softmax sum": (560, 1020, 1060, 1080), "LSE sum": (560, 1180, 1060, 1240),
    },
}  # fmt: skip
