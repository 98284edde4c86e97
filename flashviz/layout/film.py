"""Shots of the main film, in pixels of a 16:9 frame from its top left corner. The other aspects are not directed yet."""

from __future__ import annotations

from collections.abc import Mapping

Table = Mapping[str, tuple[float, float, float, float]]

CAPTION = (100, 940, 1820, 1080)
FILM: Mapping[str, Table] = {
    # two HBMs: the same O, and one grid that stays empty
    "hook": {
        "left": (110, 96, 900, 886), "right": (1020, 96, 1810, 886), "left name": (110, 30, 900, 92), "right name": (1020, 30, 1810, 92),
        "caption": CAPTION,
    },
    "whole": {"hbm": (560, 60, 1360, 860), "note": (1400, 400, 1820, 480), "caption": CAPTION},
    # HBM, the pipe, the chip; beneath them everything that crossed, as one bar
    "machine": {
        "hbm": (100, 84, 840, 824), "hbm name": (100, 24, 840, 80), "pipe": (860, 430, 1130, 490), "chip": (1150, 96, 1820, 812),
        "chip name": (1180, 108, 1800, 164), "q": (1200, 420, 1440, 660), "k": (1470, 180, 1710, 390), "s": (1470, 420, 1710, 660),
        "bar": (100, 846, 1820, 880), "bar names": (100, 884, 1820, 936), "caption": CAPTION,
    },
    # the chip's three tiles; where they come from stands small beside them
    "score": {
        "hbm": (70, 90, 390, 410), "crossed": (70, 430, 420, 530), "a": (540, 480, 920, 860), "b": (960, 60, 1340, 440),
        "ab": (960, 480, 1340, 860), "a name": (440, 630, 530, 710), "b name": (1360, 210, 1470, 290), "ab name": (1360, 560, 1830, 640),
        "row name": (1360, 780, 1830, 840), "caption": CAPTION,
    },
    # one row of scores, and the row of S that it is part of
    "row": {
        "scores": (116, 170, 1804, 250), "scores name": (116, 90, 1804, 160), "divide": (116, 300, 1804, 480), "carry": (116, 560, 1804, 760),
        "caption": CAPTION,
    },
    "ceiling": {
        "scores": (1036, 130, 1804, 190), "scores name": (1036, 60, 1804, 124), "caption": CAPTION,
    },
    "rest": {
        "hbm": (110, 70, 930, 890), "stored name": (1080, 150, 1800, 210), "stored": (1080, 220, 1800, 380), "crossed name": (1080, 420, 1800, 480),
        "crossed": (1080, 490, 1800, 600), "tensors": (1080, 630, 1820, 890), "caption": CAPTION,
    },
    "bill": {
        "standard name": (120, 60, 1800, 130), "standard": (120, 140, 1800, 430), "flash name": (120, 500, 1800, 570), "flash": (120, 580, 1800, 870),
        "caption": CAPTION,
    },
}  # fmt: skip
