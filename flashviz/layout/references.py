"""The shot of ReferencesScene: the two grids of the main film's first picture, one O minus the other, and what to read beside all three."""

from __future__ import annotations

from collections.abc import Mapping

from flashviz.layout.rect import Aspect
from flashviz.layout.table import Table

# ``left`` and ``right``: the grids, each under its name and what it stores of the scores; ``both``: where their O's meet, under its name
# and how it is shown, over what is left at most and of values of which size. With ``end``: where all stand beside the ``list``.
REFERENCES: Mapping[Aspect, Table] = {
    "16:9": {
        "left name": (40, 40, 620, 100), "right name": (1300, 40, 1880, 100), "both name": (650, 40, 1270, 100),
        "left scores": (40, 102, 620, 150), "right scores": (1300, 102, 1880, 150), "both scores": (650, 102, 1270, 150),
        "left": (20, 190, 620, 760), "right": (1290, 190, 1890, 760), "both": (690, 190, 1230, 760),
        "length": (40, 790, 620, 850), "most": (650, 780, 1270, 850), "values": (650, 852, 1270, 902),
        "left name end": (60, 16, 440, 64), "right name end": (480, 16, 860, 64),
        "left scores end": (60, 66, 440, 114), "right scores end": (480, 66, 860, 114),
        "left end": (60, 122, 440, 462), "right end": (480, 122, 860, 462), "both end": (260, 490, 660, 800),
        "both name end": (40, 808, 880, 856), "most end": (40, 858, 880, 908), "list": (930, 20, 1890, 924),
    },
    "4:3": {
        "left name": (10, 60, 470, 120), "right name": (970, 60, 1430, 120), "both name": (485, 60, 955, 120),
        "left scores": (10, 122, 470, 170), "right scores": (970, 122, 1430, 170), "both scores": (485, 122, 955, 170),
        "left": (10, 210, 470, 690), "right": (970, 210, 1430, 690), "both": (520, 210, 920, 690),
        "length": (10, 720, 470, 780), "most": (485, 710, 955, 780), "values": (485, 782, 955, 832),
        "left name end": (20, 20, 330, 68), "right name end": (340, 20, 650, 68),
        "left scores end": (20, 70, 330, 118), "right scores end": (340, 70, 650, 118),
        "left end": (30, 126, 330, 426), "right end": (340, 126, 640, 426), "both end": (160, 450, 510, 790),
        "both name end": (20, 800, 650, 848), "most end": (20, 850, 650, 900), "list": (680, 20, 1430, 924),
    },
    "1:1": {
        "left name": (6, 130, 350, 190), "right name": (730, 130, 1074, 190), "both name": (356, 130, 724, 190),
        "left scores": (6, 192, 350, 240), "right scores": (730, 192, 1074, 240), "both scores": (356, 192, 724, 240),
        "left": (6, 280, 356, 640), "right": (724, 280, 1074, 640), "both": (390, 280, 690, 640),
        "length": (6, 680, 350, 740), "most": (356, 660, 724, 730), "values": (356, 732, 724, 782),
        "left name end": (6, 14, 350, 62), "right name end": (730, 14, 1074, 62),
        "left scores end": (6, 64, 350, 112), "right scores end": (730, 64, 1074, 112),
        "left end": (50, 122, 300, 402), "right end": (780, 122, 1030, 402), "both end": (420, 122, 660, 402),
        "both name end": (356, 14, 724, 62), "most end": (356, 64, 724, 112), "list": (20, 424, 1060, 932),
    },
    "9:16": {
        "left name": (40, 60, 520, 120), "right name": (560, 60, 1040, 120), "both name": (40, 640, 1040, 700),
        "left scores": (40, 122, 520, 170), "right scores": (560, 122, 1040, 170), "both scores": (40, 702, 1040, 750),
        "left": (40, 180, 520, 600), "right": (560, 180, 1040, 600), "both": (270, 770, 810, 1220),
        "length": (830, 960, 1070, 1020), "most": (40, 1230, 1040, 1310), "values": (40, 1312, 1040, 1362),
        "left name end": (20, 30, 350, 78), "right name end": (730, 30, 1060, 78),
        "left scores end": (20, 80, 350, 128), "right scores end": (730, 80, 1060, 128),
        "left end": (30, 140, 350, 460), "right end": (730, 140, 1050, 460), "both end": (400, 140, 680, 460),
        "both name end": (356, 30, 724, 78), "most end": (356, 80, 724, 128), "list": (60, 490, 1040, 1380),
    },
}  # fmt: skip
