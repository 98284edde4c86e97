"""MemoryScalingScene: what attention stores beyond Q, K and V as N doubles, and what was measured. Before it is drawn."""

from __future__ import annotations

import math
from dataclasses import dataclass

from flashviz.chapters.measured import Sweep
from flashviz.figures import compact
from flashviz.storyboard import Beat

BEATS: tuple[Beat, ...] = (
    Beat("stored", "Standard attention", 6.4, shot="scaling", late=True, caption="Besides Q, K, V it stores S, P and O."),
    Beat("flash", "FlashAttention", 5.2, shot="scaling", caption="No score is stored. O is left."),
    Beat("double", "Twice the tokens", 7.2, shot="scaling", caption="N doubles: S and P × 4, O × 2."),
    Beat("again", "Again and again", 10.3, shot="scaling", caption="And again, up to {n}."),
    Beat("gap", "The gap", 5.2, shot="scaling", late=True, caption="With the scores {standard}. Without them {flash}."),
)  # fmt: skip


@dataclass(frozen=True)
class MemoryScaling:
    """The measurement, what it is of, and what the captions say."""

    sweep: Sweep
    said: dict[str, str]

    @property
    def lengths(self) -> list[int]:
        """Each N that was measured, growing."""
        return [int(n) for n, _ in self.sweep.memory("standard")]

    @property
    def beats(self) -> tuple[Beat, ...]:
        """Two lengths double once."""
        return BEATS if len(self.lengths) > 2 else tuple(beat for beat in BEATS if beat.name != "again")

    @property
    def extra(self) -> float:
        """What FlashAttention was measured to hold besides O, as columns of O's numbers, at the longest."""
        n, most = self.sweep.memory("flash")[-1]
        return (most - stored_output(n, self.sweep)) / (self.sweep.heads * n * self.sweep.itemsize)

    @property
    def extra_is_lse(self) -> bool:
        """Whether that is one 32-bit number a row, and no buffer of a library."""
        return abs(self.extra * self.sweep.itemsize - 4) < 0.01

    def bytes_at(self, method: str, index: int) -> str:
        """What was measured at a length, as it is written."""
        return compact(self.sweep.memory(method)[index][1])

    @property
    def notes(self) -> tuple[str, str]:
        """The machine and the problem, and the same shorter."""
        machine, sweep = self.sweep.provenance["machine"], self.sweep
        short = f"Measured: {machine}, {sweep.heads} heads"
        return f"{short}, d = {sweep.d}, {8 * sweep.itemsize} bits. Areas to scale.", short


def stored_scores(n: float, sweep: Sweep) -> float:
    """Bytes of S and P: 2 H N^2 numbers."""
    return 2 * sweep.heads * n**2 * sweep.itemsize


def stored_output(n: float, sweep: Sweep) -> float:
    """Bytes of O: H N d numbers."""
    return sweep.heads * n * sweep.d * sweep.itemsize


def gather(sweep: Sweep) -> MemoryScaling:
    """From a measurement: peak memory of standard and of flash attention beyond the inputs, in bytes, against N."""
    (n, most), (_, least) = sweep.memory("standard")[-1], sweep.memory("flash")[-1]
    digits = max(0, math.floor(math.log10(most / least)) - 1)
    said = {"n": f"N = {n:,.0f}", "standard": compact(most), "flash": compact(least), "ratio": f"{round(most / least, -digits):,.0f}"}
    return MemoryScaling(sweep, said)
