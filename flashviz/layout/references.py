"""The shot of ReferencesScene: the two grids of the main film's first picture, and where to read on."""

from __future__ import annotations

from collections.abc import Mapping

from flashviz.layout.rect import Aspect
from flashviz.layout.table import Table

REFERENCES: Mapping[Aspect, Table] = {
    "16:9": {
        "left name": (200, 10, 900, 66), "right name": (1020, 10, 1720, 66), "left scores": (200, 66, 900, 114),
        "right scores": (1020, 66, 1720, 114), "left": (220, 118, 880, 744), "right": (1040, 118, 1700, 744), "equal": (870, 10, 1050, 66),
        "first": (100, 756, 1820, 810), "second": (100, 814, 1820, 868), "code": (100, 876, 1820, 930),
    },
    "4:3": {
        "left name": (40, 30, 680, 86), "right name": (760, 30, 1400, 86), "left scores": (40, 88, 700, 136),
        "right scores": (740, 88, 1400, 136), "left": (70, 146, 670, 676), "right": (770, 146, 1370, 676), "equal": (650, 30, 790, 86),
        "first": (60, 700, 1380, 760), "second": (60, 770, 1380, 830), "code": (60, 854, 1380, 914),
    },
    "1:1": {
        "left name": (10, 60, 490, 116), "right name": (590, 60, 1070, 116), "left scores": (10, 118, 530, 166),
        "right scores": (550, 118, 1070, 166), "left": (16, 176, 526, 656), "right": (554, 176, 1064, 656), "equal": (490, 60, 590, 116),
        "first": (30, 690, 1050, 746), "second": (30, 762, 1050, 818), "code": (30, 846, 1050, 902),
    },
    "9:16": {
        "left name": (190, 40, 890, 96), "right name": (190, 604, 890, 660), "left scores": (190, 96, 890, 142),
        "right scores": (190, 660, 890, 706), "left": (290, 146, 790, 590), "right": (290, 710, 790, 1154), "equal": (820, 590, 1050, 664),
        "first": (60, 1180, 1020, 1236), "second": (60, 1246, 1020, 1302), "code": (60, 1318, 1020, 1374),
    },
}  # fmt: skip
