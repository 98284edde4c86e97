"""The shot of OnlineSoftmaxScene: two blocks on one baseline, each under a ceiling; beneath them their sums, and the row."""

from __future__ import annotations

from collections.abc import Mapping

from flashviz.layout.rect import Aspect
from flashviz.layout.table import Table

# ``blocks``: baseline and ceiling are its lower and upper edge. ``left`` and ``right``: where a block begins, and its number beneath.
# ``factor``: what a
# sum is multiplied by. ``row``: the tiles of the row. ``acc`` and ``o``: what is divided, once, at the end.
MERGE: Mapping[Aspect, Table] = {
    "16:9": {
        "blocks": (110, 120, 1810, 610), "left": (110, 620, 940, 710), "right": (1000, 620, 1810, 710), "row": (110, 820, 1810, 880),
        "factor": (110, 720, 1810, 800), "acc name": (110, 60, 1810, 130), "acc": (110, 140, 1810, 450), "o name": (110, 490, 1810, 560),
        "o": (110, 580, 1810, 860), "cited": (110, 880, 1810, 936),
    },
    "4:3": {
        "blocks": (90, 130, 1370, 610), "left": (90, 620, 710, 710), "right": (750, 620, 1370, 710), "row": (90, 820, 1370, 876),
        "factor": (90, 720, 1370, 800), "acc name": (90, 60, 1370, 130), "acc": (90, 140, 1370, 450), "o name": (90, 490, 1370, 560),
        "o": (90, 580, 1370, 860), "cited": (90, 880, 1370, 936),
    },
    "1:1": {
        "blocks": (90, 130, 1030, 600), "left": (90, 610, 540, 690), "right": (570, 610, 1030, 690), "row": (90, 810, 1030, 860),
        "factor": (90, 700, 1030, 780), "acc name": (60, 60, 1030, 130), "acc": (60, 140, 1030, 450), "o name": (60, 490, 1030, 560),
        "o": (60, 580, 1030, 860), "cited": (60, 876, 1030, 936),
    },
    "9:16": {
        "blocks": (90, 240, 1020, 840), "left": (90, 850, 545, 940), "right": (575, 850, 1020, 940), "row": (90, 1160, 1020, 1220),
        "factor": (90, 960, 1020, 1050), "acc name": (60, 170, 1020, 240), "acc": (60, 250, 1020, 650), "o name": (60, 720, 1020, 790),
        "o": (60, 800, 1020, 1190), "cited": (60, 1240, 1020, 1300),
    },
}  # fmt: skip
