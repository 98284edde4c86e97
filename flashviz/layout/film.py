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
    # one query: its row of Q, a term for every key, its row of O
    "query": {
        "hbm": (90, 150, 700, 760), "q": (820, 130, 1460, 176), "q name": (820, 66, 1460, 122), "terms": (820, 300, 1800, 640),
        "terms name": (820, 650, 1800, 704), "sum": (1180, 66, 1800, 176), "o": (820, 800, 1460, 846), "o name": (820, 736, 1460, 792),
        "caption": CAPTION,
    },
    "whole": {"hbm": (330, 60, 1130, 860), "note": (1250, 400, 1820, 480), "caption": CAPTION},
    # HBM, the pipe, the chip; beneath them everything that crossed, as one bar
    "machine": {
        "hbm": (100, 84, 840, 824), "hbm name": (100, 24, 840, 80), "pipe": (860, 716, 1130, 776), "chip": (1150, 96, 1820, 812),
        "chip name": (1180, 108, 1800, 164), "q": (1220, 410, 1460, 650), "k": (1490, 180, 1730, 390), "s": (1490, 410, 1730, 650), "softmax": (1220, 656, 1800, 706),
        "bar": (100, 846, 1820, 880), "bar names": (100, 884, 1820, 936), "caption": CAPTION,
    },
    # the chip's three tiles; where they come from stands small beside them
    "score": {
        "hbm": (70, 120, 390, 440), "hbm name": (92, 56, 390, 110), "crossed": (92, 460, 420, 540), "crossed name": (92, 540, 420, 590), "a": (540, 480, 920, 860), "b": (960, 60, 1340, 440),
        "ab": (960, 480, 1340, 860), "a name": (440, 630, 530, 710), "b name": (1360, 210, 1470, 290), "ab name": (1360, 560, 1830, 640),
        "row name": (1360, 780, 1830, 840), "caption": CAPTION,
    },
    # one row of scores, and the row of S that it is part of
    "row": {
        "scores": (116, 230, 1804, 330), "scores name": (116, 150, 1804, 220), "divide": (116, 380, 1804, 540), "carry": (116, 640, 1804, 780),
        "caption": CAPTION,
    },
    "ceiling": {
        "scores": (1036, 130, 1804, 190), "scores name": (1036, 60, 1804, 124), "caption": CAPTION,
    },
    "rest": {
        "hbm": (110, 70, 930, 890), "stored name": (1080, 150, 1800, 210), "stored": (1080, 220, 1800, 380), "crossed name": (1080, 420, 1800, 480),
        "crossed": (1080, 490, 1800, 600), "tensors": (1080, 630, 1820, 890), "caption": CAPTION,
    },
    # what every row block reads, a line each: K above, V beneath; then two row blocks read together
    "taller": {
        "blocks": (240, 90, 1000, 880), "number": (1060, 250, 1820, 400), "number name": (1060, 400, 1820, 450),
        "chip": (1060, 566, 1820, 646), "chip name": (1060, 506, 1820, 562), "caption": CAPTION,
    },
    "card": {"card": (200, 200, 1720, 880), "caption": CAPTION},
    "bill": {
        "standard name": (120, 60, 1800, 130), "standard": (120, 140, 1800, 420), "standard letters": (120, 424, 1800, 474),
        "flash name": (120, 500, 1800, 570), "flash": (120, 580, 1800, 860), "flash letters": (120, 864, 1800, 914),
        "caption": CAPTION,
    },
}  # fmt: skip
