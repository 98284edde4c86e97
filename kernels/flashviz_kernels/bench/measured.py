"""What was measured and came with the code: the film's own figures."""

from __future__ import annotations

import sysconfig
from pathlib import Path

from flashviz.trace import Trace
from flashviz_kernels.bench.report import Report, read

CHECKOUT = Path(__file__).parents[3] / "docs" / "bench"
INSTALLED = Path(sysconfig.get_path("data")) / "share" / "flashviz" / "bench"
FOLDER = CHECKOUT if CHECKOUT.is_dir() else INSTALLED
ATTENTION = ("kernel-gpu.json", "kernel-cpu.json")  # a GPU's takes the place of a CPU's where there is one
CLOCKED = FOLDER / "clocked-2048-d64.npz"


def measured() -> Report:
    """Attention by several methods, as ``flashviz bench kernel`` measured it on the machine that the report names.

    Raises:
        UsageError: The file is not there, or is another kind of file.
    """
    return read(next((FOLDER / name for name in ATTENTION if (FOLDER / name).is_file()), FOLDER / ATTENTION[-1]))


def clocked() -> Trace:
    """The film's kernel as a GPU recorded it with its clock. Its header names the machine.

    Raises:
        TraceError: The file is not there, or is no recording.
    """
    return Trace.load(CLOCKED)
