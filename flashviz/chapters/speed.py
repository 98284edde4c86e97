"""SpeedScene: the paper's own measurement, time and bytes, and then the same two bars on a GPU that was measured here, as N doubles."""

from __future__ import annotations

from dataclasses import dataclass

from flashviz.chapters.measured import Sweep
from flashviz.citations import FIGURE_2
from flashviz.storyboard import Beat

BEATS: tuple[Beat, ...] = (
    Beat("race", "Two runs", 6.6, shot="lanes", late=True, along=True, caption="The same model, twice. How long does attention take?"),
    Beat("bytes", "What crosses", 5.4, shot="lanes", late=True, along=True, caption="Why? Look at what crosses the memory bus."),
    Beat("stored", "Out and back", 6.0, shot="lanes", late=True, along=True, caption="S and P go out to HBM, and come back."),
    Beat("again", "Computed again", 6.4, shot="lanes", late=True, along=True,
         caption="FlashAttention's backward pass redoes S: still it is faster."),
    Beat("measured", "Measured here", 9.6, shot="lanes", late=True, along=True, caption="Measured here, forward: N doubles, up to {last}."),
)  # fmt: skip
SIDES = {"standard": "standard attention", "flash": "FlashAttention"}
TIME, BYTES = "runtime", "HBM reads and writes"
NOTES = {"standard": "S and P are written, and read back", "flash": "S is computed again, never stored"}


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
    """Median seconds of both algorithms at each N, on one machine."""

    sweep: Sweep
    lengths: tuple[int, ...]
    seconds: dict[str, tuple[float, ...]]

    @property
    def setting(self) -> str:
        """On what, and of what."""
        sweep = self.sweep
        return f"Measured: {sweep.provenance['machine']}, {sweep.dtype}, d = {sweep.d}, {sweep.heads} heads, forward"

    @property
    def notes(self) -> dict[str, str]:
        """Whose kernels they are."""
        return {"standard": "torch: S and P are stored", "flash": self.sweep.kernel}


def gather(sweep: Sweep) -> Speed:
    """From a measurement: median seconds of standard and of flash attention against N."""
    times = {side: sweep.seconds(side) for side in SIDES}
    return Speed(sweep, tuple(int(n) for n, _ in times["flash"]), {side: tuple(s for _, s in some) for side, some in times.items()})
