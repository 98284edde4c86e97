"""SpeedScene: more operations, fewer bytes, less time: the paper's own measurement; then both times on a GPU measured here, N by N."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flashviz.chapters.backward import products
from flashviz.chapters.measured import Sweep
from flashviz.chapters.memory_hierarchy import bytes_of
from flashviz.citations import FIGURE_2, H100_MEMORIES, Memory
from flashviz.config import AttentionConfig
from flashviz.storyboard import Beat

BEATS: tuple[Beat, ...] = (
    Beat("race", "Two runs", 6.0, shot="lanes", late=True, along=True, caption="The same model, twice. How long does attention take?"),
    Beat("again", "Computed again", 7.2, shot="lanes", late=True, along=True,
         caption="FlashAttention's backward pass redoes S: more work."),
    Beat("stored", "Out and back", 7.4, shot="lanes", late=True, along=True,
         caption="Standard attention sends S and P out, and reads them back."),
    Beat("bytes", "What crosses", 7.4, shot="lanes", late=True, along=True,
         caption="FlashAttention: more work, far fewer bytes, less time."),
    Beat("measured", "Measured here", 9.6, shot="lanes", late=True, along=True,
         caption="Measured here as N doubles: {least} to {most} times as fast."),
)  # fmt: skip
SIDES = {"standard": "standard attention", "flash": "FlashAttention"}
TIME, BYTES = "runtime", "HBM reads and writes"
PASSES = ("fa2", "backward")  # FlashAttention's: forward and backward


@dataclass(frozen=True)
class Quoted:
    """One figure of the paper's: as it is printed, and its value."""

    text: str

    @property
    def value(self) -> float:
        """In the unit that it is printed in."""
        return float(self.text.split()[0])

    @property
    def unit(self) -> str:
        return self.text.split()[1]


def quoted(what: str) -> dict[str, Quoted]:
    """Standard attention's and FlashAttention's."""
    (row,) = [row for row in FIGURE_2.rows if row[0] == what]
    return {side: Quoted(text) for side, text in zip(SIDES, row[1:], strict=True)}


@dataclass(frozen=True)
class Speed:
    """Median seconds of both algorithms at each N, on one machine; and which products of matrices each of them makes."""

    sweep: Sweep
    lengths: tuple[int, ...]
    seconds: dict[str, tuple[float, ...]]
    products: dict[str, tuple[str, ...]]  # what each makes, all of 2 N² d operations; what is made again is last

    @property
    def setting(self) -> list[str]:
        """On what, and of what; and where the figure of the cache is from."""
        sweep = self.sweep
        said = [f"Measured: {sweep.provenance['machine']}, {sweep.dtype}, d = {sweep.d}, {sweep.heads} heads, forward"]
        return said if self.outgrown is None else [*said, f"{self.cache.name} cache, {self.cache.size}: {H100_MEMORIES.quote.citation}"]

    @property
    def kernels(self) -> dict[str, str]:
        """Whose each of them is."""
        return {"standard": "torch", "flash": self.sweep.kernel}

    @property
    def ratios(self) -> tuple[float, ...]:
        """How many times as long as FlashAttention's standard attention's run lasts, at each N."""
        return tuple(standard / flash for standard, flash in zip(self.seconds["standard"], self.seconds["flash"], strict=True))

    @property
    def outgrown(self) -> int | None:
        """The first N at which S of all heads is larger than the cache, where one is not and the machine's is quoted."""
        sweep = self.sweep
        if H100_MEMORIES.device.split()[0] not in str(sweep.provenance["machine"]):
            return None
        larger = [sweep.heads * n * n * sweep.itemsize > bytes_of(self.cache.size) for n in self.lengths]
        return larger.index(True) if any(larger) and not all(larger) else None

    @property
    def cache(self) -> Memory:
        """Between HBM and the SMs."""
        return H100_MEMORIES.memories[1]


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
