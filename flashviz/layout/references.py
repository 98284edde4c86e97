"""The shot of ReferencesScene: the two grids of the main film's first picture, one O minus the other, and what to read beneath both."""

from __future__ import annotations

from collections.abc import Mapping

from flashviz.layout.rect import Aspect
from flashviz.layout.table import Table

# ``left`` and ``right``: the grids at first; ``minuend`` and ``subtrahend``: the two O's; ``both``: where one lies on the other;
# ``most`` and ``values``: on that, what is left at most; ``list``: what to read, beside it or beneath it.
REFERENCES: Mapping[Aspect, Table] = {
    "16:9": {
        "left name": (170, 10, 870, 66), "right name": (1050, 10, 1750, 66), "length": (850, 10, 1070, 66),
        "left scores": (170, 66, 870, 114), "right scores": (1050, 66, 1750, 114),
        "left": (140, 122, 900, 828), "right": (1020, 122, 1780, 828),
        "minuend name": (100, 30, 900, 98), "subtrahend name": (1020, 30, 1820, 98), "both name": (80, 30, 920, 98),
        "minuend": (100, 110, 900, 900), "minus": (900, 455, 1020, 555), "subtrahend": (1020, 110, 1820, 900), "both": (100, 110, 900, 900),
        "most": (120, 430, 880, 530), "values": (120, 540, 880, 600), "list": (980, 30, 1880, 920),
    },
    "4:3": {
        "left name": (40, 30, 680, 86), "right name": (760, 30, 1400, 86), "length": (600, 30, 840, 86),
        "left scores": (40, 88, 700, 136), "right scores": (740, 88, 1400, 136),
        "left": (60, 150, 700, 745), "right": (740, 150, 1380, 745),
        "minuend name": (30, 30, 670, 96), "subtrahend name": (750, 30, 1390, 96), "both name": (30, 30, 670, 96),
        "minuend": (30, 110, 670, 900), "minus": (670, 455, 750, 555), "subtrahend": (750, 110, 1390, 900), "both": (30, 110, 670, 900),
        "most": (40, 430, 660, 530), "values": (40, 540, 660, 600), "list": (695, 30, 1435, 920),
    },
    "1:1": {
        "left name": (10, 60, 490, 116), "right name": (590, 60, 1070, 116), "length": (460, 60, 655, 116),
        "left scores": (10, 118, 530, 166), "right scores": (550, 118, 1070, 166),
        "left": (26, 176, 516, 632), "right": (564, 176, 1054, 632),
        "minuend name": (20, 20, 520, 84), "subtrahend name": (560, 20, 1060, 84), "both name": (20, 20, 1060, 84),
        "minuend": (20, 92, 516, 440), "minus": (516, 216, 564, 316), "subtrahend": (564, 92, 1060, 440), "both": (292, 92, 788, 440),
        "most": (302, 200, 778, 280), "values": (302, 290, 778, 340), "list": (20, 452, 1060, 932),
    },
    "9:16": {
        "left name": (190, 40, 890, 96), "right name": (190, 600, 890, 656), "length": (800, 40, 1040, 96),
        "left scores": (190, 96, 890, 142), "right scores": (190, 656, 890, 702),
        "left": (290, 146, 790, 590), "right": (290, 706, 790, 1150),
        "minuend name": (60, 50, 1020, 112), "subtrahend name": (60, 696, 1020, 758), "both name": (60, 50, 1020, 112),
        "minuend": (60, 120, 1020, 580), "minus": (60, 600, 1020, 680), "subtrahend": (60, 766, 1020, 1226), "both": (60, 120, 1020, 580),
        "most": (80, 280, 1000, 380), "values": (80, 390, 1000, 450), "list": (60, 610, 1040, 1370),
    },
}  # fmt: skip
