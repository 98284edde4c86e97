"""manim's own configuration, under which films are made: the files it reads, and whether an error is theirs."""

from __future__ import annotations

import os
import traceback
from pathlib import Path

FILES = (
    Path(os.path.expanduser("~/.config/manim/manim.cfg")),  # noqa: PTH111  # which may be nowhere: Path.home() would raise
    Path("manim.cfg"),
)
OURS = Path(__file__).parents[1]


def refused_by_manim(error: Exception) -> str | None:
    """What to say of an error that manim raised while it read its configuration, on import or later; None where it is another one.

    manim has no error of its own for it: whether it is one stands in the traceback. A frame of nan units ends manim's import elsewhere.
    """
    there = [str(path) for path in FILES if path.is_file()]
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        path = Path(frame.filename)
        if path.is_relative_to(OURS):
            return None
        imported = path.parts[-2:] == ("manim", "__init__.py") and not isinstance(error, ImportError)
        if there and (imported or path.parts[-3:-1] == ("manim", "_config")):
            remedy = f"correct {' or '.join(there)}"
            return f"expected a configuration that manim takes, got {type(error).__name__}: {error}; {remedy}"
    return None
