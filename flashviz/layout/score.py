"""The shot of ScoreScene: a query and a key as bars, their products beneath, and the sum of those beside."""

from __future__ import annotations

from collections.abc import Mapping

from flashviz.layout.rect import Aspect
from flashviz.layout.table import Table

SCORE: Mapping[Aspect, Table] = {
    "16:9": {
        "q name": (100, 24, 1500, 84), "q": (100, 90, 1500, 230), "k name": (100, 244, 1500, 304), "k": (100, 310, 1500, 450),
        "products name": (100, 466, 900, 526), "number": (940, 466, 1820, 526),
        "products": (100, 540, 1500, 920), "sum": (1580, 540, 1720, 920),
    },
    "4:3": {
        "q name": (60, 24, 1100, 84), "q": (60, 90, 1100, 230), "k name": (60, 244, 1100, 304), "k": (60, 310, 1100, 450),
        "products name": (60, 466, 640, 526), "number": (680, 466, 1380, 526),
        "products": (60, 540, 1100, 920), "sum": (1180, 540, 1320, 920),
    },
    "1:1": {
        "q name": (40, 24, 840, 84), "q": (40, 90, 840, 230), "k name": (40, 244, 840, 304), "k": (40, 310, 840, 450),
        "products name": (40, 466, 440, 526), "number": (480, 466, 1040, 526),
        "products": (40, 540, 840, 920), "sum": (890, 540, 1010, 920),
    },
    "9:16": {
        "q name": (60, 60, 840, 120), "q": (60, 130, 840, 330), "k name": (60, 360, 840, 420), "k": (60, 430, 840, 630),
        "products name": (60, 660, 840, 720), "number": (60, 1290, 1020, 1370),
        "products": (60, 740, 840, 1270), "sum": (890, 740, 1010, 1270),
    },
}  # fmt: skip
