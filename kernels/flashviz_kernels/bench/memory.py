"""How much memory a process has used at most."""

from __future__ import annotations

import resource
import sys
from pathlib import Path

STATUS = Path("/proc/self/status")


def high_water() -> int:
    """Bytes of this process's own high-water mark.

    Linux's ``ru_maxrss`` would do, did it not also remember the process that started this one.
    """
    if STATUS.exists():
        return status("VmHWM")
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1024 if sys.platform == "linux" else 1)


def status(field: str) -> int:
    """Bytes of a field of ``/proc/self/status``."""
    lines = STATUS.read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(field))
