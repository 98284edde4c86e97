"""The player's module as it ships: the readable source without comments, spaces and long local names."""

from __future__ import annotations

import re
from pathlib import Path

import minify

from flashviz.export.player import MODULE

SOURCE = MODULE.with_name("flash-trace-player.js")


def shipped() -> str:
    """What MODULE must hold."""
    licence = "/* flashviz, MIT: flash-trace-player.js without comments */\n"
    short = minify.string("application/javascript", SOURCE.read_text(encoding="utf-8"))
    return licence + re.sub(r"\s*\n\s*", " ", short) + "\n"  # lines are left in the style and the frame alone


if __name__ == "__main__":
    Path(MODULE).write_text(shipped(), encoding="utf-8")
