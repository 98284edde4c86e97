"""The shot of ReferencesScene: the two grids of the main film's first picture, one O minus the other, and what to read beneath both."""

from __future__ import annotations

from collections.abc import Mapping

from flashviz.layout.rect import Aspect
from flashviz.layout.table import Table

# ``left`` and ``right``: the grids at first; ``minuend``, ``subtrahend``, ``both``: the two O's; ``small``: the grids over ``list``.
REFERENCES: Mapping[Aspect, Table] = {
    "16:9": {
        "left name": (170, 10, 870, 66), "right name": (1050, 10, 1750, 66), "length": (850, 10, 1070, 66),
        "left scores": (170, 66, 870, 114), "right scores": (1050, 66, 1750, 114),
        "left": (140, 122, 900, 828), "right": (1020, 122, 1780, 828),
        "minuend name": (100, 40, 900, 108), "subtrahend name": (1020, 40, 1820, 108), "equal": (100, 40, 1820, 108),
        "minuend": (100, 120, 900, 830), "minus": (900, 425, 1020, 525), "subtrahend": (1020, 120, 1820, 830),
        "both": (560, 120, 1360, 830),
        "left small name": (290, 8, 790, 60), "right small name": (1130, 8, 1630, 60),
        "left small": (380, 64, 700, 362), "right small": (1220, 64, 1540, 362),
        "left small scores": (240, 366, 840, 414), "right small scores": (1080, 366, 1680, 414),
        "list": (100, 424, 1820, 932),
    },
    "4:3": {
        "left name": (40, 30, 680, 86), "right name": (760, 30, 1400, 86), "length": (600, 30, 840, 86),
        "left scores": (40, 88, 700, 136), "right scores": (740, 88, 1400, 136),
        "left": (60, 150, 700, 745), "right": (740, 150, 1380, 745),
        "minuend name": (40, 50, 690, 116), "subtrahend name": (750, 50, 1400, 116), "equal": (40, 50, 1400, 116),
        "minuend": (40, 130, 690, 830), "minus": (690, 430, 750, 530), "subtrahend": (750, 130, 1400, 830), "both": (395, 130, 1045, 830),
        "left small name": (60, 14, 620, 66), "right small name": (820, 14, 1380, 66),
        "left small": (200, 74, 480, 334), "right small": (960, 74, 1240, 334),
        "left small scores": (60, 338, 620, 386), "right small scores": (820, 338, 1380, 386),
        "list": (40, 400, 1400, 926),
    },
    "1:1": {
        "left name": (10, 60, 490, 116), "right name": (590, 60, 1070, 116), "length": (460, 60, 655, 116),
        "left scores": (10, 118, 530, 166), "right scores": (550, 118, 1070, 166),
        "left": (26, 176, 516, 632), "right": (564, 176, 1054, 632),
        "minuend name": (20, 76, 520, 140), "subtrahend name": (560, 76, 1060, 140), "equal": (30, 76, 1050, 140),
        "minuend": (20, 150, 516, 850), "minus": (516, 450, 564, 550), "subtrahend": (564, 150, 1060, 850), "both": (292, 150, 788, 850),
        "left small name": (20, 30, 500, 82), "right small name": (580, 30, 1060, 82),
        "left small": (130, 88, 390, 330), "right small": (690, 88, 950, 330),
        "left small scores": (10, 334, 530, 382), "right small scores": (550, 334, 1070, 382),
        "list": (20, 392, 1060, 926),
    },
    "9:16": {
        "left name": (190, 40, 890, 96), "right name": (190, 600, 890, 656), "length": (800, 40, 1040, 96),
        "left scores": (190, 96, 890, 142), "right scores": (190, 656, 890, 702),
        "left": (290, 146, 790, 590), "right": (290, 706, 790, 1150),
        "minuend name": (60, 90, 1020, 152), "subtrahend name": (60, 696, 1020, 758), "equal": (40, 380, 1040, 450),
        "minuend": (60, 160, 1020, 620), "minus": (60, 626, 1020, 692), "subtrahend": (60, 766, 1020, 1226), "both": (60, 460, 1020, 920),
        "left small name": (40, 30, 530, 84), "right small name": (550, 30, 1040, 84),
        "left small": (130, 90, 470, 406), "right small": (610, 90, 950, 406),
        "left small scores": (10, 410, 530, 458), "right small scores": (550, 410, 1070, 458),
        "list": (30, 490, 1050, 1380),
    },
}  # fmt: skip
