"""The shot of OnlineSoftmaxScene: the row as a strip; two blocks on one baseline, each under a ceiling; or one block in each half."""

from __future__ import annotations

from collections.abc import Mapping

from flashviz.layout.rect import Aspect
from flashviz.layout.table import Table

# ``row``: the scores of all tiles, large, and ``row name`` what they are; ``strip``: the same from then on.
# ``blocks``: baseline and ceiling are its lower and upper edge; ``low``: the same, further down and smaller, where acc stands above.
# ``left`` and ``right``: where a block begins, and its number beneath; ``low left`` and ``low right`` as well. ``factor``: what a term
# is, and what it is multiplied by. ``acc left`` and ``acc right``: the acc of each block; ``acc``: of both, and ``end``: of all tiles.
# ``... order``: in which order the tiles come in a half; ``... blocks``, ``... sum`` and ``... l``: its block, its arithmetic and its sum.
MERGE: Mapping[Aspect, Table] = {
    "16:9": {
        "row name": (110, 110, 1810, 190), "row": (110, 230, 1810, 800), "strip": (110, 30, 1810, 160),
        "blocks": (110, 240, 1810, 650), "left": (110, 660, 940, 740), "right": (1000, 660, 1810, 740), "factor": (110, 756, 1810, 930),
        "low": (110, 680, 1810, 800), "low left": (110, 812, 940, 902), "low right": (1000, 812, 1810, 902),
        "acc left name": (110, 170, 940, 240), "acc left": (110, 250, 940, 610),
        "acc right name": (1000, 170, 1810, 240), "acc right": (1000, 250, 1810, 610),
        "acc name": (110, 170, 1810, 250), "acc": (110, 260, 1810, 610), "end": (110, 270, 1810, 820), "cited": (1000, 860, 1810, 920),
        "left order": (110, 180, 900, 240), "left blocks": (110, 320, 900, 690), "left sum": (110, 700, 900, 780),
        "left l": (110, 790, 900, 890),
        "right order": (1000, 180, 1810, 240), "right blocks": (1000, 320, 1810, 690), "right sum": (1000, 700, 1810, 780),
        "right l": (1000, 790, 1810, 890),
    },
    "4:3": {
        "row name": (90, 110, 1370, 190), "row": (90, 230, 1370, 800), "strip": (90, 30, 1370, 160),
        "blocks": (90, 240, 1370, 650), "left": (90, 660, 710, 740), "right": (750, 660, 1370, 740), "factor": (90, 756, 1370, 930),
        "low": (90, 680, 1370, 800), "low left": (90, 812, 710, 902), "low right": (750, 812, 1370, 902),
        "acc left name": (90, 170, 710, 240), "acc left": (90, 250, 710, 610),
        "acc right name": (750, 170, 1370, 240), "acc right": (750, 250, 1370, 610),
        "acc name": (90, 170, 1370, 250), "acc": (90, 260, 1370, 610), "end": (90, 270, 1370, 820), "cited": (570, 860, 1370, 920),
        "left order": (90, 180, 710, 240), "left blocks": (90, 320, 710, 690), "left sum": (90, 700, 710, 780),
        "left l": (90, 790, 710, 890),
        "right order": (770, 180, 1370, 240), "right blocks": (770, 320, 1370, 690), "right sum": (770, 700, 1370, 780),
        "right l": (770, 790, 1370, 890),
    },
    "1:1": {
        "row name": (90, 120, 1030, 190), "row": (90, 230, 1030, 780), "strip": (90, 30, 1030, 160),
        "blocks": (90, 240, 1030, 650), "left": (90, 660, 540, 740), "right": (570, 660, 1030, 740), "factor": (90, 756, 1030, 930),
        "low": (90, 670, 1030, 800), "low left": (90, 812, 540, 892), "low right": (570, 812, 1030, 892),
        "acc left name": (90, 170, 540, 240), "acc left": (90, 250, 540, 600),
        "acc right name": (570, 170, 1030, 240), "acc right": (570, 250, 1030, 600),
        "acc name": (90, 170, 1030, 250), "acc": (90, 260, 1030, 600), "end": (90, 270, 1030, 820), "cited": (90, 860, 1030, 920),
        "left order": (90, 180, 525, 240), "left blocks": (90, 320, 525, 690), "left sum": (90, 700, 525, 780),
        "left l": (90, 790, 525, 890),
        "right order": (595, 180, 1030, 240), "right blocks": (595, 320, 1030, 690), "right sum": (595, 700, 1030, 780),
        "right l": (595, 790, 1030, 890),
    },
    "9:16": {
        "row name": (90, 230, 1020, 310), "row": (90, 350, 1020, 1150), "strip": (90, 100, 1020, 260),
        "blocks": (90, 350, 1020, 960), "left": (90, 980, 545, 1070), "right": (575, 980, 1020, 1070), "factor": (90, 1100, 1020, 1270),
        "low": (90, 1010, 1020, 1190), "low left": (90, 1200, 545, 1290), "low right": (575, 1200, 1020, 1290),
        "acc left name": (90, 280, 545, 350), "acc left": (90, 370, 545, 930),
        "acc right name": (575, 280, 1020, 350), "acc right": (575, 370, 1020, 930),
        "acc name": (90, 280, 1020, 360), "acc": (90, 380, 1020, 930), "end": (90, 390, 1020, 1180), "cited": (90, 1310, 1020, 1370),
        "left order": (90, 290, 525, 360), "left blocks": (90, 450, 525, 1000), "left sum": (90, 1020, 525, 1100),
        "left l": (90, 1110, 525, 1220),
        "right order": (595, 290, 1020, 360), "right blocks": (595, 450, 1020, 1000), "right sum": (595, 1020, 1020, 1100),
        "right l": (595, 1110, 1020, 1220),
    },
}  # fmt: skip
