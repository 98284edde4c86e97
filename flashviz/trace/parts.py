"""Which elements an access touched where it left some of its box out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

PARTS = ("event", "bounds", "runs")  # of ``Parts``


@dataclass(frozen=True)
class Parts:
    """Elements of accesses that are no whole box: part p has the runs ``bounds[p]`` to ``bounds[p + 1]`` of ``runs``.

    A run is (first, one past the last) element in the row-major order of the tensor's shape. ``event`` has the part of each event, -1
    where it touched its whole box.
    """

    event: np.ndarray
    bounds: np.ndarray
    runs: np.ndarray

    @classmethod
    def of(cls, event: np.ndarray, parts: Sequence[np.ndarray]) -> Parts:
        """From the runs [n, 2] of each part."""
        bounds = np.concatenate([[0], np.cumsum([len(runs) for runs in parts], dtype=np.int64)]).astype(np.int64)
        return cls(np.ascontiguousarray(event, np.int32), bounds, np.concatenate([np.zeros((0, 2), np.int64), *parts]))

    @classmethod
    def none(cls, events: int) -> Parts:
        """Each of so many events touched its whole box."""
        return cls(np.broadcast_to(np.int32(-1), events), np.zeros(1, np.int64), np.zeros((0, 2), np.int64))

    def elements(self, part: int) -> np.ndarray:
        """Indices of a part's elements, rising."""
        runs = self.runs[self.bounds[part] : self.bounds[part + 1]]
        lengths = runs[:, 1] - runs[:, 0]
        steps = np.repeat(runs[:, 0] - np.concatenate([[0], np.cumsum(lengths)[:-1]]), lengths)
        return np.asarray(steps + np.arange(int(lengths.sum())))
