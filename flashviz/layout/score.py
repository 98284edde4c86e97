"""The shot of ScoreScene: a query and a key as bars, beneath each pair of them its product, and the sum of those beside."""

from __future__ import annotations

from collections.abc import Mapping

from flashviz.layout.rect import Aspect
from flashviz.layout.table import Table

# ``first``: q and k fill the frame before there is a product. ``number``: the sum ``so far`` and its division, over ``sum``.
# ``fan``: sums of random products, ``weights`` beside them, and between what ``joins`` each to its own,
# by ``softmax``; ``wide``: how far they spread; ``added``: how many products are.
SCORE: Mapping[Aspect, Table] = {
    "16:9": {
        "q first": (300, 40, 1860, 460), "k first name": (50, 670, 290, 730), "k first": (300, 490, 1860, 910),
        "q name": (50, 60, 290, 120), "q": (300, 20, 1350, 180), "k name": (50, 240, 290, 300), "k": (300, 200, 1350, 360),
        "products name": (300, 384, 1000, 444), "products": (300, 384, 1350, 924), "product": (300, 444, 1350, 530),
        "fan name": (160, 30, 1250, 90), "fan": (160, 100, 1250, 850), "wide": (180, 96, 970, 206), "added": (160, 862, 1250, 916),
        "joins": (1250, 110, 1560, 924), "weights": (1560, 110, 1760, 924), "largest": (1380, 30, 1890, 90),
        "softmax": (1290, 862, 1500, 916),
        "so far": (1460, 240, 1870, 300), "number": (1460, 306, 1870, 366), "sum": (1596, 384, 1736, 924),
    },
    "4:3": {
        "q first": (40, 62, 1400, 450), "k first name": (40, 480, 280, 532), "k first": (40, 534, 1400, 922),
        "q name": (40, 8, 280, 60), "q": (40, 62, 940, 186), "k name": (40, 192, 280, 244), "k": (40, 246, 940, 370),
        "products name": (40, 390, 700, 450), "products": (40, 390, 940, 924), "product": (40, 450, 940, 530),
        "fan name": (80, 20, 860, 80), "fan": (80, 90, 1000, 850), "wide": (90, 86, 690, 196), "added": (80, 862, 1000, 916),
        "joins": (1000, 100, 1220, 924), "weights": (1220, 100, 1390, 924), "largest": (930, 20, 1420, 80),
        "softmax": (1030, 862, 1190, 916),
        "so far": (960, 240, 1430, 300), "number": (960, 306, 1430, 366), "sum": (1125, 390, 1265, 924),
    },
    "1:1": {
        "q first": (40, 62, 1040, 450), "k first name": (40, 480, 280, 532), "k first": (40, 534, 1040, 922),
        "q name": (40, 8, 280, 60), "q": (40, 62, 720, 186), "k name": (40, 192, 280, 244), "k": (40, 246, 720, 370),
        "products name": (40, 466, 560, 526), "products": (40, 466, 720, 924), "product": (40, 526, 720, 600),
        "fan name": (60, 20, 560, 80), "fan": (60, 90, 700, 850), "wide": (66, 86, 500, 196), "added": (60, 862, 700, 916),
        "joins": (700, 100, 900, 924), "weights": (900, 100, 1040, 924), "largest": (580, 20, 1060, 80),
        "softmax": (720, 862, 890, 916),
        "so far": (720, 322, 940, 382), "number": (600, 388, 1060, 448), "sum": (775, 466, 885, 924),
    },
    "9:16": {
        "q first": (60, 104, 1020, 670), "k first name": (60, 720, 300, 780), "k first": (60, 790, 1020, 1360),
        "q name": (60, 40, 300, 100), "q": (60, 104, 740, 304), "k name": (60, 330, 300, 390), "k": (60, 394, 740, 594),
        "products name": (60, 720, 560, 780), "products": (60, 720, 740, 1370), "product": (60, 780, 740, 860),
        "fan name": (60, 40, 560, 100), "fan": (60, 110, 700, 1290), "wide": (66, 120, 500, 230), "added": (60, 1306, 700, 1360),
        "joins": (700, 120, 900, 1370), "weights": (900, 120, 1040, 1370), "largest": (580, 40, 1060, 100),
        "softmax": (720, 1306, 890, 1360),
        "so far": (740, 580, 920, 636), "number": (600, 640, 1060, 700), "sum": (777, 720, 883, 1370),
    },
}  # fmt: skip
