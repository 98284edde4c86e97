"""``python -m tests [ROOM]... [pytest options]``: the tests of rooms, or all; on all cores where pytest-xdist is installed."""

from __future__ import annotations

import difflib
import importlib.util
import itertools
import os
import re
import sys
from pathlib import Path

import pytest

from tests.rooms import ROOMS

HERE = Path(__file__).parent


def main(arguments: list[str]) -> int:
    """Run pytest; 2 for a room that is not there."""
    rooms = list(itertools.takewhile(re.compile(r"[a-z_]+").fullmatch, arguments))
    unknown = [room for room in rooms if room not in ROOMS]
    if unknown:
        near = difflib.get_close_matches(unknown[0], ROOMS, n=1)
        remedy = f"did you mean {near[0]}?" if near else "rooms are " + ", ".join(ROOMS)
        sys.stderr.write(f"tests: expected rooms, then options of pytest, got {unknown[0]}; {remedy}\n")
        return 2
    files = dict.fromkeys(str(HERE / f"test_{name}.py") for room in rooms for name in ROOMS[room])
    cores = ["-n", str(os.cpu_count()), "--dist", "worksteal"] if importlib.util.find_spec("xdist") else []
    return int(pytest.main([*cores, *files, *arguments[len(rooms) :]]))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
