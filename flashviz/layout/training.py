"""Shots of TrainingMemoryScene: one layer, and what layers keep while a training step goes on, areas as their bytes."""

from __future__ import annotations

from collections.abc import Mapping

from flashviz.layout.rect import Aspect
from flashviz.layout.table import Table

# ``standard``: P of each layer, one plate on another; ``flash``: where no P is kept, beside ``LSE`` of each layer.
TRAINING: Mapping[Aspect, Table] = {
    "16:9": {
        "n": (80, 14, 900, 100), "note": (1020, 30, 1840, 86),
        "standard name": (80, 106, 900, 162), "standard": (80, 176, 900, 800), "standard bytes": (80, 812, 900, 904),
        "flash name": (1020, 106, 1840, 162), "flash": (1066, 222, 1610, 800), "LSE": (1650, 222, 1880, 800),
        "flash bytes": (1020, 812, 1840, 904),
    },
    "4:3": {
        "n": (40, 14, 690, 100), "note": (740, 30, 1410, 86),
        "standard name": (40, 106, 690, 162), "standard": (40, 176, 690, 800), "standard bytes": (40, 812, 690, 904),
        "flash name": (740, 106, 1410, 162), "flash": (786, 222, 1236, 800), "LSE": (1260, 222, 1430, 800),
        "flash bytes": (740, 812, 1410, 904),
    },
    "1:1": {
        "n": (20, 14, 520, 100), "note": (550, 30, 1070, 86),
        "standard name": (20, 106, 520, 162), "standard": (20, 222, 520, 800), "standard bytes": (20, 812, 480, 904),
        "flash name": (550, 106, 1070, 162), "flash": (590, 222, 945, 800), "LSE": (960, 222, 1070, 800),
        "flash bytes": (550, 812, 1070, 904),
    },
    "9:16": {
        "n": (60, 30, 1020, 120), "note": (60, 124, 1020, 180),
        "standard name": (60, 190, 1020, 246), "standard": (60, 256, 1020, 716), "standard bytes": (60, 724, 1020, 806),
        "flash name": (60, 826, 1020, 882), "flash": (106, 936, 700, 1296), "LSE": (760, 936, 1020, 1296),
        "flash bytes": (60, 1304, 1020, 1386),
    },
}  # fmt: skip
# One layer's P and LSE, their areas as their bytes.
ONE_LAYER: Mapping[Aspect, Table] = {
    "16:9": {
        "P": (140, 150, 740, 750), "LSE": (780, 150, 840, 750), "P name": (1000, 150, 1880, 230), "P note": (1000, 236, 1880, 292),
        "P bytes": (1000, 302, 1880, 386), "LSE name": (1000, 470, 1880, 550), "LSE note": (1000, 556, 1880, 612),
        "LSE bytes": (1000, 622, 1880, 706), "units": (1000, 770, 1880, 826),
    },
    "4:3": {
        "P": (40, 120, 740, 820), "LSE": (770, 120, 820, 820), "P name": (850, 140, 1420, 220), "P note": (850, 226, 1420, 282),
        "P bytes": (850, 292, 1420, 376), "LSE name": (850, 480, 1420, 560), "LSE note": (850, 566, 1420, 622),
        "LSE bytes": (850, 632, 1420, 716), "units": (850, 770, 1420, 820),
    },
    "1:1": {
        "P": (30, 40, 610, 620), "LSE": (640, 40, 680, 620), "P name": (30, 640, 520, 710), "P note": (30, 712, 520, 762),
        "P bytes": (30, 770, 520, 840), "LSE name": (560, 640, 1060, 710), "LSE note": (560, 712, 1060, 762),
        "LSE bytes": (560, 770, 1060, 840), "units": (30, 856, 1050, 910),
    },
    "9:16": {
        "P": (40, 60, 900, 920), "LSE": (940, 60, 1000, 920), "P name": (40, 950, 1040, 1026), "P note": (40, 1030, 700, 1086),
        "P bytes": (710, 1026, 1050, 1090), "LSE name": (40, 1120, 1040, 1196), "LSE note": (40, 1200, 700, 1256),
        "LSE bytes": (710, 1196, 1050, 1260), "units": (40, 1300, 1040, 1356),
    },
}  # fmt: skip
