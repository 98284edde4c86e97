"""SpeedScene: the paper's own measurement, time and bytes, and then how many times as long it takes on a GPU that was measured here."""

from __future__ import annotations

from dataclasses import dataclass

from flashviz.chapters.measured import Sweep
from flashviz.chapters.memory_hierarchy import bytes_of
from flashviz.citations import FIGURE_2, H100_MEMORIES
from flashviz.figures import amount, roughly, seconds
from flashviz.storyboard import Beat

BEATS: tuple[Beat, ...] = (
    Beat("race", "Two runs", 7.0, shot="race", late=True, along=True, caption="The same model, twice. How long does attention take?"),
    Beat("bytes", "What crosses", 8.0, shot="race", late=True, along=True, caption="Why? Look at what crosses the memory bus."),
    Beat("again", "Computed again", 6.0, shot="race", late=True, along=True,
         caption="FlashAttention's backward pass redoes S: still it is faster."),
    Beat("measured", "Measured here", 8.0, shot="times", late=True, along=True,
         caption="Measured, forward. FlashAttention's time is the unit."),
    Beat("cache", "Out of the cache", 5.6, shot="times", late=True, along=True, caption="From here on S no longer fits the cache."),
)  # fmt: skip
L2 = {"H100": H100_MEMORIES}  # of which devices a source quotes the cache that all SMs share


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


def quoted(what: str) -> tuple[Quoted, Quoted]:
    """Standard attention's and FlashAttention's."""
    (row,) = [row for row in FIGURE_2.rows if row[0] == what]
    return Quoted(row[1]), Quoted(row[2])


TIME, BYTES = "runtime", "HBM reads and writes"
NOTES = {"standard": "S and P are written, and read back", "flash": "S is computed again, never stored"}


@dataclass(frozen=True)
class Cache:
    """The cache that all SMs share: its size as quoted, and from which length on S of all heads is larger."""

    size: str
    citation: str
    first: int  # of the lengths
    scores: str  # S there


@dataclass(frozen=True)
class Speed:
    """Median seconds of both algorithms at each N, on one machine; ``cache`` is None where no source quotes one, or S always fits."""

    sweep: Sweep
    lengths: tuple[int, ...]
    standard: tuple[float, ...]
    flash: tuple[float, ...]
    cache: Cache | None

    @property
    def ratios(self) -> tuple[float, ...]:
        """How many times as long standard attention takes."""
        return tuple(slow / fast for slow, fast in zip(self.standard, self.flash, strict=True))

    @property
    def beats(self) -> tuple[Beat, ...]:
        return tuple(beat for beat in BEATS if beat.name != "cache" or self.cache is not None)

    @property
    def last(self) -> tuple[str, str, str]:
        """Both times at the largest N, on lines that fit beside its bars."""
        return seconds(self.standard[-1]), f"against {seconds(self.flash[-1])}", f"at N = {self.lengths[-1]:,}"

    @property
    def numbers(self) -> tuple[str, ...]:
        """The ratios in words."""
        return tuple(f"{roughly(ratio)} ×" for ratio in self.ratios)


def gather(sweep: Sweep) -> Speed:
    """From a measurement: median seconds of standard and of flash attention against N."""
    standard, flash = sweep.seconds("standard"), sweep.seconds("flash")
    lengths = tuple(int(n) for n, _ in standard)
    return Speed(sweep, lengths, tuple(s for _, s in standard), tuple(s for _, s in flash), cache_of(sweep, lengths))


def cache_of(sweep: Sweep, lengths: tuple[int, ...]) -> Cache | None:
    """Where S of all heads, N x N numbers each, no longer fits the L2 of the machine."""
    hierarchy = next((found for name, found in L2.items() if name in str(sweep.provenance["machine"])), None)
    if hierarchy is None:
        return None
    (memory,) = [each for each in hierarchy.memories if each.name == "L2"]
    sizes = [sweep.heads * n * n * sweep.itemsize for n in lengths]
    first = next((at for at, nbytes in enumerate(sizes) if nbytes > bytes_of(memory.size)), None)
    return None if first is None else Cache(memory.size, hierarchy.quote.citation, first, amount(sizes[first]))
