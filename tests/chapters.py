"""What the tests of the chapters share: a chapter played, its screen read back by the ticks, the measurement in the repository."""

from __future__ import annotations

import itertools
import json
from functools import cache
from typing import Any, get_args

import numpy as np
import pytest

from flashviz.config import AttentionConfig, DType
from flashviz.director.scene import Shown, Snapshot
from flashviz.layout import Aspect, frame
from flashviz.settings import Settings
from tests.conftest import ROOT
from tests.films import played, scenes

CHAPTERS = {
    "memory_scaling": "MemoryScalingScene",
}
BOTH = ("standard", "flash")
SECONDS = (20, 60)  # STORYBOARD
SECONDS_OFF = 0.35
BENCH = ROOT / "docs" / "bench" / "kernel-gpu.json"
FLASH = "flashviz hopper"  # the method that it is shown with
SIZES = {"B": 1, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30, "s": 1.0, "ms": 1e-3, "µs": 1e-6}
DTYPES = get_args(DType)
PLAIN = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹−", "-0123456789-")


@cache
def chapter(file: str, aspect: Aspect = "16:9", theme: Any = "dark", **film: Any) -> Any:
    """A chapter after its last beat."""
    settings = Settings(config=AttentionConfig(), source="numpy", aspect=aspect, theme=theme, **film)
    watched = type(CHAPTERS[file], (getattr(scenes(file), CHAPTERS[file]),), {"next_section": _next_section})
    return played(watched, settings, lambda scene: setattr(scene, "begun", []))


def _next_section(scene: Any, name: str, **options: Any) -> None:
    super(type(scene), scene).next_section(name, **options)
    scene.begun.append(name)


def bench() -> list[dict[str, Any]]:
    """The measurement that the films show, as it lies in the repository: one sequence as N doubles, without a mask."""
    report = json.loads(BENCH.read_text(encoding="utf-8"))
    return [row for row in report["attention"] if (row["causal"], row["batch"], row["d"], row["dtype"]) == (False, 1, 64, "float16")]


def measured(method: str, key: str) -> list[tuple[float, float]]:
    """(N, median or value) of a method."""
    return sorted({row["n"]: float(np.median(row[key])) for row in bench() if row["method"] == method}.items())


# ------------------------------------------------------------------------------------------------- reading the screen


def middle(item: Shown) -> tuple[float, float]:
    x0, y0, x1, y1 = item.box
    return (x0 + x1) / 2, (y0 + y1) / 2


def value_of(text: str) -> float:
    """1,024 or 16 MiB or 10⁻³ or 100 ms as a number."""
    if text.startswith("10") and text[2:] and text[2] in "⁻⁰¹²³⁴⁵⁶⁷⁸⁹":
        return float(10.0 ** int(text[2:].translate(PLAIN)))
    number, _, unit = text.replace(",", "").partition(" ")
    return float(number) * SIZES[unit] if unit else float(number)


def scale(snapshot: Snapshot, side: str) -> Any:
    """Position -> value, from the ticks of one side."""
    ticks = [item for item in snapshot.shown if item.name == f"tick {side}"]
    assert len(ticks) >= 3
    places = [middle(item)[side == "y"] for item in ticks]
    slope, start = np.polyfit(places, np.log([value_of(item.text) for item in ticks]), 1)
    return lambda place: float(np.exp(start + slope * place))


def read(snapshot: Snapshot, name: str) -> list[tuple[float, float]]:
    """The dots of one series as a viewer reads them."""
    x, y = scale(snapshot, "x"), scale(snapshot, "y")
    return sorted((x(middle(item)[0]), y(middle(item)[1])) for item in snapshot.shown if item.name == f"point {name}")


def at(scene: Any, beat: str) -> Snapshot:
    found: Snapshot = next(snapshot for snapshot in scene.snapshots if snapshot.beat == beat)
    return found


def agree(seen: list[tuple[float, float]], expected: list[tuple[float, float]]) -> None:
    assert len(seen) == len(expected)
    for got, want in zip(seen, expected, strict=True):
        assert got == pytest.approx(want, rel=0.03)  # a hundredth of a unit on an axis of decades


def uncovered(scene: Any, aspect: Aspect) -> None:
    """No words cover words or dots, at the end of any beat, and all are within the frame."""
    whole = frame(aspect)
    for snapshot in scene.snapshots:
        solid = [item for item in snapshot.shown if item.name.startswith("point") or (item.text and item.name not in ("chart", "axes"))]
        for item in solid:
            x0, y0, x1, y1 = item.box
            assert whole.x0 < x0 < x1 < whole.x1, (snapshot.beat, item)
            assert whole.y0 < y0 < y1 < whole.y1, (snapshot.beat, item)
        for a, b in itertools.combinations(solid, 2):
            if not (a.name.startswith("point") and b.name.startswith("point")):
                apart = a.box[2] <= b.box[0] or b.box[2] <= a.box[0] or a.box[3] <= b.box[1] or b.box[3] <= a.box[1]
                assert apart, (snapshot.beat, a, b)
