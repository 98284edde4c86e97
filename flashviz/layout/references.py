"""The shot of ReferencesScene: the two grids of the main film's first picture; beneath, one O minus the other, and where to read on."""

from __future__ import annotations

from collections.abc import Mapping

from flashviz.layout.rect import Aspect
from flashviz.layout.table import Table

REFERENCES: Mapping[Aspect, Table] = {
    "16:9": {
        "left name": (200, 10, 900, 66), "right name": (1020, 10, 1720, 66), "left scores": (200, 66, 900, 114),
        "right scores": (1020, 66, 1720, 114), "left": (240, 118, 860, 694), "right": (1060, 118, 1680, 694), "length": (850, 10, 1070, 66),
        "minuend": (520, 764, 860, 926), "subtrahend": (1060, 764, 1400, 926), "both": (790, 764, 1130, 926),
        "minuend name": (490, 708, 890, 756), "subtrahend name": (1030, 708, 1430, 756),
        "equal": (100, 708, 1820, 756),
        "first": (100, 702, 1820, 748), "second": (100, 748, 1820, 794), "third": (100, 794, 1820, 840),
        "fourth": (100, 840, 1820, 886), "code": (100, 886, 1820, 932),
    },
    "4:3": {
        "left name": (40, 30, 680, 86), "right name": (760, 30, 1400, 86), "left scores": (40, 88, 700, 136),
        "right scores": (740, 88, 1400, 136), "left": (90, 146, 650, 636), "right": (790, 146, 1350, 636), "length": (600, 30, 840, 86),
        "minuend": (200, 710, 600, 900), "subtrahend": (840, 710, 1240, 900), "both": (520, 710, 920, 900),
        "minuend name": (170, 652, 630, 700), "subtrahend name": (810, 652, 1270, 700),
        "equal": (60, 652, 1380, 700),
        "first": (60, 652, 1380, 704), "second": (60, 704, 1380, 756), "third": (60, 756, 1380, 808),
        "fourth": (60, 808, 1380, 860), "code": (60, 860, 1380, 912),
    },
    "1:1": {
        "left name": (10, 60, 490, 116), "right name": (590, 60, 1070, 116), "left scores": (10, 118, 530, 166),
        "right scores": (550, 118, 1070, 166), "left": (26, 176, 516, 626), "right": (564, 176, 1054, 626), "length": (460, 60, 655, 116),
        "minuend": (60, 700, 440, 890), "subtrahend": (640, 700, 1020, 890), "both": (350, 700, 730, 890),
        "minuend name": (30, 642, 470, 690), "subtrahend name": (610, 642, 1050, 690),
        "equal": (30, 642, 1050, 690),
        "first": (30, 642, 1050, 694), "second": (30, 694, 1050, 746), "third": (30, 746, 1050, 798),
        "fourth": (30, 798, 1050, 850), "code": (30, 850, 1050, 902),
    },
    "9:16": {
        "left name": (190, 40, 890, 96), "right name": (190, 600, 890, 656), "left scores": (190, 96, 890, 142),
        "right scores": (190, 656, 890, 702), "left": (290, 146, 790, 590), "right": (290, 706, 790, 1150), "length": (800, 40, 1040, 96),
        "minuend": (80, 1214, 460, 1380), "subtrahend": (620, 1214, 1000, 1380), "both": (350, 1214, 730, 1380),
        "minuend name": (50, 1158, 490, 1206), "subtrahend name": (590, 1158, 1030, 1206),
        "equal": (40, 1158, 1040, 1206),
        "first": (40, 1158, 1040, 1204), "second": (40, 1204, 1040, 1250), "third": (40, 1250, 1040, 1296),
        "fourth": (40, 1296, 1040, 1342), "code": (40, 1342, 1040, 1388),
    },
}  # fmt: skip
