"""The player's module as it ships: the readable source without comments, spaces and long local names."""

from __future__ import annotations

import re
from pathlib import Path

import minify

from flashviz.export.player import MODULE

SOURCE = MODULE.with_name("flash-trace-player.js")


def shipped() -> str:
    """What MODULE must hold. Between tags of the frame there is nothing: each of its lines is a block, or a bar with gaps."""
    licence = "/* flashviz, MIT: flash-trace-player.js without comments */\n"
    source = re.sub(r"(?<=const STYLE = `).*?(?=`;)", _short_style, SOURCE.read_text(encoding="utf-8"), flags=re.DOTALL)
    source = re.sub(r"(?<=const FRAME = `).*?(?=`;)", lambda frame: re.sub(r">\s+<", "><", frame[0]), source, flags=re.DOTALL)
    short = minify.string("application/javascript", source)
    return licence + re.sub(r"\s*\n\s*", " ", short) + "\n"  # lines are left in the style and the frame alone


def _short_style(style: re.Match[str]) -> str:
    """Without the spaces behind a colon or comma, around a brace and at a declaration's end, which mean nothing there."""
    return re.sub(r"(?<=[:,]) |(?<=;) (?=\})| (?=\{)|(?<=[^$]\{) |(?<=;) ", "", style[0])


if __name__ == "__main__":
    Path(MODULE).write_text(shipped(), encoding="utf-8")
