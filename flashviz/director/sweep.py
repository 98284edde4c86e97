"""Sweeps: many events at a linear pace. Sampled transfers fly their own way; nothing flies that the trace does not have."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from manim import Animation, Group, linear

from flashviz import palette
from flashviz.layout import Cross, Rect
from flashviz.mobjects.hbm import CrossView
from flashviz.mobjects.ledger import Ledger
from flashviz.mobjects.named import Act
from flashviz.mobjects.tiles import Rectangles
from flashviz.trace import State

SAMPLES_A_SECOND = 7.0
FLIGHT_SECONDS = 0.6


@dataclass(frozen=True)
class Sample:
    """One transfer of the trace: when it flies (share of the sweep), between which points, how large."""

    tensor: str
    start: float
    path: np.ndarray
    width: float
    height: float


class Traffic(Group):
    """Squares on their way, one path of rectangles a tensor. ``pace`` eases each on its way: linear in a sweep."""

    def __init__(
        self, samples: list[Sample], share: float, hue: Callable[[str], str], pace: Callable[[float], float] = linear
    ) -> None:  # fmt: skip
        self.tag, self.samples, self.share, self.pace = "traffic", samples, share, pace
        tensors = sorted({sample.tensor for sample in samples})
        self.parts = {t: Rectangles(hue(t), name=f"traffic {t}", opacity=palette.LIT) for t in tensors}
        super().__init__(*self.parts.values())
        self.set_z_index(8)

    @classmethod
    def of(
        cls, nbytes: np.ndarray, first: int, seconds: float, sample: Callable[[int, float], Sample], hue: Callable[[str], str]
    ) -> Traffic:  # fmt: skip
        """Sample the transfers among the events from ``first`` on, of ``nbytes`` each, evenly; ``sample`` makes one of event and start."""
        moving = first + np.flatnonzero(nbytes > 0)
        count = min(len(moving), max(1, int(seconds * SAMPLES_A_SECOND)))
        chosen = moving[np.linspace(0, len(moving) - 1, count).astype(int)] if len(moving) else []
        share = min(1.0, FLIGHT_SECONDS / max(seconds, 1e-6))
        samples = [sample(int(k), (k - first) / max(1, len(nbytes)) * (1 - share)) for k in chosen]
        return cls(samples, share, hue)

    def display(self, alpha: float) -> Traffic:
        boxes: dict[str, list[list[float]]] = {tensor: [] for tensor in self.parts}
        for sample in self.samples:
            along = (alpha - sample.start) / self.share
            if 0 < along < 1:
                x, y = _point(sample.path, self.pace(along))
                w, h = sample.width / 2, sample.height / 2
                boxes[sample.tensor].append([x - w, y - h, x + w, y + h])
        for tensor, part in self.parts.items():
            part.display(np.array(boxes[tensor]) if boxes[tensor] else np.zeros((0, 4)))
        return self

    def run(self) -> Animation:
        return TrafficRun(self)


class StateSweep(Act):
    """Counters, squares and stored tiles of O at every frame as ``state_of(alpha)`` has them: true values of the trace.

    Args:
        cross: Shows head ``pid_bh`` of O.
        ledger: The bill that runs.
    """

    def __init__(self, cross: CrossView, ledger: Ledger, state_of: Callable[[float], State], pid_bh: int, **kwargs: Any) -> None:
        self.ledger, self.state_of, self.pid_bh = ledger, state_of, pid_bh
        self.cross = cross
        super().__init__(Group(ledger, cross.strips["O"]), rate_func=linear, **kwargs)

    def interpolate_mobject(self, alpha: float) -> None:
        state = self.state_of(alpha)
        self.ledger.display(crossed(state))
        stored: dict[int, int] = {}
        for pid_bh, i in state.o_stored:
            if pid_bh == self.pid_bh:
                row = self.cross.cross.row_of(i)
                stored[row] = stored.get(row, 0) + 1
        for row, tile in enumerate(self.cross.strips["O"]):  # a band fills by the share of its tiles
            tile.set_fill(opacity=palette.LIT * min(1.0, stored.get(row, 0) / self.cross.cross.band_rows))


def crossed(state: State) -> dict[str, int]:
    """Bytes per tensor that crossed the bus in either direction."""
    tensors = {**state.hbm_read, **state.hbm_written}
    return {t: state.hbm_read.get(t, 0) + state.hbm_written.get(t, 0) for t in tensors}


class TrafficRun(Act):
    """Drives a Traffic from first to last sample."""

    def __init__(self, traffic: Traffic, **kwargs: Any) -> None:
        super().__init__(traffic, rate_func=linear, **kwargs)

    def interpolate_mobject(self, alpha: float) -> None:
        self.mobject.display(alpha)


def place(cross: Cross, tensor: str, i: int, j: int) -> Rect:
    """Where a transferred tile lies in HBM: on a strip, or in the grid for S and P (a whole row where j is none)."""
    if tensor in ("K", "V"):
        return cross.tile(tensor, cross.col_of(max(j, 0)))
    row = cross.row_of(max(i, 0))
    if tensor in ("S", "P"):
        cell = cross.cell(row, cross.col_of(max(j, 0)))
        return cell if j >= 0 else Rect(cross.grid.x0, cell.y0, cross.grid.x1, cell.y1)
    tile = cross.tile("Q" if tensor == "Q" else "O", row)
    return tile if tensor in ("Q", "O") else tile.inset(tile.width * 0.4, 0)  # statistics are slivers


def _point(path: np.ndarray, share: float) -> tuple[float, float]:
    lengths = np.linalg.norm(np.diff(path, axis=0), axis=1)
    reached = np.concatenate([[0.0], np.cumsum(lengths)]) / max(lengths.sum(), 1e-9)
    return float(np.interp(share, reached, path[:, 0])), float(np.interp(share, reached, path[:, 1]))
