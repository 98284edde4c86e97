"""What a table of a shot is: its parts, in pixels of a frame whose short side has 1080, from the top left corner."""

from __future__ import annotations

from collections.abc import Mapping

from flashviz.layout.rect import Aspect

Place = tuple[float, float, float, float]  # left, top, right, bottom
Table = Mapping[str, Place]

# Where every shot has its caption.
CAPTION: Mapping[Aspect, Place] = {
    "16:9": (100, 940, 1820, 1080), "4:3": (60, 940, 1380, 1080), "1:1": (40, 942, 1040, 1078), "9:16": (60, 1394, 1020, 1536),
}  # fmt: skip

# Where a film of several chapters has the name of the one that is played: always the same corner, beneath the captions.
HEAD: Mapping[Aspect, Place] = {
    "16:9": (100, 1040, 400, 1076), "4:3": (60, 1040, 360, 1076), "1:1": (40, 1042, 240, 1078), "9:16": (60, 1500, 360, 1536),
}  # fmt: skip
