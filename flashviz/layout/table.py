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

# The corners beneath the captions. At the left: the chapter's name, in a film that has several; at the right: the machine of the figures.
HEAD: Mapping[Aspect, Place] = {
    "16:9": (100, 1040, 400, 1076), "4:3": (60, 1040, 360, 1076), "1:1": (40, 1052, 240, 1078), "9:16": (60, 1508, 360, 1536),
}  # fmt: skip
MACHINE: Mapping[Aspect, Place] = {
    "16:9": (1520, 1040, 1820, 1076), "4:3": (1080, 1040, 1380, 1076), "1:1": (840, 1052, 1040, 1078), "9:16": (720, 1508, 1020, 1536),
}  # fmt: skip
