"""The shot of OnlineSoftmaxScene: the row as a strip; two blocks on one baseline, each under a ceiling, and the acc of each below."""

from __future__ import annotations

from collections.abc import Mapping

from flashviz.layout.rect import Aspect
from flashviz.layout.table import Table

# ``row``: the scores of all tiles, large, and ``row name`` what they are; ``strip``: the same from then on.
# ``blocks``: baseline and ceiling are its lower and upper edge; ``upper``: the same, where acc stands below. ``... left`` and
# ``... right``: where a block begins, and its number beneath; ``line``: that of both. ``factor``: what a term is, and ``upper factor``
# what it is multiplied by. ``V``: one row of V, and its name. ``acc left`` and ``acc right``: the acc of each block; ``acc``: of both,
# and ``end`` and ``end name``: of all tiles. ``left order`` and ``right order``: in which order the tiles came.
MERGE: Mapping[Aspect, Table] = {
    "16:9": {
        "row name": (110, 110, 1810, 190), "row": (110, 210, 1810, 800), "strip": (110, 22, 1810, 184),
        "blocks": (110, 290, 1810, 660), "left": (110, 670, 940, 750), "right": (1000, 670, 1810, 750), "factor": (110, 766, 1810, 930),
        "upper": (110, 256, 1810, 430), "upper left": (110, 434, 940, 508), "upper right": (1000, 434, 1810, 508),
        "line": (110, 434, 1810, 508), "upper factor": (110, 520, 1810, 664),
        "V name": (110, 520, 1810, 590), "V": (110, 600, 1810, 926),
        "left order": (110, 530, 940, 600), "right order": (1000, 530, 1810, 600),
        "acc left name": (110, 666, 940, 716), "acc left": (110, 722, 940, 926),
        "acc right name": (1000, 666, 1810, 716), "acc right": (1000, 722, 1810, 926),
        "acc name": (110, 666, 1810, 716), "acc": (110, 722, 1810, 926),
        "end name": (110, 210, 1810, 300), "end": (110, 310, 1810, 850), "cited": (1000, 866, 1810, 926),
    },
    "4:3": {
        "row name": (90, 110, 1370, 190), "row": (90, 210, 1370, 800), "strip": (90, 22, 1370, 184),
        "blocks": (90, 290, 1370, 660), "left": (90, 670, 710, 750), "right": (750, 670, 1370, 750), "factor": (90, 766, 1370, 930),
        "upper": (90, 256, 1370, 430), "upper left": (90, 434, 710, 508), "upper right": (750, 434, 1370, 508),
        "line": (90, 434, 1370, 508), "upper factor": (90, 520, 1370, 664),
        "V name": (90, 520, 1370, 590), "V": (90, 600, 1370, 926),
        "left order": (90, 530, 710, 600), "right order": (750, 530, 1370, 600),
        "acc left name": (90, 666, 700, 716), "acc left": (90, 722, 700, 926),
        "acc right name": (750, 666, 1370, 716), "acc right": (750, 722, 1370, 926),
        "acc name": (90, 666, 1370, 716), "acc": (90, 722, 1370, 926),
        "end name": (90, 210, 1370, 300), "end": (90, 310, 1370, 850), "cited": (570, 866, 1370, 926),
    },
    "1:1": {
        "row name": (90, 120, 1020, 190), "row": (90, 210, 1020, 780), "strip": (90, 22, 1020, 184),
        "blocks": (90, 290, 1020, 650), "left": (90, 660, 530, 740), "right": (570, 660, 1020, 740), "factor": (90, 756, 1020, 920),
        "upper": (90, 256, 1020, 430), "upper left": (90, 434, 530, 508), "upper right": (570, 434, 1020, 508),
        "line": (90, 434, 1020, 508), "upper factor": (90, 520, 1020, 664),
        "V name": (90, 520, 1020, 590), "V": (90, 600, 1020, 916),
        "left order": (90, 530, 530, 600), "right order": (570, 530, 1020, 600),
        "acc left name": (90, 666, 510, 716), "acc left": (90, 722, 510, 916),
        "acc right name": (570, 666, 1020, 716), "acc right": (570, 722, 1020, 916),
        "acc name": (90, 666, 1020, 716), "acc": (90, 722, 1020, 916),
        "end name": (90, 210, 1020, 300), "end": (90, 310, 1020, 840), "cited": (90, 856, 1020, 916),
    },
    "9:16": {
        "row name": (90, 230, 1020, 310), "row": (90, 330, 1020, 1150), "strip": (90, 80, 1020, 270),
        "blocks": (90, 390, 1020, 960), "left": (90, 980, 530, 1070), "right": (570, 980, 1020, 1070), "factor": (90, 1100, 1020, 1270),
        "upper": (90, 360, 1020, 620), "upper left": (90, 630, 530, 720), "upper right": (570, 630, 1020, 720),
        "line": (90, 630, 1020, 720), "upper factor": (90, 730, 1020, 890),
        "V name": (90, 740, 1020, 820), "V": (90, 840, 1020, 1340),
        "left order": (90, 750, 530, 830), "right order": (570, 750, 1020, 830),
        "acc left name": (90, 900, 510, 970), "acc left": (90, 980, 510, 1340),
        "acc right name": (570, 900, 1020, 970), "acc right": (570, 980, 1020, 1340),
        "acc name": (90, 900, 1020, 970), "acc": (90, 980, 1020, 1340),
        "end name": (90, 300, 1020, 400), "end": (90, 420, 1020, 1240), "cited": (90, 1280, 1020, 1340),
    },
}  # fmt: skip
