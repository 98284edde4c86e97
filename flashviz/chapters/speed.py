"""SpeedScene: fewer bytes, less time, in spite of more work: two runs measured here, the paper's own measurement, and why."""

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
    Beat("measured", "Measured here", 4.2, shot="lanes", late=True, along=True, caption="One forward pass, measured here. Why less time?"),
    Beat("time", "By the paper", 4.4, shot="lanes", late=True, along=True, caption="Training, on another GPU: again less time."),
    Beat("bytes", "Through one pipe", 7.2, shot="lanes", late=True, along=True,
         caption="The same pipe to memory, and far fewer bytes to move."),
    Beat("scores", "Out and back, or never", 12.4, shot="lanes", late=True, along=True,
         caption="S and P go out and come back. FlashAttention's never leave."),
    Beat("again", "Made again", 6.6, shot="lanes", late=True, along=True,
         caption="More work, fewer bytes, less time: memory was the wait."),
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
    """Median seconds of both algorithms at the largest N that was measured; and which products of matrices each of them makes."""

    sweep: Sweep
    n: int
    seconds: dict[str, float]
    products: dict[str, tuple[str, ...]]  # what each makes, all of 2 N² d operations; what is made again is last
    forward: int  # of them are of the forward pass, the first

    @property
    def setting(self) -> str:
        """On what, and of what."""
        sweep = self.sweep
        of = f"N = {self.n:,}, {sweep.heads} heads, d = {sweep.d}, {sweep.dtype}"
        return f"Measured here: {sweep.provenance['machine']}, one forward pass, {of}"

    @property
    def programs(self) -> dict[str, str]:
        """Whose each is."""
        return {"standard": "torch's", "flash": self.sweep.kernel}


def gather(sweep: Sweep, run: Callable[..., Any]) -> Speed:
    """From a measurement median seconds of standard and of flash attention; from traces of one pair of tiles their products.

    Args:
        run: ``flashviz_kernels.recorder.run``.
    """
    longest = {side: sweep.seconds(side)[-1] for side in SIDES}
    tile = AttentionConfig()
    one = AttentionConfig(seq_q=tile.block_m, seq_k=tile.block_n)
    forward, backward = (products(run(one, source="numpy", algorithm=name).trace) for name in PASSES)
    kept = (*forward, *(name for name in backward if name not in forward))  # nothing is made again that is stored
    again = tuple(name for name in backward if name in forward)
    return Speed(
        sweep, int(longest["flash"][0]), {side: median for side, (_, median) in longest.items()},
        {"standard": kept, "flash": kept + again}, len(forward),
    )  # fmt: skip
