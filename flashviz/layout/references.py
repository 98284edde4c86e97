"""The shot of ReferencesScene: the two grids of the main film's first picture, as large as they can be; papers stand in the right one."""

from __future__ import annotations

from collections.abc import Mapping

from flashviz.layout.rect import Aspect
from flashviz.layout.table import Table

REFERENCES: Mapping[Aspect, Table] = {
    "16:9": {
        "left title": (40, 20, 940, 84), "right title": (980, 20, 1880, 84),
        "left grid": (40, 84, 940, 936), "right grid": (980, 84, 1880, 936),
    },
    "4:3": {
        "left title": (10, 110, 650, 174), "right title": (650, 60, 1430, 124),
        "left grid": (10, 180, 650, 880), "right grid": (650, 130, 1430, 930),
    },
    "1:1": {
        "left title": (10, 270, 340, 334), "right title": (340, 40, 1074, 104),
        "left grid": (4, 340, 346, 730), "right grid": (300, 110, 1080, 936),
    },
    "9:16": {
        "left title": (60, 40, 1020, 104), "right title": (60, 570, 1020, 634),
        "left grid": (60, 104, 1020, 560), "right grid": (60, 634, 1020, 1386),
    },
}  # fmt: skip
