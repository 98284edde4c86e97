"""What the tests of the chapters share: the measurement in the repository."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from tests.conftest import ROOT

BENCH = ROOT / "docs" / "bench" / "kernel-gpu.json"
FLASH = "flashviz hopper"  # the method that it is shown with


def bench() -> list[dict[str, Any]]:
    """The measurement that the films show, as it lies in the repository: one sequence as N doubles, without a mask."""
    report = json.loads(BENCH.read_text(encoding="utf-8"))
    return [row for row in report["attention"] if (row["causal"], row["batch"], row["d"], row["dtype"]) == (False, 1, 64, "float16")]


def measured(method: str, key: str) -> list[tuple[float, float]]:
    """(N, median or value) of a method."""
    return sorted({row["n"]: float(np.median(row[key])) for row in bench() if row["method"] == method}.items())
