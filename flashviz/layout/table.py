"""What a table of a shot is: its parts, in pixels of a frame whose short side has 1080, from the top left corner."""

from __future__ import annotations

from collections.abc import Mapping

Table = Mapping[str, tuple[float, float, float, float]]  # left, top, right, bottom
