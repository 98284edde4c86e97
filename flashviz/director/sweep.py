"""Sweeps: many events at a linear pace. Sampled transfers fly their own way; nothing flies that the trace does not have."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from manim import Animation, Group, linear

from flashviz import palette
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


def _point(path: np.ndarray, share: float) -> tuple[float, float]:
    lengths = np.linalg.norm(np.diff(path, axis=0), axis=1)
    reached = np.concatenate([[0.0], np.cumsum(lengths)]) / max(lengths.sum(), 1e-9)
    return float(np.interp(share, reached, path[:, 0])), float(np.interp(share, reached, path[:, 1]))
