"""SpeedScene: less time since fewer bytes cross, with more operations: the paper's own measurement; then a GPU measured here, N by N."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flashviz.chapters.backward import products
from flashviz.chapters.measured import Sweep
from flashviz.citations import FIGURE_2
from flashviz.config import AttentionConfig
from flashviz.storyboard import Beat

BEATS: tuple[Beat, ...] = (
    Beat("race", "Two runs", 5.3, shot="lanes", late=True, along=True, caption="The same model, twice. How long does attention take?"),
    Beat("stored", "Out and back", 9.0, shot="lanes", late=True, along=True,
         caption="Standard attention sends S and P to HBM and reads them back."),
    Beat("kept", "Kept on chip", 5.6, shot="lanes", late=True, along=True,
         caption="FlashAttention keeps S and P on chip: far less crosses."),
    Beat("again", "Made again", 9.2, shot="lanes", late=True, along=True,
         caption="S is made again: more work, far fewer bytes, less time."),
    Beat("measured", "Measured here", 10.6, shot="lanes", late=True, along=True,
         caption="Measured here: FlashAttention leads most at N = {peak}."),
)  # fmt: skip
SIDES = {"standard": "standard attention", "flash": "FlashAttention"}
TIME, BYTES = "runtime", "HBM reads and writes"
PASSES = ("fa2", "backward")  # FlashAttention's: forward and backward


@dataclass(frozen=True)
class Figure:
    """One figure: as it is written, and its value."""

    text: str

    @property
    def value(self) -> float:
        """In the unit that it is written in."""
        return float(self.text.split()[0])

    @property
    def unit(self) -> str:
        return self.text.split()[1]


def quoted(what: str) -> dict[str, Figure]:
    """Standard attention's and FlashAttention's."""
    (row,) = [row for row in FIGURE_2.rows if row[0] == what]
    return {side: Figure(text) for side, text in zip(SIDES, row[1:], strict=True)}


@dataclass(frozen=True)
class Speed:
    """Median seconds of both algorithms at each N, on one machine; and which products of matrices each of them makes."""

    sweep: Sweep
    lengths: tuple[int, ...]
    seconds: dict[str, tuple[float, ...]]
    products: dict[str, tuple[str, ...]]  # what each makes, all of 2 N² d operations; what is made again is last

    @property
    def setting(self) -> list[str]:
        """On what, and of what."""
        sweep = self.sweep
        return [
            f"Now measured here: one forward pass, {sweep.provenance['machine']}",
            f"batch {sweep.batch}, {sweep.heads // sweep.batch} heads, d = {sweep.d}, {sweep.dtype}",
        ]

    @property
    def kernels(self) -> dict[str, str]:
        """Whose each of them is."""
        return {"standard": "torch", "flash": self.sweep.kernel}

    @property
    def ratios(self) -> tuple[float, ...]:
        """How many times as long as FlashAttention's standard attention's run lasts, at each N."""
        return tuple(standard / flash for standard, flash in zip(self.seconds["standard"], self.seconds["flash"], strict=True))

    @property
    def peak(self) -> int:
        """Where that is most."""
        return max(range(len(self.ratios)), key=self.ratios.__getitem__)

    def growth(self, side: str) -> float:
        """How many times as long as at the N before a call takes at the last."""
        *_, before, last = self.seconds[side]
        return last / before


def gather(sweep: Sweep, run: Callable[..., Any]) -> Speed:
    """From a measurement median seconds of standard and of flash attention against N; from traces of one pair of tiles their products.

    Args:
        run: ``flashviz_kernels.recorder.run``.
    """
    times = {side: sweep.seconds(side) for side in SIDES}
    tile = AttentionConfig()
    one = AttentionConfig(seq_q=tile.block_m, seq_k=tile.block_n)
    forward, backward = (products(run(one, source="numpy", algorithm=name).trace) for name in PASSES)
    kept = (*forward, *(name for name in backward if name not in forward))  # nothing is made again that is stored
    again = tuple(name for name in backward if name in forward)
    return Speed(
        sweep, tuple(int(n) for n, _ in times["flash"]), {side: tuple(s for _, s in some) for side, some in times.items()},
        {"standard": kept, "flash": kept + again},
    )  # fmt: skip
