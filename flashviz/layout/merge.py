"""The shot of OnlineSoftmaxScene: two blocks on one baseline, each under a ceiling; beneath them their sums, and the row."""

from __future__ import annotations

from collections.abc import Mapping

from flashviz.layout.rect import Aspect
from flashviz.layout.table import Table

# ``blocks``: baseline and ceiling are its lower and upper edge; ``low``: the same, further down and smaller, where acc stands above.
# ``left`` and ``right``: where a block begins, and its number beneath; ``low left`` and ``low right`` as well. ``factor``: what a sum is
# multiplied by, and what ``row`` is, the tiles of the row. ``acc left`` and ``acc right``: the acc of each block; ``acc``: of both.
MERGE: Mapping[Aspect, Table] = {
    "16:9": {
        "blocks": (110, 120, 1810, 610), "left": (110, 620, 940, 710), "right": (1000, 620, 1810, 710), "row": (110, 800, 1810, 910),
        "factor": (110, 720, 1810, 800),
        "low": (110, 650, 1810, 800), "low left": (110, 812, 940, 902), "low right": (1000, 812, 1810, 902),
        "acc left name": (110, 40, 940, 110), "acc left": (110, 120, 940, 580),
        "acc right name": (1000, 40, 1810, 110), "acc right": (1000, 120, 1810, 580),
        "acc name": (110, 40, 1810, 110), "acc": (110, 120, 1810, 580), "cited": (1000, 830, 1810, 890),
    },
    "4:3": {
        "blocks": (90, 130, 1370, 610), "left": (90, 620, 710, 710), "right": (750, 620, 1370, 710), "row": (90, 800, 1370, 910),
        "factor": (90, 720, 1370, 800),
        "low": (90, 650, 1370, 800), "low left": (90, 812, 710, 902), "low right": (750, 812, 1370, 902),
        "acc left name": (90, 40, 710, 110), "acc left": (90, 120, 710, 580),
        "acc right name": (750, 40, 1370, 110), "acc right": (750, 120, 1370, 580),
        "acc name": (90, 40, 1370, 110), "acc": (90, 120, 1370, 580), "cited": (570, 830, 1370, 890),
    },
    "1:1": {
        "blocks": (90, 130, 1030, 600), "left": (90, 610, 540, 690), "right": (570, 610, 1030, 690), "row": (90, 800, 1030, 900),
        "factor": (90, 700, 1030, 780),
        "low": (90, 660, 1030, 800), "low left": (90, 812, 540, 892), "low right": (570, 812, 1030, 892),
        "acc left name": (90, 40, 540, 110), "acc left": (90, 120, 540, 590),
        "acc right name": (570, 40, 1030, 110), "acc right": (570, 120, 1030, 590),
        "acc name": (90, 40, 1030, 110), "acc": (90, 120, 1030, 590), "cited": (90, 890, 1030, 940),
    },
    "9:16": {
        "blocks": (90, 240, 1020, 840), "left": (90, 850, 545, 940), "right": (575, 850, 1020, 940), "row": (90, 1120, 1020, 1240),
        "factor": (90, 1010, 1020, 1090),
        "low": (90, 990, 1020, 1190), "low left": (90, 1200, 545, 1290), "low right": (575, 1200, 1020, 1290),
        "acc left name": (90, 170, 545, 240), "acc left": (90, 260, 545, 910),
        "acc right name": (575, 170, 1020, 240), "acc right": (575, 260, 1020, 910),
        "acc name": (90, 170, 1020, 240), "acc": (90, 260, 1020, 910), "cited": (90, 1310, 1020, 1370),
    },
}  # fmt: skip
