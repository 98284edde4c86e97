"""The shot of OnlineSoftmaxScene: two blocks on one baseline, each under a ceiling; beneath them their sums, and the row."""

from __future__ import annotations

from collections.abc import Mapping

from flashviz.layout.rect import Aspect
from flashviz.layout.table import Table

# ``blocks``: baseline and ceiling are its lower and upper edge. ``left`` and ``right``: where a block begins, and its number beneath.
# ``factor``: what a
# sum is multiplied by. ``acc left`` and ``acc right``: the acc of each block. ``row``: the tiles of the row. ``acc`` and ``o``: what is
# divided, once, at the end; then O has the room of both.
MERGE: Mapping[Aspect, Table] = {
    "16:9": {
        "blocks": (110, 120, 1810, 610), "left": (110, 620, 940, 710), "right": (1000, 620, 1810, 710), "row": (110, 820, 1810, 880),
        "factor": (110, 720, 1810, 800),
        "acc left name": (110, 716, 940, 766), "acc left": (110, 770, 940, 930),
        "acc right name": (1000, 716, 1810, 766), "acc right": (1000, 770, 1810, 930),
        "acc name": (110, 40, 1810, 120), "acc": (110, 140, 1810, 480), "o": (110, 520, 1810, 860), "cited": (110, 876, 1810, 932),
    },
    "4:3": {
        "blocks": (90, 130, 1370, 610), "left": (90, 620, 710, 710), "right": (750, 620, 1370, 710), "row": (90, 820, 1370, 876),
        "factor": (90, 720, 1370, 800),
        "acc left name": (90, 716, 710, 766), "acc left": (90, 770, 710, 930),
        "acc right name": (750, 716, 1370, 766), "acc right": (750, 770, 1370, 930),
        "acc name": (90, 40, 1370, 120), "acc": (90, 140, 1370, 480), "o": (90, 520, 1370, 860), "cited": (90, 876, 1370, 932),
    },
    "1:1": {
        "blocks": (90, 130, 1030, 600), "left": (90, 610, 540, 690), "right": (570, 610, 1030, 690), "row": (90, 810, 1030, 860),
        "factor": (90, 700, 1030, 780),
        "acc left name": (90, 696, 540, 746), "acc left": (90, 750, 540, 920),
        "acc right name": (570, 696, 1030, 746), "acc right": (570, 750, 1030, 920),
        "acc name": (60, 40, 1030, 120), "acc": (60, 140, 1030, 480), "o": (60, 520, 1030, 860), "cited": (60, 876, 1030, 932),
    },
    "9:16": {
        "blocks": (90, 240, 1020, 840), "left": (90, 850, 545, 940), "right": (575, 850, 1020, 940), "row": (90, 1160, 1020, 1220),
        "factor": (90, 960, 1020, 1050),
        "acc left name": (90, 960, 545, 1010), "acc left": (90, 1020, 545, 1290),
        "acc right name": (575, 960, 1020, 1010), "acc right": (575, 1020, 1020, 1290),
        "acc name": (60, 160, 1020, 240), "acc": (60, 260, 1020, 720), "o": (60, 760, 1020, 1200), "cited": (60, 1240, 1020, 1300),
    },
}  # fmt: skip
