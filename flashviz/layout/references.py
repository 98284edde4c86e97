"""The shot of ReferencesScene: the two grids of the main film's first picture, and where to read on."""

from __future__ import annotations

from collections.abc import Mapping

from flashviz.layout.rect import Aspect
from flashviz.layout.table import Table

REFERENCES: Mapping[Aspect, Table] = {
    "16:9": {
        "left name": (200, 14, 900, 70), "right name": (1020, 14, 1720, 70), "left": (200, 74, 900, 744), "right": (1020, 74, 1720, 744),
        "equal": (870, 14, 1050, 70),
        "first": (100, 756, 1820, 810), "second": (100, 814, 1820, 868), "code": (100, 876, 1820, 930),
    },
    "4:3": {
        "left name": (40, 40, 700, 100), "right name": (740, 40, 1400, 100), "left": (50, 110, 690, 670), "right": (750, 110, 1390, 670),
        "equal": (630, 40, 870, 100),
        "first": (60, 700, 1380, 760), "second": (60, 770, 1380, 830), "code": (60, 854, 1380, 914),
    },
    "1:1": {
        "left name": (10, 70, 530, 130), "right name": (550, 70, 1070, 130), "left": (16, 140, 526, 640), "right": (554, 140, 1064, 640),
        "equal": (486, 70, 634, 130),
        "first": (30, 690, 1050, 746), "second": (30, 762, 1050, 818), "code": (30, 846, 1050, 902),
    },
    "9:16": {
        "left name": (190, 40, 890, 96), "right name": (190, 604, 890, 660), "left": (270, 100, 810, 590), "right": (270, 664, 810, 1154),
        "equal": (820, 590, 1050, 664),
        "first": (60, 1180, 1020, 1236), "second": (60, 1246, 1020, 1302), "code": (60, 1318, 1020, 1374),
    },
}  # fmt: skip
